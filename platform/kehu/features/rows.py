"""The events of whole customers as features see them: columns as known at the as-of instant, conditions as truths."""

from datetime import datetime

import numpy as np
import polars as pl

from kehu.features.runs import NEVER, Truth, Whole
from kehu.features.streams import Stream
from kehu.model.graph import INSTANT
from kehu.rules.compiler import Compiled

_CODED = pl.Categorical()


class Rows:
    """`frame` has `customer` and stored columns, texts as they are or as Categorical, and derived columns in order."""

    def __init__(self, frame: pl.DataFrame, stream: Stream, as_of: datetime) -> None:
        self.frame, self.stream, self.as_of = frame, stream, as_of
        self.columns: dict[str, pl.Series] = {}

    def column(self, name: str) -> pl.Series:
        """The column, a text perhaps as Categorical."""
        if name not in self.columns:
            self.columns[name] = self._column(name)
        return self.columns[name]

    def meets(self, condition: Compiled) -> Truth:
        """Whether each row meets the condition."""
        names = sorted(condition.features)
        if len(names) == 1 and self.column(names[0]).dtype == _CODED:
            return self._word_meets(self.column(names[0]), condition)
        return _truths(self._frame(names).select(condition.match.alias("met"))["met"])

    def codes(self, name: str) -> tuple[Whole, Truth | None]:
        """Whole numbers that differ where the column's values do, and which are known; None says all are."""
        derived = self.stream.derived.get(name)
        if derived is not None and derived.code is not None:
            coded = self.frame.select(_as_codes(each, self.frame) for each in derived.needs)
            return numbers(coded.select(derived.code.alias(name))[name])
        column = self.column(name)
        return numbers(column.cast(_CODED) if column.dtype == pl.String() else column)

    def _column(self, name: str) -> pl.Series:
        if name in self.stream.derived and name not in self.frame.columns:
            derived = self.stream.derived[name]
            return self._frame(list(derived.needs)).select(derived.value.alias(name))[name]
        column = self.frame[name]
        if name not in self.stream.later:
            return column
        return self.frame.select(pl.when(pl.col(name) <= pl.lit(self.as_of, INSTANT)).then(name))[name]

    def _frame(self, names: list[str]) -> pl.DataFrame:
        """The columns as conditions and derived columns read them: texts are texts."""
        columns = {name: self.column(name) for name in names}
        texts = {name: column.cast(pl.String()) for name, column in columns.items() if column.dtype == _CODED}
        return pl.DataFrame({**columns, **texts}) if columns else self.frame.select("customer")

    def _word_meets(self, words: pl.Series, condition: Compiled) -> Truth:
        """The condition is about one word only: judged once for each word there is."""
        different = words.unique()
        given = different.cast(pl.String()).alias(words.name).to_frame()
        met = _truths(given.select(condition.match.alias("met"))["met"])
        codes = different.to_physical()
        most = codes.max()
        table = np.zeros((most if isinstance(most, int) else 0) + 2, np.bool_)
        table[codes.fill_null(len(table) - 1).to_numpy()] = met
        found: Truth = table[words.to_physical().fill_null(len(table) - 1).to_numpy()]
        return found


def numbers(column: pl.Series) -> tuple[Whole, Truth | None]:
    """Whole numbers, instants (microseconds), truths, reals (bit by bit) or codes; 0 where unknown; which are known."""
    known = column.is_not_null().to_numpy() if column.null_count() else None
    if column.dtype.is_float():
        return column.fill_null(0.0).to_numpy().view(np.int64), known
    whole = column.to_physical()
    whole = whole.fill_null(value=False) if whole.dtype == pl.Boolean() else whole.fill_null(0)
    return whole.cast(pl.Int64()).to_numpy(), known


def instants(column: pl.Series) -> Whole:
    """Microseconds; an unknown instant is older than any."""
    return column.to_physical().fill_null(NEVER).to_numpy()


def _truths(column: pl.Series) -> Truth:
    return column.to_numpy()


def _as_codes(name: str, frame: pl.DataFrame) -> pl.Expr:
    is_text = frame.schema[name] in {pl.String(), _CODED}
    return pl.col(name).cast(_CODED).to_physical().cast(pl.Int64()).alias(name) if is_text else pl.col(name)
