"""kehu runs and what resegment says of the guard: held, confirmed, discarded, rolled back, interrupted."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Kehu = Callable[..., tuple[int, str, str]]
WRITTEN = Path(__file__).parent.parent / "written"
SOURCE = (WRITTEN / "waybills.yaml").read_text(encoding="utf-8")
SHIPMENTS = """
shipments_30d:
  {count: shipments, over: 30 days, unit: shipments, label: {en: S, zh: 票}, meaning: shipments paid for in 30 days}
"""
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - {level: busy, label: {en: Busy, zh: 忙}, when: shipments_30d >= 1}
  - {level: calm, label: {en: Calm, zh: 闲}, otherwise: true}
examples:
  - {given: {shipments_30d: 1}, expect: busy}
  - {given: {shipments_30d: 0}, expect: calm}
"""
ROWS = "number,account,name,day,paid\n" + "".join(f"{n},A{n},Name {n},2026-01-0{1 + n % 5},1\n" for n in range(60))
SAID = ("size:busy would shrink from 60 to 0 customers", "size:calm would grow from 0 to 60 customers")


@pytest.fixture
def workspace(workspace_after: Callable[..., Path]) -> Path:
    """Sixty customers who ship in January and never again, loaded and published as of then."""
    files = {"sources/waybills.yaml": SOURCE, "data/waybills.csv": ROWS}
    files |= {"rules/features/shipments.yaml": SHIPMENTS, "rules/size.yaml": SIZE}
    files |= {"kehu.toml": 'rules = "own"\ntimezone = "UTC"\n'}
    return workspace_after(files, ["load"], ["resegment", "--as-of", "2026-01-15"])


def states(kehu: Kehu, root: Path) -> list[tuple[object, ...]]:
    """Number, state and whether it is published, of every run."""
    found = json.loads(kehu("runs", "list", "-w", root, "--json")[1])["runs"]
    return [(row["id"], row["state"], row["published"]) for row in reversed(found)]


def test_a_held_run_ends_with_one_and_says_what_to_do(kehu: Kehu, workspace: Path) -> None:
    code, out, err = kehu("resegment", "--as-of", "2026-03-01", "-w", workspace)
    assert (code, "run 2 held, not published: 60 customers" in out) == (1, True)
    how = "'kehu runs publish 2' if that is right, else 'kehu runs discard 2'"
    problems = "".join(f"run 2:1:1: error[size-guard]: {said} ({how})\n" for said in SAID)
    assert f"{problems}2 errors\n" in err
    assert states(kehu, workspace) == [(1, "published", True), (2, "held", False)]
    code, out, _ = kehu("resegment", "--as-of", "2026-03-01", "-w", workspace, "--dry-run")
    assert (code, f"the size guard would hold it: {'; '.join(SAID)}\n" in out) == (0, True)
    code, out, _ = kehu("resegment", "--as-of", "2026-03-01", "-w", workspace, "--json")
    document = json.loads(out)
    assert (code, document["published"]) == (1, False)
    sizes = (("busy", 60, 0), ("calm", 0, 60))
    assert document["held"] == [
        {"ruleset": "size", "code": level, "before": before, "after": after} for level, before, after in sizes
    ]
    assert [stage["stage"] for stage in document["stages"]] == ["features", "rules", "publish"]


def test_the_guard_may_be_lowered_for_once(kehu: Kehu, workspace: Path) -> None:
    assert kehu("resegment", "--as-of", "2026-03-01", "--guard", "0.9", "-w", workspace)[0] == 1
    assert kehu("resegment", "--as-of", "2026-03-01", "--guard", "off", "-w", workspace)[0] == 0
    assert states(kehu, workspace) == [(1, "published", False), (2, "discarded", False), (3, "published", True)]


def test_a_guard_that_is_no_share_is_refused(kehu: Kehu, workspace: Path) -> None:
    code, _, err = kehu("resegment", "--guard", "30%", "-w", workspace)
    assert (code, "--guard:1:1: error[guard]: '30%' is not a share (give a share such as 0.3, or 'off')" in err) == (
        1,
        True,
    )
    assert len(states(kehu, workspace)) == 1


def test_a_held_run_is_confirmed_and_rolled_back(kehu: Kehu, workspace: Path) -> None:
    kehu("resegment", "--as-of", "2026-03-01", "-w", workspace)
    code, out, _ = kehu("runs", "publish", "2", "--author", "Li Na", "-w", workspace)
    assert (code, "run 2 published: 60 customers" in out) == (0, True)
    code, out, _ = kehu("runs", "rollback", "--dry-run", "-w", workspace)
    said = "back from run 2 to the answers of run 1 as of 2026-01-15 23:59:59 UTC; 60 entered a level, 60 left one"
    assert (code, f"dry run, nothing written: {said}" in out) == (0, True)
    assert len(states(kehu, workspace)) == 2
    code, out, _ = kehu("runs", "rollback", "--author", "Li Na", "-w", workspace, "--json")
    assert (code, json.loads(out)) == (
        0,
        {
            "run": 3,
            "from_run": 2,
            "to_run": 1,
            "as_of": "2026-01-15T23:59:59.999999+00:00",
            "entered": 60,
            "left": 60,
            "fired": 0,
            "cleared": 0,
            "moves": [{"ruleset": "size", "from": "calm", "to": "busy", "customers": 60}],
            "published": True,
        },
    )
    row = json.loads(kehu("runs", "show", "3", "-w", workspace, "--json")[1])
    assert (row["engine"], row["author"], row["replaces_run_id"], row["restores_run_id"]) == ("rollback", "Li Na", 2, 1)
    assert states(kehu, workspace)[-1] == (3, "published", True)


