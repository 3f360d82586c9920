"""The events of some owners alone, taken from where they stand in the mirror instead of sought among all."""

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import polars.selectors as cs

from kehu.mirror.layout import LAYOUTS
from kehu.mirror.mirror import Mirror

Whole = npt.NDArray[np.int64]


class OwnedEvents:
    """Of one kind of event, as long as the mirror lives; where its owners' rows begin is looked up once."""

    def __init__(self, mirror: Mirror, stream: str) -> None:
        self.mirror, self.layout, self.files = mirror, LAYOUTS[stream], mirror.manifest.streams[stream]

    def of(self, asked: Sequence[tuple[pl.Series, Collection[str]]]) -> list[pl.DataFrame]:
        """For each of some owners and names of columns, these of every event of those owners.

        An owner's stand together, by instant, then as recorded. Texts come as Categorical where they are stored so.
        Each file is read once, whatever is asked of it.
        """
        columns = [sorted({*names, *self.layout.order} if self.files.tail else names) for _, names in asked]
        parts: list[list[pl.DataFrame]] = [[] for _ in asked]
        for place in range(len(self.files.base)):
            frame = self._read(place, sorted({"id"}.union(*columns)))
            for found, (owners, _), names in zip(parts, asked, columns, strict=True):
                rows = self._taken(place, frame.select(list(dict.fromkeys(["id", *names]))), owners)
                found.extend([rows.select(names)] if len(rows) else [])
        each = zip(parts, asked, columns, strict=True)
        return [self._whole(found, owners, names).select(sorted(told)) for found, (owners, told), names in each]

    def _whole(self, parts: list[pl.DataFrame], owners: pl.Series, columns: list[str]) -> pl.DataFrame:
        rows = pl.concat(_alike(parts or [pl.DataFrame(schema=self.layout.types).select(columns)]))
        tail = self._tail.filter(pl.col(self.layout.owner).is_in(owners.implode()))
        if tail.is_empty():
            return rows
        # Only the owners of something new need sorting again.
        new = pl.col(self.layout.owner).is_in(tail[self.layout.owner].unique().implode())
        mixed = pl.concat([rows.filter(new), tail.select(columns).cast(rows.schema)]).sort(self.layout.order)
        return pl.concat([rows.filter(~new), mixed])

    @cached_property
    def _tail(self) -> pl.DataFrame:
        parts = [pl.read_ipc(self.mirror.folder / each.name) for each in self.files.tail]
        return pl.concat([pl.DataFrame(schema=self.layout.types), *parts])

    @cached_property
    def _gone(self) -> pl.Series:
        parts = [pl.read_ipc(self.mirror.folder / each.name)["id"] for each in self.files.gone]
        return pl.concat([pl.Series("id", [], dtype=pl.Int64), *parts])

    @cached_property
    def _begins(self) -> list[tuple[Whole, Whole]]:
        """For each file its owners, in order, and the row with which each begins, at last how many rows there are."""
        columns = (self._read(place, [self.layout.owner])[self.layout.owner] for place in range(len(self.files.base)))
        return [_begins(column.fill_null(_NOBODY).to_numpy()) for column in columns]

    def _read(self, place: int, columns: list[str]) -> pl.DataFrame:
        return pl.read_ipc(self.mirror.folder / self.files.base[place].name, columns=columns)

    def _taken(self, place: int, frame: pl.DataFrame, owners: pl.Series) -> pl.DataFrame:
        known, begins = self._begins[place]
        which = np.flatnonzero(np.isin(known, owners.to_numpy()))
        steps = np.zeros(begins[-1] + 1, np.int8)
        steps[begins[which]] += 1
        steps[begins[which + 1]] -= 1
        rows = frame.filter(pl.Series(np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_)))
        return rows.filter(~rows["id"].is_in(self._gone.implode())) if len(self._gone) else rows


# Below every id, as rows of nobody stand before all others.
_NOBODY = np.iinfo(np.int64).min


def _begins(owners: Whole) -> tuple[Whole, Whole]:
    starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1])) if len(owners) else np.zeros(0, np.int64)
    return owners[starts], np.append(starts, len(owners))


def _alike(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Texts as they are wherever one of the frames has them so: each file decides for itself."""
    if all(frame.schema == frames[0].schema for frame in frames):
        return frames
    return [frame.with_columns(cs.categorical().cast(pl.String())) for frame in frames]
