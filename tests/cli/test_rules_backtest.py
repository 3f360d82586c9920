"""A rule set tried on the past, by the command."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kehu.workspace.workspace import Workspace, open_workspace

Kehu = Callable[..., tuple[int, str, str]]
WRITTEN = Path(__file__).parent.parent / "written"
SOURCE = (WRITTEN / "paid_waybills.yaml").read_text(encoding="utf-8")
FEATURES = """
silent_days: {days_since: shipments, unit: days, label: {en: e, zh: 中}, meaning: m}
shipments_total: {count: shipments, unit: shipments, label: {en: e, zh: 中}, meaning: m}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
description: Is it leaving?
warnings:
  - warning: quiet
    label: {en: Quiet, zh: 沉默}
    when: (silent_days ?? 0) >= 10
    severity: high
    route: [sales]
    reason: "{silent_days} days"
  - warning: never
    label: {en: Never, zh: 从不}
    when: shipments_total > 100
    severity: low
    route: [sales]
    reason: never
examples:
  - {given: {silent_days: 10}, expect: quiet}
  - {given: {silent_days: 9}, expect: []}
  - {given: {shipments_total: 101}, expect: never}
"""
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
description: How much does it ship?
levels:
  - {level: once, label: {en: Once, zh: 一次}, when: shipments_total == 1}
examples:
  - {given: {shipments_total: 1}, expect: once}
  - {given: {shipments_total: 2}, expect: null}
"""
# Cut-offs on 2 and 4 March, horizon 30 days, data to 3 April: Alpha and Gamma are silent and stay away,
# Beta ships on, Delta is silent and comes back. Epsilon left long before: of it the fixed window is learnt.
DAYS = {
    "Alpha": ["2026-01-20", "2026-02-15"],
    "Beta": ["2026-01-20", "2026-02-28", "2026-03-03", "2026-03-20", "2026-04-03"],
    "Gamma": ["2026-02-21"],
    "Epsilon": ["2026-01-10"],
    "Delta": ["2026-01-05", "2026-02-15", "2026-03-25"],
}
ROWS = "number,account,name,day\n" + "".join(
    f"{name}-{day},{name},{name} Ltd,{day}\n" for name, days in DAYS.items() for day in days
)
FILES = {
    "sources/waybills.yaml": SOURCE,
    "data/waybills.csv": ROWS,
    "rules/features/all.yaml": FEATURES,
    "rules/signs.yaml": SIGNS,
    "rules/size.yaml": SIZE,
}
WHEN = ("--from", "2026-03-02", "--step", "2d", "--horizon", "30d")


@pytest.fixture
def workspace(workspace_after: Callable[..., Path]) -> Workspace:
    toml = 'rules = "own"\ntimezone = "UTC"\n'
    return open_workspace(workspace_after({**FILES, "kehu.toml": toml}, ["load"]), {})


