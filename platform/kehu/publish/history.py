"""The intervals of memberships and warnings: opened, ended and noted, never overwritten unseen."""

import polars as pl
from sqlalchemy import Connection, Integer, Select, Table, column, insert, literal, select, table, update

from kehu.store.bulk import insert_frame, next_id, read_frame, stage, update_frame
from kehu.tables.columns import BIG
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
