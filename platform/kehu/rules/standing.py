"""What customers hold as a run finds it, and what people decided for them by hand."""

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from kehu.model.graph import INSTANT

HELD = {
    "customer": pl.Int64(),
    "ruleset": pl.String(),
    "level": pl.String(),
    "since": INSTANT,
    "below_since": INSTANT,
}
OVERRIDES = {
    "customer": pl.Int64(),
    "ruleset": pl.String(),
    "code": pl.String(),
    "effect": pl.String(),
    "override": pl.Int64(),
    "reason": pl.String(),
    "author": pl.String(),
    "expires_at": INSTANT,
}
INCLUDE, EXCLUDE = "include", "exclude"


@dataclass(frozen=True, slots=True)
class Standing:
    """`held` has the columns of HELD, `overrides` those of OVERRIDES, as far as they count at the instant.

    `since` is when a level was entered, `below_since` when a run first saw its condition unmet, null where it is met.
    Only levels that remember who held them need be there. Of a customer's includes into one tier the last counts.
    """

    held: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=HELD))
    overrides: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=OVERRIDES))


NOBODY = Standing()


def carried(memberships: pl.DataFrame, slipping: pl.DataFrame, before: Standing, as_of: datetime) -> Standing:
    """The standing the next evaluation finds when `as_of`'s answers are published; overrides are as before."""
    key = ["customer", "ruleset", "level"]
    since = pl.coalesce("since", pl.lit(as_of, INSTANT)).alias("since")
    held = (
        memberships.select(key)
        .join(before.held.select(*key, "since"), on=key, how="left", maintain_order="left")
        .join(slipping.select(*key, "below_since"), on=key, how="left", maintain_order="left")
    )
    return Standing(held.select(*key, since, "below_since"), before.overrides)
