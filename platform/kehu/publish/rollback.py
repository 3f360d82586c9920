"""The answers of an earlier run made the published ones again: as new intervals, so that history stays true."""

from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, Integer, Table, column, func, insert, literal, or_, select, table, update

from kehu.publish.history import (
    ALL_NOTES,
    ANSWER,
    BEGINS,
    ENDS,
    FIRED,
    MEMBER,
    append_rows,
    end_rows,
    note,
    open_rows,
)
from kehu.store.bulk import read_frame, stage
from kehu.tables.columns import BIG
from kehu.tables.facts import customer_aliases
from kehu.tables.runs import (
    deciding_version,
    membership_notes,
    memberships,
    rule_versions,
    run_levels,
    run_rules,
    runs,
    warnings,
)

_KEPT = ["severity", "reason", "reasons", "route", "fired_at", "digest", "state", "outcome"]


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a rollback changes. `entered` and `fired` name in `then` the row to begin anew, the others theirs in id."""

    entered: pl.DataFrame
    left: pl.DataFrame
    fired: pl.DataFrame
    cleared: pl.DataFrame
    noted: pl.DataFrame


def restoration(connection: Connection, target: int) -> Restoration:
    """What has to change for memberships and open warnings to be those of the run `target`."""
    now, then = open_rows(connection, memberships), _members_of(connection, target)
    firing, fired = open_rows(connection, warnings), _rows_of(connection, warnings, target).unique(FIRED, keep="last")
    return Restoration(
        entered=then.join(now, on=MEMBER, how="anti").sort("then"),
        left=now.join(then, on=MEMBER, how="anti").sort("id"),
        fired=fired.join(firing, on=FIRED, how="anti").sort("then"),
        cleared=firing.join(fired, on=FIRED, how="anti").sort("id"),
        noted=_noted(connection, now.join(then, on=MEMBER)),
    )


def restore(connection: Connection, run_id: int, target: int, changes: Restoration) -> None:
    """Write the changes as those of the run `run_id`, which takes over the rules and counts of `target`."""
    end_rows(connection, memberships, changes.left["id"], run_id)
    end_rows(connection, warnings, changes.cleared["id"], run_id)
    note(connection, run_id, changes.noted)
    _begin_again(connection, memberships, run_id, changes.entered, ["digest", "reasons"])
    _begin_again(connection, warnings, run_id, changes.fired, _KEPT)
    for history in (run_rules, run_levels):
        others = [each for each in history.c if each.name != "run_id"]
        copied = select(literal(run_id, BIG), *others).where(history.c.run_id == target)
        connection.execute(insert(history).from_select(["run_id", *(each.name for each in others)], copied))
    connection.execute(update(runs).where(runs.c.id == run_id).values(restores_run_id=target))


def _begin_again(connection: Connection, history: Table, run_id: int, rows: pl.DataFrame, copied: list[str]) -> None:
    """`rows` are in the order of `then`."""
    if rows.is_empty():
        return
    stage(connection, "staged_then", rows.select("then"))
    old = history.c.id.in_(select(table("staged_then", column("then", Integer)).c.then))
    # The run that gives it back may have used another version.
    kept = [deciding_version(history).label(name) if name == "digest" else history.c[name] for name in copied]
    values = read_frame(connection, select(history.c.id.label("then"), *kept).where(old))
    begun = rows.join(values, on="then", maintain_order="left")
    number = pl.lit(run_id, pl.Int64).alias(BEGINS[history])
    answers = pl.col("customer").alias("customer_id"), "ruleset", ANSWER[history]
    notes = [name for name in ALL_NOTES if name in rows.columns]
    append_rows(connection, history, begun.select(*answers, number, *copied, *notes))


def _rows_of(connection: Connection, history: Table, target: int, *more: Any) -> pl.DataFrame:
    """Columns then (the row's id), customer, ruleset, level or warning of what was open in the run, by `then`."""
    begins, ends = history.c[BEGINS[history]], history.c[ENDS[history]]
    columns = (history.c.id.label("then"), history.c.customer_id.label("customer"), history.c.ruleset)
    query = select(*columns, history.c[ANSWER[history]], *more).select_from(history.join(runs, runs.c.id == begins))
    return read_frame(connection, query.where(begins <= target, or_(ends.is_(None), ends > target)).order_by("then"))


def _members_of(connection: Connection, target: int) -> pl.DataFrame:
    """`held_since` is as of when the customer had the level; `said_since` what the row itself said of that."""
    until = func.coalesce(memberships.c.until_run_id, 2**62).label("until")
    rows = _rows_of(connection, memberships, target, until, runs.c.as_of, *(memberships.c[name] for name in ALL_NOTES))
    rows = _with_notes_of(connection, rows, target)
    rows = rows.with_columns(said_since="held_since", held_since=pl.coalesce("held_since", "as_of"))
    return _one_each(connection, rows.sort("until", "then"), target).drop("until", "as_of")


def _with_notes_of(connection: Connection, rows: pl.DataFrame, target: int) -> pl.DataFrame:
    said = (membership_notes.c[name] for name in ALL_NOTES)
    query = select(membership_notes.c.membership_id.label("then"), *said).where(
        membership_notes.c.until_run_id > target
    )
    later = read_frame(connection, query.order_by(membership_notes.c.until_run_id))
    first = later.unique("then", keep="first", maintain_order=True).with_columns(pl.lit(value=True).alias("changed"))
    both = rows.join(first, on="then", how="left", suffix="_then", maintain_order="left")
    restored = {name: pl.when("changed").then(f"{name}_then").otherwise(name) for name in ALL_NOTES}
    return both.with_columns(**restored).select(rows.columns)


def _one_each(connection: Connection, rows: pl.DataFrame, target: int) -> pl.DataFrame:
    """Without what customers brought along that were merged into others since: of several, the last to end stays.

    A merge gives its heir the other's history. Then it may have had a level twice, or two levels of a tier.
    """
    heirs = read_frame(connection, select(customer_aliases.c.customer_id.label("customer")).distinct())
    used = run_rules.join(rule_versions, rule_versions.c.digest == run_rules.c.digest)
    flags = (
        select(run_rules.c.ruleset)
        .select_from(used)
        .where(run_rules.c.run_id == target, rule_versions.c.kind == "flag")
    )
    many = pl.col("ruleset").is_in(list(connection.execute(flags).scalars())) | ~pl.col("customer").is_in(
        heirs["customer"].implode()
    )
    answer = pl.when(many).then("level").otherwise(pl.lit(""))
    kept = rows.with_columns(answer.alias("answer")).unique(
        ["customer", "ruleset", "answer"], keep="last", maintain_order=True
    )
    return kept.drop("answer")


def _noted(connection: Connection, going_on: pl.DataFrame) -> pl.DataFrame:
    """The open memberships of which the run said something else: id and ALL_NOTES."""
    query = select(memberships.c.id, *(memberships.c[name] for name in ALL_NOTES))
    said = read_frame(connection, query.where(memberships.c.until_run_id.is_(None)))
    # Who left and came back since goes on, with the time it had the level before.
    since = pl.when(pl.col("id") == pl.col("then")).then("said_since").otherwise("held_since")
    wanted = going_on.with_columns(since.alias("held_since")).select("id", *ALL_NOTES)
    both = said.join(wanted, on="id", suffix="_then")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_then")) for name in ALL_NOTES)
    return both.filter(differs).sort("id").select("id", **{name: pl.col(f"{name}_then") for name in ALL_NOTES})
