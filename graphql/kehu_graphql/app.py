"""The ASGI application: GraphQL at /graphql, its page for browsers, health and figures."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from kehu.workspace.served import Served
from kehu_graphql.author import AUTHOR_HEADER
from kehu_graphql.context import Context
from kehu_graphql.desk import desk_for
from kehu_graphql.endpoint import Endpoint
from kehu_graphql.exports.download import download
from kehu_graphql.exports.exporter import Exporter
from kehu_graphql.exports.folder import DOWNLOAD_URL, ExportFolder
from kehu_graphql.health import is_up, readiness
from kehu_graphql.ide.assets import ASSETS_DIR
from kehu_graphql.ide.page import ASSETS_URL, STATIC_DIR, STATIC_URL, ide_page
from kehu_graphql.metrics import metrics
from kehu_graphql.planning.planner import Planner
from kehu_graphql.reads import ReadPool, Reads
from kehu_graphql.schema import build_schema
from kehu_graphql.subscriptions.sockets import Sockets
from kehu_graphql.subscriptions.watcher import Watcher
from kehu_graphql.types.customer import customer_node

PATH = "/graphql"
_PREFLIGHT_SECONDS = 600
# Below a packet or two packing saves nothing; above level 5 it costs more than it saves.
_PACKED_BYTES, _PACKED_LEVEL = 1400, 5


def create_app(engine: Engine, served: Served, *, cors_origins: Sequence[str] = (), plans: bool = True) -> Starlette:
    """The application over a database at the newest schema. Without `plans` resolvers answer every query.

    Pages of `cors_origins` may ask from a browser; no other page of another origin may.
    Ending the application's lifespan waits for reads and changes under way; the engine stays the caller's.
    """
    pool = ReadPool(engine)
    desk = desk_for(engine, served)
    watcher = Watcher(engine, pool)
    schema = build_schema(discovery=served.discovery, timeout_seconds=served.timeout_seconds)
    context = Context(Reads(pool), served, customer_node, "", desk, watcher)
    exporter = None if desk is None else Exporter(schema, pool, ExportFolder(desk.workspace.root), desk.clock, context)
    sockets = Sockets(watcher, cors_origins)
    endpoint = Endpoint(schema, pool, replace(context, exporter=exporter), sockets, ide_page(served.title, PATH))
    endpoint.planner = Planner(schema, pool) if plans else None

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await watcher.close()
        if exporter is not None:
            await exporter.close()
        if desk is not None:
            desk.close()
        pool.close()

    routes = [
        Route("/", _to_graphql),
        Route("/healthz", is_up),
        Route("/readyz", readiness(pool, served.rules)),
        Route("/metrics", metrics(pool)),
        Mount(ASSETS_URL, StaticFiles(directory=ASSETS_DIR, check_dir=False)),
        Mount(STATIC_URL, StaticFiles(directory=STATIC_DIR)),
        Route(PATH, endpoint),
        WebSocketRoute(PATH, endpoint),
        Route(f"{DOWNLOAD_URL}/{{key:str}}.jsonl", download(exporter)),
    ]
    return _Application(endpoint, routes=routes, lifespan=lifespan, middleware=_middleware(cors_origins))


class _Application(Starlette):
    """Brings what is asked at PATH to its endpoint without looking at the routes, of which there are many."""

    def __init__(self, endpoint: ASGIApp, *, middleware: Sequence[Middleware], **options: Any) -> None:
        super().__init__(middleware=middleware, **options)
        self._asked = endpoint
        for each in reversed([Middleware(ServerErrorMiddleware), *middleware]):
            self._asked = each.cls(self._asked, *each.args, **each.kwargs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self._asked(scope, receive, send)


def _middleware(cors_origins: Sequence[str]) -> list[Middleware]:
    shared = Middleware(
        CORSMiddleware,
        allow_origins=cors_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["content-type", AUTHOR_HEADER.lower()],
        max_age=_PREFLIGHT_SECONDS,
    )
    packed = Middleware(GZipMiddleware, minimum_size=_PACKED_BYTES, compresslevel=_PACKED_LEVEL)
    return [*([shared] if cors_origins else []), packed]


async def _to_graphql(_request: Request) -> Response:
    return RedirectResponse(PATH)
