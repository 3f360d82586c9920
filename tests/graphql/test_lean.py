"""Lean execution answers as graphql-core does, whatever the values are."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from random import Random
from typing import Any

import pytest
import strawberry
from graphql import DocumentNode, parse
from graphql import execute as execute_plainly
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from kehu_graphql.lean import LeanExecutor
from kehu_graphql.scalars import SCALARS, BigInt


@strawberry.enum
class Colour(Enum):
    RED = "red"


@strawberry.interface
class Named:
    id: strawberry.ID


@strawberry.type
class Thing(Named):
    name: str
    note: str | None
    pieces: int
    weight: float | None
    big: BigInt | None
    at: datetime | None
    is_new: bool
    colour: Colour | None
    tags: list[str]
    parts: list["Thing"]
    any_part: Named | None

    @strawberry.field
    async def later(self) -> str | None:
        return self.note

    @strawberry.field
    def twice(self, times: int = 2) -> str:
        return self.name * times


class Wicked(Thing):
    """Its name cannot even be asked for."""

    @property
    def name(self) -> str:
        raise LookupError("no name")

    @name.setter
    def name(self, value: str) -> None:
        """Takes no notice."""


@strawberry.type
class Query:
    thing: Thing | None
    things: list[Thing | None]


@dataclass
class Bare:
    """Lacks most of what is asked of it."""

    name: str = "bare"


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))
VALUES: list[Any] = [
    *(None, "", "王", 0, 1, 2**31 - 1, 2**31, 2**40, -(2**31) - 1, True, 1.0, 1.5, float("nan"), float("inf")),
    *(Colour.RED, "red", b"x", datetime(2026, 5, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 5, 1)),  # noqa: DTZ001
    *([], ["a", None], [1, 2], {"a": 1}, ValueError("kept as a value"), len),
]
GOOD: dict[str, Any] = {
    "id": "1",
    "name": "n",
    "note": None,
    "pieces": 3,
    "weight": 0.5,
    "big": 5,
    "is_new": False,
    "at": datetime(2026, 5, 1, tzinfo=UTC),
    "colour": Colour.RED,
    "tags": ["a"],
}
LEAVES = (
    *("id", "name", "note", "pieces", "weight", "big", "at", "isNew", "colour", "tags", "later", "twice"),
    "__typename",
)


@pytest.mark.parametrize("field", GOOD)
def test_any_value_of_a_field_is_answered_as_by_plain_execution(field: str) -> None:
    for value in VALUES:
        thing = Thing(**{**GOOD, field: value}, parts=[], any_part=None)
        _compare("query Asked { thing { " + " ".join(LEAVES) + " } }", thing)


@pytest.mark.parametrize("seed", range(8))
def test_lean_and_plain_execution_answer_alike(seed: int) -> None:
    dice = Random(seed)
    for _ in range(25):
        selected, fragment = _selection(dice, 3), _selection(dice, 2).replace("...F", "name")
        query = "query Asked($yes: Boolean = true, $no: Boolean = false) { thing SELECTED things SELECTED }"
        unused = f" query Unused {{ thing {{ ...F }} }} fragment F on Thing {fragment}"
        _compare(query.replace("SELECTED", selected) + unused, _thing(dice, 2))


def _thing(dice: Random, depth: int) -> Any:
    if dice.random() < 0.1:
        return dice.choice([None, Bare(), "no thing", ValueError("no thing")])
    values: dict[str, Any] = {
        name: dice.choice(VALUES) if dice.random() < 0.15 else good for name, good in GOOD.items()
    }
    parts = [_thing(dice, depth - 1) for _ in range(dice.randrange(3) if depth else 0)]
    kind = Wicked if dice.random() < 0.2 else Thing
    return kind(**values, parts=parts, any_part=parts[0] if parts else None)


def _selection(dice: Random, depth: int) -> str:
    return "{ " + " ".join(_field(dice, depth) for _ in range(dice.randint(1, 6))) + " }"


def _field(dice: Random, depth: int) -> str:
    condition = dice.choice(["", "", "", " @skip(if: $yes)", " @include(if: $yes)", " @include(if: $no)"])
    kind = dice.randrange(8) if depth else 0
    if kind < 4:
        name = dice.choice(LEAVES)
        alias = dice.choice(["", "", f"a{name.strip('_')}: "])
        times = "(times: 3)" if name == "twice" and alias else ""
        return f"{alias}{name}{times}{condition}"
    inner = _selection(dice, depth - 1)
    if kind == 4:
        return f"parts{condition} {inner}"
    if kind == 5:
        return f"anyPart{condition} {{ __typename id ... on Thing {inner} }}"
    return f"... on Thing{condition} {inner}" if kind == 6 else f"...F{condition}"


def _compare(query: str, thing: Any) -> None:
    document, root = parse(query), Query(thing=thing, things=[thing, None])
    assert _answer(document, root, LeanExecutor) == _answer(document, root, StrawberryGraphQLCoreExecutionContext)


def _answer(document: DocumentNode, root: Query, executor: type[StrawberryGraphQLCoreExecutionContext]) -> Any:
    async def run() -> Any:
        result = execute_plainly(
            SCHEMA._schema,
            document,
            root_value=root,
            operation_name="Asked",
            executor_class=executor,
        )
        return await result if asyncio.iscoroutine(result) else result

    result = asyncio.run(run())
    return repr(result.data), [error.formatted for error in result.errors or ()]
