"""Counting again only where something may have changed since the last run, with the answers of counting everything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import polars as pl

from kehu.features.aggregates import aggregate, aggregate_frames, stored_columns
from kehu.features.catalogue import Catalogue, CompiledCatalogue, compile_catalogue
from kehu.features.counted import Counted, aligned, fingerprints, is_difference, patched
from kehu.features.crossings import is_timed
from kehu.features.declaration import Declaration
from kehu.features.selection import counting, only, pass_of
from kehu.features.streams import STREAMS, Stream
from kehu.features.summands import feature_of, in_summands
from kehu.mirror.kept import Kept
from kehu.mirror.mirror import Mirror
from kehu.mirror.owned import OwnedEvents
from kehu.pipeline.moved_events import Span, moved_events
from kehu.pipeline.scanning import scans

# Picking so many customers' events out of all is no cheaper than counting everyone's.
_MOST_SHARE = 0.5
_TOO_MANY = "so much has changed or moved that it is no more work"


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
    """Every customer's events, means `in_summands`, and why not fewer."""
    asked = in_summands(catalogue)
    frame = aggregate(asked, customers, scans(mirror, asked), as_of, by_customer=True)
    return Counted(as_of, fingerprints(asked), frame), Recount(len(customers), len(customers), why=why)


def recount(
    mirror: Mirror, catalogue: Catalogue, customers: pl.Series, as_of: datetime, kept: Kept, touched: pl.DataFrame
) -> tuple[Counted, Recount]:
    """The same as `count_all` counts, from what was counted before.

    `touched` has the columns of TOUCHED: whose events changed in the store since.
    """
    return _Recounting(mirror, catalogue, customers, as_of, kept, touched).run()


@dataclass(frozen=True, slots=True)
class _Pass:
    """Features of one role that were counted before, and the events that moved for any role.

    Of the customers `rewritten` events are other ones than before, of those that `grew` there are but more.
    """

    items: tuple[Declaration, ...]
    owner: str
    span: Span
    moved: pl.DataFrame
    rewritten: pl.Series
    grew: pl.Series


