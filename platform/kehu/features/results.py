"""What an operation gives: its type, and which columns it takes."""

from dataclasses import replace

from kehu.model.feature_types import FeatureType

_NUMERIC = {"integer", "decimal", "float", "boolean"}
_TAKEN = {
    **dict.fromkeys(("mean", "quantile", "sum"), ("numbers", _NUMERIC)),
    "list": ("texts or whole numbers", {"string", "integer"}),
}


def result_type(operation: str, source: FeatureType | None, *, nullable: bool) -> FeatureType:
    """The feature's type; `source` is the type of the column it is made of, None where there is none."""
    if operation in {"count", "distinct"}:
        return FeatureType("integer")
    if operation in {"days_since", "rank_of"}:
        return FeatureType("integer", nullable=nullable)
    if source is None or operation in {"mean", "quantile"}:
        return FeatureType("float", nullable=nullable)
    if operation == "list":
        return replace(source, kind="integers" if source.kind == "integer" else "strings", nullable=False)
    if operation == "sum":
        return FeatureType("integer") if source.kind == "boolean" else replace(source, nullable=False)
    return replace(source, nullable=nullable)


def wanted(operation: str, source: FeatureType | None) -> str:
    """What the operation needs and the column does not hold; '' where it fits."""
    noun, kinds = _TAKEN.get(operation, ("", None))
    return "" if source is None or kinds is None or source.kind in kinds else noun
