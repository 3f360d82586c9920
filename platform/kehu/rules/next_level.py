"""How far one customer is from the next better level: its values as JSON holds them, and what it lacks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import polars as pl

from kehu.model.feature_types import POLARS_TYPES, FeatureType, Label, Schema
from kehu.rules.book import Level, VariantRule
from kehu.rules.distance import distance_to

_NO_LABEL = Label("", "")


@dataclass(frozen=True, slots=True)
class Missing:
    """A clause that is not met, as `distances` tells it."""

    feature: str | None
    value: object
    wants: str
    lacks: object


@dataclass(frozen=True, slots=True)
class NextLevel:
    """The next better level; nothing is `missing` who meets its condition and is kept out of it by hand."""

    level: str
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A level and its conditions, those of its variants first, the last for everybody else."""

    level: str
    conditions: tuple[VariantRule, ...]


def asked_of(level: Level) -> Asked:
    """What a level of a rule book asks."""
    return Asked(level.code, level.variants or (level.written,))


def next_level(asked: Asked, row: pl.DataFrame, schema: Schema, as_of: datetime) -> NextLevel:
    """What the one row of features lacks. Raises RefusedError for a condition that was not checked."""
    expression = _expression(asked, frozenset(schema.items()), as_of)
    found = json.loads(row.select(told=expression).item(0, 0))
    return NextLevel(found["level"], tuple(_missing(each) for each in found["missing"]))


def stored_row(values: Mapping[str, object], schema: Schema) -> pl.DataFrame:
    """One row of features from values as JSON holds them. Raises ValueError where they are not of the schema's types.

    Values that the schema does not name are left out; raises KeyError for one that it names and that is not there.
    """
    try:
        stored = {name: [_stored(values[name], kind)] for name, kind in schema.items()}
        return pl.DataFrame(stored, schema={name: POLARS_TYPES[kind.kind] for name, kind in schema.items()})
    except (TypeError, InvalidOperation) as error:
        raise ValueError(str(error)) from error


# Making an expression takes milliseconds, and a page shows many customers of the same few levels.
@lru_cache(maxsize=256)
def _expression(asked: Asked, types: frozenset[tuple[str, FeatureType]], as_of: datetime) -> pl.Expr:
    written = asked.conditions[-1].when
    level = Level(asked.level, _NO_LABEL, written, otherwise=False, variants=asked.conditions)
    return distance_to(level, dict(types), as_of)


def _missing(told: Mapping[str, Any]) -> Missing:
    return Missing(told["feature"], told["is"], told["wants"], told["lacks"])


def _stored(value: Any, kind: FeatureType) -> object:
    if value is None:
        return None
    if kind.kind == "decimal" and kind.scale:
        number = Decimal(value).scaleb(kind.scale)
        if number != number.to_integral_value():
            raise ValueError(f"'{value}' has more than {kind.scale} decimals")
        return int(number)
    return datetime.fromisoformat(value) if kind.kind == "instant" else value
