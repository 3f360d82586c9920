"""The intervals of memberships and warnings: opened, ended and noted, never overwritten unseen."""

import numpy as np
import polars as pl
from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Table,
    Text,
    column,
    insert,
    literal,
    select,
    table,
    text,
    update,
)

from kehu.rules.places import places_of
from kehu.rules.rolls import Key, Roll
from kehu.store.bulk import insert_frame, next_id, read_by_texts, read_frame, stage, update_frame
from kehu.tables.columns import BIG
from kehu.tables.facts import customers
from kehu.tables.runs import membership_notes, memberships, warnings

MEMBER = ["customer", "ruleset", "level"]
FIRED = ["customer", "ruleset", "warning"]
# What an evaluation may say of a membership beside that it is, and what a rollback adds.
NOTES = ["below_since", "drops_at", "override_id"]
ALL_NOTES = [*NOTES, "held_since"]
# By table: the column of the answer, the run an interval begins with, the run it ends with.
ANSWER = {memberships: "level", warnings: "warning"}
BEGINS = {memberships: "from_run_id", warnings: "fired_run_id"}
ENDS = {memberships: "until_run_id", warnings: "cleared_run_id"}


def open_rows(connection: Connection, history: Table) -> pl.DataFrame:
    """Columns id, customer, ruleset and level or warning of what is published, by id."""
    columns = (history.c.id, history.c.customer_id.label("customer"), history.c.ruleset, history.c[ANSWER[history]])
    return read_frame(connection, select(*columns).where(history.c[ENDS[history]].is_(None)).order_by(history.c.id))


def published_roll(connection: Connection) -> Roll:
    """Everybody in the database with what is published of them."""
    everyone = read_frame(connection, select(customers.c.id).order_by(customers.c.id))["id"]
    return Roll(everyone, _lists(connection, memberships, everyone), _lists(connection, warnings, everyone))


def rows_of(connection: Connection, history: Table, listed: pl.DataFrame) -> pl.DataFrame:
    """`listed` (customer, ruleset and level or warning) with the id of each one's open row; who has none is absent."""
    code = ANSWER[history]
    names = ["customer", "ruleset", code]
    # The index of open warnings begins with what very many have.
    of_this = f"h.{code}" if history is memberships else f"h.{code} || ''"
    stage(connection, "staged_rows", listed.select(names))
    # CROSS JOIN keeps SQLite to this order: a look-up for each.
    query = text(
        f"SELECT h.id, s.customer, s.ruleset, s.{code} FROM staged_rows AS s CROSS JOIN {history.name} AS h "
        f"WHERE h.customer_id = s.customer AND h.ruleset = s.ruleset AND {of_this} = s.{code} "
        f"AND h.{ENDS[history]} IS NULL"
    ).columns(column("id", BIG), column("customer", BIG), column("ruleset", Text), column(code, Text))
    found = read_frame(connection, query)
    return listed.join(found, on=names, how="inner", maintain_order="left")


def end_rows(connection: Connection, history: Table, ids: pl.Series, run_id: int) -> None:
    """Let the intervals end with the run."""
    if not ids.is_empty():
        ended = history.c.id.in_(_staged(connection, ids))
        connection.execute(update(history).where(ended).values({ENDS[history]: run_id}))


def append_rows(connection: Connection, history: Table, rows: pl.DataFrame) -> None:
    """Write new intervals, numbered in the order of the rows."""
    numbered = rows.with_row_index("id", offset=next_id(connection, history)).cast({"id": pl.Int64})
    insert_frame(connection, history, numbered)


def note(connection: Connection, run_id: int, noted: pl.DataFrame) -> None:
    """Say something else of memberships that go on: `noted` has id and columns of ALL_NOTES. What was said is kept."""
    if noted.is_empty():
        return
    columns = ["membership_id", "until_run_id", *ALL_NOTES]
    number = literal(run_id, BIG)
    said = select(memberships.c.id, number, *(memberships.c[name] for name in ALL_NOTES))
    of_those = said.where(memberships.c.id.in_(_staged(connection, noted["id"])))
    connection.execute(insert(membership_notes).from_select(columns, of_those))
    update_frame(connection, memberships, noted)


def _staged(connection: Connection, ids: pl.Series) -> Select[tuple[int]]:
    stage(connection, "staged_ids", pl.DataFrame({"id": ids}))
    return select(table("staged_ids", column("id", Integer)).c.id)


def _lists(connection: Connection, history: Table, everyone: pl.Series) -> dict[Key, pl.Series]:
    query = select(history.c.ruleset, history.c[ANSWER[history]], history.c.customer_id)
    lists: dict[Key, pl.Series] = {}
    for key, numbers in read_by_texts(connection, query.where(history.c[ENDS[history]].is_(None))):
        mask = np.zeros(len(everyone), dtype=np.bool_)
        mask[places_of(numbers, everyone)[0]] = True
        lists[key] = pl.Series(mask)
    return lists
