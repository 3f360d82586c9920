"""What a change of rules would do, by the command: every base, exact figures, the gate."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kehu.workspace.workspace import Workspace, open_workspace

Kehu = Callable[..., tuple[int, str, str]]
SOURCE = """
source: waybills
format: csv
files: data/waybills.csv
timezone: UTC
key: number
records:
  - shipment:
      number: number
      payer: {key: account, name: name}
      accepted_at: {column: day, date: "%Y-%m-%d"}
      revenue: {column: paid, unit: yuan}
"""
ROWS = """number,account,name,day,paid
1,A1,Alpha Ltd,2026-01-01,100
2,A2,Beta Ltd,2026-01-15,250.50
3,A2,Beta Ltd,2026-02-01,50
4,A3,Gamma Ltd,2026-01-20,20
"""
FEATURES = """
shipments_total:
  count: shipments
  unit: shipments
  label: {en: Shipments, zh: 票数}
  meaning: shipments of all time
revenue_365d:
  sum: shipments.revenue
  over: 365 days
  unit: currency
  label: {en: Revenue in a year, zh: 近一年收入}
  meaning: charges of the last 365 days
"""
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
description: How much does it pay?
levels:
  - level: large
    label: {en: Large, zh: 大}
    when: revenue_365d >= 300
  - level: small
    label: {en: Small, zh: 小}
    otherwise: true
examples:
  - {given: {revenue_365d: 300}, expect: large}
  - {given: {revenue_365d: 299.99}, expect: small}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
description: Is it leaving?
warnings:
  - warning: rare
    label: {en: Rare, zh: 少}
    when: shipments_total < 2
    severity: low
    route: [sales]
    reason: "only {shipments_total}"
examples:
  - {given: {shipments_total: 1}, expect: rare}
  - {given: {shipments_total: 2}, expect: []}
"""
LOWER = SIZE.replace("300", "100").replace("299.99", "99.99")
FILES = {
    "sources/waybills.yaml": SOURCE,
    "data/waybills.csv": ROWS,
    "rules/features/all.yaml": FEATURES,
    "rules/size.yaml": SIZE,
    "rules/signs.yaml": SIGNS,
}
SUMMARY = "3 customers as of 2026-02-01 00:00:00 UTC: 1 move (33.33%, 100.00 of revenue); 0 warnings gained, 0 lost\n"


@pytest.fixture
def workspace(workspace_after: Callable[..., Path]) -> Workspace:
    """Three customers, a tier and a warning; loaded, not yet segmented."""
    toml = 'clock = "latest event"\nrules = "own"\ntimezone = "UTC"\n'
    return open_workspace(workspace_after({**FILES, "kehu.toml": toml}, ["load"]), {})


def write(workspace: Workspace, path: str, text: str) -> None:
    (workspace.rules_folder / path).write_text(text, encoding="utf-8")


def commit(workspace: Workspace) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    for arguments in (("init", "-q"), ("add", "rules"), (*who, "commit", "-q", "-m", "m")):
        subprocess.run(["git", "-C", workspace.root, *arguments], check=True)


def document(kehu: Kehu, workspace: Workspace, *more: str) -> dict[str, Any]:
    code, out, err = kehu("rules", "diff", "-w", workspace.root, "--json", *more)
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_published_rules_are_the_base(kehu: Kehu, workspace: Workspace) -> None:
    kehu("resegment", "-w", workspace.root)
    write(workspace, "size.yaml", LOWER)
    found = document(kehu, workspace)
    alpha = found["rulesets"][0]["moves"][1]["samples"][0]
    assert found.pop("seconds").keys() == {"features", "rules", "compare", "identity"}
    assert alpha.pop("uid")
    assert found == {
        "identity": None,
        "base": "run 1",
        "as_of": "2026-02-01T00:00:00+00:00",
        "figures": {
            "customers": 3,
            "moved": 1,
            "moved_share": 0.333333333,
            "revenue_moved": "100.00",
            "revenue_moved_share": 0.237812128,
            "warnings_gained": 0,
            "warnings_lost": 0,
            "rulesets_added": 0,
            "rulesets_removed": 0,
            "levels_added": 0,
            "levels_removed": 0,
            "files_changed": 1,
            "customers_merged": 0,
            "customers_parted": 0,
        },
        "fail_if": None,
        "files": [{"path": "size.yaml", "change": "changed", "added": 3, "removed": 3}],
        "rulesets": [
            {
                "ruleset": "size",
                "change": "changed",
                "moved": 1,
                "moved_share": 1 / 3,
                "revenue_moved": "100.00",
                "levels_added": [],
                "levels_removed": [],
                "moves": [
                    {"from": "large", "to": "large", "customers": 1, "revenue": "300.50", "samples": []},
                    {
                        "from": "small",
                        "to": "large",
                        "customers": 1,
                        "revenue": "100.00",
                        "samples": [
                            {
                                "name": "Alpha Ltd",
                                "revenue": "100.00",
                                "then": {"when": "otherwise", "features": {"revenue_365d": "100.00"}},
                                "now": {"when": "revenue_365d >= 100", "features": {"revenue_365d": "100.00"}},
                            }
                        ],
                    },
                    {"from": "small", "to": "small", "customers": 1, "revenue": "20.00", "samples": []},
                ],
            }
        ],
        "warnings": [],
        "notes": ["runs keep no feature files: both sides use those of the workspace"],
    }


