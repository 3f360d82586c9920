"""What the published run left standing: levels held since when, and what people decided."""

from collections.abc import Collection
from datetime import datetime

import polars as pl
from sqlalchemy import ColumnElement, Connection, func, or_, select

from kehu.rules.book import RuleBook
from kehu.rules.parts import remembering
from kehu.rules.standing import HELD, Standing
from kehu.store.bulk import read_frame
from kehu.store.overrides import active_overrides
from kehu.tables.runs import memberships, runs


def standing_as_of(
    connection: Connection, books: Collection[RuleBook], as_of: datetime, customer_id: int | None = None
) -> Standing:
    """What the rule sets of the books have to know of everyone, or of one customer, before they answer."""
    levels = {level for book in books for level in remembering(book)}
    tiers = {item.code for book in books for item in book.rulesets if item.kind == "tier"}
    decided = active_overrides(connection, as_of, tiers=tiers)
    if customer_id is not None:
        decided = decided.filter(customer=customer_id)
    return Standing(_held(connection, levels, as_of, customer_id), decided)


def _held(
    connection: Connection, levels: set[tuple[str, str]], as_of: datetime, customer_id: int | None
) -> pl.DataFrame:
    """What was entered by the instant. What a person gives is not entered: it ends with the decision."""
    if not levels:
        return pl.DataFrame(schema=HELD)
    columns = (memberships.c.customer_id.label("customer"), memberships.c.ruleset, memberships.c.level)
    since = func.coalesce(memberships.c.held_since, runs.c.as_of)
    query = (
        select(*columns, since.label("since"), memberships.c.below_since)
        .join(runs, runs.c.id == memberships.c.from_run_id)
        .where(memberships.c.until_run_id.is_(None), or_(*_named(levels)))
        .where(since <= as_of, memberships.c.override_id.is_(None))
    )
    if customer_id is not None:
        query = query.where(memberships.c.customer_id == customer_id)
    unmet_by_then = pl.when(pl.col("below_since") <= as_of).then("below_since")
    return read_frame(connection, query).with_columns(unmet_by_then.alias("below_since"))


def _named(levels: set[tuple[str, str]]) -> list[ColumnElement[bool]]:
    rulesets = sorted({ruleset for ruleset, _ in levels})
    codes = {ruleset: sorted(level for of, level in levels if of == ruleset) for ruleset in rulesets}
    return [(memberships.c.ruleset == ruleset) & memberships.c.level.in_(codes[ruleset]) for ruleset in rulesets]
