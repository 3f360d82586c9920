// Follows customers through levels with graphql-ws, however often the server goes away. Prints what it was told.
// Says on standard error how much that is by now, and ends at a line on its standard input.
import { createClient } from "graphql-ws";
import { createInterface } from "node:readline";

const [url, beginning] = process.argv.slice(2);
const query = `subscription ($after: String) {
  levelChanged(ruleSet: "size", after: $after) { cursor entered levelCode customer { name } run { number } }
}`;
let after = beginning;
let connections = 0;
const client = createClient({
  url,
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
  on: { connected: () => (connections += 1) },
});
// The client subscribes again by itself after a loss, with these variables: read anew, they go on behind the last event.
const variables = {
  get after() {
    return after;
  },
};
const seen = [];
const events = client.iterate({ query, variables });
createInterface({ input: process.stdin }).once("line", () => events.return());
for await (const { data, errors } of events) {
  if (errors) throw new Error(JSON.stringify(errors));
  const { cursor, entered, levelCode, customer, run } = data.levelChanged;
  after = cursor;
  seen.push([run.number, entered, levelCode, customer.name]);
  process.stderr.write(`${seen.length}\n`);
}
await client.dispose();
console.log(JSON.stringify({ seen, connections }));
process.exit();
