"""What is known of each feature's numbers from its declaration."""

from decimal import Decimal

from kehu.features.catalogue import Catalogue
from kehu.features.declaration import Declaration
from kehu.rules.gauges import Gauge

_FROM_ZERO = {"count", "distinct", "days_since"}
_SHARES = {"share", "percentile_of"}
_ZERO, _ONE = Decimal(0), Decimal(1)


def gauges_of(catalogue: Catalogue) -> dict[str, Gauge]:
    """The gauge of each feature. A bound is given only where no event and no value for "never happened" breaks it."""
    return {item.info.name: _gauge(item, catalogue.money_digits) for item in catalogue.declarations}


def _gauge(item: Declaration, money_digits: int) -> Gauge:
    least, most = _bounds(item, money_digits)
    missing = item.missing
    if isinstance(missing, int | float) and not isinstance(missing, bool):
        least = None if least is None else min(least, Decimal(repr(missing)))
        most = None if most is None else max(most, Decimal(repr(missing)))
    return Gauge(item.info.unit, least, most)


def _bounds(item: Declaration, money_digits: int) -> tuple[Decimal | None, Decimal | None]:
    if item.operation in _FROM_ZERO:
        return _ZERO, None
    if item.operation == "rank_of":
        return _ONE, None
    column = item.stream.types(money_digits).get(item.column) if item.stream else None
    if item.operation in _SHARES or (item.operation == "mean" and column is not None and column.kind == "boolean"):
        return _ZERO, _ONE
    return None, None
