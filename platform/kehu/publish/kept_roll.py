"""The roll that is published, kept beside the mirror so that a run need not read it: derived and disposable."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, Text, column, select, text

from kehu.mirror.contents import understood
from kehu.mirror.files import UnusableError
from kehu.mirror.kept_frame import KeptFrame
from kehu.publish.history import ANSWER, ENDS, published_roll
from kehu.rules.rolls import Key, Lists, Roll, patched
from kehu.store.bulk import read_frame
from kehu.store.event_changes import Head, changes_query, head_of, ranges, token_query
from kehu.tables.columns import BIG
from kehu.tables.runs import memberships, publication, warnings

_FOLDER, _FORMAT = "published", 1
_MEMBERS, _FIRING = "member", "firing"
# CROSS JOIN keeps SQLite to this order: a look-up for each range of customers.
_MOVED = """
SELECT h.customer_id AS customer, h.ruleset, h.{code} FROM event_changes AS c CROSS JOIN {history} AS h
WHERE c.stream = 'memberships' AND c.id > :since AND h.customer_id BETWEEN c.first_id AND c.last_id
AND h.{until} IS NULL
"""


@dataclass(frozen=True, slots=True)
class State:
    """Which publication it is, and up to which entry of the log of changes the roll is known."""

    run_id: int
    published_at: str
    head: Head


@dataclass(frozen=True, slots=True)
class KeptRoll:
    """Where the roll of a database is kept, None to read it always; `progress` is told why it could not be used."""

    folder: Path | None
    progress: Callable[[str, int], None]

    def roll(self, connection: Connection) -> Roll:
        """What is published, as far as it is known without the store, and otherwise from there."""
        if self.folder is None:
            return published_roll(connection)
        try:
            known = _read(KeptFrame(self.folder / _FOLDER))
            if known is not None:
                return _brought_up(connection, *known)
        except (UnusableError, OSError) as error:
            self.progress(f"reading what is published from the database itself: {error}", 0)
        return published_roll(connection)

    def forget(self) -> None:
        """Keep nothing any more. To be called before a publication ends, so that what is kept is never of another."""
        if self.folder is not None:
            # What cannot be removed is seen to be of another publication.
            with suppress(OSError):
                KeptFrame(self.folder / _FOLDER).forget()

    def keep(self, state: State, roll: Roll) -> None:
        """Keep the roll of that publication, which has ended by now."""
        if self.folder is None:
            return
        try:
            known = {"format": _FORMAT, **asdict(state)}
            KeptFrame(self.folder / _FOLDER).write(known, _frame_of(roll))
        except OSError as error:
            self.progress(f"what is published could not be kept beside the mirror: {error}", 0)


def state_of(connection: Connection) -> State:
    """The publication as the connection sees it; run 0 before the first."""
    row = connection.execute(select(publication.c.run_id, publication.c.published_at)).one_or_none()
    run_id, published_at = (0, "") if row is None else (row.run_id, row.published_at.isoformat())
    return State(run_id, published_at, head_of(partial(read_frame, connection)))


def check_state(connection: Connection, state: State) -> None:
    """Raises UnusableError when what was kept with that state is of another publication."""
    now = state_of(connection)
    tokens = read_frame(connection, token_query(state.head)).rows()
    if (now.run_id, now.published_at) != (state.run_id, state.published_at) or tokens != [(state.head.token,)]:
        raise UnusableError(f"what is kept is of run {state.run_id} in another state of the database")


def _brought_up(connection: Connection, state: State, roll: Roll) -> Roll:
    """The roll with what happened to customers since. Raises UnusableError when it is of another publication."""
    check_state(connection, state)
    spans = read_frame(connection, changes_query(memberships.name, state.head))
    if spans.is_empty():
        return roll
    rows = {history: _moved_rows(connection, history, state.head) for history in (memberships, warnings)}
    touched = roll.customers.alias("customer").to_frame().sort("customer")
    touched = touched.join_asof(ranges(spans), left_on="customer", right_on="first_id")
    whom = touched.filter(pl.col("customer") <= pl.col("last_id"))["customer"]
    return patched(roll, whom, rows[memberships], rows[warnings])


def _moved_rows(connection: Connection, history: Any, since: Head) -> pl.DataFrame:
    code = ANSWER[history]
    query = text(_MOVED.format(code=code, history=history.name, until=ENDS[history])).bindparams(since=since.id)
    columns = (column("customer", BIG), column("ruleset", Text), column(code, Text))
    return read_frame(connection, query.columns(*columns))


def _read(place: KeptFrame) -> tuple[State, Roll] | None:
    """None before the first. Raises UnusableError when it is damaged."""
    found = place.read(thoroughly=True)
    if found is None:
        return None
    given, frame = found
    with understood(place.contents):
        if given["format"] != _FORMAT:
            raise UnusableError("it was made by another version of Kehu")
        state = State(given["run_id"], given["published_at"], Head(**given["head"]))
    return state, _roll_in(frame)


def _frame_of(roll: Roll) -> pl.DataFrame:
    """The columns are named by what they say, as JSON, so that no code is mistaken."""
    lists = [(_MEMBERS, roll.members), (_FIRING, roll.firing)]
    columns = [each.alias(json.dumps([kind, *key])) for kind, of in lists for key, each in of.items()]
    return pl.DataFrame([roll.customers.alias("customer"), *columns])


def _roll_in(frame: pl.DataFrame) -> Roll:
    found: dict[str, dict[Key, pl.Series]] = {_MEMBERS: {}, _FIRING: {}}
    for name in frame.columns[1:]:
        kind, ruleset, code = json.loads(name)
        found[kind][ruleset, code] = frame[name]
    members: Lists = found[_MEMBERS]
    return Roll(frame["customer"], members, found[_FIRING])
