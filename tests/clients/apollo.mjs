// A screen of customers with Apollo Client: pages, a change seen through the cache, refusals. Prints what it saw.
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "@apollo/client/core";
import { relayStylePagination } from "@apollo/client/utilities";
import { counted, documents, headers, told } from "./documents.mjs";

const [send, sent] = counted();
const cache = new InMemoryCache({
  typePolicies: { Query: { fields: { customers: relayStylePagination(["where", "orderBy"]) } } },
});
const client = new ApolloClient({ cache, link: new HttpLink({ uri: process.argv[2], headers, fetch: send }) });
const query = documents.CustomerList;
const variables = { first: 4 };
const shown = () => client.readQuery({ query, variables }).customers;
const names = () => shown().edges.map((edge) => edge.node.name);

await client.query({ query, variables });
const firstPage = names();
const list = client.watchQuery({ query, variables });
await list.fetchMore({ variables: { after: shown().pageInfo.endCursor } });
const twoPages = names();

const requestsBefore = sent.requests;
const changed = shown().edges.find((edge) => edge.node.name === "Beta Ltd").node;
const correct = (input) => client.mutate({ mutation: documents.Correct, variables: { input } });
const right = { customer: changed.uid, field: "region", value: "天津", reason: "moved" };
const done = await correct(right);
const refused = await correct({ ...right, field: "regoin" });
await client.query({ query, variables });
const kept = cache.extract()[`Customer:${changed.id}`];
const requestsAfterPages = sent.requests - requestsBefore;

const tooMany = { query, variables: { first: 500 }, fetchPolicy: "network-only" };
const failure = await client.query(tooMany).catch((error) => error);

console.log(
  JSON.stringify({
    firstPage,
    twoPages,
    totalCount: shown().totalCount,
    hasNextPage: shown().pageInfo.hasNextPage,
    done: done.data.customerCorrect.userErrors.map(told),
    cachedById: [kept.name, kept.region],
    inTheList: shown().edges.find((edge) => edge.node.id === changed.id).node.region,
    refused: refused.data.customerCorrect.userErrors.map(told),
    requestsAfterPages,
    failure: CombinedGraphQLErrors.is(failure) && failure.errors.map((error) => [error.extensions.code, error.message]),
  }),
);
process.exit(0);
