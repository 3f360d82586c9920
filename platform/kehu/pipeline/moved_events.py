"""Events that count otherwise than at an earlier run: new ones, and those that time moved; found in one scan."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from kehu.features.aggregates import stored_columns
from kehu.features.catalogue import Catalogue, CompiledCatalogue
from kehu.features.crossings import crossing
from kehu.features.declaration import Declaration
from kehu.features.selection import only
from kehu.features.streams import Stream
from kehu.mirror.mirror import Mirror

# Where more of all events than that count otherwise, it is as well to count all of them; so few never matter.
_MOST_SHARE, _FEW = 0.2, 100_000


@dataclass(frozen=True, slots=True)
class Span:
    """From one run to the next: their instants, the later one's catalogue, and the greatest id there was at the first.

    Which instant is the later does not matter.
    """

    compiled: CompiledCatalogue
    then: datetime
    now: datetime
    last_id: int

    @property
    def is_new(self) -> pl.Expr:
        """Whether an event was recorded in between."""
        return pl.col("id") > self.last_id

    def passed(self, items: Collection[Declaration]) -> pl.Expr:
        """Whether time makes an event count otherwise for one of these features."""
        if not items or self.then == self.now:
            return pl.lit(value=False)
        return crossing(self.compiled, items, self.then, self.now)


def moved_events(
    mirror: Mirror, catalogue: Catalogue, stream: Stream, items: Collection[Declaration], span: Span
) -> pl.DataFrame | None:
    """The events that are new, or that time makes count otherwise for one of the features, in the order recorded.

    They have the columns that the features read, and `id`. None when they are too many to be worth knowing.
    """
    columns = stored_columns(only(catalogue, {item.info.name for item in items})).get(stream.name, set()) | {"id"}
    rows = mirror.scan(stream.name, columns, in_order=False, coded=True)
    most = max(_FEW, int(_MOST_SHARE * mirror.rows(stream.name)))
    if not items or (span.then == span.now and span.last_id == mirror.last_ids[stream.name]):
        return rows.head(0).collect()
    found = rows.filter(span.passed(items) | span.is_new).head(most + 1).collect(engine="streaming")
    return None if len(found) > most else found.sort("id")
