"""The value a feature has where nothing ever happened: checked, and as the column holds it."""

from decimal import Decimal

from kehu.model.feature_types import FeatureType

_EXAMPLES = {
    "integer": "a whole number such as 0",
    "float": "a number such as 0.5",
    "boolean": "true or false",
    "string": "a word",
}


def default_of(kind: FeatureType) -> object:
    """What stands for "never happened" when the declaration names nothing and the feature is never unknown."""
    if kind.kind in {"strings", "integers"}:
        return []
    return "" if kind.kind == "string" else 0


def misfit(value: object, kind: FeatureType) -> str:
    """How to write the value so that it fits the feature's type; '' when it fits."""
    if _fits(value, kind):
        return ""
    if kind.kind == "instant":
        return "leave missing out: no instant stands for never"
    if kind.kind in {"strings", "integers"}:
        return "leave missing out: of nothing the list is empty"
    if kind.kind == "decimal":
        return f"write a number with at most {kind.scale} decimals"
    return f"write one of {', '.join(kind.words)}" if kind.words else f"write {_EXAMPLES[kind.kind]}"


def stored(value: object, kind: FeatureType) -> object:
    """The value as the feature's column holds it: a decimal as a scaled whole number."""
    if kind.kind == "decimal" and isinstance(value, (int, float)):
        return round(value * 10**kind.scale)
    return value


def _fits(value: object, kind: FeatureType) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 10**kind.digits
    match kind.kind:
        case "integer":
            return isinstance(value, int) and is_number
        case "float":
            return is_number
        case "decimal":
            return is_number and Decimal(str(value)) % Decimal(10) ** -kind.scale == 0
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str) and (not kind.words or value in kind.words)
        case "strings" | "integers":
            return value == []
        case _:
            return False