def document(kehu: Kehu, workspace: Workspace, *arguments: str) -> dict[str, Any]:
    code, out, err = kehu("rules", "backtest", *arguments, "-w", workspace.root, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_signs_are_judged_by_what_came_after(kehu: Kehu, workspace: Workspace) -> None:
    found = document(kehu, workspace, "signs", *WHEN)
    quiet, never = found.pop("signs")
    combined, baselines = found.pop("combined"), found.pop("baselines")
    assert found.pop("seconds").keys() == {"read", "replay"}
    assert found == {
        "ruleset": "signs",
        "level": None,
        "horizon_days": 30,
        "active_days": 30,
        "among": None,
        "truth": None,
        "cutoffs": [
            {"day": "2026-03-02", "active": 4, "left": 2, "base_rate": 0.5},
            {"day": "2026-03-04", "active": 4, "left": 2, "base_rate": 0.5},
        ],
        "notes": [
            "the fixed window is the one with the best F1 as of 2026-01-31, one horizon before the first cut-off"
        ],
    }
    assert {name: quiet[name] for name in ("name", "flagged", "hits", "recall", "lift")} == {
        "name": "quiet",
        "flagged": 5,
        "hits": 3,
        "recall": 0.75,
        "lift": pytest.approx(1.2),
    }
    assert quiet["precision"] == pytest.approx(0.6)
    assert quiet["precision_95"] == [pytest.approx(0.2307, abs=5e-5), pytest.approx(0.8824, abs=5e-5)]
    assert quiet["lead_days"] == pytest.approx(16.0, abs=1e-6)
    assert [counts["flagged"] for counts in quiet["by_cutoff"]] == [2, 3]
    assert quiet["in_time"] == 3
    assert (never["flagged"], never["precision"], never["precision_95"], never["lift"]) == (0, None, None, None)
    assert (combined["name"], combined["flagged"], combined["hits"]) == ("any of them", 5, 3)
    assert [(each["name"], each["flagged"], each["hits"]) for each in baselines] == [
        ("silent longer than its own 90th-percentile gap", 0, 0),
        ("silent for 12 days or more", 4, 2),
    ]


def test_people_see_precision_beside_base_rate_and_lift(kehu: Kehu, workspace: Workspace) -> None:
    code, out, _ = kehu("rules", "backtest", "signs", *WHEN, "-w", workspace.root)
    lines = [" ".join(line.replace("│", " ").split()) for line in out.splitlines()]
    assert code == 0
    assert "2026-03-02 4 2 50.0%" in lines
    assert "quiet 5 3 60.0% (23.1% to 88.2%) 50.0% 1.20 75.0% (30.1% to 95.4%) 16" in lines
    assert "never 0 0 – 50.0% – 0.0% (0.0% to 49.0%) –" in lines


def test_by_a_file_of_those_who_left_silence_is_told_from_leaving(kehu: Kehu, workspace: Workspace) -> None:
    """Alpha leaves after the first cut-off, Beta ships a trickle after leaving, Delta left long before."""
    file = workspace.root / "left.csv"
    left = {"Alpha": "2026-03-04", "Beta": "2026-03-01", "Delta": "2026-01-15", "Omega": "2026-01-01"}
    rows = "".join(f"waybills,{name},{day}\n" for name, day in left.items())
    file.write_text(f"system,record_key,churned_on\n{rows}", encoding="utf-8")
    found = document(kehu, workspace, "signs", *WHEN, "--truth", str(file))
    quiet = found["signs"][0]
    assert found["truth"] == "left.csv"
    assert [(cutoff["active"], cutoff["left"]) for cutoff in found["cutoffs"]] == [(3, 2), (3, 2)]
    assert {name: quiet[name] for name in ("flagged", "hits", "precision", "recall", "in_time")} == {
        "flagged": 3,
        "hits": 2,
        "precision": pytest.approx(2 / 3),
        "recall": 0.5,
        "in_time": 1,
    }
    assert quiet["lead_days"] == pytest.approx(1.0, abs=1e-6)
    assert found["notes"][0] == "unknown here: 1 of the 4 in left.csv"
    code, out, _ = kehu("rules", "backtest", "signs", *WHEN, "--truth", file, "-w", workspace.root)
    lines = [" ".join(line.replace("│", " ").replace("┃", " ").split()) for line in out.splitlines()]
    assert code == 0
    assert "signs: who has left 30 days later by left.csv (95 % intervals)" in lines
    assert "sign flagged left precision base rate lift recall lead days in time" in lines
    assert "quiet 3 2 66.7% (20.8% to 93.9%) 66.7% 1.00 50.0% (15.0% to 85.0%) 1 1" in lines


def test_a_wrong_file_of_those_who_left_is_refused(kehu: Kehu, workspace: Workspace) -> None:
    file = workspace.root / "left.csv"
    file.write_text("system,record_key,churned_on\nwaybills,Alpha,yesterday\n", encoding="utf-8")
    code, out, err = kehu("rules", "backtest", "signs", *WHEN, "--truth", file, "-w", workspace.root)
    assert (code, out) == (1, "")
    assert f"{file}:2:16: error[truth]: 'yesterday' is not a day (write 2026-05-31)" in err
    code, _, err = kehu("rules", "backtest", "signs", *WHEN, "--truth", f"{file}x", "-w", workspace.root)
    assert (code, f"{file}x:1:1: error[unreadable-file]: the file cannot be read: No such" in err) == (1, True)


def test_a_level_is_tried_and_customers_narrowed(kehu: Kehu, workspace: Workspace) -> None:
    found = document(kehu, workspace, "size", *WHEN, "--level", "once", "--among", "(silent_days ?? 0) < 12")
    (once,) = found["signs"]
    assert (found["level"], found["among"]) == ("once", "(silent_days ?? 0) < 12")
    assert [(cutoff["active"], cutoff["left"]) for cutoff in found["cutoffs"]] == [(2, 1), (2, 1)]
    assert (once["name"], once["flagged"], once["hits"], once["lift"]) == ("once", 2, 2, 2.0)


def test_without_days_the_last_that_can_be_judged_are_taken(kehu: Kehu, workspace: Workspace) -> None:
    found = document(kehu, workspace, "signs", "--step", "1w", "--horizon", "30d", "--active", "60d")
    assert [cutoff["day"] for cutoff in found["cutoffs"]] == ["2026-02-18", "2026-02-25", "2026-03-04"]
    assert found["active_days"] == 60


def test_cut_offs_that_cannot_be_judged_are_left_out_with_a_note(kehu: Kehu, workspace: Workspace) -> None:
    found = document(
        kehu, workspace, "signs", "--from", "2025-12-31", "--to", "2026-03-05", "--step", "1m", "--horizon", "30d"
    )
    assert [cutoff["day"] for cutoff in found["cutoffs"]] == ["2026-01-31", "2026-02-28"]
    assert found["notes"] == [
        "2025-12-31 is left out: the data begin on 2026-01-05",
        "2026-03-05 is left out: its horizon of 30 days ends after the data, 2026-04-03",
        "no fixed window: of the customers active on 2026-01-01 none left",
    ]


@pytest.mark.parametrize(
    ("_case", "arguments", "expected"),
    [
        ("an unknown rule set", ("sings",), "sings:1:1: error[unknown-ruleset]: no rule set 'sings' (did you mean"),
        ("a tier without a level", ("size",), "'size' has levels, not warnings (add --level; choose one of once)"),
        (
            "an unknown level",
            ("size", "--level", "onse"),
            "--level:1:1: error[unknown-level]: 'size' has no level 'onse' (did you mean 'once'?)",
        ),
        (
            "a horizon beyond the data",
            ("signs", "--from", "2026-03-05", "--to", "2026-03-06", "--horizon", "30d"),
            "2026-03-06: its horizon of 30 days ends after the data, 2026-04-03 (the last that can be judged is",
        ),
        ("a wrong condition", ("signs", *WHEN, "--among", "silent > 1"), "--among:1:1: error[unknown-feature]"),
        ("a wrong step", ("signs", "--step", "month"), "'month' is no step"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    kehu: Kehu, workspace: Workspace, _case: str, arguments: tuple[str, ...], expected: str
) -> None:
    code, out, err = kehu("rules", "backtest", *arguments, "-w", workspace.root)
    assert (code, out) == (1, "")
    assert expected in err


def test_without_shipments_nothing_can_be_tried(kehu: Kehu, make_workspace: Callable[..., Workspace]) -> None:
    empty = make_workspace(FILES, 'rules = "own"\n')
    code, _, err = kehu("rules", "backtest", "signs", "-w", empty.root)
    assert (code, "there are no shipments (run 'kehu load' first)" in err) == (1, True)


def test_without_a_mirror_the_answers_are_the_same(kehu: Kehu, workspace: Workspace) -> None:
    mirror = workspace.root / "kehu.sqlite3.mirror"
    found = document(kehu, workspace, "signs", *WHEN)
    assert (mirror / "manifest.json").is_file()
    shutil.rmtree(mirror)
    mirror.write_text("a file is in the way")
    again = document(kehu, workspace, "signs", *WHEN)
    assert {**again, "seconds": 0} == {**found, "seconds": 0}