def test_people_see_a_matrix_and_names(kehu: Kehu, workspace: Workspace) -> None:
    kehu("resegment", "-w", workspace.root)
    write(workspace, "size.yaml", LOWER)
    code, out, _ = kehu("rules", "diff", "-w", workspace.root)
    lines = [" ".join(line.replace("│", " ").split()) for line in out.splitlines()]
    assert code == 0
    assert "size (changed): 1 move, from the level in the row to that in the column" in lines
    assert "large 1 0" in lines
    assert "small 1 1" in lines
    assert any(line.startswith("small → large") and "Alpha Ltd 100.00 otherwise" in line for line in lines)
    assert out.endswith(f"against run 1, {SUMMARY}")


def test_the_same_rules_move_nobody(kehu: Kehu, workspace: Workspace) -> None:
    kehu("resegment", "-w", workspace.root)
    found = document(kehu, workspace)
    assert (found["rulesets"], found["warnings"], found["files"]) == ([], [], [])
    assert (found["figures"]["customers"], found["figures"]["moved"]) == (3, 0)


def test_a_revision_is_a_base_with_its_own_features(kehu: Kehu, workspace: Workspace) -> None:
    commit(workspace)
    write(workspace, "features/all.yaml", FEATURES.replace("over: 365 days", "over: 15 days"))
    found = document(kehu, workspace, "--base", "HEAD")
    assert found["base"] == "git HEAD"
    assert found["files"] == [{"path": "features/all.yaml", "change": "changed", "added": 1, "removed": 1}]
    assert [(move["from"], move["to"], move["customers"]) for move in found["rulesets"][0]["moves"]] == [
        ("large", "small", 1),
        ("small", "small", 2),
    ]
    sample = found["rulesets"][0]["moves"][0]["samples"][0]
    assert sample["then"] == {"when": "revenue_365d >= 300", "features": {"revenue_365d": "300.50"}}
    assert sample["now"] == {"when": "otherwise", "features": {"revenue_365d": "50.00"}}
    assert [(item["warning"], item["gained"], item["lost"]) for item in found["warnings"]] == [("rare", 0, 0)]


def test_a_folder_is_a_base(kehu: Kehu, workspace: Workspace, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "features").mkdir(parents=True)
    (other / "features" / "all.yaml").write_text(FEATURES, encoding="utf-8")
    (other / "size.yaml").write_text(LOWER, encoding="utf-8")
    found = document(kehu, workspace, "--base", str(other))
    assert [(each["path"], each["change"]) for each in found["files"]] == [
        ("signs.yaml", "added"),
        ("size.yaml", "changed"),
    ]
    (sign,) = found["warnings"]
    assert [sample.pop("uid") != "" for sample in sign["samples"]] == [True, True]
    assert sign == {
        "ruleset": "signs",
        "warning": "rare",
        "change": "added",
        "gained": 2,
        "lost": 0,
        "samples": [
            {"name": "Alpha Ltd", "revenue": "100.00", "then": None, "now": "only 1"},
            {"name": "Gamma Ltd", "revenue": "20.00", "then": None, "now": "only 1"},
        ],
    }
    whole = document(kehu, workspace, "--base", str(workspace.root))
    assert (whole["base"], whole["files"]) == (str(workspace.root), [])


def test_before_the_first_run_the_shipped_rules_are_the_base(kehu: Kehu, workspace: Workspace) -> None:
    found = document(kehu, workspace)
    assert found["base"] == "the shipped rules"
    changes = {item["ruleset"]: item["change"] for item in found["rulesets"]}
    assert (changes["size"], changes["service_tier"]) == ("added", "removed")
    assert found["figures"]["moved"] == 0
    assert document(kehu, workspace, "--base", "shipped")["figures"] == found["figures"]


def test_who_gets_or_loses_a_level_with_its_rule_set_does_not_move(kehu: Kehu, workspace: Workspace) -> None:
    (workspace.root / "data/waybills.csv").write_text(f"{ROWS}9,A1,Alpha Ltd,2026-01-31,1234567.5\n")
    kehu("load", "-w", workspace.root)
    kehu("resegment", "-w", workspace.root)
    write(workspace, "size.yaml", SIZE.replace("ruleset: size", "ruleset: weight"))
    lines = kehu("rules", "diff", "-w", workspace.root)[1].splitlines()
    assert "weight (added): 3 get a level, from the level in the row to that in the column" in lines
    assert "size (removed): 3 lose their level, from the level in the row to that in the column" in lines
    assert any("none → large" in line and "│ 1,234,667.50 │" in line for line in lines)
    assert lines[-1] == (
        "against run 1, 3 customers as of 2026-02-01 00:00:00 UTC: 0 move (0.00%, 0.00 of revenue) "
        "in rule sets that both sides have; 0 warnings gained, 0 lost"
    )


