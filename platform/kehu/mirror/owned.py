"""The events of some owners alone, taken from where they stand in the mirror, a file at a time."""

from collections.abc import Collection, Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from kehu.features.answers import Finder
from kehu.mirror.layout import LAYOUTS
from kehu.mirror.mirror import Mirror

Whole = npt.NDArray[np.int64]

# Below every id and instant, as rows of nobody and those without an instant stand before all others.
_NONE = np.iinfo(np.int64).min


class OwnedEvents:
    """Of one kind of event, as long as the mirror lives."""

    def __init__(self, mirror: Mirror, stream: str) -> None:
        self.mirror, self.layout, self.files = mirror, LAYOUTS[stream], mirror.manifest.streams[stream]

    def of(self, owners: pl.Series, columns: Collection[str]) -> Iterator[pl.DataFrame]:
        """The named columns of every event of those owners, in at least one frame, all of one schema.

        An owner's stand together, in one frame, by instant, then as recorded. Texts come as Categorical where every
        file has them so.
        """
        read = sorted({*columns, *(self.layout.order if self.files.tail else ()), *(["id"] if len(self._gone) else [])})
        schema, find, asked = self._schema(read), Finder(owners), sorted(columns)
        tail = self._tail.select(read).cast(schema)
        tail = tail.filter(_among(find, self._tail[self.layout.owner]))
        for place in range(len(self.files.base)):
            rows, known = self._taken(place, read, find)
            rows = rows.cast(schema) if rows.schema != schema else rows
            if not tail.is_empty():
                # No owner's rows stand in two files.
                is_known = tail[self.layout.owner].is_in(known.implode())
                rows, tail = _merged(rows, tail.filter(is_known), self.layout.order), tail.filter(~is_known)
            yield rows.select(asked)
        yield tail.select(asked)

    def _schema(self, columns: list[str]) -> pl.Schema:
        """The columns' types, a text's Categorical unless one file has it as it is: each decides for itself."""
        types = {name: kind for name, kind in self.layout.types.items() if name in columns}
        schemas = [pl.read_ipc_schema(self.mirror.folder / each.name) for each in self.files.base]
        coded = {name for name in types if schemas and all(each[name] == pl.Categorical() for each in schemas)}
        return pl.Schema({name: pl.Categorical() if name in coded else types[name] for name in columns})

    @cached_property
    def _tail(self) -> pl.DataFrame:
        parts = [pl.read_ipc(self.mirror.folder / each.name) for each in self.files.tail]
        return pl.concat([pl.DataFrame(schema=self.layout.types), *parts]).sort(self.layout.order)

    @cached_property
    def _gone(self) -> pl.Series:
        parts = [pl.read_ipc(self.mirror.folder / each.name)["id"] for each in self.files.gone]
        return pl.concat([pl.Series("id", [], dtype=pl.Int64), *parts])

    def _taken(self, place: int, columns: list[str], find: Finder) -> tuple[pl.DataFrame, pl.Series]:
        """A file's rows of owners that are sought, and which owners those are."""
        path, owner = self.mirror.folder / self.files.base[place].name, self.layout.owner
        frame = pl.read_ipc(path, columns=list(dict.fromkeys([owner, *columns])))
        rows = frame.filter(_among(find, frame[owner]))
        known = rows[owner].rle().struct.field("value")
        return (rows.filter(~rows["id"].is_in(self._gone.implode())) if len(self._gone) else rows).select(
            columns
        ), known


def _among(find: Finder, owners: pl.Series) -> pl.Series:
    return pl.Series(find(owners.fill_null(_NONE).to_numpy()) >= 0)


def _merged(rows: pl.DataFrame, more: pl.DataFrame, order: tuple[str, ...]) -> pl.DataFrame:
    """Both together in that order, in which each is; few of `more` are put among `rows` without sorting again."""
    if more.is_empty():
        return rows
    places = _places([_keys(rows[name]) for name in order], [_keys(more[name]) for name in order])
    index = np.insert(np.arange(len(rows)), places, np.arange(len(rows), len(rows) + len(more)))
    return pl.concat([rows, more], rechunk=True)[index]


def _places(known: list[Whole], sought: list[Whole]) -> Whole:
    """How many of the known come before each that is sought, both told by several numbers in turn, in order."""
    low = np.zeros(len(sought[0]), np.int64)
    high = np.full(len(sought[0]), len(known[0]), np.int64)
    while (low < high).any():
        middle = (low + high) // 2
        is_open, is_before = low < high, _is_before(known, np.minimum(middle, len(known[0]) - 1), sought)
        low = np.where(is_open & is_before, middle + 1, low)
        high = np.where(is_open & ~is_before, middle, high)
    return low


def _is_before(known: list[Whole], rows: Whole, sought: list[Whole]) -> npt.NDArray[np.bool_]:
    less = np.zeros(len(rows), np.bool_)
    for one, other in zip(reversed(known), reversed(sought), strict=True):
        less = (one[rows] < other) | ((one[rows] == other) & less)
    return less


def _keys(column: pl.Series) -> Whole:
    return column.to_physical().fill_null(_NONE).to_numpy()
