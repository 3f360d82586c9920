"""How the stored columns of events become what features ask of them, each made once and all in one go."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from kehu.features.streams import CODE, Stream
from kehu.model.feature_types import FeatureType
from kehu.model.graph import INSTANT

CODED = pl.Categorical()


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
        rows = frame.lazy().with_columns(each.alias(name) for name, each in self.before.items())
        if since is not None:
            rows = rows.filter(pl.col(self.stream.at).to_physical() > since)
        stored = rows.select(each.alias(name) for name, each in self.stored.items())
        known = stored.with_columns(each.alias(name) for name, each in self.derived.items())
        coded = known.with_columns(each.alias(name) for name, each in self.coded.items())
        return coded.select(each.alias(name) for name, each in self.told.items()).collect()

    # `is_known` tells `<name> known` too, where the column is not null.

    def tell_value(self, name: str, *, is_known: bool) -> None:
        """`<name> value`: numbers, instants and spans in microseconds, truths; nought where unknown."""
        nought = {"boolean": False, "float": 0.0}.get(self.types[name].kind, 0)
        derived = self.stream.derived.get(name)
        if derived is not None and derived.span is not None:
            name_read, nought = f"{name} span", 0
            self._read_derived(name_read, derived.span, derived.needs, is_ordered=derived.ordered)
        else:
            name_read = name
            self.read(name)
        self.told[f"{name} value"] = pl.col(name_read).to_physical().fill_null(nought)
        if is_known:
            self.told[f"{name} known"] = pl.col(name_read).is_not_null()

    def tell_code(self, name: str, *, is_known: bool) -> None:
        """`<name> code`: whole numbers that differ where values do; 0 is unknown where it is a text's."""
        self._code(name)
        code = pl.col(f"{name} {CODE}")
        is_real = name in self.types and self.types[name].kind == "float"
        told = code if is_real else code.to_physical().cast(pl.Int64())
        self.told[f"{name} {CODE}"] = told.fill_null(0)
        if is_known:
            self.told[f"{name} known"] = code.is_not_null()

    def tell(self, name: str) -> None:
        """The column itself, a text as it comes."""
        if self.schema.get(name) == CODED:
            read = f"{name} word"
            self.stored[read] = pl.col(name)
        else:
            read = name
            self.read(name)
        self.told[name] = pl.col(read)
        self.told[f"{name} known"] = pl.col(read).is_not_null()

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
            text = pl.col(name).cast(CODED).to_physical().cast(pl.Int64())
            if name not in self.schema:
                self.read(name)
            (self.stored if name in self.schema else self.coded)[code] = text + 1
        else:
            self.read(name)
            self.coded[code] = pl.col(name)
