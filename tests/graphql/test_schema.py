"""What the schema promises."""

import re

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from kehu_graphql.arguments import MEANINGS, arguments_of
from kehu_graphql.examples import EXAMPLES, SHOWN, texts
from kehu_graphql.schema import build_schema
from kehu_graphql.snapshot import SNAPSHOT, sdl

# What a number counts or measures, by its description, or by the end of its name.
UNIT = re.compile(
    r"(?i)seconds\b|bytes\b|minor\b|grams|\bbits\b|rows|customers|shipments|warnings|files|pieces|members|how many"
    r"|numbers?\b|counts up|from [01]\b|0 to 1\b|least probability|milliseconds"
)


def test_the_snapshot_is_the_schema() -> None:
    assert SNAPSHOT.read_bytes() == sdl().encode(), "run: python -m kehu_graphql.snapshot, and read what changed"


def test_every_type_field_and_value_says_what_it_means() -> None:
    assert sorted(_undescribed(build_schema().core)) == []


def test_every_argument_says_what_it_means() -> None:
    """Its meaning stands in kehu_graphql.arguments, by its name."""
    taken = dict(arguments_of(build_schema().core))
    assert [where for where, argument in taken.items() if not argument.description] == []
    used = {*taken, *(where.rpartition(".")[2] for where in taken)}
    assert [name for name in MEANINGS if name not in used] == []


def test_every_text_shows_an_example() -> None:
    """It stands in the description, or in kehu_graphql.examples by the field's name."""
    shown = dict(texts(build_schema().core))
    assert [where for where, field in shown.items() if not SHOWN.search(field.description or "")] == []
    names = {*shown, *(where.partition(".")[2] for where in shown)}
    assert [name for name in EXAMPLES if name not in names] == []


def test_every_number_has_its_unit() -> None:
    measures = {
        f"{name}.{field}": f"{field} {definition.description}"
        for name, kind in build_schema().core.type_map.items()
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType))
        for field, definition in kind.fields.items()
        if get_named_type(definition.type).name in {"Int", "Float", "BigInt"} and not name.startswith("__")
    }
    assert [where for where, told in measures.items() if not UNIT.search(told)] == []


@pytest.mark.parametrize("name", ["BigInt", "DateTime", "JSON"])
def test_a_scalar_shows_how_it_is_written(name: str) -> None:
    assert "e.g." in (build_schema().core.type_map[name].description or "")


def test_no_enum_names_a_level_or_a_rule_set() -> None:
    enums = {name for name, kind in build_schema().core.type_map.items() if isinstance(kind, GraphQLEnumType)}
    assert {name for name in enums if not name.startswith("__")} == {
        "AggregateOrderField",
        "CustomerGroupField",
        "CustomerOrderField",
        "ErrorPolicy",
        "Locale",
        "NullsOrder",
        "OrderDirection",
        "OverrideEffect",
        "ShipmentGroupField",
        "ShipmentRole",
        "SuggestionAnswer",
        "TimelineKind",
    }


def test_every_connection_has_the_same_shape() -> None:
    kinds = build_schema().core.type_map
    connections = [kind for name, kind in kinds.items() if name.endswith("Connection")]
    shapes = {tuple(kind.fields) for kind in connections if isinstance(kind, GraphQLObjectType)}
    assert (len(connections), shapes) == (19, {("edges", "nodes", "pageInfo", "totalCount", "totalCountCapped")})


def _undescribed(schema: GraphQLSchema) -> list[str]:
    found = []
    for name, kind in schema.type_map.items():
        if name.startswith("__") or name in {"Boolean", "Float", "ID", "Int", "String"}:
            continue
        if not kind.description:
            found.append(name)
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            found += [f"{name}.{field}" for field, definition in kind.fields.items() if not definition.description]
        if isinstance(kind, GraphQLEnumType):
            found += [f"{name}.{value}" for value, definition in kind.values.items() if not definition.description]
    return found
