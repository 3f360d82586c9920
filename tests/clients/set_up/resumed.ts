// Subscribes so that after a lost connection graphql-ws goes on behind the last event.
import type { Client, FormattedExecutionResult, Sink, SubscribePayload } from "graphql-ws";

type Events = Record<string, { cursor?: string }>;
type Told = FormattedExecutionResult<Events, unknown>;

export function resumed(sockets: Client, request: SubscribePayload, sink: Sink<Told>): () => void {
  let after = request.variables?.["after"];
  const variables = {
    ...request.variables,
    get after() {
      return after; // graphql-ws reads it anew each time it connects
    },
  };
  return sockets.subscribe<Events>({ ...request, variables }, {
    next(answer) {
      for (const event of Object.values(answer.data ?? {})) after = event.cursor ?? after;
      sink.next(answer);
    },
    error: (reason) => sink.error(reason),
    complete: () => sink.complete(),
  });
}
