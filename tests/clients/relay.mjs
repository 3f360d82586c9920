// Compiles the screen under relay/ against the schema, and asks the server what came out. Prints its answers.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import compiler from "relay-compiler";
import { headers } from "./documents.mjs";

const [url, schema] = process.argv.slice(2);
const folder = new URL("relay/", import.meta.url);
const compiled = new URL("compiled/", folder);
mkdirSync(compiled);
copyFileSync(schema, new URL("schema.graphql", folder));
execFileSync(compiler, ["relay.config.json"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });

const artifacts = readdirSync(compiled).sort();
const ask = async (name, variables) => {
  const { params } = (await import(new URL(`${name}.graphql.js`, compiled))).default;
  const body = JSON.stringify({ query: params.text, variables, operationName: params.name });
  const sent = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  return (await fetch(url, sent)).json();
};

const names = (answer) => answer.data.customers.edges.map((edge) => edge.node.name);
const screen = await ask("CustomersScreenQuery", { first: 4 });
const { edges, pageInfo } = screen.data.customers;
const page = await ask("CustomersScreenPageQuery", { first: 4, after: pageInfo.endCursor });
const changed = edges.find((edge) => edge.node.name === "Beta Ltd").node;
const input = { customer: changed.id, field: "region", value: "天津", reason: "moved" };
const { customer, userErrors } = (await ask("CustomersScreenCorrectMutation", { input })).data.customerCorrect;
const row = await ask("CustomersScreenRowQuery", { id: changed.id });
console.log(
  JSON.stringify({
    artifacts,
    firstPage: names(screen),
    secondPage: names(page),
    corrected: { region: customer.region, userErrors },
    refetched: row.data.node.region,
  }),
);
