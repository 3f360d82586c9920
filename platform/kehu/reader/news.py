"""What publications brought: levels left and entered, warnings raised, in one order that only grows.

A publication's rows become visible together with the pointer, and every later one has a greater run. Nothing is read
beyond the pointer, so whoever reads on from the place of the last row it saw misses nothing and sees nothing twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Connection, Text, cast, select

from kehu.reader.keyset import Key, Window, read_page
from kehu.reader.memberships import Membership, memberships_by_id
from kehu.reader.runs import published
from kehu.reader.warnings import FiredWarning, warnings_by_id
from kehu.tables.runs import memberships, warnings

# Of one run first who left, then who entered, then who is warned of; nothing stands at END or behind it.
LEFT, ENTERED, RAISED, END = range(4)


@dataclass(frozen=True, slots=True, order=True)
class NewsPlace:
    """Where a piece of news stands: its run, its side of it, the id of its row."""

    run: int
    side: int
    row: int

    def within(self, side: int) -> tuple[int, int]:
        """The run and row of that side which all its news after this place follow."""
        if self.side == side:
            return self.run, self.row
        return (self.run, 0) if self.side < side else (self.run + 1, 0)


@dataclass(frozen=True, slots=True)
class LevelNews:
    """A customer left or entered a level, by the run of the place."""

    place: NewsPlace
    membership: Membership

    @property
    def is_entry(self) -> bool:
        """Else the customer left."""
        return self.place.side == ENTERED


@dataclass(frozen=True, slots=True)
class WarningNews:
    """A warning was raised, or raised again by a rollback, by the run of the place."""

    place: NewsPlace
    warning: FiredWarning


def newest_place(connection: Connection) -> NewsPlace:
    """The end of all that is published."""
    current = published(connection)
    return NewsPlace(0 if current is None else current.run_id, END, 0)


def level_news(
    connection: Connection, after: NewsPlace, ruleset: str, level: str | None, size: int
) -> Sequence[LevelNews]:
    """Up to `size` behind the place, of a level or of every one."""
    wanted = [memberships.c.ruleset == ruleset, *([] if level is None else [memberships.c.level == level])]
    # Read before the rest: what is published meanwhile is told of the next time, whole.
    upto = newest_place(connection).run
    left = _places(connection, (memberships.c.until_run_id, LEFT), (after, upto), wanted, size)
    entered = _places(connection, (memberships.c.from_run_id, ENTERED), (after, upto), wanted, size)
    places = sorted(left + entered)[:size]
    rows = memberships_by_id(connection, [place.row for place in places])
    return [LevelNews(place, rows[place.row]) for place in places if place.row in rows]


def warning_news(
    connection: Connection, after: NewsPlace, department: str | None, ruleset: str | None, size: int
) -> Sequence[WarningNews]:
    """Up to `size` behind the place, told to a department or to any, of a rule set or of every one."""
    wanted = [] if ruleset is None else [warnings.c.ruleset == ruleset]
    if department is not None:
        # The route is a JSON list of plain codes: one of them stands in its text between quotes.
        wanted.append(cast(warnings.c.route, Text).contains(f'"{department}"', autoescape=True))
    upto = newest_place(connection).run
    places = _places(connection, (warnings.c.fired_run_id, RAISED), (after, upto), wanted, size)
    rows = warnings_by_id(connection, [place.row for place in places])
    return [WarningNews(place, rows[place.row]) for place in places if place.row in rows]


def _places(
    connection: Connection,
    of: tuple[Column[int], int],
    between: tuple[NewsPlace, int],
    wanted: Sequence[ColumnElement[bool]],
    size: int,
) -> list[NewsPlace]:
    """The side's first rows behind a place, of runs up to a number; `of` names the column of the run."""
    (run, side), (after, upto) = of, between
    keys = (Key(run), Key(run.table.c.id))
    statement = select(*(key.column for key in keys)).where(run.is_not(None), run <= upto, *wanted)
    window = Window(size, after.within(side))
    return list(read_page(connection, statement, keys, window, lambda row: NewsPlace(row[0], side, row[1])).rows)
