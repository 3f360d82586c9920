// What the clients' scripts share: the documents of screen.graphql by name, who asks, and a fetch that counts.
import { readFileSync } from "node:fs";
import { parse, separateOperations } from "graphql";

/** Each operation with the fragments it uses. */
export const documents = separateOperations(parse(readFileSync(new URL("screen.graphql", import.meta.url), "utf8")));
export const headers = { "Kehu-Author": encodeURIComponent("李娜") };

/** A fetch, and how many requests it has sent. */
export function counted() {
  const sent = { requests: 0 };
  const send = (...request) => {
    sent.requests += 1;
    return fetch(...request);
  };
  return [send, sent];
}

/** What a form shows of a user error. */
export const told = ({ code, path, message, suggestion }) => [code, path.join("."), message, suggestion];
