"""How the stored columns of events become what features ask of them, each made once and all in one go."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import polars as pl

from kehu.features.streams import CODE, Stream
from kehu.model.feature_types import FeatureType
from kehu.model.graph import INSTANT

CODED = pl.Categorical()
_AS_WRITTEN = pl.QueryOptFlags.none()


class Columns:
    """Columns to make of frames of one schema: `customer` and stored columns, texts as they are or as Categorical."""

    def __init__(self, stream: Stream, types: Mapping[str, FeatureType], schema: pl.Schema, as_of: datetime) -> None:
        self.stream, self.types, self.schema, self.as_of = stream, types, schema, as_of
        self.before: dict[str, pl.Expr] = {}
        self.stored: dict[str, pl.Expr] = {"customer": pl.col("customer")}
        self.derived: dict[str, pl.Expr] = {}
        self.coded: dict[str, pl.Expr] = {}
        self.told: dict[str, pl.Expr] = {}

    def made(self, frame: pl.DataFrame, since: int | None = None) -> pl.DataFrame:
        """What is told, of all rows or of those later than that instant (microseconds)."""
        before, stored, derived, coded, told = self._steps
        rows = frame.lazy().with_columns(before)
        if since is not None:
            rows = rows.filter(pl.col(self.stream.at).to_physical() > since)
        # There are many small frames, and nothing is planned that is not told.
        steps = rows.select(stored).with_columns(derived).with_columns(coded).select(told)
        return steps.collect(optimizations=_AS_WRITTEN)

    @cached_property
    def _steps(self) -> list[list[pl.Expr]]:
        steps = (self.before, self.stored, self.derived, self.coded, self.told)
        return [[each.alias(name) for name, each in step.items()] for step in steps]

    def tell_value(self, name: str) -> None:
        """`<name> value`: numbers, instants, spans, truths."""
        derived = self.stream.derived.get(name)
        if derived is not None and derived.span is not None:
            self._read_derived(f"{name} span", derived.span, derived.needs, is_ordered=derived.ordered)
            self.told[f"{name} value"] = pl.col(f"{name} span")
        else:
            self.read(name)
            self.told[f"{name} value"] = pl.col(name)

    def tell_code(self, name: str) -> None:
        """`<name> code`: numbers that differ where values do."""
        self._code(name)
        self.told[f"{name} {CODE}"] = pl.col(f"{name} {CODE}")

    def tell(self, name: str) -> None:
        """The column itself, a text as it comes."""
        if self.schema.get(name) == CODED:
            self.stored[f"{name} word"] = pl.col(name)
            self.told[name] = pl.col(f"{name} word")
        else:
            self.read(name)
            self.told[name] = pl.col(name)

    def read(self, name: str) -> None:
        """Have the column under its own name, a text as a text, for conditions and derived columns."""
        derived = self.stream.derived.get(name)
        if derived is not None:
            self._read_derived(name, derived.value, derived.needs, is_ordered=derived.ordered)
        elif name in self.stream.later:
            self.stored[name] = pl.when(pl.col(name) <= pl.lit(self.as_of, INSTANT)).then(name)
        else:
            is_coded = self.schema[name] == CODED
            self.stored[name] = pl.col(name).cast(pl.String()) if is_coded else pl.col(name)

    def _read_derived(self, name: str, value: pl.Expr, needs: tuple[str, ...], *, is_ordered: bool) -> None:
        if is_ordered:
            self.before[name], self.stored[name] = value, pl.col(name)
            return
        for each in needs:
            self.read(each)
        self.derived[name] = value

    def _code(self, name: str) -> None:
        derived = self.stream.derived.get(name)
        code = f"{name} {CODE}"
        if derived is not None and derived.code is not None:
            for each in derived.needs:
                if each in self.types and self.types[each].kind == "string":
                    self._code(each)
                else:
                    self.read(each)
            self.coded[code] = derived.code
        elif self.types[name].kind == "string":
            text = pl.col(name).cast(CODED).to_physical()
            if name not in self.schema:
                self.read(name)
            (self.stored if name in self.schema else self.coded)[code] = text
        else:
            self.read(name)
            self.coded[code] = pl.col(name)
