"""Levels that are kept, asked for and decided by hand, through the commands an analyst uses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kehu.workspace.workspace import Workspace, open_workspace

Kehu = Callable[..., tuple[int, str, str]]
WRITTEN = Path(__file__).parent.parent / "written"
SOURCE = (WRITTEN / "paid_waybills.yaml").read_text(encoding="utf-8")
ROWS = """number,account,name,day
1,A1,Alpha Ltd,2026-01-01
2,A1,Alpha Ltd,2026-01-02
3,A1,Alpha Ltd,2026-01-20
4,A2,Beta Ltd,2026-01-20
"""
FEATURES = """
shipments_30d:
  count: shipments
  over: 30 days
  unit: shipments
  label: {en: Shipments in 30 days, zh: 近30天票数}
  meaning: shipments paid for in the last 30 days
shipments_total:
  count: shipments
  unit: shipments
  label: {en: Shipments, zh: 票数}
  meaning: shipments of all time
"""
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - level: busy
    label: {en: Busy, zh: 忙}
    when: shipments_30d >= 3
    keep_while: shipments_30d >= 2
    grace: 10 days
    variants:
      - {for: shipments_total == 1, when: shipments_30d >= 1}
  - level: calm
    label: {en: Calm, zh: 闲}
    otherwise: true
examples:
  - {given: {shipments_30d: 3}, expect: busy}
  - {given: {shipments_30d: 2}, expect: calm}
  - {given: {shipments_30d: 1}, held: {level: busy, below: 9 days}, expect: busy}
  - {given: {shipments_30d: 1, shipments_total: 1}, expect: busy}
---
ruleset: care
kind: flag
label: {en: Care, zh: 关怀}
levels:
  - level: call
    label: {en: Call, zh: 回访}
    when: size == "busy" and shipments_30d < 3
examples:
  - {given: {size: busy, shipments_30d: 2}, expect: call}
  - {given: {size: calm, shipments_30d: 2}, expect: []}
  - {given: {size: busy, shipments_30d: 3}, expect: []}
"""
CASES = """
as_of: 2026-03-01T00:00:00Z
cases:
  - name: kept within its grace, and called
    given: {shipments_30d: 1}
    held: {size: {level: busy, below: 9 days}}
    expect: {size: busy, care: call}
  - name: not kept after it
    given: {shipments_30d: 1}
    held: {size: {level: busy, below: 10 days}}
    expect: {size: calm, care: []}
  - name: held in the first year there is
    as_of: 0001-01-02T00:00:00Z
    given: {shipments_30d: 2}
    held: {size: busy}
    expect: {size: busy}
  - name: from events, kept by the softer condition
    events: {shipments: [{at: 3 days ago, times: 2, every: 1 day}]}
    held: {size: busy}
    expect: {size: busy}
"""
FILES = {
    "sources/waybills.yaml": SOURCE,
    "data/waybills.csv": ROWS,
    "rules/features/all.yaml": FEATURES,
    "rules/all.yaml": SIZE,
    "rules/tests/all_test.yaml": CASES,
}


@pytest.fixture
def workspace(workspace_after: Callable[..., Path]) -> Workspace:
    """Two customers; Alpha became busy on January 20 and ships no more."""
    toml = 'clock = "latest event"\nrules = "own"\ntimezone = "UTC"\n'
    done = (["load"], ["resegment", "--as-of", "2026-01-20T12:00Z"])
    return open_workspace(workspace_after({**FILES, "kehu.toml": toml}, *done), {})


def explained(kehu: Kehu, workspace: Workspace, who: str, as_of: str) -> list[str]:
    code, out, err = kehu("rules", "explain", who, "-w", workspace.root, "--ruleset", "size", "--as-of", as_of)
    assert (code, err) == (0, "")
    return out.splitlines()[3:]


def test_cases_say_what_is_held(workspace: Workspace, kehu: Kehu) -> None:
    code, out, _ = kehu("rules", "test", "-w", workspace.root)
    assert code == 0, out
    assert "4 cases" in out


