"""The events of whole customers as features see them: as known at the as-of instant, in arrays without unknowns."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from kehu.features.catalogue import CompiledCatalogue
from kehu.features.columns import CODED, Columns
from kehu.features.declaration import Declaration
from kehu.features.edges import NEVER, since
from kehu.features.lending import known_in, values_of
from kehu.features.reductions import Reals, Truth, Whole, looked_up
from kehu.features.streams import CODE, Stream
from kehu.rules.compiler import Compiled

Condition = tuple[str, str]

Numbers = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Rows:
    """Of each row what the features ask of it; all arrays are of one length, instants `at` in microseconds."""

    at: Whole
    frame: pl.DataFrame
    met: dict[Condition, Truth]

    def __len__(self) -> int:
        return len(self.at)

    def value(self, name: str) -> pl.Series:
        """Numbers, instants and spans in microseconds, or truths."""
        return self.frame[f"{name} value"]

    def is_truth(self, name: str) -> bool:
        """Whether the value is yes or no."""
        return self.frame.schema[f"{name} value"] == pl.Boolean()

    def is_real(self, name: str) -> bool:
        """Whether the value is a real; a span of days is not."""
        return self.frame.schema[f"{name} value"] == pl.Float64()

    def values(self, name: str) -> Numbers:
        """The value, anything where it is unknown."""
        return values_of(self.value(name))

    def whole(self, name: str) -> Whole:
        """Whole numbers that stand to each other as the values do, any where unknown."""
        values = self.values(name)
        return in_order(values.view(np.float64)) if self.is_real(name) else values.astype(np.int64, copy=False)

    def known(self, name: str) -> Truth | None:
        """Where the column is known, whatever is told of it; None says everywhere."""
        return next(
            known_in(self.frame[told]) for told in (f"{name} value", f"{name} {CODE}", name) if told in self.frame
        )

    def codes(self, name: str) -> Whole:
        """Whole numbers that differ where the column's values do, any where it is unknown."""
        codes = values_of(self.frame[f"{name} {CODE}"])
        # Reals are told apart bit by bit.
        return codes.view(np.int64) if codes.dtype == np.float64 else codes.astype(np.int64, copy=False)

    def meets(self, condition: Condition) -> Truth | None:
        """Whether each row meets the condition; None says that all do."""
        return _unless_all(self.met[condition])

    def column(self, name: str) -> pl.Series:
        """The column as it is, a text perhaps as Categorical."""
        return self.frame[name]


