"""The small carrier that the reader's tests read, behind the application."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine

from kehu_graphql.app import create_app

NOW = datetime(2026, 2, 10, tzinfo=UTC)
Ask = Callable[..., dict[str, Any]]


def _load(file: Path) -> ModuleType:
    # Test folders are no packages, so a neighbour's fixtures are loaded from their file.
    spec = spec_from_file_location("small_carrier", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_small_carrier = _load(Path(__file__).parents[1] / "reader" / "conftest.py")
carrier = _small_carrier.carrier


@contextmanager
def _serving(engine: Engine, cors_origins: Sequence[str] = ()) -> Iterator[httpx.Client]:
    app = create_app(engine, clock=lambda: NOW, title="Small <carrier>", cors_origins=cors_origins)
    config = uvicorn.Config(app, log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Thread(target=server.run, kwargs={"sockets": [listener]})
        running.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as opened:
            yield opened
        server.should_exit = True
        running.join()


@pytest.fixture(scope="session")
def client(carrier: Engine) -> Iterator[httpx.Client]:
    """The application over the carrier, behind a real server on loopback."""
    with _serving(carrier) as opened:
        yield opened


@pytest.fixture
def serving() -> Callable[..., AbstractContextManager[httpx.Client]]:
    """Puts the application over any database behind a server."""
    return _serving


@pytest.fixture(scope="session")
def ask(client: httpx.Client) -> Ask:
    """The data of a query that must not fail."""

    def answer(query: str, **variables: object) -> dict[str, Any]:
        response = client.post("/graphql", json={"query": query, "variables": variables})
        body = response.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    return answer


@pytest.fixture(scope="session")
def refused(client: httpx.Client) -> Ask:
    """The only error of a query that must fail."""

    def answer(query: str, **variables: object) -> dict[str, Any]:
        response = client.post("/graphql", json={"query": query, "variables": variables})
        errors = response.json()["errors"]
        assert len(errors) == 1, errors
        error: dict[str, Any] = errors[0]
        return error

    return answer
