// A screen of customers with urql and its normalised cache: pages, a change, refusals. Prints what it saw.
import { Client, fetchExchange, gql } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { counted, documents, headers, told } from "./documents.mjs";

const [send, sent] = counted();
const row = gql`fragment Kept on Customer { name region }`;
let kept;
const cached = cacheExchange({
  resolvers: { Query: { customers: relayPagination() } },
  updates: {
    Mutation: {
      customerCorrect: ({ customerCorrect: { customer } }, _, cache) => {
        kept = customer ? cache.readFragment(row, { __typename: "Customer", id: customer.id }) : kept;
      },
    },
  },
});
const client = new Client({
  url: process.argv[2],
  fetch: send,
  fetchOptions: { headers },
  preferGetMethod: false,
  exchanges: [cached, fetchExchange],
});
const ask = (variables) => client.query(documents.CustomerList, variables).toPromise();
const names = (answer) => answer.data.customers.edges.map((edge) => edge.node.name);

const first = await ask({ first: 4 });
const next = await ask({ first: 4, after: first.data.customers.pageInfo.endCursor });

const requestsBefore = sent.requests;
const changed = first.data.customers.edges.find((edge) => edge.node.name === "Beta Ltd").node;
const correct = (input) => client.mutation(documents.Correct, { input }).toPromise();
const right = { customer: changed.uid, field: "region", value: "天津", reason: "moved" };
const done = await correct(right);
const refused = await correct({ ...right, field: "regoin" });
const again = await ask({ first: 4 });
const requestsAfterPages = sent.requests - requestsBefore;

const failure = await ask({ first: 500 });

console.log(
  JSON.stringify({
    firstPage: names(first),
    twoPages: names(next),
    totalCount: next.data.customers.totalCount,
    hasNextPage: next.data.customers.pageInfo.hasNextPage,
    done: done.data.customerCorrect.userErrors.map(told),
    cachedById: [kept.name, kept.region],
    inTheList: again.data.customers.edges.find((edge) => edge.node.id === changed.id).node.region,
    refused: refused.data.customerCorrect.userErrors.map(told),
    requestsAfterPages,
    failure: failure.error.graphQLErrors.map((error) => [error.extensions.code, error.message]),
  }),
);
process.exit(0);
