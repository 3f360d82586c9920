"""A run's answers against what is published: what changed is written, then the pointer moves."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Connection, insert, or_, select

from kehu.publish.definitions import definition
from kehu.publish.history import FIRED, MEMBER, NOTES, append_rows, end_rows, note, open_rows
from kehu.publish.run_log import withdrawn_runs
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import Evaluation
from kehu.rules.reasons import membership_reasons, warning_reasons
from kehu.store.bulk import read_frame
from kehu.tables.runs import memberships, rule_versions, run_levels, run_rules, runs, warnings

BY_HAND_REASON = "by hand"
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a publication changes. The frames have customer, ruleset and level or warning; those that end also id.

    `noted` are memberships that go on and of which something else is to be said: id and the columns of NOTES.
    """

    entered: pl.DataFrame
    left: pl.DataFrame
    fired: pl.DataFrame
    cleared: pl.DataFrame
    noted: pl.DataFrame


def compare(connection: Connection, book: RuleBook, evaluation: Evaluation, as_of: datetime) -> Changes:
    """What the evaluation, as of an instant, changes against the open memberships and warnings.

    A warning that cleared does not fire again within its cooldown: (as_of - cooldown, as_of] since it last fired.
    One of a run that was rolled back was a mistake and silences nothing.
    """
    members = open_rows(connection, memberships)
    firing = open_rows(connection, warnings)
    return Changes(
        entered=evaluation.memberships.join(members, on=MEMBER, how="anti", maintain_order="left"),
        left=members.join(evaluation.memberships, on=MEMBER, how="anti", maintain_order="left"),
        fired=evaluation.warnings.join(
            pl.concat([firing.select(FIRED), _cooling(connection, book, as_of)]),
            on=FIRED,
            how="anti",
            maintain_order="left",
        ),
        cleared=firing.join(evaluation.warnings, on=FIRED, how="anti", maintain_order="left"),
        noted=_noted(connection, members, evaluation),
    )


def _notes(evaluation: Evaluation) -> pl.DataFrame:
    """Columns of MEMBER and NOTES: what is to be said of memberships beside that they are."""
    by_hand = evaluation.by_hand.select(*MEMBER, pl.col("override").alias("override_id"))
    slipping = evaluation.slipping.select(*MEMBER, "below_since", "drops_at")
    notes = slipping.join(by_hand, on=MEMBER, how="full", coalesce=True).select(*MEMBER, *NOTES)
    # While a person's decision gives the level, it does not drop.
    drops_at = pl.when(pl.col("override_id").is_null()).then("drops_at")
    return notes.with_columns(drops_at.alias("drops_at"))


def _noted(connection: Connection, members: pl.DataFrame, evaluation: Evaluation) -> pl.DataFrame:
    """The open memberships that go on with other notes than before."""
    columns = [memberships.c[name] for name in NOTES]
    has_any = or_(*(column.is_not(None) for column in columns))
    said = read_frame(
        connection, select(memberships.c.id, *columns).where(memberships.c.until_run_id.is_(None), has_any)
    )
    notes = _notes(evaluation)
    going_on = (
        members.join(evaluation.memberships, on=MEMBER, how="semi") if len(said) + len(notes) else members.clear()
    )
    now = notes.join(going_on, on=MEMBER).select("id", *NOTES)
    both = said.join(going_on, on="id", how="semi").join(now, on="id", how="full", coalesce=True, suffix="_now")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in NOTES)
    return both.filter(differs).sort("id").select("id", **{name: pl.col(f"{name}_now") for name in NOTES})


def _cooling(connection: Connection, book: RuleBook, as_of: datetime) -> pl.DataFrame:
    """Columns of FIRED: who was told of a warning so lately that it must not fire again yet."""
    found = [pl.DataFrame(schema={"customer": pl.Int64(), "ruleset": pl.String(), "warning": pl.String()})]
    meant = warnings.c.fired_run_id.not_in(withdrawn_runs(connection))
    for ruleset in book.rulesets:
        for rule in ruleset.warnings:
            if rule.cooldown:
                said = (warnings.c.ruleset == ruleset.code, warnings.c.warning == rule.code)
                lately = warnings.c.fired_at.between(as_of - rule.cooldown + _TICK, as_of)
                columns = (warnings.c.customer_id.label("customer"), warnings.c.ruleset, warnings.c.warning)
                found.append(read_frame(connection, select(*columns).where(*said, lately, meant).distinct()))
    return pl.concat(found)


def publish(connection: Connection, run_id: int, book: RuleBook, evaluation: Evaluation) -> Changes:
    """Write the run's answers in the caller's transaction, which `finish_run` then makes the published run.

    A membership or warning that goes on keeps the row, the run and the reasons it began with.
    """
    as_of: datetime = connection.execute(select(runs.c.as_of).where(runs.c.id == run_id)).scalar_one()
    changes = compare(connection, book, evaluation, as_of)
    end_rows(connection, memberships, changes.left["id"], run_id)
    end_rows(connection, warnings, changes.cleared["id"], run_id)
    digests = pl.DataFrame(
        {"ruleset": [item.code for item in book.rulesets], "digest": [item.digest for item in book.rulesets]},
        schema={"ruleset": pl.String(), "digest": pl.String()},
    )
    note(connection, run_id, changes.noted)
    features = evaluation.features
    reasons = _reasons(book, evaluation, changes.entered)
    _begin_memberships(connection, run_id, changes.entered.with_columns(reasons), digests, _notes(evaluation))
    _begin_warnings(connection, run_id, book, features, changes.fired, digests)
    _record_rules(connection, run_id, book)
    _record_levels(connection, run_id, book, evaluation)
    return changes


