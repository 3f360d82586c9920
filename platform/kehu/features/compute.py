"""Every declared feature of every customer, as of an instant."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from kehu.features.aggregates import aggregate
from kehu.features.catalogue import Catalogue, CompiledCatalogue, compile_catalogue
from kehu.features.declaration import DERIVED, Declaration
from kehu.features.missing import stored
from kehu.features.population import settled, with_population
from kehu.model.durations import DAY_MICROS
from kehu.model.graph import INSTANT


def compute(
    catalogue: Catalogue,
    customers: pl.DataFrame,
    events: Mapping[str, pl.LazyFrame],
    as_of: datetime,
    *,
    by_customer: bool = False,
) -> pl.DataFrame:
    """One row per customer, in the order of `customers`: column customer (Int64), then every feature.

    `customers` has `customer` and the attributes; `events` maps a kind of event to its stored columns
    (see `stored_columns`) in the order they were recorded. With `by_customer` they come instead by the customer of
    their first role, by instant, then as recorded wherever `ordered_roles` names that role, in any order elsewhere,
    and with `id`, which grows as they were recorded, where it names another. Events after `as_of` are not known, nor
    what happened to earlier ones after it. Amounts are scaled integers. An unknown value is null only where the
    feature's type is nullable. Values are the same whatever the order and however many rows there are.
    """
    counted = aggregate(catalogue, customers["customer"], events, as_of, by_customer=by_customer)
    return derive(catalogue, customers, counted, as_of)


def derive(catalogue: Catalogue, customers: pl.DataFrame, counted: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """The features, as `compute` gives them, from what `aggregate` counted for the same customers in the same order."""
    compiled = compile_catalogue(catalogue, as_of)
    attributes = [item for item in catalogue.declarations if item.operation == "attribute"]
    columns = [customers[item.column].alias(item.info.name) for item in attributes]
    plain = (item for item in catalogue.declarations if item.operation not in DERIVED)
    table = counted.hstack(columns).lazy().with_columns(settled(item, _told(item, as_of)) for item in plain)
    types = catalogue.schema
    for item in catalogue.declarations:
        if item.operation == "formula":
            table = table.with_columns(_formula(compiled, item))
        elif item.operation in DERIVED:
            table = with_population(table, item, types)
    names = [item.info.name for item in catalogue.declarations]
    return table.select("customer", *names).collect(engine="streaming")


def _told(item: Declaration, as_of: datetime) -> pl.Expr:
    column = pl.col(item.info.name)
    if item.operation != "days_since":
        return column
    return (pl.lit(as_of, INSTANT) - column).dt.total_microseconds() // DAY_MICROS


def _formula(compiled: CompiledCatalogue, item: Declaration) -> pl.Expr:
    formula = compiled.formulas[item.info.name]
    value = pl.when(~formula.error).then(formula.value)
    return (value if item.missing is None else value.fill_null(pl.lit(stored(item.missing, item.info.type)))).alias(
        item.info.name
    )
