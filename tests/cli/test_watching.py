"""A real server beside a rule directory that is edited, broken and mended."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kehu.workspace.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
FEATURES = """
paid: {sum: shipments.revenue, over: 30 days, unit: currency, label: {en: Paid, zh: 付款}, meaning: charges}
"""
SIZE = """ruleset: size
kind: flag
label: {en: Size, zh: 规模}
levels:
  - {level: large, label: {en: L, zh: 大}, when: paid >= 100}
examples:
  - {given: {paid: 300}, expect: large}
  - {given: {paid: 1}, expect: []}
"""
EDITED = SIZE.replace(">= 100", ">= 200")
BROKEN = SIZE.replace("paid >=", "payd >=")
QUERY = """{
  ruleDirectory {
    isBroken differsFromPublished checkedAt readAt ruleSets { code source publishedVersion version }
    problems { severity check message remedy file line column }
  }
  ruleSets { source }
}"""
_DEADLINE_SECONDS = 60


@pytest.fixture
def workspace(make_workspace: MakeWorkspace, kehu: Callable[..., tuple[int, str, str]]) -> Workspace:
    """A workspace without events whose one rule set is published."""
    files = {"rules/features/f.yaml": FEATURES, "rules/size.yaml": SIZE}
    made: Workspace = make_workspace(files, 'rules = "own"\n')
    assert kehu("resegment", "-w", made.root)[0] == 0
    return made


Served = Callable[[str], AbstractContextManager[tuple[subprocess.Popen[bytes], httpx.Client]]]


@pytest.fixture
def served(workspace: Workspace, kehu_serve: Callable[..., Any]) -> Served:
    """Serves the workspace, which looks at its rules that often; the process and a client."""

    @contextmanager
    def serve(seconds: str) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
        with (
            kehu_serve(workspace.root, KEHU_RULES_RELOAD_SECONDS=seconds) as (process, url),
            httpx.Client(base_url=url, timeout=60) as client,
        ):
            yield process, client

    return serve


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.05)
    raise TimeoutError("it never came to hold")


def saved(file: Path, text: str) -> None:
    """Write the file in one step, as editors do; half of it would be looked at as a file of its own."""
    draft = file.with_suffix(".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def asked(client: httpx.Client) -> dict[str, Any]:
    """The answer to QUERY."""
    body = client.post("/graphql", json={"query": QUERY}).json()
    assert "errors" not in body, body
    data: dict[str, Any] = body["data"]
    return data


def test_an_edit_is_noticed_and_a_broken_file_keeps_the_last_good_rules(workspace: Workspace, served: Served) -> None:
    file = workspace.rules_folder / "size.yaml"
    with served("0.1") as (_, client):
        first = asked(client)
        saved(file, EDITED)
        _until(lambda: asked(client)["ruleDirectory"]["readAt"] != first["ruleDirectory"]["readAt"])
        edited = asked(client)
        saved(file, BROKEN)
        _until(lambda: bool(asked(client)["ruleDirectory"]["isBroken"]))
        broken, ready = asked(client), client.get("/readyz")
        saved(file, SIZE)
        _until(lambda: not asked(client)["ruleDirectory"]["isBroken"])
        mended, ready_again = asked(client), client.get("/readyz")
    assert [answer["ruleSets"] for answer in (first, edited, broken, mended)] == [[{"source": SIZE}]] * 4
    standing = [answer["ruleDirectory"] for answer in (first, edited, broken, mended)]
    assert [each["ruleSets"][0]["source"] for each in standing] == [SIZE, EDITED, EDITED, SIZE]
    assert [each["differsFromPublished"] for each in standing] == [False, True, True, False]
    same = [each["ruleSets"][0]["version"] == each["ruleSets"][0]["publishedVersion"] for each in standing]
    assert same == [True, False, False, True]
    assert [each["problems"] for each in standing] == [[], [], [_told(file)], []]
    assert (ready.status_code, ready_again.status_code) == (200, 200)
    assert (ready.json()["status"], ready.json()["rules"]) == ("ready", "broken, last good kept")
    assert ready.json()["problems"] == [
        f"{file}:5:49: error[unknown-feature]: unknown feature 'payd' (did you mean 'paid'?)"
    ]
    assert (ready_again.json()["rules"], "problems" in ready_again.json()) == ("good", False)


def _told(file: Path) -> dict[str, object]:
    return {
        "severity": "error",
        "check": "unknown-feature",
        "message": "unknown feature 'payd'",
        "remedy": "did you mean 'paid'?",
        "file": str(file),
        "line": 5,
        "column": 49,
    }


def test_a_signal_makes_it_look_at_once_where_it_else_looks_only_at_the_beginning(
    workspace: Workspace, served: Served
) -> None:
    (workspace.rules_folder / "size.yaml").write_text(BROKEN, encoding="utf-8")
    with served("0") as (process, client):
        first = client.get("/readyz")
        (workspace.rules_folder / "size.yaml").write_text(SIZE, encoding="utf-8")
        time.sleep(0.3)
        unnoticed = client.get("/readyz")
        process.send_signal(signal.SIGHUP)
        _until(lambda: client.get("/readyz").json()["rules"] == "good")
        assert process.poll() is None
    assert (first.status_code, first.json()["rules"]) == (200, "broken, none good yet")
    assert unnoticed.json() == first.json()


def test_a_rule_directory_without_a_file_keeps_nobody_from_reading(workspace: Workspace, served: Served) -> None:
    workspace.rules_folder.rename(workspace.root / "elsewhere")
    with served("0") as (_, client):
        answer = asked(client)
    assert answer["ruleSets"] == [{"source": SIZE}]
    assert [problem["check"] for problem in answer["ruleDirectory"]["problems"]] == ["no-rules"]
    assert (answer["ruleDirectory"]["ruleSets"], answer["ruleDirectory"]["differsFromPublished"]) == ([], None)