def test_a_case_that_holds_what_is_not_there_is_refused(workspace: Workspace, kehu: Kehu) -> None:
    (workspace.rules_folder / "tests" / "all_test.yaml").write_text(
        "cases:\n  - {name: a, held: {size: bsy, siz: busy}, expect: {size: busy}}\n"
    )
    code, _, err = kehu("rules", "test", "-w", workspace.root)
    assert code == 1
    assert (
        "all_test.yaml:2:28: error[unknown-word]: 'bsy' is not a level of this rule set (did you mean 'busy'?)" in err
    )
    assert "all_test.yaml:2:33: error[unknown-word]: 'siz' is not a rule set (did you mean 'size'?)" in err


def test_explain_says_what_keeps_a_level(workspace: Workspace, kehu: Kehu) -> None:
    assert explained(kehu, workspace, "A1", "2026-02-01T00:00Z") == [
        "size (Size / 规模): busy (Busy / 忙)",
        "  + busy: false",
        "      shipments_30d >= 3: false (shipments_30d is 1) <- decided",
        "      held since 2026-01-20, and kept:",
        "        keep_while: false",
        "          shipments_30d >= 2: false (shipments_30d is 1) <- decided",
        "        will drop on 2026-02-11 00:00 UTC unless it is met again (unmet since 2026-02-01)",
        "  - calm: takes the rest",
    ]


def test_explain_says_which_variant_counts(workspace: Workspace, kehu: Kehu) -> None:
    assert kehu("resegment", "-w", workspace.root, "--as-of", "2026-03-20T00:00Z")[0] == 0
    published = "busy since 2026-01-20 (run 1): shipments_30d >= 1 for shipments_total == 1, else shipments_30d >= 3"
    assert explained(kehu, workspace, "A2", "2026-03-30T00:00Z") == [
        "size (Size / 规模): calm (Calm / 闲)",
        "  - busy: false",
        "      variant for: shipments_total == 1",
        "      shipments_30d >= 1: false (shipments_30d is 0) <- decided",
        "      lacks: shipments_30d is 0, needs 1: 1 more",
        "  + calm: takes the rest",
        "  next is busy: shipments_30d >= 1 (is 0, lacks 1)",
        f"  published by run 2: {published} (shipments_30d was 1, shipments_total was 1)",
    ]


def test_a_run_tells_what_lasts_only_by_a_grace(workspace: Workspace, kehu: Kehu) -> None:
    code, out, _ = kehu("resegment", "-w", workspace.root, "--as-of", "2026-02-01T00:00Z", "--json")
    assert code == 0
    report = json.loads(out)
    assert (report["slipping"], report["by_hand"]) == (1, 0)
    assert report["levels"] == {"size": {"busy": 2, "calm": 0}, "care": {"call": 2}}


def test_a_diff_counts_who_holds_what_and_who_asks(workspace: Workspace, kehu: Kehu) -> None:
    file = workspace.rules_folder / "all.yaml"
    file.write_text(SIZE.replace("grace: 10 days", "grace: 10 hours").replace(", below: 9 days", ", below: 9 hours"))
    code, out, err = kehu(
        "rules", "diff", "-w", workspace.root, "--base", "published", "--as-of", "2026-02-01T00:00Z", "--json"
    )
    assert (code, err) == (0, "")
    moves = {
        item["ruleset"]: [(move["from"], move["to"], move["customers"]) for move in item["moves"]]
        for item in json.loads(out)["rulesets"]
    }
    assert moves == {"size": [("busy", "busy", 2)], "care": [("call", "call", 2)]}
    # A run later the grace of ten hours has passed, that of ten days has not.
    assert kehu("resegment", "-w", workspace.root, "--as-of", "2026-02-01T00:00Z")[0] == 0
    file.write_text(SIZE)
    code, out, _ = kehu(
        "rules", "diff", "-w", workspace.root, "--base", "published", "--as-of", "2026-02-02T00:00Z", "--json"
    )
    moves = {
        item["ruleset"]: [(move["from"], move["to"], move["customers"]) for move in item["moves"]]
        for item in json.loads(out)["rulesets"]
    }
    assert moves == {
        "size": [("busy", "busy", 1), ("calm", "busy", 1)],
        "care": [("call", "call", 1), (None, "call", 1)],
    }


