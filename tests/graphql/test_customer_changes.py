"""Values corrected and books handed over, over GraphQL."""

from typing import Any

import pytest

ERRORS = "userErrors { code path message }"
VALUES = "values { field value rule system key correction { number author reason } }"
CORRECT = f"""
mutation($input: CustomerCorrectInput!) {{ customerCorrect(input: $input) {{
  {ERRORS} correction customer {{ region {VALUES} }}
}} }}
"""
END = f"mutation($input: CorrectionsEndInput!) {{ correctionsEnd(input: $input) {{ {ERRORS} }} }}"
HAND_OVER = f"""
mutation($input: BookHandOverInput!) {{ bookHandOver(input: $input) {{
  {ERRORS} customersMoved customers {{ name owner {{ number }} }} owner {{ name customersOwned }}
}} }}
"""
REGION = {"customer": "C2", "field": "region", "value": "天津", "reason": "moved"}


def value_of(customer: dict[str, Any], field: str) -> dict[str, Any]:
    (found,) = [each for each in customer["values"] if each["field"] == field]
    return {name: said for name, said in found.items() if name not in {"field", "rule"}}


def test_every_value_says_where_it_comes_from(office_anywhere: Any) -> None:
    customer = office_anywhere.ask(f'{{ customerByIdentifier(value: "C2") {{ {VALUES} }} }}')
    assert value_of(customer, "region") == {"value": "北京", "system": "crm", "key": "C2", "correction": None}
    assert value_of(customer, "owner")["value"] == "E1"


def test_a_correction_wins_until_it_is_taken_back(office_anywhere: Any) -> None:
    made = office_anywhere.ask(CORRECT, input=REGION)
    assert (made["userErrors"], made["correction"], made["customer"]["region"]) == ([], 1, "天津")
    said = {"number": 1, "author": "Li Na", "reason": "moved"}
    assert value_of(made["customer"], "region")["correction"] == said
    assert office_anywhere.ask(END, input={"numbers": [1], "reason": "mistake"}) == {"userErrors": []}
    assert office_anywhere.ask('{ customerByIdentifier(value: "C2") { region } }') == {"region": "北京"}


def test_a_dry_run_of_a_correction_keeps_nothing(office: Any) -> None:
    before = office.content()
    tried = office.ask(CORRECT, input={**REGION, "dryRun": True})
    assert (tried["userErrors"], tried["correction"], tried["customer"]["region"]) == ([], None, "北京")
    assert office.content() == before


def test_a_book_goes_over_whole(office_anywhere: Any) -> None:
    made = office_anywhere.ask(HAND_OVER, input={"from": "E1", "to": "E3", "reason": "E1 leaves"})
    assert made == {
        "userErrors": [],
        "customersMoved": 2,
        "customers": [
            {"name": "Beta Ltd", "owner": {"number": "E3"}},
            {"name": "Alpha Ltd", "owner": {"number": "E3"}},
        ],
        "owner": {"name": "Chen Jing", "customersOwned": 2},
    }


def test_or_in_part(office: Any) -> None:
    made = office.ask(HAND_OVER, input={"from": "E1", "to": "E3", "reason": "too many", "customers": ["C2"]})
    assert [each["name"] for each in made["customers"]] == ["Beta Ltd"]
    assert made["owner"]["customersOwned"] == 1


@pytest.mark.parametrize(
    ("_case", "mutation", "given", "code", "path"),
    [
        ("no field", CORRECT, {**REGION, "field": "regoin"}, "UNKNOWN_FIELD", "field"),
        ("no phone", CORRECT, {**REGION, "field": "phone", "value": "12"}, "WRONG_VALUE", "value"),
        ("nobody", CORRECT, {**REGION, "customer": "C9"}, "UNKNOWN_CUSTOMER", "customer"),
        ("no reason", CORRECT, {**REGION, "reason": ""}, "NO_REASON", "reason"),
        ("no correction", END, {"numbers": [9], "reason": "x"}, "UNKNOWN_CORRECTION", "numbers"),
        ("no giver", HAND_OVER, {"from": "E9", "to": "E3", "reason": "x"}, "UNKNOWN_EMPLOYEE", "from"),
        ("no taker", HAND_OVER, {"from": "E1", "to": "E9", "reason": "x"}, "UNKNOWN_EMPLOYEE", "to"),
        ("the same", HAND_OVER, {"from": "E1", "to": "E1", "reason": "x"}, "SAME_EMPLOYEE", "to"),
        (
            "nobody of it",
            HAND_OVER,
            {"from": "E1", "to": "E3", "reason": "x", "customers": []},
            "ROW_COUNT",
            "customers",
        ),
        ("an empty book", HAND_OVER, {"from": "E3", "to": "E1", "reason": "x"}, "EMPTY_BOOK", "from"),
        (
            "another's customer",
            HAND_OVER,
            {"from": "E1", "to": "E3", "reason": "x", "customers": ["C1", "C3"]},
            "NOT_IN_THE_BOOK",
            "customers",
        ),
    ],
)
def test_it_is_refused_about(
    office: Any, _case: str, mutation: str, given: dict[str, Any], code: str, path: str
) -> None:
    before = office.content()
    errors = office.ask(mutation, input=given)["userErrors"]
    assert [(each["code"], each["path"]) for each in errors] == [(code, ["input", path])]
    assert office.content() == before


def test_a_customer_that_changed_meanwhile_is_not_corrected_unseen(office: Any) -> None:
    version = office.ask('{ customerByIdentifier(value: "C2") { version } }')["version"]
    assert office.ask(CORRECT, input={**REGION, "expectedVersion": version})["userErrors"] == []
    before = office.content()
    (error,) = office.ask(CORRECT, input={**REGION, "value": "北京", "expectedVersion": version})["userErrors"]
    assert (error["code"], error["path"]) == ("STALE_VERSION", ["input", "expectedVersion"])
    assert office.content() == before


def test_a_customer_is_found_by_the_name_that_departments_go_on_using(office: Any) -> None:
    found = '{ customersByIdentifier(value: "beta ltd") { kind customer { name } } }'
    assert office.ask(CORRECT, input={**REGION, "field": "name", "value": "Delta Ltd"})["userErrors"] == []
    assert office.ask(found) == [{"kind": "name_key", "customer": {"name": "Delta Ltd"}}]
    # Whoever bears the name by now comes first.
    taken = {**REGION, "customer": "C3", "field": "name", "value": "Beta Ltd"}
    assert office.ask(CORRECT, input=taken)["userErrors"] == []
    assert [(each["kind"], each["customer"]["name"]) for each in office.ask(found)] == [
        ("name", "Beta Ltd"),
        ("name_key", "Delta Ltd"),
    ]