def level_counts(book: RuleBook, evaluation: Evaluation) -> dict[str, dict[str, int]]:
    """Members per rule set and level in the order of the files; levels nobody has count 0."""
    counted = evaluation.memberships.group_by("ruleset", "level").len()
    members = {(ruleset, level): count for ruleset, level, count in counted.rows()}
    return {
        item.code: {level.code: members.get((item.code, level.code), 0) for level in item.levels}
        for item in book.rulesets
        if item.kind != "warning"
    }


def warning_counts(book: RuleBook, evaluation: Evaluation) -> dict[str, int]:
    """Customers each warning holds for, in the order of the files; 0 where it holds for nobody."""
    counted = dict(evaluation.warnings.group_by("warning").len().rows())
    return {rule.code: counted.get(rule.code, 0) for item in book.rulesets for rule in item.warnings}


def _reasons(book: RuleBook, evaluation: Evaluation, entered: pl.DataFrame) -> pl.Series:
    """JSON as of `membership_reasons`; of a membership given by hand, `when` says by whom and why."""
    reasons = membership_reasons(book, evaluation.features, entered).alias("reasons")
    if evaluation.by_hand.is_empty():
        return reasons
    said = pl.format("{}: {} ({})", pl.lit(BY_HAND_REASON), "reason", "author")
    told = pl.struct(when=said, features=pl.lit(None)).struct.json_encode().alias("told")
    by_hand = evaluation.by_hand.select(*MEMBER, told)
    found = entered.select(MEMBER).with_columns(reasons).join(by_hand, on=MEMBER, how="left", maintain_order="left")
    return found.select(pl.coalesce("told", "reasons").alias("reasons")).to_series()


def _begin_memberships(
    connection: Connection, run_id: int, entered: pl.DataFrame, digests: pl.DataFrame, notes: pl.DataFrame
) -> None:
    """`entered` has its `reasons`."""
    rows = entered.join(digests, on="ruleset", maintain_order="left")
    rows = rows.join(notes, on=MEMBER, how="left", maintain_order="left")
    append_rows(
        connection,
        memberships,
        rows.select(
            pl.col("customer").alias("customer_id"),
            "ruleset",
            "level",
            pl.lit(run_id, pl.Int64).alias("from_run_id"),
            "digest",
            "reasons",
            *NOTES,
        ),
    )


def _begin_warnings(
    connection: Connection,
    run_id: int,
    book: RuleBook,
    features: pl.DataFrame,
    fired: pl.DataFrame,
    digests: pl.DataFrame,
) -> None:
    as_of: datetime = connection.execute(select(runs.c.as_of).where(runs.c.id == run_id)).scalar_one()
    rules = [(item.code, rule.code, json.dumps(list(rule.route))) for item in book.rulesets for rule in item.warnings]
    routes = pl.DataFrame(
        rules, schema={"ruleset": pl.String(), "warning": pl.String(), "route": pl.String()}, orient="row"
    )
    explained = fired.with_columns(warning_reasons(book, features, fired).select("reason", "reasons"))
    rows = explained.join(routes, on=["ruleset", "warning"], maintain_order="left").join(
        digests, on="ruleset", maintain_order="left"
    )
    append_rows(
        connection,
        warnings,
        rows.select(
            pl.col("customer").alias("customer_id"),
            "ruleset",
            "warning",
            "severity",
            "reason",
            "reasons",
            "route",
            pl.lit(run_id, pl.Int64).alias("fired_run_id"),
            pl.lit(as_of, pl.Datetime("us", "UTC")).alias("fired_at"),
            "digest",
            pl.lit("open").alias("state"),
        ),
    )


def _record_rules(connection: Connection, run_id: int, book: RuleBook) -> None:
    known = set(connection.execute(select(rule_versions.c.digest)).scalars())
    for position, item in enumerate(book.rulesets):
        if item.digest not in known:
            values = {"digest": item.digest, "ruleset": item.code, "kind": item.written, "path": item.path}
            connection.execute(insert(rule_versions).values(**values, definition=definition(item), source=item.source))
        row = {"run_id": run_id, "ruleset": item.code, "digest": item.digest, "position": position}
        connection.execute(insert(run_rules).values(**row))


def _record_levels(connection: Connection, run_id: int, book: RuleBook, evaluation: Evaluation) -> None:
    rows = [
        {"run_id": run_id, "ruleset": ruleset, "level": level, "members": members}
        for ruleset, levels in level_counts(book, evaluation).items()
        for level, members in levels.items()
    ]
    if rows:
        connection.execute(insert(run_levels), rows)
