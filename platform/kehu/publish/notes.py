"""What is said of memberships beside that they are: since when they slip, when they drop, who gave them by hand."""

import polars as pl
from sqlalchemy import Connection, or_, select

from kehu.publish.history import MEMBER, NOTES, rows_of
from kehu.rules.evaluate import Evaluation
from kehu.rules.rolls import Roll, is_listed
from kehu.store.bulk import read_frame
from kehu.tables.runs import memberships


def notes_of(evaluation: Evaluation) -> pl.DataFrame:
    """Columns of MEMBER and NOTES: what is to be said, of those of whom anything is."""
    by_hand = evaluation.by_hand.select(*MEMBER, pl.col("override").alias("override_id"))
    slipping = evaluation.slipping.select(*MEMBER, "below_since", "drops_at")
    notes = slipping.join(by_hand, on=MEMBER, how="full", coalesce=True).select(*MEMBER, *NOTES)
    # While a person's decision gives the level, it does not drop.
    drops_at = pl.when(pl.col("override_id").is_null()).then("drops_at")
    return notes.with_columns(drops_at.alias("drops_at"))


def noted(connection: Connection, published: Roll, evaluation: Evaluation) -> pl.DataFrame:
    """The open memberships that go on with other notes than before: id and the columns of NOTES, by id."""
    said, notes = _said(connection), notes_of(evaluation)
    roll = evaluation.roll
    going_on = said.filter(is_listed(roll.customers, roll.members, said, "level"))
    now = notes.filter(is_listed(published.customers, published.members, notes, "level"))
    silent = rows_of(connection, memberships, now.join(going_on, on=MEMBER, how="anti")).select("id", *MEMBER)
    before = pl.concat([going_on, silent], how="diagonal")
    both = before.join(now, on=MEMBER, how="left", suffix="_now")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in NOTES)
    return both.filter(differs).sort("id").select("id", **{name: pl.col(f"{name}_now") for name in NOTES})


def _said(connection: Connection) -> pl.DataFrame:
    """Columns id, MEMBER and NOTES of open memberships of which anything is said."""
    columns = [memberships.c[name] for name in NOTES]
    has_any = or_(*(column.is_not(None) for column in columns))
    member = (memberships.c.customer_id.label("customer"), memberships.c.ruleset, memberships.c.level)
    query = select(memberships.c.id, *member, *columns).where(memberships.c.until_run_id.is_(None), has_any)
    return read_frame(connection, query)
