"""Why a customer stands where it stands, as the command says it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

SOURCE = """
source: waybills
format: csv
files: data/waybills.csv
key: number
records:
  - shipment:
      number: number
      payer: {key: account, name: name}
      accepted_at: day
      revenue: paid
"""
ROWS = "number,account,name,day,paid\n1,A1,顺达物流有限公司,2026-01-01,100.00\n2,A1,顺达物流有限公司,2026-02-01,48100\n"
PAID = """
paid:
  sum: shipments.revenue
  over: 30 days
  unit: currency
  label: {en: Paid, zh: 付款}
  meaning: charges of 30 days
"""
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - {level: large, label: {en: Large, zh: 大}, when: paid >= 60000 or paid / (paid - paid) > 1}
  - {level: medium, label: {en: Medium, zh: 中}, when: paid > 0 and paid < 60000}
  - {level: small, label: {en: Small, zh: 小}, otherwise: true}
examples:
  - {given: {paid: 60000}, expect: large}
  - {given: {paid: 1}, expect: medium}
  - {given: {paid: 0}, expect: small}
"""
NOW = """\
顺达物流有限公司 ({uid}), found by source_key of waybills 'A1'
as of 2026-02-01 00:00:00 UTC, by the rules as they are now

size (Size / 规模): medium (Medium / 中)
  - large: cannot be computed
      or: cannot be computed
        paid >= 60000: false (paid is 48,100.00)
        paid / (paid - paid) > 1: cannot be computed (paid is 48,100.00) <- decided
      lacks: paid is 48,100.00, needs 60,000.00: 11,900.00 more or 'paid / (paid - paid) > 1' cannot be computed \
(paid is 48,100.00)
  + medium: true
      and: true
        paid > 0: true (paid is 48,100.00) <- decided
        paid < 60000: true (paid is 48,100.00) <- decided
  - small: takes the rest
  next is large: paid >= 60000 (is 48100.00, lacks 11900.00)
"""
LATER = """\
as of 2026-06-01 23:59:59 UTC, by the rules as they are now

size (Size / 规模): small (Small / 小)
  - large: cannot be computed
      or: cannot be computed
        paid >= 60000: false (paid is 0.00)
        paid / (paid - paid) > 1: cannot be computed (paid is 0.00) <- decided
  - medium: false
      and: false
        paid > 0: false (paid is 0.00) <- decided
        paid < 60000: not evaluated (paid is 0.00)
      lacks: paid is 0.00, needs 0.01: 0.01 more
  + small: takes the rest
  next is medium: paid > 0 (is 0.00, lacks 0.01)
  published by run 1: medium since 2026-02-01 (run 1): paid > 0 and paid < 60000 (paid was 48100.00)
"""


@pytest.fixture
def run(kehu: Run) -> Run:
    return kehu


@pytest.fixture
def root(workspace_after: Callable[..., Path]) -> Path:
    """One customer, segmented as of its last shipment."""
    files = {"sources/waybills.yaml": SOURCE, "data/waybills.csv": ROWS}
    files |= {"rules/features/paid.yaml": PAID, "rules/size.yaml": SIZE}
    files |= {"kehu.toml": 'clock = "latest event"\ntimezone = "UTC"\nrules = "own"\n'}
    return workspace_after(files, ["load"], ["resegment"])


def test_an_explanation_shows_every_clause_and_what_lacks(run: Run, root: Path) -> None:
    code, out, _ = run("rules", "explain", "A1", "-w", root)
    uid = out.split("(")[1].split(")")[0]
    assert (code, out) == (0, NOW.format(uid=uid))
    assert run("rules", "explain", uid, "-w", root)[1].splitlines()[0] == f"顺达物流有限公司 ({uid})"


def test_a_published_answer_that_differs_stands_beside(run: Run, root: Path) -> None:
    code, out, _ = run("rules", "explain", "A1", "--as-of", "2026-06-01", "--ruleset", "size", "-w", root)
    assert code == 0
    assert out.split("\n", 1)[1] == LATER


def test_the_document_holds_exact_numbers(run: Run, root: Path) -> None:
    code, out, _ = run("rules", "explain", "A1", "-w", root, "--json")
    document = json.loads(out)
    (size,) = document["rulesets"]
    assert (code, document["found_by"], document["run"]) == (
        0,
        {"kind": "source_key", "system": "waybills", "value": "A1"},
        1,
    )
    assert (size["holding"], size["differs"]) == (["medium"], False)
    large, medium, small = size["answers"]
    assert large["condition"]["parts"][0] == {
        "text": "paid >= 60000",
        "state": "false",
        "joined": "",
        "parts": [],
        "values": {"paid": "48100.00"},
        "points": None,
    }
    assert {name: large["need"]["parts"][0][name] for name in ("feature", "actual", "target", "gap")} == {
        "feature": "paid",
        "actual": "48100.00",
        "target": "60000.00",
        "gap": "11900.00",
    }
    assert [clause["text"] for clause in medium["decided_by"]] == ["paid > 0", "paid < 60000"]
    assert small["condition"] is None
    assert [(each["code"], each["run"]) for each in size["published"]] == [("medium", 1)]


def test_nobody_by_that_name_is_refused(run: Run, root: Path) -> None:
    code, out, err = run("rules", "explain", "A2", "-w", root)
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == (
        "A2:1:1: error[unknown-customer]: nobody is known by 'A2' "
        "(give a uid, an account or tax code, a phone, an e-mail or the whole name)"
    )
