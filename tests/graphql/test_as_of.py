"""What counted at a past instant, with the rules that decided then."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, event

Ask = Callable[..., dict[str, Any]]
QUERY = """
query($asOf: DateTime!) { customers(first: 200) { nodes {
  uid tier: level(ruleSet: "service_tier", asOf: $asOf) { code }
  segments(asOf: $asOf) { level { code members } ruleSet { code version } since until run { number } }
} } }
"""
UID = "00000000-0000-5000-8000-000000000001"
FIRST = f'{{ customer(id: "{UID}") ' + '{ segments(asOf: "%s") { ruleSet { code version } level { code when } } } }'
LEVEL = f'{{ customer(id: "{UID}") ' + '{ level(ruleSet: "%s", asOf: "%s") { code when } } }'


def segment(ruleset: str, version: str, level: str, when: str) -> dict[str, Any]:
    """A segment as the query gives it."""
    return {"ruleSet": {"code": ruleset, "version": version}, "level": {"code": level, "when": when}}


@pytest.mark.parametrize(
    ("_case", "as_of", "tier"),
    [
        ("the run's own instant", "2026-01-01T00:00:00Z", ("d1", "ordinary", None)),
        ("just before the next run", "2026-01-31T23:59:59.999999Z", ("d1", "ordinary", None)),
        ("the next run's instant, written elsewhere", "2026-02-01T08:00:00+08:00", ("d2", "vip", 500000)),
        ("long after; the failed run counts for nothing", "2030-01-01T00:00:00Z", ("d2", "vip", 500000)),
    ],
)
def test_the_last_published_run_up_to_the_instant_counts(
    ask: Ask, _case: str, as_of: str, tier: tuple[str, str, int | None]
) -> None:
    version, level, amount = tier
    lifecycle, service = ask(FIRST % as_of)["customer"]["segments"]
    assert lifecycle == segment("lifecycle", "d3", "active", "is_active")
    when = None if amount is None else f"revenue_365d >= {amount}"
    assert service == {"ruleSet": {"code": "service_tier", "version": version}, "level": {"code": level, "when": when}}


@pytest.mark.parametrize(
    ("_case", "rule_set", "as_of", "expected"),
    [
        ("by the rules of then", "service_tier", "2026-01-31T00:00:00Z", {"code": "ordinary", "when": None}),
        (
            "since the next run",
            "service_tier",
            "2026-02-01T00:00:00Z",
            {"code": "vip", "when": "revenue_365d >= 500000"},
        ),
        ("before the first run", "service_tier", "2025-12-31T23:59:59Z", None),
        ("a rule set that came later", "churn_warning", "2026-01-31T00:00:00Z", None),
    ],
)
def test_a_level_is_the_one_that_counted(
    ask: Ask, _case: str, rule_set: str, as_of: str, expected: dict[str, str] | None
) -> None:
    assert ask(LEVEL % (rule_set, as_of))["customer"]["level"] == expected


def test_an_unknown_rule_set_of_then_is_refused(refused: Ask) -> None:
    message = refused(LEVEL % ("service_teir", "2026-01-31T00:00:00Z"))["message"]
    assert message == "unknown rule set 'service_teir'; did you mean 'service_tier'?"


def test_before_the_first_run_nobody_is_in_anything(ask: Ask) -> None:
    assert ask(FIRST % "2025-12-31T23:59:59Z")["customer"] == {"segments": []}


def test_an_instant_without_a_zone_is_refused(refused: Ask) -> None:
    assert "'asOf: 2026-01-01T00:00:00' has no time zone" in refused(FIRST % "2026-01-01T00:00:00")["message"]


def test_it_costs_as_many_statements_for_twelve_customers_as_for_one(ask: Ask, carrier: Engine) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(carrier, "before_cursor_execute", note)
    try:
        nodes = ask(QUERY, asOf="2026-01-15T00:00:00Z")["customers"]["nodes"]
    finally:
        event.remove(carrier, "before_cursor_execute", note)
    assert sum(len(node["segments"]) for node in nodes) == 13
    assert [node["tier"]["code"] for node in nodes if node["tier"]].count("ordinary") == 10
    reads = [statement for statement in statements if statement.startswith("SELECT")]
    # Customers, the run, its rules and counts, members, their notes, their runs.
    assert len(reads) == 7


def test_runs_in_one_state_are_listed(ask: Ask, refused: Ask) -> None:
    query = '{ runs(state: "%s") { totalCount nodes { number state error stages { stage } replaces { number } } } }'
    run = {"number": 3, "state": "failed", "error": "no disk", "stages": [], "replaces": None}
    assert ask(query % "failed")["runs"] == {"totalCount": 1, "nodes": [run]}
    assert ask(query % "held")["runs"] == {"totalCount": 0, "nodes": []}
    assert refused(query % "heldd")["message"] == "unknown state 'heldd'; did you mean 'held'?"
