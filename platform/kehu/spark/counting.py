"""What is counted of each customer's events, as one query in Spark SQL: a pass per kind of event and role."""

from datetime import datetime
from itertools import groupby

from kehu.features.catalogue import Catalogue, CompiledCatalogue
from kehu.features.declaration import Declaration
from kehu.features.selection import pass_of
from kehu.features.streams import Stream
from kehu.model.durations import DAY_MICROS
from kehu.rules.instants import EPOCH
from kehu.spark.derived import DERIVED_SQL
from kehu.spark.words import name

_MICROSECOND = EPOCH.resolution


def counted_query(catalogue: Catalogue, compiled: CompiledCatalogue, as_of: datetime) -> str:
    """A row per row of the view `customers`: its columns, then every feature that counts events; null where none is.

    The views named as the kinds of events have their stored columns, instants in microseconds. Of `days_since` it is
    the instant of the event that counts. `compiled` is the catalogue for Spark as of the instant.
    """
    counting = sorted((item for item in catalogue.declarations if item.stream is not None), key=pass_of)
    joined, columns = "`customers`", ["`customers`.*"]
    for at, (_, group) in enumerate(groupby(counting, key=pass_of)):
        items = list(group)
        joined += f"\nLEFT JOIN ({_Pass(compiled, items, as_of).query()}) AS `pass {at}`"
        joined += f" ON `customers`.`customer` = `pass {at}`.`customer`"
        columns += [f"`pass {at}`.{name(item.info.name)}" for item in items]
    return f"SELECT {', '.join(columns)} FROM {joined}"


def micros(instant: datetime) -> str:
    """A constant instant."""
    return f"CAST({(instant - EPOCH) // _MICROSECOND} AS BIGINT)"


