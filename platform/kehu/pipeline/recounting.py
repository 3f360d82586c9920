"""Counting again only where something may have changed since the last run, with the answers of counting everything."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import polars as pl

from kehu.features.aggregates import aggregate
from kehu.features.catalogue import Catalogue, CompiledCatalogue, compile_catalogue
from kehu.features.counted import Counted, aligned, counting, fingerprints, patched
from kehu.features.crossings import crossing, is_timed
from kehu.features.declaration import Declaration
from kehu.features.selection import only
from kehu.features.streams import STREAMS, Stream
from kehu.mirror.mirror import Mirror
from kehu.pipeline.scanning import scans

# Picking so many customers' events out of all is no cheaper than counting everyone's.
_MOST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Recount:
    """Whose events a run counted anew: `customers` of `everyone`, because of `changed` events or `crossed` edges.

    `why` says what made it count everyone's, and is empty when it did not. `for_all` are the features that were
    counted for everyone all the same: new ones, and those whose condition asks for the clock.
    """

    customers: int
    everyone: int
    changed: int = 0
    crossed: int = 0
    why: str = ""
    for_all: tuple[str, ...] = ()


def count_all(
    mirror: Mirror, catalogue: Catalogue, customers: pl.Series, as_of: datetime, why: str
) -> tuple[Counted, Recount]:
    """Every customer's events, and why not fewer."""
    frame = aggregate(catalogue, customers, scans(mirror, catalogue), as_of, by_customer=True)
    return Counted(as_of, fingerprints(catalogue), frame), Recount(len(customers), len(customers), why=why)


def recount(
    mirror: Mirror, catalogue: Catalogue, customers: pl.Series, as_of: datetime, old: Counted, touched: pl.DataFrame
) -> tuple[Counted, Recount]:
    """The same as `count_all` counts, from what was counted before.

    `touched` has the columns of TOUCHED: whose events changed in the store since.
    """
    return _Recounting(mirror, catalogue, customers, as_of, old, touched).run()


class _Recounting:
    """One recount, pass by pass; a pass is a kind of event and the role of whom it counts for."""

    def __init__(
        self,
        mirror: Mirror,
        catalogue: Catalogue,
        customers: pl.Series,
        as_of: datetime,
        old: Counted,
        touched: pl.DataFrame,
    ) -> None:
        self.mirror, self.catalogue, self.customers, self.as_of = mirror, catalogue, customers, as_of
        self.old, self.touched = Counted(old.as_of, old.fingerprints, aligned(old.frame, customers)), touched
        self.compiled: CompiledCatalogue = compile_catalogue(catalogue, as_of)
        self.asked = fingerprints(catalogue)
        self.changed: list[pl.Series] = []
        self.crossed: list[pl.Series] = []
        self.for_all: list[str] = []

    def run(self) -> tuple[Counted, Recount]:
        passes = groupby(sorted(counting(self.catalogue), key=_pass_of), key=_pass_of)
        frames = [self._pass(list(items)) for _, items in passes]
        everyone = self.customers.alias("customer").to_frame()
        frame = pl.concat([everyone, *(each.drop("customer") for each in frames)], how="horizontal")
        told = Recount(
            customers=_united([*self.changed, *self.crossed]).len(),
            everyone=len(self.customers),
            changed=_united(self.changed).len(),
            crossed=_united(self.crossed).len(),
            for_all=tuple(sorted(self.for_all)),
        )
        return Counted(self.as_of, self.asked, frame), told

    def _pass(self, items: list[Declaration]) -> pl.DataFrame:
        stream = _stream_of(items)
        owner = stream.roles[items[0].role]
        kept = [item for item in items if self._is_kept(item)]
        new = [item for item in items if item not in kept]
        changed, crossed = self._changed(stream, owner), self._crossed(stream, owner, kept)
        dirty = _united([changed, crossed])
        is_cheaper = len(dirty) <= _MOST_SHARE * len(self.customers)
        self.changed.append(changed)
        self.crossed.append(crossed)
        self.for_all += [item.info.name for item in new]
        if not is_cheaper or not kept:
            return self._counted(items, self.customers)
        found = self._patched(kept, owner, dirty)
        return found.hstack(self._counted(new, self.customers).drop("customer")) if new else found

    def _is_kept(self, item: Declaration) -> bool:
        is_same = self.old.fingerprints.get(item.info.name) == self.asked[item.info.name]
        return is_same and not (is_timed(item) and self.old.as_of != self.as_of)

    def _changed(self, stream: Stream, owner: str) -> pl.Series:
        found = self.touched.filter(stream=stream.name, role=owner)["customer"]
        return self._there(found)

    def _crossed(self, stream: Stream, owner: str, items: list[Declaration]) -> pl.Series:
        if not items or not stream.at or self.old.as_of == self.as_of:
            return self.customers.clear()
        condition = crossing(self.compiled, items, self.old.as_of, self.as_of)
        rows = self.mirror.scan(stream.name, {owner, *condition.meta.root_names()}, in_order=False)
        found = rows.filter(condition).select(pl.col(owner).drop_nulls().unique()).collect(engine="streaming")
        return self._there(found.to_series())

    def _there(self, found: pl.Series) -> pl.Series:
        """Of those, in order, the customers that there are."""
        return found.filter(found.is_in(self.customers.implode())).unique().sort().alias("customer")

    def _patched(self, items: list[Declaration], owner: str, dirty: pl.Series) -> pl.DataFrame:
        names = ["customer", *(item.info.name for item in items)]
        if dirty.is_empty():
            return self.old.frame.select(names)
        fresh = self._counted(items, dirty, owner).select(names)
        return patched(self.old.frame.select(names), fresh)

    def _counted(self, items: Iterable[Declaration], whom: pl.Series, owner: str = "") -> pl.DataFrame:
        """Of the customers `whom`; with their column `owner` only their events are counted at all."""
        asked = only(self.catalogue, {item.info.name for item in items})
        events = scans(self.mirror, asked)
        if owner:
            theirs = pl.col(owner).is_in(whom.implode())
            events = {name: rows.filter(theirs) for name, rows in events.items()}
        return aggregate(asked, whom, events, self.as_of, by_customer=True)


def _stream_of(items: list[Declaration]) -> Stream:
    return STREAMS[_pass_of(items[0])[0]]


def _pass_of(item: Declaration) -> tuple[str, str]:
    return (item.stream.name if item.stream else "", item.role)


def _united(parts: list[pl.Series]) -> pl.Series:
    return pl.concat([pl.Series("customer", [], dtype=pl.Int64), *parts]).unique().sort()
