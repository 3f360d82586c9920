"""Who was shipping at a cut-off, how silent, and who stayed away; the edges of each window beside each other."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from kehu.features.silence import standing, with_gaps

CUTOFF = datetime(2026, 3, 1, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
SCHEMA = {"customer": pl.Int64(), "at": pl.Datetime("us", "UTC")}
Row = dict[str, object]


def found(*after: timedelta, active: int = 90, horizon: int = 30) -> list[Row]:
    """The standing of one customer who shipped so long after the cut-off (before it when negative)."""
    rows = with_gaps(pl.DataFrame([(1, CUTOFF + each) for each in after], schema=SCHEMA, orient="row"))
    return standing(rows, CUTOFF, active * DAY, horizon * DAY).drop("last").to_dicts()


@pytest.mark.parametrize(
    ("_case", "age", "expected"),
    [("just inside", 90 * DAY - TICK, 1), ("exactly at its start", 90 * DAY, 0), ("at the cut-off", timedelta(), 1)],
)
def test_active_is_who_shipped_in_the_window(_case: str, age: timedelta, expected: int) -> None:
    assert len(found(-age)) == expected


@pytest.mark.parametrize(
    ("_case", "after", "churned"),
    [
        ("a moment after the cut-off", TICK, False),
        ("at the horizon's end", 30 * DAY, False),
        ("a moment too late", 30 * DAY + TICK, True),
    ],
)
def test_who_ships_within_the_horizon_has_not_left(_case: str, after: timedelta, churned: bool) -> None:  # noqa: FBT001
    assert [row["churned"] for row in found(-DAY, after)] == [churned]


def test_silence_and_usual_gap_are_those_known_at_the_cut_off() -> None:
    (row,) = found(-60 * DAY, -50 * DAY, -30 * DAY, -12 * DAY, 5 * DAY)
    assert row == {
        "customer": 1,
        "silent_micros": 12 * DAY // TICK,
        "gap_p90_micros": pytest.approx(19.6 * (DAY / TICK)),
        "churned": False,
    }


def test_a_single_shipment_has_no_usual_gap() -> None:
    assert [row["gap_p90_micros"] for row in found(-DAY)] == [None]


def test_gaps_are_between_a_customers_own_shipments() -> None:
    rows = [(2, CUTOFF), (1, CUTOFF), (2, CUTOFF - DAY), (1, CUTOFF - 3 * DAY)]
    gaps = with_gaps(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    assert gaps.select("customer", "gap_micros").rows() == [
        (1, None),
        (1, 3 * DAY // TICK),
        (2, None),
        (2, DAY // TICK),
    ]
