"""Rule-engine itself: the types it checks against, and its verdict on one row, the oracle of the compiled columns."""

import decimal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from kehu.model.feature_types import FeatureType, Kind, Schema
from kehu.rules.engine import Context, DataType, builtins
from kehu.rules.trees import DECIMALS, ENGINE_ERRORS

_ENGINE_TYPES: dict[Kind, Any] = {
    "integer": DataType.FLOAT,
    "decimal": DataType.FLOAT,
    "float": DataType.FLOAT,
    "string": DataType.STRING,
    "boolean": DataType.BOOLEAN,
    "instant": DataType.DATETIME,
    "strings": DataType.ARRAY(DataType.STRING),
    "integers": DataType.ARRAY(DataType.FLOAT),
}


def engine_context(schema: Schema, as_of: datetime | None) -> Any:
    """The types of the schema's features; `$now` and `$today` are `as_of`, unknown when it is None."""
    return _context(frozenset(schema.items()), as_of)


# A book's conditions are all parsed by the same few schemas, and making a context takes as long as a parse.
@lru_cache(maxsize=16)
def _context(types: frozenset[tuple[str, FeatureType]], as_of: datetime | None) -> Any:
    context = Context(
        type_resolver={name: _engine_type(kind) for name, kind in types},
        default_timezone=UTC,
        decimal_context=DECIMALS,
    )
    clock = {} if as_of is None else _clock(as_of)
    defaults = builtins.Builtins.from_defaults(timezone=UTC)
    names = [name for name in defaults if name not in {"now", "today"}]
    context.builtins = builtins.Builtins(
        {name: defaults[name] for name in names} | clock,
        timezone=UTC,
        value_types={name: defaults.resolve_type(name) for name in names} | dict.fromkeys(clock, DataType.DATETIME),
    )
    return context


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A tree to be evaluated row by row, for few rows."""

    root: Any

    def outcome(self, row: Mapping[str, object]) -> bool | None:
        """Whether the row of `engine_row` matches; None where evaluating it raises."""
        try:
            return bool(self.value(row))
        except ENGINE_ERRORS:
            return None

    def value(self, row: Mapping[str, object]) -> object:
        """What the tree evaluates to. Raises one of ENGINE_ERRORS."""
        self.root.context._tls.reset()  # noqa: SLF001 - what rule_engine.Rule does before it evaluates
        with decimal.localcontext(DECIMALS):
            return self.root.evaluate(row)


def engine_row(row: Mapping[str, object], schema: Schema) -> dict[str, object]:
    """A row of a feature frame as rule-engine reads it: scaled integers become decimals. Other columns are left out."""
    return {name: engine_value(row[name], kind) for name, kind in schema.items() if name in row}


def engine_value(stored: object, kind: FeatureType) -> object:
    """One stored value as rule-engine reads it; None stays None."""
    if kind.kind == "decimal" and isinstance(stored, int):
        return Decimal(stored).scaleb(-kind.scale, context=DECIMALS)
    return stored


def _engine_type(kind: FeatureType) -> Any:
    plain = _ENGINE_TYPES[kind.kind]
    return DataType.NULLABLE(plain) if kind.nullable else plain


def _clock(as_of: datetime) -> dict[str, datetime]:
    now = as_of.astimezone(UTC)
    return {"now": now, "today": now.replace(hour=0, minute=0, second=0, microsecond=0)}
