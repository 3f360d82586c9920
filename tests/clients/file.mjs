// A customer's file with Apollo Client as docs/clients.md sets it up: a timeline in pages, a complaint that is
// recorded, refused and tried, and what one screen leaves of another's. Prints what it saw, and Apollo's complaints.
import { readFileSync } from "node:fs";
import { ApolloClient, HttpLink, gql } from "@apollo/client/core";
import { buildSchema, isAbstractType } from "graphql";
import { counted, headers, told } from "./documents.mjs";
import { cacheOf } from "./set_up/apollo.ts";

const [uri, sdl] = process.argv.slice(2);
const complaints = [];
console.warn = console.error = (...words) => complaints.push(words.join(" "));

const schema = buildSchema(readFileSync(sdl, "utf8"));
const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
const namesOf = (type) => schema.getPossibleTypes(type).map(({ name }) => name);
const possibleTypes = Object.fromEntries(abstract.map((type) => [type.name, namesOf(type)]));
const [send, sent] = counted();
const client = new ApolloClient({ cache: cacheOf(possibleTypes), link: new HttpLink({ uri, headers, fetch: send }) });

const RECORDED = gql`fragment Recorded on Customer {
  id uid complaints(first: 5) { totalCount edges { cursor node { id category severity } } pageInfo { hasNextPage endCursor } }
}`;
const FILE = gql`query ($text: String!, $after: String) {
  customerByIdentifier(value: $text) {
    ...Recorded
    segments { id reasons { when } }
    timeline(first: 2, after: $after) {
      edges { node { kind node { id ... on Complaint { number } ... on SegmentMembership { level { id code } } } } }
      pageInfo { hasNextPage endCursor }
    }
  }
} ${RECORDED}`;
const REASONS = gql`query ($id: ID!) {
  customer(id: $id) { id complaints { totalCount } segments { id reasons { features { name value } } } }
}`;
const RECORD = gql`mutation ($input: ComplaintRecordInput!) {
  complaintRecord(input: $input) { userErrors { code path message suggestion } complaint { id customer { ...Recorded } } }
} ${RECORDED}`;

const variables = { text: "Alpha Ltd" };
const shown = () => client.readQuery({ query: FILE, variables })?.customerByIdentifier;
await client.query({ query: FILE, variables });
const file = client.watchQuery({ query: FILE, variables });
await file.fetchMore({ variables: { after: shown().timeline.pageInfo.endCursor } });
const timeline = shown().timeline.edges.length;

await client.query({ query: REASONS, variables: { id: shown().id } });
const keptBesideAnother = shown() !== undefined;

const record = async (input) => {
  const answer = await client.mutate({ mutation: RECORD, variables: { input: { customer: shown().uid, ...input } } });
  return answer.data.complaintRecord.userErrors.map(told);
};
const requestsBefore = sent.requests;
const recorded = [];
for (const input of [{ severity: "hihg" }, { severity: "low", dryRun: true }, { severity: "low", category: "damage" }]) {
  const userErrors = await record(input);
  const { totalCount, edges } = shown().complaints;
  recorded.push([userErrors, totalCount, edges.map(({ node }) => node.category)]);
}
console.log(JSON.stringify({ timeline, keptBesideAnother, recorded, requests: sent.requests - requestsBefore, complaints }));
process.exit();
