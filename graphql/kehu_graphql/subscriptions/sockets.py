"""GraphQL over WebSockets: text frames, a number of operations each, a number of sockets in all."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, SubscribeMessage

from kehu_graphql.context import Context
from kehu_graphql.failures import LIMIT_EXCEEDED, ExpectedError
from kehu_graphql.subscriptions.watcher import Watcher
from kehu_graphql.trusted import documents_of
from kehu_graphql.variables import MAX_VARIABLE_VALUES, holds_too_many

MAX_OPERATIONS, MAX_SOCKETS = 20, 1000
INIT_WAIT = timedelta(seconds=10)


class TextSocket(ASGIWebSocketAdapter):
    """JSON in text frames, as the protocol has it; our encoder makes bytes."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Waits while the client is slow to take it."""
        encoded = self.view.encode_json(message)
        text = encoded if isinstance(encoded, str) else encoded.decode()
        try:
            await self.ws.send_text(text)
        except WebSocketDisconnect as left:
            raise WebSocketDisconnected from left


class Operations(BaseGraphQLTransportWSHandler[Context, None]):
    """The operations of one socket."""

    async def handle_message(self, message: Message) -> None:
        """Closes the socket, with the protocol's code, over what is no message of it."""
        told: Any = message
        if not isinstance(told, dict):
            await self.handle_invalid_message("A message must be a JSON object")
        elif not isinstance(told.get("id", ""), str):
            await self.handle_invalid_message("The id of a message must be a text")
        else:
            await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Refuses with a code what cannot run; the others go on."""
        if not self.connection_acknowledged:
            await super().handle_subscribe(message)
            return
        payload: Any = message.get("payload")
        try:
            query = self._query(payload)
        except ExpectedError as refusal:
            await self._refuse(message, refusal)
            return
        told = cast("SubscribeMessage", {**message, "payload": {**payload, "query": query}})
        await super().handle_subscribe(told)

    def _query(self, payload: Any) -> str:
        if len(self.operations) >= MAX_OPERATIONS:
            said = f"this connection has {MAX_OPERATIONS} operations; complete one, or open another connection"
            raise ExpectedError(said, LIMIT_EXCEEDED)
        if not isinstance(payload, dict) or not isinstance(payload.get("query", ""), str):
            raise ExpectedError('the payload must be an object with a text: {"query": "subscription { ... }"}')
        if not isinstance(payload.get("variables") or {}, dict):
            raise ExpectedError('\'variables\' must be an object: {"query": "...", "variables": {"name": "value"}}')
        if not isinstance(payload.get("operationName") or "", str):
            raise ExpectedError("'operationName' must be the name of an operation in the query")
        if holds_too_many(payload.get("variables")):
            said = f"the variables hold more than {MAX_VARIABLE_VALUES:,} values; send them in parts"
            raise ExpectedError(said, LIMIT_EXCEEDED)
        query = documents_of(self.context.served).query_of(payload)
        if not query:
            raise ExpectedError('the payload has no query: {"query": "subscription { ... }"}')
        return query

    async def _refuse(self, message: SubscribeMessage, refusal: ExpectedError) -> None:
        await self.send_message({"id": message["id"], "type": "error", "payload": [refusal.formatted]})


class Sockets:
    """Who may open a socket, how many are open, and what wakes those who subscribed."""

    def __init__(self, watcher: Watcher, origins: Sequence[str] = (), limit: int = MAX_SOCKETS) -> None:
        self.watcher, self.origins = watcher, origins
        self._limit, self._open = limit, 0

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """By the application, or refused with status 503."""
        if self._open >= self._limit:
            busy = PlainTextResponse("too many subscribers; try again later", 503, {"retry-after": "30"})
            await WebSocket(scope, receive, send).send_denial_response(busy)
            return
        self._open += 1
        try:
            await app(scope, receive, send)
        finally:
            self._open -= 1
