// What Apollo Client needs to know of this API: its lists, its interfaces, and how subscriptions go on.
import { ApolloLink, InMemoryCache, Observable, type PossibleTypesMap } from "@apollo/client/core";
import { relayStylePagination } from "@apollo/client/utilities";
import { print } from "graphql";
import type { Client } from "graphql-ws";
import { resumed } from "./resumed.ts";

/** Every list that is shown page by page is named here, with the arguments that make it another list. */
export const cacheOf = (possibleTypes: PossibleTypesMap) =>
  new InMemoryCache({
    possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          customers: relayStylePagination(["where", "orderBy"]),
          warnings: relayStylePagination(["where"]),
        },
      },
      Customer: {
        fields: {
          complaints: relayStylePagination(),
          shipments: relayStylePagination(["role"]),
          timeline: relayStylePagination(["kinds"]),
          warnings: relayStylePagination(["includeCleared"]),
        },
      },
      Reasons: { merge: true },
    },
  });

export const liveLink = (sockets: Client) =>
  new ApolloLink(({ query, operationName, variables }) =>
    new Observable((sink) =>
      resumed(sockets, { query: print(query), operationName: operationName ?? null, variables }, {
        next: (answer) => sink.next(answer as ApolloLink.Result),
        error: (reason) => sink.error(reason),
        complete: () => sink.complete(),
      }),
    ),
  );
