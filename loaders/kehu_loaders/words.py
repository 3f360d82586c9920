"""Conversion of texts, words and booleans, by the source's own table or as they stand."""

import polars as pl

from kehu.model.graph import Field
from kehu.sources.source import Cell
from kehu_loaders.conversion import Conversion

_TRUE = ("true", "yes", "y", "1", "是", "有")
_FALSE = ("false", "no", "n", "0", "否", "无")


def translated(text: pl.Expr, cell: Cell) -> pl.Expr:
    """The cell's text by the table of `cell`, null where neither a word nor `otherwise` applies."""
    if cell.words:
        cells, targets = zip(*cell.words, strict=True)
        return pl.when(text.is_not_null()).then(
            text.replace_strict(list(cells), list(targets), default=cell.otherwise, return_dtype=pl.String)
        )
    return text if cell.otherwise is None else pl.when(text.is_not_null()).then(pl.lit(cell.otherwise))


def word(text: pl.Expr, field: Field, cell: Cell) -> Conversion:
    """A text, an employee number, or one of the field's words; any other word does not fit."""
    value = translated(text, cell)
    if field.words:
        value = pl.when(value.is_in(list(field.words))).then(value)
    conversion = Conversion(value, text, pl.lit(_reason(field.words, cell)))
    return conversion if field.longest is None else short_enough(conversion, field.longest)


def short_enough(conversion: Conversion, longest: int) -> Conversion:
    """The conversion, of texts of at most so many bytes in UTF-8."""
    length = conversion.value.str.len_bytes()
    said = pl.format("takes {} bytes, and " + f"{longest:,} fit: shorten it", length)
    value = pl.when(length <= longest).then(conversion.value)
    return Conversion(value, conversion.text, pl.when(length > longest).then(said).otherwise(conversion.reason))


def boolean(text: pl.Expr, cell: Cell) -> Conversion:
    """True or false by the table, else by the usual words for yes and no."""
    plain = translated(text, cell).str.to_lowercase()
    value = pl.when(plain.is_in(_TRUE)).then(pl.lit(value=True)).when(plain.is_in(_FALSE)).then(pl.lit(value=False))
    return Conversion(value, text, pl.lit(_reason(("yes", "no", "是", "否", "1", "0"), cell)))


def _reason(words: tuple[str, ...], cell: Cell) -> str:
    if cell.words:
        cells = _some(tuple(name for name, _ in cell.words))
        return f"none of the cells of 'map' ({cells}): add it there, or give 'otherwise'"
    return f"none of {_some(words)}: say what it means under 'map', or list it under 'missing'"


def _some(words: tuple[str, ...]) -> str:
    few = 8
    return ", ".join(words[:few]) + (", ..." if len(words) > few else "")
