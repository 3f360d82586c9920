"""Random small histories, hundreds of customers at a time: nulls, refunds, ties, instants on the edges of windows."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl

from kehu.features.streams import ATTRIBUTES, STREAMS
from kehu.mirror.layout import LAYOUTS
from kehu.model.feature_types import POLARS_TYPES, FeatureType
from kehu.model.graph import SATISFACTION_DIMENSIONS

AS_OF = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
_EDGES = tuple(
    timedelta(days=days) + nudge for days in (0, 30, 90, 180, 365, 455, 730) for nudge in (-TICK, 0 * TICK, TICK)
)
_TEXTS = ("express", "standard", "冷链", "北京", "上海", "a'b\\", "", "cancelled")


def histories(seed: int, customers: int) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """Customers with attributes, in no order, and their events with all stored columns; some events are nobody's."""
    dice = random.Random(seed)
    ids = dice.sample(range(1, customers * 3), customers)
    attributes = {name: [some(dice, kind) for _ in ids] for name, kind in ATTRIBUTES.items()}
    types = {name: POLARS_TYPES[kind.kind] for name, kind in ATTRIBUTES.items()}
    known = pl.DataFrame({"customer": ids, **attributes}, schema={"customer": pl.Int64(), **types})
    return known, {name: _events(dice, name, ids) for name in STREAMS}


def _events(dice: random.Random, name: str, ids: list[int]) -> pl.DataFrame:
    stream, types = STREAMS[name], LAYOUTS[name].types
    number = {"shipments": 7, "complaints": 2, "visits": 2, "contacts": 1}[name] * len(ids)
    strangers = [None, max(ids) + 1]
    columns: dict[str, list[object]] = {"id": list(range(1, number + 1))}
    for role in stream.roles.values():
        columns[role] = [dice.choice(strangers) if dice.random() < 0.05 else dice.choice(ids) for _ in range(number)]
    for column, kind in stream.columns.items():
        columns[column] = [_value(dice, column, kind) for _ in range(number)]
    if stream.at:
        columns[stream.at] = [moment(dice) for _ in range(number)]
    return pl.DataFrame({name: columns[name] for name in types}, schema=types)


def _value(dice: random.Random, column: str, kind: FeatureType) -> object:
    if column in SATISFACTION_DIMENSIONS:
        return dice.choice((None, 1, 2, 3, 4, 5))
    return some(dice, kind)


def some(dice: random.Random, kind: FeatureType) -> object:
    """A value of that type, null now and then where it may be."""
    if kind.nullable and dice.random() < 0.15:
        return None
    makers: dict[str, Callable[[], object]] = {
        "integer": lambda: dice.choice((0, 1, 2, 30, 999)),
        "decimal": lambda: dice.choice((-500, 0, 1, 3, 10, 12_345, 10**9 + 7)),
        "string": lambda: dice.choice(kind.words or _TEXTS),
        "boolean": lambda: dice.random() < 0.5,
        "instant": lambda: moment(dice),
    }
    return makers[kind.kind]()


def moment(dice: random.Random) -> datetime:
    """Often on the edge of a window, sometimes in the future."""
    if dice.random() < 0.4:
        return AS_OF - dice.choice(_EDGES)
    return AS_OF - timedelta(microseconds=dice.randrange(-30 * 86_400 * 10**6, 900 * 86_400 * 10**6))
