"""GraphQL over HTTP: negotiation, status codes, JSON, a limit on the body, masked errors."""

import asyncio
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult

from kehu_graphql.accept import PLAIN_JSON, RESPONSE_JSON, response_type, wants_page
from kehu_graphql.author import AUTHOR_HEADER, author_of
from kehu_graphql.context import Context
from kehu_graphql.failures import BAD_USER_INPUT, ExpectedError, presentable
from kehu_graphql.planning.planner import Planner
from kehu_graphql.planning.sent import read_address, read_body, sent_query
from kehu_graphql.presence import Presence
from kehu_graphql.reads import ReadPool, Reads
from kehu_graphql.schema import KehuSchema
from kehu_graphql.subscriptions.sockets import INIT_WAIT, Operations, Sockets, TextSocket
from kehu_graphql.trusted import documents_of
from kehu_graphql.variables import MAX_VARIABLE_VALUES, holds_too_many

MAX_BODY_BYTES = 1_000_000
_PRESENCE = "kehu.presence"
# Answers hold names and phone numbers, and the next run makes them stale.
_NOT_KEPT = {"cache-control": "no-store"}


class Endpoint(GraphQL[Context, None]):
    """Strawberry's endpoint, held to the GraphQL-over-HTTP specification.

    A server without discovery shows no page and no schema, gives no hints and takes no query by GET.
    Queries go to the `planner` first, where there is one.
    With `application/graphql-response+json` a document that cannot run answers 400 and has no `data`.
    """

    websocket_adapter_class = TextSocket
    graphql_transport_ws_handler_class = Operations

    def __init__(self, schema: KehuSchema, pool: ReadPool, context: Context, sockets: Sockets, page: str) -> None:
        """`context` is every request's but for its reads, its author and its presence."""
        super().__init__(
            schema,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            allow_queries_via_get=context.served.discovery,
            connection_init_wait_timeout=INIT_WAIT,
            allowed_origins=sockets.origins,
        )
        self._pool = pool
        self._context = context
        self._served = context.served
        self._sockets = sockets
        self._page = page
        self.documents = documents_of(context.served)
        self.planner: Planner | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Failures of the request itself are JSON too; nobody is told of a client that left in the middle of it."""
        if scope["type"] != "http":
            await self._sockets.serve(super().__call__, scope, receive, send)
            return
        presence = Presence(receive, MAX_BODY_BYTES)
        scope[_PRESENCE] = presence
        request = Request(scope, presence.receive)
        try:
            response = await self._planned(request) or await self.run(request)
        except HTTPException as failure:
            response = _refusal(failure.status_code, failure.reason)
        except ExpectedError as failure:
            response = await self._failed(request, failure)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            working = asyncio.current_task()
            if not presence.has_left or working is None:
                raise
            working.uncancel()
            return
        except Exception as failure:  # noqa: BLE001 (the border to the client: logged and masked)
            response = _broken(failure)
        await response(scope, receive, send)

    async def _planned(self, request: Request) -> Response | None:
        """The answer of a plan; None where there is none, and Strawberry takes the request."""
        if self.planner is None:
            return None
        if request.method == "POST" and _is_json(request.headers.get("content-type")):
            written = read_body(await request.body())
        elif request.method == "GET" and self.allow_queries_via_get:
            # There is none, but only then can the client be seen leaving.
            await request.body()
            written = read_address(request.query_params)
        else:
            return None
        asked = sent_query(written) if self.documents.mode == "off" else self.documents.sent(written)
        if asked is None:
            return None
        context = await self.get_context(request, Response())
        try:
            content = await self.planner.answer(asked, context)
        except ExpectedError as failure:
            return await self._failed(request, failure)
        if content is None:
            return None
        media_type = response_type(request.headers.get("accept", ""))
        return Response(content, headers=_NOT_KEPT, media_type=f"{media_type}; charset=utf-8")

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        """What the client sent; refused with a status and a reason when it is no query at all."""
        if request.method == "POST":
            if not _is_json(request.content_type):
                raise HTTPException(415, f"send the query as JSON, with the header 'Content-Type: {PLAIN_JSON}'")
            if (await request.get_body()).lstrip()[:1] not in {b"{", b"["}:
                raise HTTPException(400, 'the body must be a JSON object: {"query": "{ ... }"}')
        data = await super().parse_http_body(request)
        if isinstance(data, list):
            return data
        if holds_too_many(data.variables):
            raise HTTPException(413, f"the variables hold more than {MAX_VARIABLE_VALUES:,} values; send them in parts")
        query = data.query
        if self.documents.mode != "off":
            sent = self.parse_json(await request.get_body()) if request.method == "POST" else dict(request.query_params)
            query = self.documents.query_of({**sent, "query": data.query, "extensions": data.extensions})
        # A subscription's stream goes over WebSockets alone, whatever else the client would take.
        return replace(data, query=query, protocol="http")

    async def _failed(self, request: Request, failure: ExpectedError) -> Response:
        late = await self.process_result(request, ExecutionResult(data=None, errors=[failure]))
        return self.create_response(late, await self.get_sub_response(request))

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002 (Strawberry's signature)
    ) -> Context:
        author = author_of(request.headers.get(AUTHOR_HEADER, ""))
        presence = request.scope.get(_PRESENCE)
        return replace(self._context, reads=Reads(self._pool), author=author, presence=presence)

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002
        return HTMLResponse(self._page)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        is_bare = request.method == "GET" and request.query_params.get("query") is None
        return self._served.discovery and is_bare and wants_page(request.headers.get("accept", ""))

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        response.media_type = response_type(request.headers.get("accept", ""))
        return response

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:  # noqa: ARG002
        errors = result.errors or []
        shown = [presentable(error, hints=self._served.discovery) for error in errors]
        data: dict[str, Any] = {"errors": shown} if errors else {}
        if result.data is not None or any(error.path for error in errors):
            data["data"] = result.data
        return data  # type: ignore[return-value]

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        media_type = sub_response.media_type or PLAIN_JSON
        never_ran = "data" not in response_data
        status = 400 if never_ran and media_type == RESPONSE_JSON else 200
        content = self.encode_json(response_data)
        return Response(content, status, _NOT_KEPT, media_type=f"{media_type}; charset=utf-8")

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


def _is_json(content_type: str | None) -> bool:
    # What stands behind a semicolon is a parameter: browsers send "text/plain; application/json" unasked.
    return (content_type or "").partition(";")[0].strip().lower() == PLAIN_JSON


def _broken(failure: Exception) -> Response:
    shown = presentable(GraphQLError("the request could not be answered", original_error=failure))
    return Response(orjson.dumps({"errors": [shown]}), 500, _NOT_KEPT, PLAIN_JSON)


def _refusal(status: int, reason: str) -> Response:
    body = {"errors": [{"message": reason, "extensions": {"code": BAD_USER_INPUT}}]}
    headers = {"allow": "GET, POST"} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return Response(orjson.dumps(body), status, headers, PLAIN_JSON)
