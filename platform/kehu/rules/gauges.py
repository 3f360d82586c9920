"""What is known of a feature's numbers beside their type: what they count, and between which they lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Gauge:
    """`unit` as declared; None for a bound that is not known."""

    unit: str = ""
    least: Decimal | None = None
    most: Decimal | None = None


Gauges = Mapping[str, Gauge]
NO_GAUGES: Gauges = MappingProxyType({})
