"""The ASGI application: GraphQL at /graphql, its page for browsers, health."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from kehu_graphql.endpoint import Endpoint
from kehu_graphql.health import is_up, readiness
from kehu_graphql.ide.assets import ASSETS_DIR
from kehu_graphql.ide.page import ASSETS_URL, STATIC_DIR, STATIC_URL, ide_page
from kehu_graphql.reads import ReadPool
from kehu_graphql.schema import build_schema

PATH = "/graphql"


def create_app(engine: Engine, *, clock: Callable[[], datetime], title: str, phone_region: str = "CN") -> Starlette:
    """The application over a database at the newest schema.

    `clock` is asked once a request. `phone_region` is the country of phone numbers without a prefix.
    Ending the application's lifespan waits for reads under way; the engine stays the caller's.
    """
    pool = ReadPool(engine)
    page = ide_page(title, PATH)
    endpoint = Endpoint(build_schema(), pool, clock=clock, phone_region=phone_region, page=page)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        pool.close()

    routes = [
        Route("/", _to_graphql),
        Route("/healthz", is_up),
        Route("/readyz", readiness(pool)),
        Mount(ASSETS_URL, StaticFiles(directory=ASSETS_DIR, check_dir=False)),
        Mount(STATIC_URL, StaticFiles(directory=STATIC_DIR)),
        Route(PATH, endpoint),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _to_graphql(_request: Request) -> Response:
    return RedirectResponse(PATH)
