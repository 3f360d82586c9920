"""What is counted of each customer's events, as of an instant, in one pass per kind of event and role."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby

import polars as pl

from kehu.features.catalogue import Catalogue, CompiledCatalogue, compile_catalogue
from kehu.features.declaration import Declaration
from kehu.features.passes import Pass, ordered_columns
from kehu.features.selection import counting, pass_of
from kehu.features.tallies import adds_up, tallied

_ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


def stored_columns(catalogue: Catalogue) -> dict[str, set[str]]:
    """For each kind of event, the stored columns that `compute` will read, roles and instants included."""
    needed: dict[str, set[str]] = {}
    compiled = compile_catalogue(catalogue, _ANY_INSTANT)
    for item in catalogue.declarations:
        if item.stream is not None:
            columns = needed.setdefault(item.stream.name, set())
            columns |= item.stream.stored(compiled.named_columns(item)) | {item.stream.roles[item.role]}
            columns |= {item.stream.at} if item.stream.at else set()
    return needed


def ordered_roles(catalogue: Catalogue) -> dict[str, set[str]]:
    """For each kind of event, the first role if it has features, and others for which the order of events matters."""
    roles: dict[str, set[str]] = {}
    compiled = compile_catalogue(catalogue, _ANY_INSTANT)
    for item in catalogue.declarations:
        if item.stream is not None and (_is_first(item) or _needs_order(compiled, item)):
            roles.setdefault(item.stream.name, set()).add(item.role)
    return roles


def aggregate(
    catalogue: Catalogue,
    customers: pl.Series,
    events: Mapping[str, pl.LazyFrame],
    as_of: datetime,
    *,
    by_customer: bool = False,
) -> pl.DataFrame:
    """One row per customer of `customers`, in that order: column customer (Int64), then every feature that counts.

    Null where no event of the kind is the customer's; of `days_since` the instant of the event that counts, not yet
    the days. `events` are as `compute` takes them; those of other customers are passed over.
    """
    compiled = compile_catalogue(catalogue, as_of)
    everyone = customers.cast(pl.Int64()).alias("customer")
    table = [everyone.to_frame()]
    for (stream_name, _), group in groupby(sorted(counting(catalogue), key=pass_of), key=pass_of):
        table += _counted(compiled, list(group), everyone, events[stream_name], as_of, by_customer=by_customer)
    names = [item.info.name for item in counting(catalogue)]
    return pl.concat(table, how="horizontal").select("customer", *names)


def aggregate_frames(
    catalogue: Catalogue, customers: pl.Series, frames: Iterator[pl.DataFrame], as_of: datetime
) -> pl.DataFrame:
    """The same for features of one kind of event and its first role, from events by customer, then as `aggregate` says.

    There is at least one frame, all have one schema, and no customer's events are in two.
    """
    everyone = customers.cast(pl.Int64()).alias("customer")
    items = tuple(counting(catalogue))
    counted = Pass(compile_catalogue(catalogue, as_of), items, as_of).counted_in(everyone, frames)
    return pl.concat([everyone.to_frame(), counted.select(item.info.name for item in items)], how="horizontal")


def _counted(
    compiled: CompiledCatalogue,
    items: list[Declaration],
    everyone: pl.Series,
    events: pl.LazyFrame,
    as_of: datetime,
    *,
    by_customer: bool,
) -> list[pl.DataFrame]:
    """Features of one role: over rows as they stand where it is the first, else by tally or over sorted rows."""
    one = Pass(compiled, tuple(items), as_of)
    if by_customer and _is_first(items[0]):
        return [one.counted(everyone, events)]
    sums = [item for item in items if adds_up(compiled, item)]
    others = tuple(item for item in items if item not in sums)
    found = [tallied(Pass(compiled, tuple(sums), as_of), everyone, events)] if sums else []
    if others:
        with_id = by_customer and any(_needs_order(compiled, item) for item in others)
        rest = Pass(compiled, others, as_of)
        found.append(rest.counted(everyone, rest.in_order(events, with_id=with_id)))
    return found


def _is_first(item: Declaration) -> bool:
    return item.stream is not None and item.role == next(iter(item.stream.roles))


def _needs_order(compiled: CompiledCatalogue, item: Declaration) -> bool:
    return item.operation in {"first", "last"} or bool(ordered_columns(compiled, (item,)))
