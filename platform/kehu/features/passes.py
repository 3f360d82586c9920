"""One pass over the events of a kind, counted for the customers of one role, a frame of whole customers at a time."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

import polars as pl

from kehu.features.answers import Answers, Found
from kehu.features.catalogue import CompiledCatalogue
from kehu.features.declaration import Declaration
from kehu.features.edges import NEVER, Edges
from kehu.features.parts import BATCH_ROWS, whole_customers
from kehu.features.reductions import Whole, bounds_of, placed
from kehu.features.rows import Reading
from kehu.features.streams import Stream
from kehu.features.windows import Spans, Windows
from kehu.model.graph import INSTANT

_NOBODY = NEVER
_Part = tuple[Whole, list[tuple[str, Found]]]


@dataclass(frozen=True, slots=True)
class Pass:
    """Features of one kind of event and one role, at least one."""

    compiled: CompiledCatalogue
    items: tuple[Declaration, ...]
    as_of: datetime

    @property
    def stream(self) -> Stream:
        """The kind of event."""
        if self.items[0].stream is None:
            raise TypeError(f"'{self.items[0].info.name}' counts no events")
        return self.items[0].stream

    def rows(self, events: pl.LazyFrame) -> pl.LazyFrame:
        """Of every event its `customer`, never null, and the columns that the features read."""
        owner = pl.col(self.stream.roles[self.items[0].role])
        return events.select(owner.fill_null(_NOBODY).alias("customer"), *sorted(self._stored(self.items)))

    def in_order(self, events: pl.LazyFrame, *, with_id: bool) -> pl.LazyFrame:
        """The events of somebody that windows reach, by customer, instant, then `id`, else as they stand."""
        order = [self.stream.roles[self.items[0].role], *([self.stream.at] if self.stream.at else [])]
        rows = events.filter(pl.col(order[0]).is_not_null())
        if self.stream.at:
            rows = rows.filter(pl.col(self.stream.at) <= pl.lit(self.as_of, INSTANT))
        return rows.sort([*order, *(["id"] if with_id else [])], maintain_order=True)

    def counted(self, everyone: pl.Series, events: pl.LazyFrame) -> pl.DataFrame:
        """A row per customer of `everyone`, from events that stand by customer, then instant, then as recorded."""
        rows = self.rows(events)
        batches = rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True, engine="streaming")
        return self._counted(everyone, rows.head(0).collect(), batches)

    def counted_in(self, everyone: pl.Series, frames: Iterator[pl.DataFrame]) -> pl.DataFrame:
        """The same, from such events frame by frame, of which there is at least one and all have one schema."""
        first = self.rows(next(frames).lazy()).collect()
        rest = (self.rows(frame.lazy()).collect() for frame in frames)
        batches = (batch for frame in chain([first], rest) for batch in frame.iter_slices(BATCH_ROWS))
        return self._counted(everyone, first.clear(), batches)

    def _counted(self, everyone: pl.Series, empty: pl.DataFrame, batches: Iterable[pl.DataFrame]) -> pl.DataFrame:
        counting, answers = _Counting(self, empty.schema), Answers(everyone)
        answers.add(*counting.part(empty))
        for customers, found in counting.parts(batches):
            answers.add(customers, found)
        return answers.frame()

    def _stored(self, items: tuple[Declaration, ...]) -> set[str]:
        named = set().union(*(self.compiled.named_columns(item) for item in items))
        return self.stream.stored(named) | ({self.stream.at} if self.stream.at else set())


class _Counting:
    """A pass at work on frames of one schema."""

    def __init__(self, one: Pass, schema: pl.Schema) -> None:
        self.one = one
        self.reading = Reading(one.compiled, one.items, one.as_of, schema)
        self.spans = Spans(one.items, Edges(one.items, one.as_of), one.compiled.money_digits)

    def parts(self, batches: Iterable[pl.DataFrame]) -> Iterator[_Part]:
        """Frames are counted side by side, in as many threads as Polars has; as many wait at most."""
        threads = pl.thread_pool_size()
        waiting: deque[Future[_Part]] = deque()
        with ThreadPoolExecutor(threads) as pool:
            for frame in whole_customers(batches):
                if len(waiting) > threads:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(self.part, frame))
            yield from (each.result() for each in waiting)

    def part(self, frame: pl.DataFrame) -> _Part:
        """The customers of the frame, and their features."""
        rows, owners = self.reading.rows(frame), frame["customer"].to_numpy()
        bounds = bounds_of(owners)
        windows = Windows(rows, placed(rows.at, bounds, self.spans.edges.instants), self.spans)
        return owners[bounds[:-1]], [(item.info.name, windows.counted(item)) for item in self.one.items]


def ordered_columns(compiled: CompiledCatalogue, items: tuple[Declaration, ...]) -> list[str]:
    """The derived columns the features name that look at the customer's event before."""
    named = {name for item in items for name in compiled.named_columns(item)}
    derived = items[0].stream.derived if items and items[0].stream else {}
    return sorted(name for name in named if name in derived and derived[name].ordered)