BEFORE = """
ruleset: loyal
kind: flag
label: {en: Loyal, zh: 忠}
effective: {until: 2026-02-01}
levels:
  - level: often
    label: {en: Often, zh: 常}
    when: shipments_total >= 2
examples:
  - {given: {shipments_total: 2}, expect: often}
  - {given: {shipments_total: 1}, expect: []}
"""
AFTER = BEFORE.replace("until", "from").replace(">= 2", ">= 4").replace("total: 2", "total: 4")
LOWERED = BEFORE.replace(">= 2", ">= 1").replace("total: 1", "total: 0")
MOVED = {"loyal": [("often", "often", 1), (None, "often", 1)]}


def moves_of(kehu: Kehu, workspace: Workspace, as_of: str) -> dict[str, list[tuple[str | None, str | None, int]]]:
    code, out, err = kehu("rules", "diff", "-w", workspace.root, "--as-of", as_of, "--json")
    assert (code, err) == (0, "")
    return {
        item["ruleset"]: [(move["from"], move["to"], move["customers"]) for move in item["moves"]]
        for item in json.loads(out)["rulesets"]
    }


@pytest.mark.parametrize(
    ("_case", "files", "expected"),
    [
        ("edited", {"a.yaml": LOWERED, "b.yaml": AFTER}, MOVED),
        ("edited to last longer", {"a.yaml": LOWERED.replace("2026-02-01", "2026-03-01")}, MOVED),
        ("in two files", {"a.yaml": BEFORE, "b.yaml": AFTER}, {}),
        ("the later one first", {"b.yaml": BEFORE, "a.yaml": AFTER}, {}),
    ],
)
def test_a_diff_against_a_run_takes_the_version_it_used(
    workspace: Workspace, kehu: Kehu, _case: str, files: dict[str, str], expected: object
) -> None:
    for path, text in {"a.yaml": BEFORE, "b.yaml": AFTER}.items():
        (workspace.rules_folder / path).write_text(text)
    assert kehu("resegment", "-w", workspace.root, "--as-of", "2026-01-20T12:00Z")[0] == 0
    (workspace.rules_folder / "b.yaml").unlink()
    for path, text in files.items():
        (workspace.rules_folder / path).write_text(text)
    assert moves_of(kehu, workspace, "2026-01-31T23:59Z") == expected


def test_a_rule_set_that_is_not_in_force_is_told_so(workspace: Workspace, kehu: Kehu) -> None:
    (workspace.rules_folder / "a.yaml").write_text(BEFORE)
    asked = ("rules", "explain", "A1", "-w", workspace.root, "--ruleset", "loyal", "--as-of")
    assert "loyal (Loyal / 忠): often (Often / 常)" in kehu(*asked, "2026-01-31T23:59Z")[1]
    assert kehu(*asked, "2026-02-01T00:00Z")[1].splitlines()[2:] == ["", "loyal: not in force then"]
    found = json.loads(kehu(*asked, "2026-02-01T00:00Z", "--json")[1])
    assert (found["rulesets"], found["not_in_force"]) == ([], ["loyal"])


def test_what_is_held_by_hand_does_not_drop(workspace: Workspace, kehu: Kehu) -> None:
    assert kehu("resegment", "-w", workspace.root, "--as-of", "2026-02-01T00:00Z")[0] == 0
    why = ("--reason", "group", "--author", "Li", "-w", workspace.root)
    assert kehu("overrides", "include", "A1", "size:busy", *why)[0] == 0
    assert explained(kehu, workspace, "A1", "2026-02-20T00:00Z") == [
        "size (Size / 规模): busy (Busy / 忙)",
        "  + busy: false",
        "      shipments_30d >= 3: false (shipments_30d is 0) <- decided",
        "      included by hand: group (Li, override 1)",
        "  - calm: takes the rest",
    ]
    code, out, _ = kehu("resegment", "-w", workspace.root, "--as-of", "2026-02-20T00:00Z", "--json")
    assert code == 0
    report = json.loads(out)
    assert (report["slipping"], report["by_hand"]) == (1, 1)
