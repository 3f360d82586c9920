"""A run's answers against what is published: what changed is written, then the pointer moves."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Connection, insert, select

from kehu.publish.definitions import definition
from kehu.publish.entries import Entries
from kehu.publish.history import end_rows, note, published_roll, rows_of
from kehu.publish.notes import noted
from kehu.publish.run_log import withdrawn_runs
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import Evaluation
from kehu.rules.rolls import Key, Listed, Lists, Roll, difference
from kehu.store.bulk import read_frame
from kehu.tables.runs import memberships, rule_versions, run_levels, run_rules, runs, warnings

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a publication changes, and the roll that readers see then.

    `noted` are memberships that go on and of which something else is to be said: id and the columns of NOTES.
    """

    entered: Listed
    left: Listed
    fired: Listed
    cleared: Listed
    noted: pl.DataFrame
    roll: Roll


def compare(
    connection: Connection, book: RuleBook, evaluation: Evaluation, as_of: datetime, published: Roll | None = None
) -> Changes:
    """What the evaluation, as of an instant, changes against the open memberships and warnings.

    They are read from the store unless they are known and given. A warning that cleared does not fire again within its
    cooldown: (as_of - cooldown, as_of] since it last fired. One of a run that was rolled back was a mistake and
    silences nothing.
    """
    old = published_roll(connection) if published is None else published
    new = evaluation.roll
    entered, left = difference(old.customers, old.members, new.customers, new.members, "level")
    found, cleared = difference(old.customers, old.firing, new.customers, new.firing, "warning")
    fired = found.without(_cooling(connection, book, as_of))
    firing = {key: _without(each, found.places[key], fired.places[key]) for key, each in new.firing.items()}
    roll = Roll(new.customers, new.members, firing)
    return Changes(entered, left, fired, cleared, noted(connection, old, evaluation), roll)


def _without(firing: pl.Series, found: pl.Series, fired: pl.Series) -> pl.Series:
    """Whom the warning is about but for those found that must not hear of it again yet."""
    if len(found) == len(fired):
        return firing
    return firing.scatter(found.filter(~found.is_in(fired.implode())), values=False)


def _cooling(connection: Connection, book: RuleBook, as_of: datetime) -> pl.DataFrame:
    """Columns customer, ruleset, warning and fired_at: who was told so lately that it must not fire again yet.

    Without warnings that are still open, which cannot fire anyway.
    """
    cooldowns = [(item.code, rule.code, rule.cooldown) for item in book.rulesets for rule in item.warnings]
    schema = {"ruleset": pl.String(), "warning": pl.String(), "cooldown": pl.Duration("us")}
    rules = pl.DataFrame(cooldowns, schema=schema, orient="row")
    longest = max((cooldown for _, _, cooldown in cooldowns), default=timedelta())
    lately = warnings.c.fired_at.between(as_of - longest + _TICK, as_of)
    meant = warnings.c.fired_run_id.not_in(withdrawn_runs(connection))
    columns = (warnings.c.customer_id.label("customer"), warnings.c.ruleset, warnings.c.warning, warnings.c.fired_at)
    told = read_frame(connection, select(*columns).where(warnings.c.cleared_run_id.is_not(None), lately, meant))
    return told.join(rules, on=["ruleset", "warning"]).filter(pl.col("fired_at") > as_of - pl.col("cooldown"))


def publish(
    connection: Connection, run_id: int, book: RuleBook, evaluation: Evaluation, published: Roll | None = None
) -> Changes:
    """Write the run's answers in the caller's transaction, which `finish_run` then makes the published run.

    A membership or warning that goes on keeps the row, the run and the reasons it began with. `published` is as for
    `compare`.
    """
    as_of: datetime = connection.execute(select(runs.c.as_of).where(runs.c.id == run_id)).scalar_one()
    changes = compare(connection, book, evaluation, as_of, published)
    for history, ended in ((memberships, changes.left), (warnings, changes.cleared)):
        if len(ended):
            end_rows(connection, history, rows_of(connection, history, ended.frame())["id"], run_id)
    note(connection, run_id, changes.noted)
    entries = Entries(connection, run_id, as_of, book, evaluation)
    entries.write_memberships(changes.entered)
    entries.write_warnings(changes.fired)
    _record_rules(connection, run_id, book)
    _record_levels(connection, run_id, book, evaluation)
    return changes


def level_counts(book: RuleBook, evaluation: Evaluation) -> dict[str, dict[str, int]]:
    """Members per rule set and level in the order of the files; levels nobody has count 0."""
    members = evaluation.roll.members
    return {
        item.code: {level.code: _size(members, (item.code, level.code)) for level in item.levels}
        for item in book.rulesets
        if item.kind != "warning"
    }


def warning_counts(book: RuleBook, evaluation: Evaluation) -> dict[str, int]:
    """Customers each warning holds for, in the order of the files; 0 where it holds for nobody.

    A warning whose code another rule set has, too, is called by both: "churn_warning:silent".
    """
    firing = evaluation.roll.firing
    keys = [(item.code, rule.code) for item in book.rulesets for rule in item.warnings]
    borne = Counter(code for _, code in keys)
    return {code if borne[code] == 1 else f"{ruleset}:{code}": _size(firing, (ruleset, code)) for ruleset, code in keys}


def _size(lists: Lists, key: Key) -> int:
    return int(lists[key].sum()) if key in lists else 0


def _record_rules(connection: Connection, run_id: int, book: RuleBook) -> None:
    known = set(connection.execute(select(rule_versions.c.digest)).scalars())
    for position, item in enumerate(book.rulesets):
        if item.digest not in known:
            values = {"digest": item.digest, "ruleset": item.code, "kind": item.written, "path": item.path}
            told = {"definition": definition(item, book.schema), "source": item.source}
            connection.execute(insert(rule_versions).values(**values, **told))
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
