"""Cursors: the key of a row, opaque, and good for one order only."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import orjson

from kehu.reader.keyset import KeyValue
from kehu.tables.columns import from_micros, micros
from kehu_graphql.failures import ExpectedError

_SHOWN = 100
KeyKind = Literal["text", "whole", "instant"]
# What the database and Python can hold.
_RANGES: dict[KeyKind, tuple[int, int]] = {
    "whole": (-(2**63), 2**63 - 1),
    "instant": (micros(datetime.min.replace(tzinfo=UTC)), micros(datetime.max.replace(tzinfo=UTC))),
}


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one ordered list: `order` names it, `kinds` says what its keys are made of.

    At the places in `unknown` a row's key may be null.
    """

    order: str
    kinds: tuple[KeyKind, ...]
    unknown: frozenset[int] = frozenset()

    def write(self, key: Sequence[KeyValue]) -> str:
        """The cursor of the row with this key."""
        values = [micros(value) if isinstance(value, datetime) else value for value in key]
        return base64.urlsafe_b64encode(orjson.dumps([self.order, *values])).decode()

    def read(self, cursor: str) -> tuple[KeyValue, ...]:
        """The key in a cursor of this list; anything else raises ExpectedError."""
        try:
            order, *values = orjson.loads(base64.urlsafe_b64decode(cursor))
        except (binascii.Error, orjson.JSONDecodeError, TypeError, ValueError):
            order, values = None, []
        if order != self.order or not self._fits(values):
            raise ExpectedError(
                f"'{cursor[:_SHOWN]}' is no cursor of this list in this order; take one from pageInfo or edges"
            )
        return tuple(_key_value(kind, value) for kind, value in zip(self.kinds, values, strict=True))

    def _fits(self, values: list[object]) -> bool:
        if len(values) != len(self.kinds):
            return False
        return all(
            place in self.unknown if value is None else _fits(kind, value)
            for place, (kind, value) in enumerate(zip(self.kinds, values, strict=True))
        )


def _fits(kind: KeyKind, value: object) -> bool:
    if kind == "text":
        return isinstance(value, str)
    low, high = _RANGES[kind]
    return type(value) is int and low <= value <= high


def _key_value(kind: KeyKind, value: object) -> KeyValue:
    if isinstance(value, int):
        return from_micros(value) if kind == "instant" else value
    return value if isinstance(value, str) else None
