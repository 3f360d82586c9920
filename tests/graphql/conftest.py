"""The small carrier that the reader's tests read, behind the application."""

import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from threading import Thread
from types import ModuleType
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine, make_url, select

from kehu.model.problems import Place, Problem
from kehu.pipeline.loading import load
from kehu.pipeline.resegmenting import resegment
from kehu.pipeline.rule_directory import read_rule_files
from kehu.rules.directory import RuleDirectory
from kehu.store.database import open_database, upgrade
from kehu.tables.schema import metadata
from kehu.workspace.served import Served
from kehu.workspace.workspace import Workspace, open_workspace
from kehu_graphql.app import create_app

NOW = datetime(2026, 2, 10, tzinfo=UTC)
SHIPMENTS = """
shipments_90d: {count: shipments, over: 90 days, unit: shipments, label: {en: S, zh: 票}, meaning: shipments paid for}
"""
VIP = """ruleset: vip
kind: flag
label: {en: VIP, zh: 贵宾}
levels:
  - {level: vip, label: {en: VIP, zh: 贵宾}, when: shipments_90d >= 30}
examples:
  - {given: {shipments_90d: 30}, expect: vip}
  - {given: {shipments_90d: 29}, expect: []}
"""
Ask = Callable[..., dict[str, Any]]
OFFICE = Path(__file__).parent / "office"
# Nobody asks over TLS here, and reading the authorities that one trusts takes longer than most tests ask.
UNTRUSTING = SSLContext(PROTOCOL_TLS_CLIENT)
Rows = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class Office:
    """The office behind a server that takes changes at the machine's time of NOW, on behalf of Li Na unless told."""

    engine: Engine
    workspace: Workspace
    client: httpx.Client

    def send(self, query: str, *, author: str | None = "Li Na", **variables: object) -> dict[str, Any]:
        """The whole answer."""
        headers = {} if author is None else {"kehu-author": quote(author)}
        answer: dict[str, Any] = self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=headers
        ).json()
        return answer

    def ask(self, query: str, *, author: str | None = "Li Na", **variables: object) -> Any:
        """The only field of the data; nothing may fail."""
        answer = self.send(query, author=author, **variables)
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    def clock(self) -> datetime:
        """The machine's time."""
        return NOW

    def content(self) -> Rows:
        """Every row of every table, ordered."""
        with self.engine.connect() as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for table in metadata.sorted_tables
            }


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


def _broken_rules() -> RuleDirectory:
    """A directory read yesterday, broken since."""
    shown = {"features/f.yaml": "rules/features/f.yaml", "vip.yaml": "rules/vip.yaml"}
    _, book, problems = read_rule_files({"features/f.yaml": SHIPMENTS, "vip.yaml": VIP}, shown, 2)
    assert problems == []
    place = Place("rules/vip.yaml", 5, 50)
    wrong = Problem(place, "unknown-feature", "unknown feature 'shipment_90d'", "did you mean 'shipments_90d'?")
    doubtful = Problem(Place("rules/vip.yaml", 5, 11), "approximate", "a float is rounded", severity="warning")
    return RuleDirectory(NOW, NOW - timedelta(days=1), book, "f", (doubtful, wrong))


@contextmanager
def _serving(
    engine: Engine,
    cors_origins: Sequence[str] = (),
    rules: Callable[[], RuleDirectory] | None = None,
    workspace: Workspace | None = None,
    **options: Any,
) -> Iterator[httpx.Client]:
    """`options` are further ones of Served."""
    served = Served(
        "Small <carrier>",
        lambda: NOW,
        rules=rules,
        workspace=workspace,
        machine_clock=lambda: NOW,
        **options,
    )
    app = create_app(engine, served, cors_origins=cors_origins)
    config = uvicorn.Config(app, log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Thread(target=server.run, kwargs={"sockets": [listener]})
        running.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, timeout=60, verify=UNTRUSTING) as opened:
            yield opened
        server.should_exit = True
        running.join()


@pytest.fixture(scope="session")
def client(carrier: Engine) -> Iterator[httpx.Client]:
    """The application over the carrier, behind a real server on loopback."""
    with _serving(carrier, rules=_broken_rules) as opened:
        yield opened


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def opened_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office's folder with its database, loaded and segmented; to be copied."""
    folder = tmp_path_factory.mktemp("office") / "office"
    shutil.copytree(OFFICE, folder)
    _open_office(open_workspace(folder, {})).dispose()
    return folder


def _open_office(workspace: Workspace) -> Engine:
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    load(workspace, engine, [], clock=lambda: NOW, progress=_untold)
    resegment(workspace, engine, None, clock=lambda: NOW, progress=_untold)
    return engine


def _untold(_what: str, _rows: int) -> None:
    """Nobody is told how far the work is."""


@pytest.fixture
def office(opened_office: Path, tmp_path: Path) -> Iterator[Office]:
    """An office of one's own, on SQLite."""
    folder = tmp_path / "office"
    shutil.copytree(opened_office, folder)
    workspace = open_workspace(folder, {})
    yield from _run_office(workspace, open_database(workspace.settings.database_url))


@pytest.fixture(scope="session")
def opened_on_postgres(
    postgres_server: str, replace_postgres: Callable[[str, str], None], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The office's folder, its database being `office` on that server, loaded and segmented; both to be copied."""
    folder = tmp_path_factory.mktemp("office") / "office"
    shutil.copytree(OFFICE, folder)
    replace_postgres("office", "template1")
    url = postgres_server.replace("/postgres?", "/office?")
    _open_office(open_workspace(folder, {"KEHU_DATABASE_URL": url})).dispose()
    return folder


@pytest.fixture
def office_anywhere(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Office]:
    """An office of one's own, on each kind of database."""
    address = make_url(database_url)
    is_embedded = address.get_backend_name() == "sqlite"
    folder = tmp_path / "office"
    shutil.copytree(request.getfixturevalue("opened_office" if is_embedded else "opened_on_postgres"), folder)
    if is_embedded:
        database_url = f"sqlite:///{folder / 'kehu.sqlite3'}"
    else:
        request.getfixturevalue("replace_postgres")(str(address.database), "office")
    workspace = open_workspace(folder, {"KEHU_DATABASE_URL": database_url})
    yield from _run_office(workspace, open_database(workspace.settings.database_url))


def _run_office(workspace: Workspace, engine: Engine) -> Iterator[Office]:
    with _serving(engine, workspace=workspace) as opened:
        yield Office(engine, workspace, opened)
    engine.dispose()
