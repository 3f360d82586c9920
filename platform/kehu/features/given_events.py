"""Events written by hand, as in a rule test: read with their places, and as the frames features count."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from kehu.features.streams import STREAMS, Stream
from kehu.model.feature_types import POLARS_TYPES, FeatureType
from kehu.model.graph import INSTANT
from kehu.model.problems import did_you_mean
from kehu.model.yaml_nodes import Items, Node, Scalar
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.rules.examples import read_value
from kehu.rules.shapes import Shapes

# What `at` stands for: the instant that the loader would have taken from the department's own column.
HAPPENED: Mapping[str, str] = {"shipments": "accepted_at", "complaints": "opened_at", "visits": "held_at"}
# A shipment is placed in time by the first of these that is known, as when it is loaded.
_PLACED_BY = ("accepted_at", "delivered_at", "promised_at")
_USUAL_ROLES = ("shipper", "payer")
_AGO = re.compile(r"([0-9]{1,4}) (minute|hour|day|week)s? ago")
_LENGTH = re.compile(r"([1-9][0-9]{0,3}) (minute|hour|day|week)s?")
_MOST_TIMES = 10_000
_LONGEST = timedelta(days=36_525)


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """Stored values by column, and the columns that name the customer. Repeated `times`, each `every` earlier."""

    row: Mapping[str, object]
    owners: tuple[str, ...]
    times: int = 1
    every: timedelta = timedelta()

    def rows(self) -> Iterator[dict[str, object]]:
        """The stored rows, the last to happen first."""
        for number in range(self.times):
            back = number * self.every
            yield {name: value - back if isinstance(value, datetime) else value for name, value in self.row.items()}


GivenEvents = Mapping[str, Sequence[GivenEvent]]


def read_events_given(node: Node, as_of: datetime, money_digits: int, shapes: Shapes) -> GivenEvents:
    """The events by kind; instants may be told as `30 days ago`, seen from `as_of`. What is wrong is noted."""
    if not isinstance(node, MappingNode):
        shapes.note(node.place, "wrong-shape", "'events' must be a mapping", "such as {shipments: [{at: 3 days ago}]}")
        return {}
    found: dict[str, Sequence[GivenEvent]] = {}
    for name, items in node.entries.items():
        if name not in STREAMS:
            remedy = did_you_mean(name, STREAMS)
            shapes.note(node.keys[name].place, "unknown-events", f"there are no events '{name}'", remedy)
            continue
        reader = _Reader(STREAMS[name], as_of, money_digits, shapes)
        found[name] = [event for item in shapes.items(items, f"'{name}'") if (event := reader.event(item))]
    return found


def event_frames(given: Mapping[int, GivenEvents]) -> dict[str, pl.LazyFrame]:
    """One frame per kind of event with its stored columns, of the events of each customer by number."""
    return {name: _frame(stream, given).lazy() for name, stream in STREAMS.items()}


def event_keys(stream: Stream) -> tuple[str, ...]:
    """What may stand in one event of that kind."""
    happened = ("at",) if stream.name in HAPPENED else ()
    roles = ("role",) if len(stream.roles) > 1 else ()
    return (*happened, *roles, *stream.columns, "times", "every")


def _frame(stream: Stream, given: Mapping[int, GivenEvents]) -> pl.DataFrame:
    columns = {name: POLARS_TYPES[kind.kind] for name, kind in stream.columns.items()}
    owners = dict.fromkeys(stream.roles.values(), pl.Int64())
    placed = {stream.at: INSTANT} if stream.at else {}
    rows = [
        row | dict.fromkeys(event.owners, customer)
        for customer, events in given.items()
        for event in events.get(stream.name, ())
        for row in event.rows()
    ]
    return pl.DataFrame(rows, schema={**owners, **columns, **placed}, orient="row")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads events of one kind."""

    stream: Stream
    as_of: datetime
    money_digits: int
    shapes: Shapes

    def event(self, node: Node) -> GivenEvent | None:
        before = len(self.shapes.problems)
        found = self.shapes.mapping(node, f"one of '{self.stream.name}'", event_keys(self.stream), ())
        if found is None:
            return None
        times, every = self._repeated(found)
        event = GivenEvent(self._row(found), self._owners(found), times, every)
        return event if len(self.shapes.problems) == before else None

    def _row(self, found: MappingNode) -> dict[str, object]:
        types = self.stream.types(self.money_digits)
        names = {"at": HAPPENED.get(self.stream.name, "")} | {name: name for name in self.stream.columns}
        row: dict[str, object] = {}
        for key, node in found.entries.items():
            if key in names:
                if names[key] in row:
                    said = f"'at' and '{names[key]}' are the same instant"
                    self.shapes.note(found.keys[key].place, "duplicate-key", said, "write one of the two")
                row[names[key]] = self._value(names[key], node, types[names[key]])
        if self.stream.name == "shipments":
            row["at"] = next((row[name] for name in _PLACED_BY if row.get(name) is not None), None)
        if self.stream.at and not self._is_placed(found):
            said = f"this one of '{self.stream.name}' has no instant"
            self.shapes.note(found.place, "missing-key", said, "add 'at: 3 days ago'")
        return row

    def _is_placed(self, found: MappingNode) -> bool:
        """Whether something says when it happened, be it wrong."""
        keys = {"at", self.stream.at, *(_PLACED_BY if self.stream.name == "shipments" else ())}
        told = (found.entries[key] for key in keys & found.entries.keys())
        return any(not (isinstance(node, Scalar) and node.is_null) for node in told)

    def _value(self, name: str, node: Node, kind: FeatureType) -> object:
        if not isinstance(node, Scalar):
            self.shapes.note(node.place, "example-value", f"'{name}' must be one value")
            return None
        ago = _AGO.fullmatch(node.text) if kind.kind == "instant" else None
        if ago:
            return self.as_of - timedelta(**{f"{ago[2]}s": int(ago[1])})
        return read_value(name, node, kind, self.shapes)

    def _owners(self, found: MappingNode) -> tuple[str, ...]:
        node = found.get("role")
        if node is None:
            usual = [role for role in _USUAL_ROLES if role in self.stream.roles] or list(self.stream.roles)
            return tuple(self.stream.roles[role] for role in usual)
        nodes = node.nodes if isinstance(node, Items) else (node,)
        roles = [self.shapes.word(each, f"a role in {self.stream.name}", self.stream.roles) for each in nodes]
        return tuple(self.stream.roles[role] for role in dict.fromkeys(roles) if role in self.stream.roles)

    def _repeated(self, found: MappingNode) -> tuple[int, timedelta]:
        times, every = found.get("times"), found.get("every")
        text = times.text if isinstance(times, Scalar) else "1"
        if not text.isdecimal() or not 1 <= int(text) <= _MOST_TIMES or (times and not isinstance(times, Scalar)):
            place = (times or found).place
            self.shapes.note(place, "example-value", "'times' must be a whole number", f"from 1 to {_MOST_TIMES}")
            return 1, timedelta()
        length = _LENGTH.fullmatch(every.text) if isinstance(every, Scalar) else None
        step = timedelta(**{f"{length[2]}s": int(length[1])}) if length else timedelta()
        if every is not None and (length is None or times is None or step * int(text) > _LONGEST):
            said = "'every' is a length of time between the repetitions, a century over all of them at most"
            self.shapes.note(every.place, "example-value", said, "write {times: 12, every: 7 days}")
        return int(text), step
