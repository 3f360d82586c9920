"""The features the rules of the tests may use."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.features.gauging import gauges_of
from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.gauges import Gauges

COUNTS = (
    "shipments_total shipments_30d shipments_90d shipments_prev_90d shipments_365d shipments_prev_365d sent_365d "
    "received_365d late_90d services_365d lanes_365d complaints_90d complaints_prev_90d complaints_365d "
    "open_complaints visits_total visits_365d contacts"
)
AMOUNTS = "revenue_90d revenue_prev_90d revenue_365d revenue_prev_365d revenue_total cost_365d margin_365d"
UNKNOWN_DAYS = "days_since_last_shipment days_since_first_shipment days_since_last_visit"
UNKNOWN_RATES = "average_revenue_365d gap_p90_days on_time_rate_90d on_time_rate_365d satisfaction_365d"


@pytest.fixture(scope="session")
def schema() -> Schema:
    return {
        **{name: FeatureType("integer") for name in COUNTS.split()},
        **{name: FeatureType("decimal", scale=2) for name in AMOUNTS.split()},
        **{name: FeatureType("integer", nullable=True) for name in UNKNOWN_DAYS.split()},
        **{name: FeatureType("float", nullable=True) for name in UNKNOWN_RATES.split()},
        "kind": FeatureType("string", words=("company", "person", "project")),
        "region": FeatureType("string", nullable=True),
        "industry": FeatureType("string", nullable=True),
    }


@pytest.fixture(scope="session")
def shipped_catalogue() -> Catalogue:
    """The features that come with Kehu."""
    folder = Path(__file__).parents[2] / "rules" / "features"
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.yaml"))}
    return read_catalogue(texts, money_digits=2)[0]


@pytest.fixture(scope="session")
def shipped_schema(shipped_catalogue: Catalogue) -> Schema:
    """Their types."""
    return shipped_catalogue.schema


@pytest.fixture(scope="session")
def shipped_gauges(shipped_catalogue: Catalogue) -> Gauges:
    """What is known of their numbers."""
    return gauges_of(shipped_catalogue)


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Have a line printed at the end of the run, whether the test passes or not."""
    return lambda line: record_property("told", line)
