"""The figures of a difference, which a gate may ask for by name."""

from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.differences import BookDifference

_COUNTS = (
    "customers moved warnings_gained warnings_lost rulesets_added rulesets_removed levels_added levels_removed "
    "files_changed customers_merged customers_parted"
)
_SHARE_DIGITS = 9
# Decimals, so that 'moved_share > 0.05' is exact at 5 %.
_SHARE = FeatureType("decimal", scale=_SHARE_DIGITS)


def figure_types(revenue_scale: int | None) -> Schema:
    """Every figure's type; with no revenue scale there are no figures about revenue."""
    types = dict.fromkeys(_COUNTS.split(), FeatureType("integer")) | {"moved_share": _SHARE}
    if revenue_scale is None:
        return types
    return types | {"revenue_moved": FeatureType("decimal", scale=revenue_scale), "revenue_moved_share": _SHARE}


def figures_of(
    difference: BookDifference, *, customers: int, revenue: int, files_changed: int, regrouped: tuple[int, int] = (0, 0)
) -> dict[str, int]:
    """The values as stored: revenue in minor units, shares with nine decimals and 0 of nothing.

    `customers` and `revenue` are those of the whole population; `regrouped` are the customers that would go into
    others, and those that would be several.
    """
    rulesets, warnings = difference.rulesets, difference.warnings
    return {
        "customers": customers,
        "moved": difference.moved,
        "moved_share": _share(difference.moved, customers),
        "revenue_moved": difference.weight_moved,
        "revenue_moved_share": _share(difference.weight_moved, revenue),
        "warnings_gained": sum(item.gained for item in warnings),
        "warnings_lost": sum(item.lost for item in warnings),
        "rulesets_added": sum(item.change == "added" for item in rulesets),
        "rulesets_removed": sum(item.change == "removed" for item in rulesets),
        "levels_added": sum(len(item.levels_added) for item in rulesets),
        "levels_removed": sum(len(item.levels_removed) for item in rulesets),
        "files_changed": files_changed,
        "customers_merged": regrouped[0],
        "customers_parted": regrouped[1],
    }


def _share(part: int, whole: int) -> int:
    return round(part * 10**_SHARE_DIGITS / whole) if whole > 0 else 0
