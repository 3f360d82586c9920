"""Every declared feature of every customer, as of an instant, computed by Spark."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from kehu.features.catalogue import Catalogue, CompiledCatalogue
from kehu.features.declaration import DERIVED, Declaration
from kehu.features.missing import stored
from kehu.features.population import with_population
from kehu.model.durations import DAY_MICROS
from kehu.model.feature_types import POLARS_TYPES, Kind
from kehu.model.problems import Place, Problem, RefusedError
from kehu.spark.counting import micros
from kehu.spark.laying import Shared
from kehu.spark.sessions import Spark
from kehu.spark.words import literal, name

TYPES: Mapping[Kind, str] = {
    "integer": "BIGINT",
    "decimal": "BIGINT",
    "float": "DOUBLE",
    "string": "STRING",
    "boolean": "BOOLEAN",
    "instant": "BIGINT",
    "strings": "ARRAY<STRING>",
    "integers": "ARRAY<BIGINT>",
}


class Features:
    """The features from what was counted: formulas by Spark; ranks, percentiles and models here.

    The latter look at all customers at once, at a few columns of theirs, which go back to Spark for whoever asks.
    """

    def __init__(
        self, spark: Spark, place: Shared, catalogue: Catalogue, compiled: CompiledCatalogue, as_of: datetime
    ) -> None:
        self.spark, self.place, self.catalogue, self.compiled = spark, place, catalogue, compiled
        self.as_of = as_of
        self.query = ""

    def compute(self, counted: str, customers: pl.Series) -> pl.DataFrame:
        """One row per customer of `customers`, in that order, as `compute` of `kehu.features.compute` gives them.

        `counted` is the view that `counted_query` describes. Afterwards `query` gives Spark the same rows.
        """
        plain = [item for item in self.catalogue.declarations if item.operation not in DERIVED]
        columns = ", ".join(_settled(item, self._told(item)) for item in plain)
        self.query = f"SELECT {', '.join(['`customer`', *([columns] if columns else [])])} FROM {name(counted)}"
        missing = [item for item in self.catalogue.declarations if item.operation in DERIVED]
        known = {item.info.name for item in plain}
        while missing:
            ready = [item for item in missing if set(item.info.needs) <= known]
            formulas = [item for item in ready if item.operation == "formula"]
            if formulas:
                made = ", ".join(self._formula(item) for item in formulas)
                self.query = f"SELECT *, {made} FROM ({self.query})"
                ready = formulas
            else:
                self._join(self._population(ready, customers), f"population_{len(known)}")
            known |= {item.info.name for item in ready}
            missing = [item for item in missing if item not in ready]
        return self.collected([item.info.name for item in self.catalogue.declarations], customers)

    def collected(self, names: list[str], customers: pl.Series) -> pl.DataFrame:
        """Those features, a row per customer in that order."""
        found = self.spark.frame(f"SELECT {', '.join(map(name, ['customer', *names]))} FROM ({self.query})")
        return in_order(found.select(pl.col(each).cast(kind) for each, kind in self._types(names).items()), customers)

    def of_nobody(self) -> pl.DataFrame:
        """All features, no row."""
        return pl.DataFrame(schema=self._types([item.info.name for item in self.catalogue.declarations]))

    def _types(self, names: list[str]) -> dict[str, pl.DataType]:
        return {"customer": pl.Int64(), **{each: POLARS_TYPES[self.catalogue.schema[each].kind] for each in names}}

    def _told(self, item: Declaration) -> str:
        if item.operation == "attribute":
            return name(attribute_column(item.column))
        column = name(item.info.name)
        return f"(({micros(self.as_of)} - {column}) DIV {DAY_MICROS}L)" if item.operation == "days_since" else column

    def _formula(self, item: Declaration) -> str:
        return _settled(item, f"{self.compiled.formulas[item.info.name].value}")

    def _population(self, items: list[Declaration], customers: pl.Series) -> pl.DataFrame:
        needed = sorted({each for item in items for each in item.info.needs})
        table = self.collected(needed, customers).lazy()
        for item in items:
            table = with_population(table, item, self.catalogue.schema)
        return table.select("customer", *(item.info.name for item in items)).collect()

    def _join(self, frame: pl.DataFrame, view: str) -> None:
        self.spark.view(view, [self.place.lay(view, frame)])
        columns = ", ".join(f"{name(view)}.{name(each)}" for each in frame.columns[1:])
        on = f"`features`.`customer` = {name(view)}.`customer`"
        self.query = f"SELECT `features`.*, {columns} FROM ({self.query}) AS `features` LEFT JOIN {name(view)} ON {on}"


def attribute_column(attribute: str) -> str:
    """How the view `customers` names an attribute: as no feature can be named."""
    return f"_{attribute}"


def in_order(found: pl.DataFrame, customers: pl.Series) -> pl.DataFrame:
    """The rows in the customers' order. Raises RefusedError when Spark gave another number of rows."""
    rows = customers.alias("customer").to_frame().join(found, on="customer", how="left", maintain_order="left")
    if len(found) != len(customers) or len(rows) != len(customers):
        message = f"Spark answered {len(found):,} rows about {len(customers):,} customers"
        remedy = "leave --engine spark out, and tell us which server it is"
        raise RefusedError([Problem(Place("spark"), "spark", message, remedy)])
    return rows


def _settled(item: Declaration, column: str) -> str:
    """The feature's value for 'never happened' where there is none, in the type rules expect."""
    held = TYPES[item.info.type.kind]
    if item.missing is not None:
        value = stored(item.missing, item.info.type)
        constant = "ARRAY()" if isinstance(value, list) else literal(value)
        column = f"COALESCE({column}, CAST({constant} AS {held}))"
    return f"CAST({column} AS {held}) AS {name(item.info.name)}"