class _Recounting:
    """One recount, kind of event by kind."""

    def __init__(
        self,
        mirror: Mirror,
        catalogue: Catalogue,
        customers: pl.Series,
        as_of: datetime,
        kept: Kept,
        touched: pl.DataFrame,
    ) -> None:
        self.mirror, self.catalogue, self.customers, self.as_of = mirror, in_summands(catalogue), customers, as_of
        self.old, self.last_ids, self.touched = kept.counted, kept.last_ids, touched
        self.frame = aligned(kept.counted.frame, customers)
        self.compiled: CompiledCatalogue = compile_catalogue(self.catalogue, as_of)
        self.asked = fingerprints(self.catalogue)
        self.changed: list[pl.Series] = []
        self.crossed: list[pl.Series] = []
        self.for_all: list[str] = []
        self.too_many = False

    def run(self) -> tuple[Counted, Recount]:
        streams = groupby(sorted(counting(self.catalogue), key=pass_of), key=_stream_of)
        frames = [frame for name, items in streams for frame in self._stream(STREAMS[name], list(items))]
        everyone = self.customers.alias("customer").to_frame()
        frame = pl.concat([everyone, *(each.drop("customer") for each in frames)], how="horizontal")
        concerned = _united([*self.changed, *self.crossed]).len()
        told = Recount(
            customers=len(self.customers) if self.too_many else concerned,
            everyone=len(self.customers),
            changed=_united(self.changed).len(),
            crossed=_united(self.crossed).len(),
            why=_TOO_MANY if self.too_many else "",
            for_all=tuple(sorted({feature_of(name) for name in self.for_all})),
        )
        return Counted(self.as_of, self.asked, frame), told

    def _stream(self, stream: Stream, items: list[Declaration]) -> Iterator[pl.DataFrame]:
        kept = [item for item in items if self._is_kept(item)]
        new = [item for item in items if item not in kept]
        self.for_all += [item.info.name for item in new]
        span = Span(self.compiled, self.old.as_of, self.as_of, self.last_ids[stream.name])
        moved = moved_events(self.mirror, self.catalogue, stream, kept, span)
        owned = OwnedEvents(self.mirror, stream.name)
        for _, group in groupby(kept, key=pass_of):
            yield self._pass(tuple(group), owned, span, moved)
        if new:
            yield self._counted(new, self.customers)

    def _pass(
        self, items: tuple[Declaration, ...], owned: OwnedEvents, span: Span, moved: pl.DataFrame | None
    ) -> pl.DataFrame:
        name, owner = _stream_of(items[0]), _owner_of(items[0])
        touched = self.touched.filter(stream=name, role=owner)
        rewritten, grew = (self._there(touched.filter(is_more=each)["customer"]) for each in (False, True))
        self.changed += [rewritten, grew]
        if moved is None or len(rewritten) + len(grew) > _MOST_SHARE * len(self.customers):
            self.too_many = True
            return self._counted(items, self.customers)
        self.crossed.append(self._there(moved.filter(span.passed(items))[owner]))
        one = _Pass(items, owner, span, moved, rewritten, grew)
        sums = tuple(item for item in items if is_difference(self.compiled, item))
        others = [item for item in items if item not in sums]
        found = [self._added(one, sums)] if sums else []
        found += [self._renewed(one, others, owned)] if others else []
        return pl.concat([self.customers.alias("customer").to_frame(), *found], how="horizontal")

    def _added(self, one: _Pass, items: tuple[Declaration, ...]) -> pl.DataFrame:
        """What the events that moved count for now instead of what they counted for then; others' are as before."""
        names = [item.info.name for item in items]
        theirs = one.moved.filter(one.span.passed(items) | one.span.is_new)
        theirs = theirs.filter(~pl.col(one.owner).is_in(one.rewritten.implode()))
        fresh = [self._of_owners(items, one.rewritten)] if len(one.rewritten) else []
        whom = self._there(theirs[one.owner])
        if len(whom):
            asked, stream = only(self.catalogue, set(names)), _stream_of(items[0])
            now = aggregate(asked, whom, {stream: theirs.lazy()}, self.as_of)
            known = theirs.filter(~one.span.is_new).lazy()
            then = aggregate(asked, whom, {stream: known}, self.old.as_of)
            before = self.frame.select("customer", *names).join(whom.to_frame(), on="customer", how="semi")
            before = before.sort("customer")
            told = [before[name].fill_null(0) + now[name].fill_null(0) - then[name].fill_null(0) for name in names]
            fresh.append(before.select("customer").with_columns(told))
        return self._patched(names, fresh)

    def _renewed(self, one: _Pass, items: Sequence[Declaration], owned: OwnedEvents) -> pl.DataFrame:
        """Counted anew for whoever has something that changed or moved for one of them.

        One reading of their events for all is less work than one for each feature's own customers.
        """
        names = [item.info.name for item in items]
        whom = _united([self._there(one.moved.filter(one.span.passed(items))[one.owner]), one.rewritten, one.grew])
        if len(whom) > _MOST_SHARE * len(self.customers):
            return self._counted(items, self.customers).select(names)
        if whom.is_empty():
            return self._patched(names, [])
        if one.owner != owned.layout.owner:
            return self._patched(names, [self._of_owners(items, whom)])
        asked = only(self.catalogue, set(names))
        events = owned.of(whom, stored_columns(asked)[owned.layout.stream])
        return self._patched(names, [aggregate_frames(asked, whom, events, self.as_of).select("customer", *names)])

    def _patched(self, names: list[str], fresh: list[pl.DataFrame]) -> pl.DataFrame:
        old = self.frame.select("customer", *names)
        return (patched(old, pl.concat(fresh)) if fresh else old).select(names)

    def _is_kept(self, item: Declaration) -> bool:
        is_same = self.old.fingerprints.get(item.info.name) == self.asked[item.info.name]
        return is_same and not (is_timed(item) and self.old.as_of != self.as_of)

    def _there(self, found: pl.Series) -> pl.Series:
        """Of those, in order, the customers that there are."""
        unique = found.drop_nulls().unique()
        return unique.filter(unique.is_in(self.customers.implode())).sort().alias("customer")

    def _counted(self, items: Sequence[Declaration], whom: pl.Series) -> pl.DataFrame:
        names = [item.info.name for item in items]
        asked = only(self.catalogue, set(names))
        counted = aggregate(asked, whom, scans(self.mirror, asked), self.as_of, by_customer=True)
        return counted.select("customer", *names)

    def _of_owners(self, items: Sequence[Declaration], whom: pl.Series) -> pl.DataFrame:
        """The same, and only their events are looked at, which are sought among all."""
        names = [item.info.name for item in items]
        asked = only(self.catalogue, set(names))
        theirs = pl.col(_owner_of(items[0])).is_in(whom.implode())
        events = {name: rows.filter(theirs) for name, rows in scans(self.mirror, asked).items()}
        return aggregate(asked, whom, events, self.as_of, by_customer=True).select("customer", *names)


def _stream_of(item: Declaration) -> str:
    return item.stream.name if item.stream else ""


def _owner_of(item: Declaration) -> str:
    return item.stream.roles[item.role] if item.stream else ""


def _united(parts: list[pl.Series]) -> pl.Series:
    return pl.concat([pl.Series("customer", [], dtype=pl.Int64), *parts]).unique().sort()
