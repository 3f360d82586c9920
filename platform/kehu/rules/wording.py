"""Values as people read them: amounts with their decimals, thousands apart, unknown by its name."""

from datetime import UTC, datetime
from decimal import Decimal

from kehu.model.feature_types import FeatureType

_FLOAT_DIGITS = 4


def worded(value: object, kind: FeatureType | None = None) -> str:
    """A value of the interpreter: 48,200.00 for a decimal of scale 2, 'text' in quotes, instants ISO in UTC.

    Floats are rounded to four decimals.
    """
    match value:
        case None:
            return "unknown"
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case float():
            return _trimmed(f"{value:,.{_FLOAT_DIGITS}f}")
        case int():
            return f"{value:,}"
        case tuple() | list():
            return f"[{', '.join(worded(item, kind) for item in value)}]"
        case Decimal():
            return _decimal(value, kind)
    return f"'{value}'" if isinstance(value, str) else str(value)


def _decimal(value: Decimal, kind: FeatureType | None) -> str:
    """As many decimals as the feature has; a number of no feature keeps its own, up to four."""
    if kind is not None and kind.kind in {"integer", "decimal"}:
        return f"{value:,.{max(_digits(value.normalize()), kind.scale)}f}"
    return f"{value:,.{min(_digits(value), _FLOAT_DIGITS)}f}"


def _digits(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
