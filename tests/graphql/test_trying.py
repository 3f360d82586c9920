"""The rules as they are now, and conditions that are no rules yet, asked over GraphQL."""

from typing import Any

import pytest

EXPLAINED = """query($customer: String!, $ruleSet: String = "", $asOf: DateTime) {
  explanation(customer: $customer, ruleSet: $ruleSet, asOf: $asOf) {
    customer { name } asOf notInForce
    ruleSets { code holding differs nextLevel { level missing { feature wants lacks } }
      answers { code label(locale: ZH) holds lacks clauses { text depth state isDeciding values { name value } } } }
    features { name label unit meaning value }
  }
}"""
PREVIEW = """query($expression: String!, $ruleSet: String = "", $level: String = "", $first: Int = 20) {
  rulePreview(expression: $expression, ruleSet: $ruleSet, level: $level, first: $first) {
    customers taken share failed entering leaving sample { name }
    problems { check message remedy line column }
  }
}"""


def clause(text: str, state: str, value: object) -> dict[str, Any]:
    """A condition of one part, which decides."""
    values = [{"name": "shipments_30d", "value": value}]
    return {"text": text, "depth": 0, "state": state, "isDeciding": True, "values": values}


def test_why_a_customer_is_where_it_is(office_anywhere: Any) -> None:
    found = office_anywhere.ask(EXPLAINED, customer="C3", ruleSet="size")
    shipped = found["features"][0].pop("value")
    assert found["customer"] == {"name": "Gamma Ltd"}
    (size,) = found["ruleSets"]
    busy, calm = size["answers"]
    assert (size["code"], size["holding"], size["differs"]) == ("size", ["calm"], False)
    assert busy["clauses"] == [clause("shipments_30d >= 2", "false", shipped)]
    assert (busy["label"], busy["holds"], calm["label"], calm["holds"]) == ("忙", False, "闲", True)
    missing = [{"feature": "shipments_30d", "wants": ">= 2", "lacks": 2 - shipped}]
    assert size["nextLevel"] == {"level": "busy", "missing": missing}
    assert found["features"] == [
        {
            "name": "shipments_30d",
            "label": "Shipments in 30 days",
            "unit": "shipments",
            "meaning": "shipments paid for in the last 30 days",
        }
    ]


def test_at_another_instant_the_answer_may_differ_from_the_published_one(office: Any) -> None:
    (size,) = office.ask(EXPLAINED, customer="C1", ruleSet="size")["ruleSets"]
    (later,) = office.ask(EXPLAINED, customer="C1", ruleSet="size", asOf="2030-01-01T00:00:00Z")["ruleSets"]
    assert (later["holding"], later["differs"]) == (["calm"], size["holding"] != ["calm"])


def test_at_the_first_instant_there_is_nothing_had_happened(office: Any) -> None:
    (size,) = office.ask(EXPLAINED, customer="C1", ruleSet="size", asOf="0001-01-01T00:00:00Z")["ruleSets"]
    assert size["holding"] == ["calm"]


@pytest.mark.parametrize(
    ("_case", "given", "message"),
    [
        (
            "nobody",
            {"customer": "C99"},
            "nobody is known by 'C99' (give a uid, an account or tax code, a phone, an e-mail or the whole name)",
        ),
        ("no rule set", {"customer": "C1", "ruleSet": "sise"}, "no rule set 'sise' (did you mean 'size'?)"),
    ],
)
def test_an_explanation_is_refused_of(office: Any, _case: str, given: dict[str, str], message: str) -> None:
    (error,) = office.send(EXPLAINED, **given)["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")


def test_a_preview_counts_everybody_and_shows_some(office_anywhere: Any) -> None:
    everybody = office_anywhere.ask("{ customers { totalCount } }")["totalCount"]
    members = office_anywhere.ask('{ ruleSet(code: "size") { levels { code members } } }')["levels"]
    by_level = {each["code"]: each["members"] for each in members}
    found = office_anywhere.ask(PREVIEW, expression="shipments_30d >= 2", first=1)
    assert (found["customers"], found["taken"], found["failed"]) == (everybody, by_level["busy"], 0)
    assert (found["share"], found["entering"], found["leaving"]) == (by_level["busy"] / everybody, None, None)
    assert len(found["sample"]) == min(1, by_level["busy"])
    assert found["problems"] == []


def test_beside_a_level_a_preview_tells_who_comes_and_goes(office_anywhere: Any) -> None:
    members = office_anywhere.ask('{ ruleSet(code: "size") { levels { code members } } }')["levels"]
    by_level = {each["code"]: each["members"] for each in members}
    asked = {"expression": "shipments_30d < 2", "ruleSet": "size", "level": "busy"}
    found = office_anywhere.ask(PREVIEW, **asked)
    assert (found["entering"], found["leaving"]) == (by_level["calm"], by_level["busy"])


def test_what_is_wrong_with_an_expression_is_told_with_its_place(office: Any) -> None:
    found = office.ask(PREVIEW, expression="shipments_30d > 1\n and shipment_30d > 2")
    assert found["problems"] == [
        {
            "check": "unknown-feature",
            "message": "unknown feature 'shipment_30d'",
            "remedy": "did you mean 'shipments_30d'?",
            "line": 2,
            "column": 6,
        }
    ]
    assert (found["taken"], found["sample"]) == (None, [])


def test_half_a_level_is_none(office: Any) -> None:
    (error,) = office.send(PREVIEW, expression="shipments_30d > 1", level="busy")["errors"]
    assert error["message"] == "'ruleSet' and 'level' name a level together; give both, or none"
