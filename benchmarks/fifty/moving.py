"""What a change of rules would do: both books over everybody, the matrices, who moves, samples with their reasons."""

from collections.abc import Mapping

import polars as pl

from fifty.book import changed_rules
from fifty.features import AS_OF
from fifty.measuring import Way
from kehu.rules.book import RuleBook
from kehu.rules.differences import BookDifference, answer, compare_books
from kehu.rules.parts import part_of
from kehu.rules.samples import sample_reasons

# By rule set the conditions that change, as they are and as they become; the examples stand where neither differs.
_CHANGES: Mapping[str, tuple[str, str]] = {
    "service_tier": ("shipments_90d >= 600 and", "shipments_90d >= 500 and"),
    "credit": ("(credit_limit ?? 0) >= 50000", "(credit_limit ?? 0) >= 40000"),
    "recommendation": ("(nps ?? -1) in [7, 8]", "(nps ?? -1) in [8]"),
    "marks": ("(cross_border_share ?? 0) > 0.25", "(cross_border_share ?? 0) > 0.2"),
    "churn_warning": ("shipments_365d * 2 <", "shipments_365d * 1.9 <"),
}


def moving_ways(book: RuleBook, features: pl.DataFrame) -> list[Way]:
    """A preview of one changed condition, and diffs of more; only rule sets that changed are computed."""
    changed = changed_rules(book, _CHANGES)
    codes = list(_CHANGES)
    return [
        Way("preview of one condition of a tier", lambda: difference(book, changed, codes[:1], features)),
        Way("preview of one condition of a flag", lambda: difference(book, changed, codes[3:4], features)),
        Way("diff, three rule sets changed", lambda: difference(book, changed, codes[:3], features)),
        Way("diff, five rule sets changed", lambda: difference(book, changed, codes, features)),
    ]


def difference(before: RuleBook, after: RuleBook, codes: list[str], features: pl.DataFrame) -> BookDifference:
    """From features to what is printed; nothing is known beforehand."""
    old, new = (answer(part_of(book, codes), features, AS_OF) for book in (before, after))
    found = compare_books(old, new, features.select("customer", weight="revenue_365d"))
    sample_reasons(found, old, new)
    return found