def test_reasons_are_told_without_what_the_level_above_asks(kehu: Kehu, workspace: Workspace) -> None:
    few = SIZE.replace("otherwise: true", "when: shipments_total < 9")
    write(workspace, "size.yaml", f"{few}  - {{given: {{shipments_total: 9}}, expect: null}}\n")
    assert kehu("resegment", "-w", workspace.root)[0] == 0
    write(workspace, "size.yaml", LOWER)
    (move,) = [each for each in document(kehu, workspace)["rulesets"][0]["moves"] if each["samples"]]
    assert move["samples"][0]["then"] == {"when": "shipments_total < 9", "features": {"shipments_total": 1}}


def test_without_revenue_the_rest_is_told(kehu: Kehu, workspace: Workspace) -> None:
    plain = FEATURES.partition("revenue_365d:")[0]
    counted = SIZE.replace("revenue_365d", "shipments_total").replace("299.99", "1").replace("300", "2")
    write(workspace, "features/all.yaml", plain)
    write(workspace, "size.yaml", counted)
    kehu("resegment", "-w", workspace.root)
    write(workspace, "size.yaml", counted.replace("shipments_total: 1}", "shipments_total: 0}").replace("2", "1"))
    found = document(kehu, workspace)
    assert (found["figures"]["moved"], "revenue_moved" in found["figures"]) == (2, False)
    assert found["rulesets"][0]["revenue_moved"] is None
    assert kehu("rules", "diff", "-w", workspace.root)[1].endswith("2 move (66.67%); 0 warnings gained, 0 lost\n")


@pytest.mark.parametrize(
    ("_case", "gate", "code", "last"),
    [
        ("within the gate", "moved_share > 0.5", 0, "fail if moved_share > 0.5: no"),
        ("beyond it", "moved > 0 and revenue_moved >= 100", 1, "fail if moved > 0 and revenue_moved >= 100: yes"),
    ],
)
def test_the_gate_decides_how_it_ends(
    kehu: Kehu, workspace: Workspace, _case: str, gate: str, code: int, last: str
) -> None:
    kehu("resegment", "-w", workspace.root)
    write(workspace, "size.yaml", LOWER)
    ended, out, _ = kehu("rules", "diff", "-w", workspace.root, "--fail-if", gate)
    assert (ended, out.splitlines()[-1]) == (code, last)
    ended, out, _ = kehu("rules", "diff", "-w", workspace.root, "--fail-if", gate, "--json")
    assert (ended, json.loads(out)["fail_if"]) == (code, {"expression": gate, "true": code == 1})


@pytest.mark.parametrize(
    ("_case", "arguments", "expected"),
    [
        ("nothing is published", ("--base", "published"), "no run is published yet (run 'kehu resegment', or give"),
        ("a folder without rules", ("--base", "{root}/data"), "there are no rule files here (give their folder)"),
        ("a mistyped figure", ("--fail-if", "movd > 1"), "unknown figure 'movd' (did you mean 'moved'?)"),
        ("a gate without a value", ("--fail-if", "1 / rulesets_removed > 1", "--base", "{root}"), "has no value here"),
        ("no revision", ("--base", "nowhere"), "git knows no revision 'nowhere'"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    kehu: Kehu, workspace: Workspace, _case: str, arguments: tuple[str, ...], expected: str
) -> None:
    commit(workspace)
    given = (argument.replace("{root}", str(workspace.root)) for argument in arguments)
    code, out, err = kehu("rules", "diff", "-w", workspace.root, *given)
    assert (code, out) == (1, "")
    assert expected in err


def test_a_base_that_is_wrong_is_refused_with_its_place(kehu: Kehu, workspace: Workspace) -> None:
    write(workspace, "size.yaml", SIZE.replace("when: revenue_365d", "when: revenue_36d"))
    commit(workspace)
    write(workspace, "size.yaml", SIZE)
    code, _, err = kehu("rules", "diff", "-w", workspace.root, "--base", "HEAD")
    assert code == 1
    assert err.startswith("HEAD:rules/size.yaml:9:11: error[unknown-feature]: unknown feature 'revenue_36d'")


def test_a_condition_that_fails_for_more_customers_is_noted(kehu: Kehu, workspace: Workspace) -> None:
    kehu("resegment", "-w", workspace.root)
    write(workspace, "size.yaml", SIZE.replace("when: revenue", "when: 300 / (shipments_total - 1) >= 300 or revenue"))
    found = document(kehu, workspace)
    assert found["notes"][1:] == ["size/large: cannot be computed for 2 customers, before for 0"]


def test_without_a_mirror_the_answers_are_the_same(kehu: Kehu, workspace: Workspace) -> None:
    kehu("resegment", "-w", workspace.root)
    write(workspace, "size.yaml", LOWER)
    mirror = workspace.root / "kehu.sqlite3.mirror"
    found = document(kehu, workspace)
    assert (mirror / "manifest.json").is_file()
    shutil.rmtree(mirror)
    mirror.write_text("a file is in the way")
    assert {**document(kehu, workspace), "seconds": 0} == {**found, "seconds": 0}
