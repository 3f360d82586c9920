"""What is known of the numbers of each kind of feature."""

from decimal import Decimal

import pytest

from kehu.features.catalogue import read_catalogue
from kehu.features.gauging import gauges_of
from kehu.rules.gauges import Gauge

REST = "unit: u, label: {en: F, zh: 特}, meaning: something"


@pytest.mark.parametrize(
    ("_case", "declared", "least", "most"),
    [
        ("a count", "count: shipments", 0, None),
        ("different ones", "distinct: shipments.service", 0, None),
        ("days since", "days_since: shipments", 0, None),
        ("days since, -1 for never", "days_since: shipments, missing: -1", -1, None),
        ("days since, 9999 for never", "days_since: shipments, missing: 9999", 0, None),
        ("a mean of truths", "mean: shipments.on_time", 0, 1),
        ("a mean of truths, 2 for never", "mean: shipments.on_time, missing: 2", 0, 2),
        ("a mean of numbers", "mean: shipments.revenue", None, None),
        ("an amount, refunds deducted", "sum: shipments.revenue", None, None),
        ("a share", "share: shipments, of: late == true", 0, 1),
    ],
)
def test_the_bounds_follow_from_the_operation(_case: str, declared: str, least: int | None, most: int | None) -> None:
    catalogue, problems = read_catalogue({"f.yaml": f"f: {{{declared}, {REST}}}\n"}, 2)
    assert problems == []
    bounds = [None if bound is None else Decimal(bound) for bound in (least, most)]
    assert gauges_of(catalogue) == {"f": Gauge("u", *bounds)}


def test_ranks_begin_at_one_and_percentiles_lie_between_nothing_and_one() -> None:
    text = f"a: {{count: shipments, {REST}}}\nr: {{rank_of: a, {REST}}}\np: {{percentile_of: a, {REST}}}\n"
    catalogue, problems = read_catalogue({"f.yaml": text}, 2)
    assert problems == []
    gauges = gauges_of(catalogue)
    assert (gauges["r"], gauges["p"]) == (Gauge("u", Decimal(1)), Gauge("u", Decimal(0), Decimal(1)))
