"""Events that stand by customer, words coded, count like events in any order with words written out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute

AS_OF = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AGES = st.sampled_from([-1, 0, 1, 89, 90, 91, 180, 364, 365, 366, 729, 730, 731, 2000])
Declared = Mapping[str, Mapping[str, object]]
ROWS = st.fixed_dictionaries(
    {
        "at": st.none() | AGES.map(lambda age: AS_OF - timedelta(days=age)),
        "payer_id": st.none() | st.integers(1, 4),
        "shipper_id": st.none() | st.integers(1, 4),
        "service": st.none() | st.sampled_from(["air", "road", "", "sea"]),
        "origin": st.none() | st.sampled_from(["a", "b"]),
        "destination": st.none() | st.sampled_from(["a", "c"]),
        "status": st.none() | st.sampled_from(["delivered", "cancelled"]),
        "revenue": st.none() | st.integers(-500, 500),
        "delivered_at": st.none() | AGES.map(lambda age: AS_OF - timedelta(days=age)),
        "promised_at": st.none() | AGES.map(lambda age: AS_OF - timedelta(days=age)),
    }
)
KEPT = {"where": 'status != "cancelled"'}
ASKED: Declared = {
    "count": {"count": "shipments", **KEPT},
    "recent": {"count": "shipments", "over": "90 days", **KEPT},
    "known": {"count": "shipments", "where": "service == null"},
    "total": {"sum": "shipments.revenue", "over": "730 days", "before": "90 days"},
    "mean": {"mean": "shipments.revenue", "over": "365 days", **KEPT},
    "late": {"sum": "shipments.late", "over": "365 days"},
    "on_time": {"mean": "shipments.on_time"},
    "local": {"share": "shipments", "of": '(origin ?? "") == (destination ?? "-")', "over": "365 days"},
    "by_air": {"share": "shipments", "of": 'service == "air"', **KEPT},
    "lanes": {"distinct": "shipments.lane", "over": "365 days"},
    "which_lanes": {"list": "shipments.lane"},
    "days": {"distinct": "shipments.day", **KEPT},
    "services": {"distinct": "shipments.service", "over": "730 days"},
    "used": {"list": "shipments.service", "over": "365 days", **KEPT},
    "last": {"last": "shipments.service"},
    "first": {"first": "shipments.service", **KEPT},
    "least": {"min": "shipments.service"},
    "most": {"max": "shipments.revenue", "over": "90 days"},
    "gap": {"quantile": "shipments.gap_days", "q": 0.9, "over": "730 days"},
    "gaps": {"mean": "shipments.gap_days", "over": "365 days"},
    "since": {"days_since": "shipments", **KEPT},
    "until": {"max": "shipments.promised_at"},
}


@pytest.fixture(scope="session")
def asked(catalogue_of: Callable[[Declared], Catalogue]) -> Catalogue:
    """Every operation, for those who pay and for those who send."""
    sent = {f"{name}_sent": {**item, "as": "shipper"} for name, item in ASKED.items()}
    return catalogue_of({**ASKED, **sent})


@settings(max_examples=40)
@given(rows=st.lists(ROWS, max_size=30), is_coded=st.booleans())
def test_sorted_and_coded_events_count_like_any(
    asked: Catalogue, rows: list[dict[str, object]], *, is_coded: bool
) -> None:
    instant = pl.Datetime("us", "UTC")
    texts = dict.fromkeys(("service", "origin", "destination", "status"), pl.String())
    whole = dict.fromkeys(("payer_id", "shipper_id", "revenue"), pl.Int64())
    frame = pl.DataFrame(
        rows, schema={**texts, **whole, **dict.fromkeys(("at", "delivered_at", "promised_at"), instant)}
    )
    frame = frame.with_columns(id=pl.int_range(pl.len(), dtype=pl.Int64))
    ordered = frame.sort("payer_id", "at", "id")
    if is_coded:
        ordered = ordered.with_columns(pl.col(pl.String()).cast(pl.Categorical()))
    everyone = pl.DataFrame({"customer": [3, 1, 2, 9]})
    plain = compute(asked, everyone, {"shipments": frame.lazy()}, AS_OF)
    found = compute(asked, everyone, {"shipments": ordered.lazy()}, AS_OF, by_customer=True)
    assert found.to_dicts() == plain.to_dicts()
