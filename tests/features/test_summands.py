"""Means and shares from their totals and numbers are those counted at once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.features.aggregates import aggregate
from kehu.features.catalogue import Catalogue
from kehu.features.selection import counting
from kehu.features.summands import feature_of, from_summands, in_summands

PARTS = ("total", "number")
Declared = Mapping[str, Mapping[str, object]]
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")
DAYS_AGO = st.sampled_from([-1, 0, 1, 89, 90, 91]).map(lambda days: AS_OF - timedelta(days=days))
ASKED: Declared = {
    "shipments": {"count": "shipments"},
    "revenue": {"mean": "shipments.revenue", "over": "90 days", "where": 'status != "cancelled"'},
    "pieces": {"mean": "shipments.pieces"},
    "on_time": {"mean": "shipments.on_time", "before": "1 day"},
    "local": {"share": "shipments", "of": '(origin ?? "") == (destination ?? "-")', "over": "90 days"},
    "by_air": {"share": "shipments", "of": 'service == "air"', "where": 'status != "cancelled"'},
    "gaps": {"mean": "shipments.gap_days"},
}
ROWS = st.fixed_dictionaries(
    {
        "payer_id": st.none() | st.integers(1, 3),
        "shipper_id": st.none() | st.integers(1, 3),
        "at": st.none() | DAYS_AGO,
        "delivered_at": st.none() | DAYS_AGO,
        "promised_at": st.none() | DAYS_AGO,
        "status": st.none() | st.sampled_from(["delivered", "cancelled"]),
        "service": st.none() | st.sampled_from(["air", "road"]),
        "origin": st.none() | st.sampled_from(["a", "b"]),
        "destination": st.none() | st.sampled_from(["a", "b"]),
        "revenue": st.none() | st.integers(-(2**53) - 1, 2**53 + 1),
        "pieces": st.none() | st.integers(0, 7),
    }
)
TYPES = {
    **dict.fromkeys(("payer_id", "shipper_id", "revenue", "pieces"), pl.Int64()),
    **dict.fromkeys(("at", "delivered_at", "promised_at"), INSTANT),
    **dict.fromkeys(("status", "service", "origin", "destination"), pl.String()),
}


@pytest.fixture(scope="session")
def asked(catalogue_of: Callable[[Declared], Catalogue]) -> Catalogue:
    """For those who pay, and for those who send."""
    return catalogue_of({**ASKED, **{f"{name}_sent": {**item, "as": "shipper"} for name, item in ASKED.items()}})


def test_means_and_shares_that_add_up_are_counted_in_parts(asked: Catalogue) -> None:
    names = [item.info.name for item in in_summands(asked).declarations if "sent" not in item.info.name]
    halves = [f"{name} {part}" for name in ("revenue", "pieces", "on_time", "local", "by_air") for part in PARTS]
    assert sorted(names) == sorted(["shipments", *halves, "gaps"])
    assert {feature_of(name) for name in names} == set(ASKED)


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(ROWS, max_size=20), by_customer=st.booleans())
def test_they_are_the_same_bit_for_bit(asked: Catalogue, rows: list[dict[str, object]], *, by_customer: bool) -> None:
    frame = pl.DataFrame(rows, schema=TYPES).with_columns(id=pl.int_range(pl.len(), dtype=pl.Int64))
    events = {"shipments": frame.sort("payer_id", "at", "id").lazy()}
    everyone = pl.Series([2, 1, 3, 9])
    whole = aggregate(asked, everyone, events, AS_OF, by_customer=by_customer)
    parts = aggregate(in_summands(asked), everyone, events, AS_OF, by_customer=by_customer)
    names = [item.info.name for item in counting(asked)]
    assert from_summands(asked, parts).select("customer", *names).equals(whole, null_equal=True)
