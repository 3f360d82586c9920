"""The names a condition may use: features as columns, `$now` and the like as constants."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from math import e, pi

import polars as pl

from kehu.model.feature_types import FeatureType
from kehu.model.problems import did_you_mean
from kehu.rules.columns import Column, col
from kehu.rules.functions import FUNCTIONS
from kehu.rules.instants import literal_instant
from kehu.rules.lists import list_feature
from kehu.rules.numbers import literal_number
from kehu.rules.remedies import BUILTINS, no_builtin
from kehu.rules.values import Refused, Value

_CONSTANTS = {"e": Decimal(repr(e)), "pi": Decimal(repr(pi))}
CLOCK = ("now", "today")


def feature_value(name: str, kind: FeatureType) -> Value:
    """The feature's column; instants as microseconds."""
    value = _feature_value(col(name), kind)
    return replace(value, column=value.expr)


def _feature_value(column: Column, kind: FeatureType) -> Value:
    null = column.is_null() if kind.nullable else None
    match kind.kind:
        case "integer" | "decimal":
            return Value("number", column, null=null, scale=kind.scale, bound=10**kind.digits - 1)
        case "float":
            return Value("float", column, null=null)
        case "instant":
            return Value("instant", column.cast(pl.Int64), null=null)
        case "boolean":
            return Value("boolean", column, null=null)
        case "strings" | "integers":
            return list_feature(column, kind)
    return Value("string", column, null=null, words=kind.words)


def builtin_value(name: str, as_of: datetime | None) -> Value:
    """A built-in constant, or a function still to be called. Refuses names that do not exist."""
    if name in FUNCTIONS:
        return Value("function")
    if name in _CONSTANTS:
        return literal_number(_CONSTANTS[name])
    if name in BUILTINS:
        raise no_builtin(name)
    if name not in CLOCK:
        known = [f"${known}" for known in (*FUNCTIONS, *_CONSTANTS, *CLOCK)]
        raise Refused("unknown-builtin", f"'${name}' cannot be used here", did_you_mean(f"${name}", known))
    if as_of is None:
        raise Refused("no-as-of", f"'${name}' has no value here", "use a feature that counts days instead")
    now = as_of.astimezone(UTC)
    return literal_instant(now if name == "now" else now.replace(hour=0, minute=0, second=0, microsecond=0))