class Reading:
    """How some features of one kind of event read its rows: everything in one go, each thing once.

    `schema` is of the frames to come: `customer` and stored columns, texts as they are or as Categorical.
    """

    def __init__(
        self, compiled: CompiledCatalogue, items: tuple[Declaration, ...], as_of: datetime, schema: pl.Schema
    ) -> None:
        if items[0].stream is None:
            raise TypeError(f"'{items[0].info.name}' counts no events")
        self.stream: Stream = items[0].stream
        self.types, self.schema, self.as_of = self.stream.types(compiled.money_digits), schema, as_of
        self.columns = self._columns()
        self.by_word: dict[Condition, tuple[str, Compiled]] = {}
        self.by_row: dict[int, tuple[Columns, dict[Condition, str]]] = {}
        self.tables: dict[Condition, Truth] = {}
        for item in items:
            self._plan(item)
        for condition, (oldest, found) in self._conditions(compiled, items).items():
            self._plan_condition(condition, found, oldest)

    def rows(self, frame: pl.DataFrame) -> Rows:
        """The rows of the frame, in their order. A condition is not met where no window reaches."""
        at = instants(frame[self.stream.at]) if self.stream.at else np.zeros(len(frame), np.int64)
        found = self.columns.made(frame) if self.columns.told else pl.DataFrame()
        met = {
            condition: self._judged(found[f"{name} {CODE}"], condition) for condition, (name, _) in self.by_word.items()
        }
        for oldest, (columns, names) in self.by_row.items():
            # Texts are written out for conditions, so fewer rows are looked at where windows look less far.
            told = columns.made(frame, None if oldest == NEVER else oldest)
            for condition, name in names.items():
                met[condition] = told[name].to_numpy()
                if oldest != NEVER:
                    every = np.zeros(len(frame), np.bool_)
                    every[at > oldest] = met[condition]
                    met[condition] = every
        return Rows(at, found, met)

    def _columns(self) -> Columns:
        return Columns(self.stream, self.types, self.schema, self.as_of)

    def _plan(self, item: Declaration) -> None:
        name, operation = item.column, item.operation
        if operation in {"distinct", "list"}:
            self.columns.tell_code(name)
        if operation == "count" and not name:
            return
        if operation in {"count", "sum", "mean", "min", "max", "quantile"} and self.types[name].kind != "string":
            self.columns.tell_value(name)
        elif operation in {"first", "last", "list", "min", "max"}:
            self.columns.tell(name)

    def _conditions(
        self, compiled: CompiledCatalogue, items: tuple[Declaration, ...]
    ) -> dict[Condition, tuple[int, Compiled]]:
        """Every condition with the instant after which the first of its windows begins."""
        found: dict[Condition, tuple[int, Compiled]] = {}
        for item in items:
            begins = since(item, self.as_of) if self.stream.at else NEVER
            for condition, each in conditions_of(compiled, item).items():
                found[condition] = (min(begins, found.get(condition, (begins,))[0]), each)
        return found

    def _plan_condition(self, condition: Condition, compiled: Compiled, oldest: int) -> None:
        names = sorted(compiled.features)
        if len(names) == 1 and self.schema.get(names[0]) == CODED:
            self.columns.tell_code(names[0])
            self.by_word[condition] = (names[0], compiled)
            return
        columns, told = self.by_row.setdefault(oldest, (self._columns(), {}))
        for name in names:
            columns.read(name)
        told[condition] = f"met {' of '.join(condition)}"
        columns.told[told[condition]] = compiled.match

    def _judged(self, codes: pl.Series, condition: Condition) -> Truth:
        """A condition about one word, judged once for each word there is; the last place is for none."""
        table = self.tables.get(condition, np.empty(0, np.bool_))
        most = codes.max()
        if not isinstance(most, int) or most + 1 >= len(table):
            table = self.tables[condition] = self._table(condition, most + 1 if isinstance(most, int) else 0)
        known = known_in(codes)
        return looked_up(values_of(codes).astype(np.uint32, copy=False), known, table)

    def _table(self, condition: Condition, many: int) -> Truth:
        name, compiled = self.by_word[condition]
        codes = pl.Series(name, [*range(many), None], dtype=pl.UInt32())
        words = codes.cat.to(CODED).cast(pl.String()).to_frame()
        return words.select(compiled.match).to_series().to_numpy()


def conditions_of(compiled: CompiledCatalogue, item: Declaration) -> dict[Condition, Compiled]:
    """The conditions of a feature by what is written: where it counts, and of a share what makes it."""
    found = (("where", item.where, compiled.conditions), ("of", item.of, compiled.shares))
    return {
        (key, scalar.text): conditions[item.info.name]
        for key, scalar, conditions in found
        if scalar is not None and item.info.name in conditions
    }


def in_order(reals: Reals) -> Whole:
    """Whole numbers that stand to each other as the reals do."""
    bits = reals.view(np.int64)
    numbers: Whole = bits ^ ((bits >> 63) & np.iinfo(np.int64).max)
    return numbers


def out_of_order(numbers: Whole) -> Reals:
    """The reals that such numbers stand for."""
    bits: Whole = numbers ^ ((numbers >> 63) & np.iinfo(np.int64).max)
    return bits.view(np.float64)


def instants(column: pl.Series) -> Whole:
    """Microseconds; an unknown instant is older than any."""
    known, at = known_in(column), values_of(column).view(np.int64)
    return at if known is None else np.where(known, at, NEVER)


def _unless_all(truths: Truth) -> Truth | None:
    return None if truths.all() else truths
