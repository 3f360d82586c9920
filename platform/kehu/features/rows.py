"""The events of whole customers as features see them: as known at the as-of instant, in arrays without unknowns."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from kehu.features.catalogue import CompiledCatalogue
from kehu.features.declaration import Declaration
from kehu.features.runs import NEVER, Truth, Whole
from kehu.features.streams import CODE, Stream
from kehu.model.graph import INSTANT
from kehu.rules.compiler import Compiled

Reals = npt.NDArray[np.float64]
Condition = tuple[str, str]

_CODED = pl.Categorical()
_UNJUDGED = 2


@dataclass(frozen=True, slots=True)
class Rows:
    """Of each row what the features ask of it; all arrays are of one length."""

    frame: pl.DataFrame
    met: dict[Condition, Truth]

    def __len__(self) -> int:
        return len(self.frame)

    def is_real(self, name: str) -> bool:
        """Whether the column holds reals."""
        return self.frame.schema[f"{name} value"].is_float()

    def values(self, name: str) -> Whole | Truth:
        """Whole numbers, instants in microseconds or truths; nought where unknown."""
        return self.frame[f"{name} value"].to_numpy()

    def reals(self, name: str) -> Reals:
        """The column as reals, 0.0 where unknown."""
        return self.frame[f"{name} value"].cast(pl.Float64()).to_numpy()

    def known(self, name: str) -> Truth | None:
        """Where the column is known; None says everywhere."""
        return _unless_all(self.frame[f"{name} known"].to_numpy())

    def codes(self, name: str) -> Whole:
        """Whole numbers that differ where the column's values do, any where it is unknown."""
        codes = self.frame[f"{name} {CODE}"].to_numpy()
        # Reals are told apart bit by bit.
        return codes.view(np.int64) if codes.dtype == np.float64 else codes

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
        self.compiled, self.as_of, self.schema = compiled, as_of, schema
        if items[0].stream is None:
            raise TypeError(f"'{items[0].info.name}' counts no events")
        self.stream: Stream = items[0].stream
        self.types = self.stream.types(compiled.money_digits)
        self.before: dict[str, pl.Expr] = {}
        self.stored: dict[str, pl.Expr] = {"customer": pl.col("customer")}
        self.derived: dict[str, pl.Expr] = {}
        self.coded: dict[str, pl.Expr] = {}
        self.told: dict[str, pl.Expr] = {"customer": pl.col("customer")}
        self.by_word: dict[Condition, tuple[str, Compiled]] = {}
        self.by_row: dict[Condition, str] = {}
        self.tables: dict[Condition, npt.NDArray[np.uint8]] = {}
        for item in items:
            self._plan(item)

    def rows(self, frame: pl.DataFrame, since: int = NEVER) -> Rows:
        """The rows of the frame later than that instant (microseconds), in their order."""
        later = frame.lazy().with_columns(each.alias(name) for name, each in self.before.items())
        if since != NEVER:
            later = later.filter(pl.col(self.stream.at).to_physical() > since)
        stored = later.select(each.alias(name) for name, each in self.stored.items())
        known = stored.with_columns(each.alias(name) for name, each in self.derived.items())
        coded = known.with_columns(each.alias(name) for name, each in self.coded.items())
        found = coded.select(each.alias(name) for name, each in self.told.items()).collect()
        met = {condition: found[name].to_numpy() for condition, name in self.by_row.items()}
        met |= {
            condition: self._judged(found[f"{name} {CODE}"], condition) for condition, (name, _) in self.by_word.items()
        }
        return Rows(found, met)

    def _plan(self, item: Declaration) -> None:
        for condition, compiled in conditions_of(self.compiled, item).items():
            self._plan_condition(condition, compiled)
        name = item.column
        if item.operation in {"count", "share", "days_since"}:
            return
        if item.operation in {"distinct", "list"}:
            self._plan_code(name)
        if item.operation in {"sum", "mean", "min", "max", "quantile"} and self.types[name].kind != "string":
            nought = {"boolean": False, "float": 0.0}.get(self.types[name].kind, 0)
            self._read(name)
            self.told[f"{name} value"] = pl.col(name).to_physical().fill_null(nought)
            self.told[f"{name} known"] = pl.col(name).is_not_null()
        elif item.operation != "distinct":
            self.told[name] = pl.col(self._as_it_is(name))
            self.told[f"{name} known"] = self.told[name].is_not_null()

    def _plan_condition(self, condition: Condition, compiled: Compiled) -> None:
        names = sorted(compiled.features)
        if len(names) == 1 and self.schema.get(names[0]) == _CODED:
            self._plan_code(names[0])
            self.by_word[condition] = (names[0], compiled)
            return
        for name in names:
            self._read(name)
        self.by_row[condition] = f"met {' of '.join(condition)}"
        self.told[self.by_row[condition]] = compiled.match

    def _plan_code(self, name: str) -> None:
        """The column `<name> code`, of which 0 is unknown where it is a text's."""
        derived = self.stream.derived.get(name)
        code = f"{name} {CODE}"
        if derived is not None and derived.code is not None:
            for each in derived.needs:
                if each in self.types and self.types[each].kind == "string":
                    self._plan_code(each)
                else:
                    self._read(each)
            self.coded[code] = derived.code
        elif self.types[name].kind == "string":
            text = pl.col(name).cast(_CODED).to_physical().cast(pl.Int64())
            if name not in self.schema:
                self._read(name)
            (self.stored if name in self.schema else self.coded)[code] = text + 1
        else:
            self._read(name)
            self.coded[code] = pl.col(name)
        is_real = name in self.types and self.types[name].kind == "float"
        told = pl.col(code) if is_real else pl.col(code).to_physical().cast(pl.Int64())
        self.told[code] = told.fill_null(0)
        self.told[f"{name} known"] = pl.col(code).is_not_null()

    def _read(self, name: str) -> None:
        """The column under its own name, a text as a text."""
        derived = self.stream.derived.get(name)
        if derived is not None and derived.ordered:
            self.before[name], self.stored[name] = derived.value, pl.col(name)
        elif derived is not None:
            for each in derived.needs:
                self._read(each)
            self.derived[name] = derived.value
        elif name in self.stream.later:
            self.stored[name] = pl.when(pl.col(name) <= pl.lit(self.as_of, INSTANT)).then(name)
        else:
            is_coded = self.schema[name] == _CODED
            self.stored[name] = pl.col(name).cast(pl.String()) if is_coded else pl.col(name)

    def _as_it_is(self, name: str) -> str:
        """Under which name the column stands, a text as it comes."""
        if self.schema.get(name) != _CODED:
            self._read(name)
            return name
        self.stored[f"{name} word"] = pl.col(name)
        return f"{name} word"

    def _judged(self, codes: pl.Series, condition: Condition) -> Truth:
        """A condition about one word, judged once for each word there is."""
        given = codes.to_numpy()
        table = self.tables.get(condition, np.empty(0, np.uint8))
        found = table.take(given, mode="clip") if len(table) > given.max(initial=0) else np.full(1, _UNJUDGED, np.uint8)
        if found.max(initial=0) == _UNJUDGED:
            table = self._longer(table, np.unique(given), condition)
            self.tables[condition] = table
            found = table.take(given)
        return found.view(np.bool_)

    def _longer(self, table: npt.NDArray[np.uint8], codes: Whole, condition: Condition) -> npt.NDArray[np.uint8]:
        name, compiled = self.by_word[condition]
        longer = np.full(max(len(table), int(codes.max(initial=0)) + 1), _UNJUDGED, np.uint8)
        longer[: len(table)] = table
        word = pl.when(pl.col(name) > 0).then(pl.col(name) - 1).cast(pl.UInt32()).cat.to(_CODED).cast(pl.String())
        given = pl.DataFrame({name: codes}).select(word)
        longer[codes] = given.select(compiled.match).to_series().to_numpy()
        return longer


def conditions_of(compiled: CompiledCatalogue, item: Declaration) -> dict[Condition, Compiled]:
    """The conditions of a feature by what is written: where it counts, and of a share what makes it."""
    found = (("where", item.where, compiled.conditions), ("of", item.of, compiled.shares))
    return {
        (key, scalar.text): conditions[item.info.name]
        for key, scalar, conditions in found
        if scalar is not None and item.info.name in conditions
    }


def instants(column: pl.Series) -> Whole:
    """Microseconds; an unknown instant is older than any."""
    return column.to_physical().fill_null(NEVER).to_numpy()


def _unless_all(truths: Truth) -> Truth | None:
    return None if truths.all() else truths
