"""What is counted of each customer's events, as of an instant, in one pass per kind of event and role."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import groupby

import polars as pl

from kehu.features.catalogue import Catalogue, CompiledCatalogue, compile_catalogue
from kehu.features.declaration import Declaration
from kehu.features.streams import Stream, in_window
from kehu.model.feature_types import FeatureType
from kehu.model.graph import INSTANT

_DAY_MICROS = 86_400_000_000
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
    """For each kind of event, the roles that have a feature for which the order of their events matters."""
    roles: dict[str, set[str]] = {}
    compiled = compile_catalogue(catalogue, _ANY_INSTANT)
    for item in catalogue.declarations:
        if item.stream is not None and _needs_order(compiled, item):
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
    table = pl.LazyFrame({"customer": customers.cast(pl.Int64)})
    counted = sorted((item for item in catalogue.declarations if item.stream is not None), key=_pass_of)
    for (stream_name, _), group in groupby(counted, key=_pass_of):
        table = table.join(
            _aggregate(compiled, list(group), events[stream_name], as_of, by_customer=by_customer),
            on="customer",
            how="left",
            maintain_order="left",
        )
    return table.collect(engine="streaming")


def _stream_of(item: Declaration) -> Stream:
    if item.stream is None:
        raise TypeError(f"'{item.info.name}' counts no events")
    return item.stream


def _pass_of(item: Declaration) -> tuple[str, str]:
    return (item.stream.name if item.stream else "", item.role)


def _needs_order(compiled: CompiledCatalogue, item: Declaration) -> bool:
    return item.operation in {"first", "last"} or any(
        name in _stream_of(item).derived and _stream_of(item).derived[name].ordered
        for name in compiled.named_columns(item)
    )


def _aggregate(
    compiled: CompiledCatalogue, items: list[Declaration], events: pl.LazyFrame, as_of: datetime, *, by_customer: bool
) -> pl.LazyFrame:
    stream = _stream_of(items[0])
    named = set().union(*(compiled.named_columns(item) for item in items))
    owner = stream.roles[items[0].role]
    rows = events.filter(pl.col(owner).is_not_null())
    if stream.at:
        rows = rows.filter(pl.col(stream.at) <= pl.lit(as_of, INSTANT))
    columns = {*stream.stored(named), *({stream.at} if stream.at else set())}
    is_ordered = any(_needs_order(compiled, item) for item in items)
    is_sorted = by_customer and items[0].role == next(iter(stream.roles))
    if is_ordered and by_customer and not is_sorted:
        rows = rows.sort("id")
    rows = rows.select(pl.col(owner).alias("customer"), *sorted(columns))
    rows = rows.with_columns(
        pl.when(pl.col(name) <= pl.lit(as_of, INSTANT)).then(name) for name in stream.later if name in columns
    )
    derived = {name: stream.derived[name] for name in sorted(named) if name in stream.derived}
    if is_ordered and not is_sorted:
        rows = rows.sort("customer", stream.at, maintain_order=True)
    rows = rows.with_columns(column.value.alias(name) for name, column in derived.items())
    return rows.group_by("customer").agg(_expression(compiled, item, as_of) for item in items)


def _expression(compiled: CompiledCatalogue, item: Declaration, as_of: datetime) -> pl.Expr:
    stream = _stream_of(item)
    counts = in_window(stream.at, as_of, item.over, item.before) if stream.at else pl.lit(value=True)
    condition = compiled.conditions.get(item.info.name)
    if condition is not None:
        counts = counts & condition.match
    column = pl.col(item.column or stream.at or "customer")
    if item.operation == "share":
        return pl.when(counts).then(compiled.shares[item.info.name].match).mean().alias(item.info.name)
    if item.operation in {"first", "last"}:
        return _at_the_end(item, column, stream, counts).alias(item.info.name)
    values = pl.when(counts).then(column)
    if item.operation == "mean":
        return _mean(values, stream.types(compiled.money_digits)[item.column]).alias(item.info.name)
    if item.operation == "quantile":
        values = values.cast(pl.Float64) / 10 ** stream.types(compiled.money_digits)[item.column].scale
    if item.operation == "list":
        return values.drop_nulls().unique().sort().alias(item.info.name)
    return _reduced(item, values, counts).alias(item.info.name)


def _reduced(item: Declaration, values: pl.Expr, counts: pl.Expr) -> pl.Expr:
    match item.operation:
        case "count":
            return counts.sum().cast(pl.Int64)
        case "sum":
            return _sum(values, is_float=item.info.type.kind == "float")
        case "distinct":
            return values.drop_nulls().n_unique().cast(pl.Int64)
        case "quantile":
            return values.quantile(item.q, "linear")
        case "days_since":
            return values.min() if item.which == "first" else values.max()
        case "min":
            return values.min()
        case _:
            return values.max()


def _sum(values: pl.Expr, *, is_float: bool) -> pl.Expr:
    """The exact sum, so that it does not depend on the order of the rows as a sum of floats does.

    Every real column of an event is a number of days in whole microseconds, or a mean of a few whole scores.
    """
    if not is_float:
        return values.cast(pl.Int64).sum()
    whole = values.floor()
    micros = ((values - whole) * _DAY_MICROS).round().cast(pl.Int64)
    return whole.cast(pl.Int64).sum() + micros.sum() / _DAY_MICROS


def _mean(values: pl.Expr, kind: FeatureType) -> pl.Expr:
    count = values.count()
    return pl.when(count > 0).then(
        _sum(values, is_float=kind.kind == "float") / (count.cast(pl.Int64) * 10**kind.scale)
    )


def _at_the_end(item: Declaration, column: pl.Expr, stream: Stream, counts: pl.Expr) -> pl.Expr:
    """The known value of the first or last event; of several at one instant, of the one recorded first or last."""
    known = counts & column.is_not_null()
    ordered = column.filter(known).sort_by(pl.col(stream.at).filter(known), maintain_order=True)
    return ordered.first() if item.operation == "first" else ordered.last()
