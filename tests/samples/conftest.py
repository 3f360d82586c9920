"""Sample workspaces as a user has them: copied, loaded, segmented and served by the kehu command."""

import fcntl
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.samples.command import kehu

from kehu.generate.carrier import generate

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Sample:
    """One sample workspace after the command line's work."""

    root: Path
    load_code: int
    load: dict[str, Any]
    second_load: dict[str, Any]
    run: dict[str, Any]


def _made(name: str, folder: Path) -> Sample:
    root = folder / name
    shutil.copytree(EXAMPLES / name, root)
    if name == "carrier":
        generate(root / "data", customers=600, shipments=6_000, seed=7)
    loaded = kehu("load", "-w", str(root), "--json")
    again = kehu("load", "-w", str(root), "--json")
    run = kehu("resegment", "-w", str(root), "--json")
    assert run.code == 0, run.err
    return Sample(root, loaded.code, json.loads(loaded.out), json.loads(again.out), json.loads(run.out))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Sample]:
    """A sample by name, made when first asked for, by whichever of the processes that run tests asks first."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "samples"
    folder.mkdir(exist_ok=True)

    @cache
    def get(name: str) -> Sample:
        told = folder / f"{name}.pickle"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not told.exists():
                told.write_bytes(pickle.dumps(_made(name, folder)))
        made: Sample = pickle.loads(told.read_bytes())  # noqa: S301  # written a moment ago, by these tests
        return made

    return get


Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def ask(sample: Callable[[str], Sample], kehu_serve: Callable[..., Any]) -> Iterator[Ask]:
    """Ask a served sample over HTTP: name, query, variables; the answer's data."""
    addresses: dict[str, str] = {}
    with httpx.Client(timeout=60) as client, ExitStack() as servers:

        def answer(name: str, query: str, **variables: object) -> Any:
            if name not in addresses:
                addresses[name] = servers.enter_context(kehu_serve(sample(name).root))[1]
            asked = {"query": query, "variables": variables}
            document = client.post(f"{addresses[name]}/graphql", json=asked).json()
            assert "errors" not in document, document
            return document["data"]

        yield answer
