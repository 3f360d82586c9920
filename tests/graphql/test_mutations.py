"""What every change promises, held over the schema: a change that is not in the table, or breaks it, fails."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, get_named_type

from kehu_graphql.schema import build_schema

SCHEMA = build_schema().core
GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
# How each keeps from undoing what its author has not seen: by the version that was read; because it makes something
# new; or because what it changes has a state that allows it once.
NEW, STATE = "new", "state"
GUARDS = {
    "complaintRecord": NEW,
    "complaintSettle": "expectedVersion",
    "visitHold": "expectedVersion",
    "customerCorrect": "expectedVersion",
    "correctionsEnd": STATE,
    "bookHandOver": STATE,
    "warningsAcknowledge": STATE,
    "warningClose": "expectedVersion",
    "overridesCreate": NEW,
    "overrideEnd": "expectedVersion",
    "identityAnswer": STATE,
    "customersMerge": "expectedVersions",
    "customersTellApart": "expectedVersions",
    "customerSplit": "expectedVersion",
    "customerLock": "expectedVersion",
    "identityUndo": STATE,
    "identityQueueRefresh": NEW,
    "runStart": NEW,
    "runCancel": STATE,
    "runConfirm": STATE,
    "runDiscard": STATE,
    "runRollback": "expectedPublished",
    "exportStart": NEW,
    "exportCancel": STATE,
}
# Those that take rows and answer each.
BULK = {"warningsAcknowledge", "overridesCreate", "identityAnswer"}


def ends(name: str) -> tuple[GraphQLInputObjectType, GraphQLObjectType]:
    """The change's only input and its payload."""
    assert SCHEMA.mutation_type is not None
    field = SCHEMA.mutation_type.fields[name]
    assert list(field.args) == ["input"]
    given, payload = get_named_type(field.args["input"].type), get_named_type(field.type)
    assert isinstance(given, GraphQLInputObjectType)
    assert isinstance(payload, GraphQLObjectType)
    return given, payload


def test_the_table_has_every_change() -> None:
    assert SCHEMA.mutation_type is not None
    assert list(GUARDS) == list(SCHEMA.mutation_type.fields)


@pytest.mark.parametrize("name", GUARDS)
def test_a_change_takes_and_answers_what_every_change_does(name: str) -> None:
    given, payload = ends(name)
    assert (str(given.fields["dryRun"].type), given.fields["dryRun"].default_value) == ("Boolean!", False)
    assert str(given.fields["idempotencyKey"].type) == "String"
    interface = SCHEMA.get_type("Payload")
    assert isinstance(interface, GraphQLInterfaceType)
    assert interface in payload.interfaces
    assert str(payload.fields["userErrors"].type) == "[UserError!]!"
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize(("name", "guard"), GUARDS.items())
def test_a_change_guards_what_it_edits(name: str, guard: str) -> None:
    given, _ = ends(name)
    assert [field for field in given.fields if field.startswith("expected")] == [guard] * (guard not in {NEW, STATE})


@pytest.mark.parametrize("name", GUARDS)
def test_a_change_of_many_rows_has_a_policy_and_answers_each(name: str) -> None:
    given, payload = ends(name)
    assert (("errorPolicy" in given.fields), ("rows" in payload.fields)) == (name in BULK, name in BULK)
    if name in BULK:
        row: Any = get_named_type(payload.fields["rows"].type)
        assert {"index": "Int!", "userErrors": "[UserError!]!"}.items() <= {
            key: str(field.type) for key, field in row.fields.items()
        }.items()


def test_an_error_of_a_user_says_where_what_and_how_to_mend_it() -> None:
    found: Any = SCHEMA.get_type("UserError")
    assert {name: str(field.type) for name, field in found.fields.items()} == {
        "code": "String!",
        "message": "String!",
        "path": "[String!]",
        "suggestion": "String",
    }