@pytest.mark.parametrize(
    ("_case", "arguments", "expected"),
    [
        ("an unknown run", ("rollback", "9"), "run 9:1:1: error[unknown-run]: there is no run 9"),
        ("the published run", ("rollback", "1"), "error[is-published]: the answers of run 1 are the published ones"),
        ("a held run", ("rollback", "2"), "error[not-published]: run 2 was never published: it is held"),
        ("nothing before", ("rollback",), "error[no-earlier-run]: no run was published before run 1"),
        ("a published run confirmed", ("publish", "1"), "error[not-held]: run 1 is not held: it is published"),
        ("an unknown run discarded", ("discard", "9"), "error[unknown-run]: there is no run 9"),
    ],
)
def test_what_cannot_be_is_refused(
    _case: str, arguments: tuple[str, ...], expected: str, kehu: Kehu, workspace: Path
) -> None:
    kehu("resegment", "--as-of", "2026-03-01", "-w", workspace)
    code, _, err = kehu("runs", *arguments, "--author", "Li Na", "-w", workspace)
    assert (code, f"{expected} (see 'kehu runs list')" in err) == (1, True)
    assert states(kehu, workspace) == [(1, "published", True), (2, "held", False)]


def test_a_held_run_is_discarded(kehu: Kehu, workspace: Path) -> None:
    kehu("resegment", "--as-of", "2026-03-01", "-w", workspace)
    assert kehu("runs", "discard", "2", "--author", "Li Na", "-w", workspace)[:2] == (0, "run 2 discarded\n")
    assert states(kehu, workspace) == [(1, "published", True), (2, "discarded", False)]


def test_members_are_exported_as_of_a_past_instant(kehu: Kehu, workspace: Path, tmp_path: Path) -> None:
    kehu("resegment", "--as-of", "2026-03-01", "--guard", "off", "-w", workspace)
    versions = set()
    for as_of, level in (("2026-02-01", "busy"), ("2026-04-01", "calm")):
        file = tmp_path / f"{level}.csv"
        code, out, _ = kehu("export", "size", "--as-of", as_of, "-o", file, "-w", workspace)
        assert (code, out) == (0, f"60 members written to {file}\n")
        with file.open(encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
        assert {row["level"] for row in rows} == {level}
        versions |= {row["rule_version"] for row in rows}
    assert len(versions) == 1
    code, _, err = kehu("export", "size", "--as-of", "2025-12-31", "-o", tmp_path / "x.csv", "-w", workspace)
    assert (code, "no run was published as of 2025-12-31 23:59:59 UTC or before" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--at", "02:00"), "a time of day needs --every"),
        (("--every", "daily"), "'daily' is no span of time"),
        (("--every", "1d", "--dry-run"), "--every runs by the clock"),
    ],
)
def test_a_wrong_schedule_runs_nothing(arguments: tuple[str, ...], expected: str, kehu: Kehu, workspace: Path) -> None:
    code, _, err = kehu("resegment", *arguments, "-w", workspace)
    assert (code in {1, 2}, expected in err) == (True, True)
    assert len(states(kehu, workspace)) == 1


@pytest.mark.parametrize(
    ("_case", "number", "code", "error"),
    [("Ctrl-C", signal.SIGINT, 130, "interrupted"), ("the system", signal.SIGTERM, -15, "told to end")],
)
def test_a_run_that_is_ended_from_outside_publishes_nothing_and_says_so(
    _case: str, number: int, code: int, error: str, kehu: Kehu, workspace: Path
) -> None:
    # The process sends itself the signal while it works on the rules, as a person would at that moment.
    script = (
        "import os, sys\nfrom kehu.cli import main, resegment\nfrom kehu.pipeline import run_job\n"
        "evaluate = run_job.evaluate\n"
        f"run_job.evaluate = lambda *a: (os.kill(os.getpid(), {int(number)}), evaluate(*a))[1]\n"
        "main.main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, "resegment", "--as-of", "2026-01-20", "-w", str(workspace)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert states(kehu, workspace) == [(1, "published", True), (2, "failed", False)]
    assert json.loads(kehu("runs", "show", "2", "-w", workspace, "--json")[1])["error"] == error


def test_a_scheduled_process_is_ended_between_runs(kehu: Kehu, workspace: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "kehu.cli", "resegment", "--every", "1d", "-w", str(workspace), "--guard", "off"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        told = [process.stderr.readline()]
        while len(told) < 2 or not told[-1].startswith("next run"):
            told.append(process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM
    assert states(kehu, workspace)[-1] == (2, "published", True)
    assert [line.split(" at ")[0] for line in told] == ["next run", "features\n", "rules\n", "publish\n", "next run"]
