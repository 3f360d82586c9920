// Follows customers through levels with graphql-ws, and with Apollo Client as docs/clients.md sets it up, however often
// the server goes away. Prints what both were told.
// Says on standard error how much that is by now, and ends at a line on its standard input.
import { createClient } from "graphql-ws";
import { ApolloClient, InMemoryCache, gql } from "@apollo/client/core";
import { createInterface } from "node:readline";
import { liveLink } from "./set_up/apollo.ts";

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
const seenByApollo = [];
const row = ({ entered, levelCode, customer, run }) => [run.number, entered, levelCode, customer.name];
const said = () => process.stderr.write(`${Math.min(seen.length, seenByApollo.length)}\n`);
const apollo = new ApolloClient({ cache: new InMemoryCache(), link: liveLink(client) });
apollo.subscribe({ query: gql(query), variables: { after: beginning } }).subscribe(({ data }) => {
  seenByApollo.push(row(data.levelChanged));
  said();
});
const events = client.iterate({ query, variables });
createInterface({ input: process.stdin }).once("line", () => events.return());
for await (const { data, errors } of events) {
  if (errors) throw new Error(JSON.stringify(errors));
  after = data.levelChanged.cursor;
  seen.push(row(data.levelChanged));
  said();
}
await client.dispose();
console.log(JSON.stringify({ seen, seenByApollo, connections }));
process.exit();