class _Pass:
    """Features that count the same events for the same customer."""

    def __init__(self, compiled: CompiledCatalogue, items: list[Declaration], as_of: datetime) -> None:
        stream = items[0].stream
        if stream is None:
            raise TypeError(f"'{items[0].info.name}' counts no events")
        self.compiled, self.items, self.as_of, self.stream = compiled, items, as_of, stream

    def query(self) -> str:
        counted = ", ".join(f"{self._counted(item)} AS {name(item.info.name)}" for item in self.items)
        found = f"SELECT `customer`, {counted} FROM ({self._rows()}) GROUP BY `customer`"
        return f"SELECT `customer`, {', '.join(map(_finished, self.items))} FROM ({found})"

    def _rows(self) -> str:
        """The events as known at the instant, with the derived columns that are asked for."""
        named = set().union(*(self.compiled.named_columns(item) for item in self.items))
        owner = self.stream.roles[self.items[0].role]
        stored = sorted({*self.stream.stored(named), *([self.stream.at] if self.stream.at else [])})
        columns = [f"{name(owner)} AS `customer`", "`id`", *(self._known(column) for column in stored)]
        known = f"{name(owner)} IS NOT NULL"
        if self.stream.at:
            known += f" AND {name(self.stream.at)} <= {micros(self.as_of)}"
        rows = f"SELECT {', '.join(columns)} FROM {name(self.stream.name)} WHERE {known}"
        derived = sorted(column for column in named if column in self.stream.derived)
        if not derived:
            return rows
        made = ", ".join(f"{DERIVED_SQL[self.stream.name, column]} AS {name(column)}" for column in derived)
        return f"SELECT *, {made} FROM ({rows})"

    def _known(self, column: str) -> str:
        if column not in self.stream.later:
            return name(column)
        return f"CASE WHEN {name(column)} <= {micros(self.as_of)} THEN {name(column)} END AS {name(column)}"

    def _counts(self, item: Declaration) -> str:
        """Whether an event lies in (as_of - before - over, as_of - before] and meets the condition."""
        tests = []
        if self.stream.at:
            end = self.as_of - item.before
            tests.append(f"{name(self.stream.at)} <= {micros(end)}")
            if item.over is not None:
                tests.append(f"{name(self.stream.at)} > {micros(end - item.over)}")
        condition = self.compiled.conditions.get(item.info.name)
        return " AND ".join([*tests, *([f"{condition.match}"] if condition else [])]) or "TRUE"

    def _counted(self, item: Declaration) -> str:
        counts, column = self._counts(item), name(item.column or self.stream.at or "customer")
        value = f"CASE WHEN {counts} THEN {column} END"
        match item.operation:
            case "count":
                return f"SUM(CASE WHEN {counts} THEN 1L ELSE 0L END)"
            case "sum":
                return self._sum(item, value)
            case "mean":
                scale = _scale(self.stream, item, self.compiled)
                return (
                    f"CAST({self._sum(item, value)} AS DOUBLE) / CAST(NULLIF(COUNT({value}), 0L) * {scale}L AS DOUBLE)"
                )
            case "share":
                met = f"SUM(CASE WHEN {counts} AND {self.compiled.shares[item.info.name].match} THEN 1L ELSE 0L END)"
                number = f"NULLIF(SUM(CASE WHEN {counts} THEN 1L ELSE 0L END), 0L)"
                return f"CAST({met} AS DOUBLE) / CAST({number} AS DOUBLE)"
            case "distinct" | "list":
                return f"COLLECT_SET({value})"
            case "quantile":
                scale = _scale(self.stream, item, self.compiled)
                return f"ARRAY_SORT(COLLECT_LIST(CAST({value} AS DOUBLE) / CAST({scale} AS DOUBLE)))"
            case "first" | "last":
                place = f"CASE WHEN {counts} AND {column} IS NOT NULL THEN STRUCT({name(self.stream.at)}, `id`) END"
                return f"{'MIN' if item.operation == 'first' else 'MAX'}_BY({column}, {place})"
        is_least = item.operation == "min" or (item.operation == "days_since" and item.which == "first")
        return _extreme("MIN" if is_least else "MAX", value, is_truth=item.info.type.kind == "boolean")

    def _sum(self, item: Declaration, value: str) -> str:
        """Exact, of days in whole microseconds too; see the sums of `kehu.features.windows`."""
        if self.stream.types(self.compiled.money_digits)[item.column].kind != "float":
            return f"COALESCE(SUM(CAST({value} AS BIGINT)), 0L)"
        days = f"FLOOR({value})"
        rest = f"CAST(RINT(({value} - {days}) * CAST({DAY_MICROS} AS DOUBLE)) AS BIGINT)"
        total = f"COALESCE(SUM(CAST({days} AS BIGINT) * {DAY_MICROS}L + {rest}), 0L)"
        left = f"PMOD({total}, {DAY_MICROS}L)"
        whole = f"CAST(({total} - {left}) DIV {DAY_MICROS}L AS DOUBLE)"
        return f"({whole} + CAST({left} AS DOUBLE) / CAST({DAY_MICROS} AS DOUBLE))"


def _scale(stream: Stream, item: Declaration, compiled: CompiledCatalogue) -> int:
    scale: int = 10 ** stream.types(compiled.money_digits)[item.column].scale
    return scale


def _extreme(function: str, value: str, *, is_truth: bool) -> str:
    if is_truth:
        return f"CAST({function}(CAST({value} AS INT)) AS BOOLEAN)"
    return f"{function}({value})"


def _finished(item: Declaration) -> str:
    """What is made of all of a customer's values, gathered in one column."""
    column = name(item.info.name)
    match item.operation:
        case "distinct":
            return f"CAST(ARRAY_SIZE({column}) AS BIGINT) AS {column}"
        case "list":
            return f"ARRAY_SORT({column}) AS {column}"
        case "quantile":
            return f"{_quantile(column, item.q)} AS {column}"
    return column


def _quantile(values: str, q: float) -> str:
    """The value at place q * (n - 1) of the ordered values, between two by proportion; null of none."""
    place = f"(CAST('{q!r}' AS DOUBLE) * CAST(ARRAY_SIZE({values}) - 1 AS DOUBLE))"
    below = f"GET({values}, CAST(FLOOR({place}) AS INT))"
    above = f"GET({values}, CAST(CEIL({place}) AS INT))"
    return f"({below} + ({above} - {below}) * ({place} - CAST(FLOOR({place}) AS DOUBLE)))"
