"""Served features by the codes clients write, and values to compare them with."""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Context as Digits
from decimal import Inexact, InvalidOperation, Overflow
from typing import Any

from kehu.model.problems import did_you_mean
from kehu.reader.features import ServedFeature, all_served
from kehu.tables.columns import micros
from kehu_graphql.context import Context
from kehu_graphql.failures import NOT_PUBLISHED, ExpectedError
from kehu_graphql.instants import utc

_LEAST, _GREATEST = -(2**63), 2**63 - 1
_ORDERED = {"lt", "lte", "gt", "gte"}
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# Room for every number of JSON; what is to be rounded is refused.
_EXACTLY = Digits(prec=400, Emin=-400, Emax=400, traps=[Inexact, InvalidOperation, Overflow])


async def known_feature(context: Context, code: str) -> ServedFeature:
    """ExpectedError naming the nearest code, or that no run keeps any values yet."""
    served = await context.reads.once(all_served)
    if not served:
        remedy = "mark it 'served: true' in its file and start a run with 'runStart'"
        raise ExpectedError(f"feature '{code}': no run has kept values yet; {remedy}", NOT_PUBLISHED)
    if code not in served:
        raise ExpectedError(f"no feature '{code}' is served; {did_you_mean(code, served)}".rstrip("; "))
    return served[code]


def operand(feature: ServedFeature, comparison: str, value: Any, path: str) -> float | str:
    """The value as the feature's are stored; ExpectedError for one that no value of its type can be compared with."""
    if comparison in _ORDERED and feature.kind in {"string", "boolean"}:
        said = f"'{feature.code}' holds {_NOUNS[feature.kind]}, which have no order"
        raise ExpectedError(f"'{path}': {said}; use eq, ne, in or notIn")
    try:
        found = _STORED[feature.kind](feature, value, path)
    except (TypeError, ValueError, ArithmeticError):
        raise _misfit(feature, value, path) from None
    if isinstance(found, int) and not _LEAST <= found <= _GREATEST:
        raise ExpectedError(f"'{path}': {value} is greater than any value of '{feature.code}' can be")
    return found


def _whole(_feature: ServedFeature, value: Any, _path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def _amount(feature: ServedFeature, value: Any, path: str) -> int:
    is_written = isinstance(value, str) and _AMOUNT.fullmatch(value)
    if not is_written and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise TypeError(value)
    exact = _EXACTLY.scaleb(_EXACTLY.create_decimal(str(value)), feature.scale)
    if not exact.is_finite():
        raise ValueError(value)
    if exact != exact.to_integral_value():
        said = f"{value} has more decimals than the {feature.scale} of '{feature.code}'"
        raise ExpectedError(f"'{path}': {said}; round it")
    return int(exact)


def _real(_feature: ServedFeature, value: Any, _path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(value)
    if not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def _truth(_feature: ServedFeature, value: Any, _path: str) -> int:
    if not isinstance(value, bool):
        raise TypeError(value)
    return int(value)


def _words(_feature: ServedFeature, value: Any, _path: str) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _micros(_feature: ServedFeature, value: Any, path: str) -> int:
    if not isinstance(value, str):
        raise TypeError(value)
    return micros(utc(datetime.fromisoformat(value), path))


_STORED: Mapping[str, Callable[[ServedFeature, Any, str], float | str]] = {
    "integer": _whole,
    "decimal": _amount,
    "float": _real,
    "boolean": _truth,
    "string": _words,
    "instant": _micros,
}
_NOUNS = {
    "integer": "whole numbers",
    "decimal": "amounts",
    "float": "numbers",
    "boolean": "truths",
    "string": "texts",
    "instant": "instants",
}
_EXAMPLES = {
    "integer": "12",
    "decimal": '"48200.50"',
    "float": "0.95",
    "boolean": "true",
    "string": '"air"',
    "instant": '"2026-02-01T00:00:00Z"',
}


def _misfit(feature: ServedFeature, value: Any, path: str) -> ExpectedError:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    said = f"'{feature.code}' holds {_NOUNS[feature.kind]}, '{shown[:100]}' is none"
    return ExpectedError(f"'{path}': {said}; write for example {_EXAMPLES[feature.kind]}")
