"""Brings raw cells to clean ones: trimmed text, or the file's own typed values, null where unknown."""

from collections.abc import Iterable

import polars as pl

from kehu.sources.source import Missing

# What no text may hold: PostgreSQL refuses NUL, and the rest is debris of terminals and barcode readers.
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
# Any character but those that NFC never touches: Latin, Chinese, their punctuation and full-width forms.
_PERHAPS_DECOMPOSED = r"[^\x00-\u{2ff}\u{3000}-\u{3029}\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}\u{ff00}-\u{ffef}]"
_EXACT = 2**53


def clean_cells(raw: pl.DataFrame, columns: Iterable[str], missing: Missing) -> pl.DataFrame:
    """The named columns, with text trimmed and in NFC, and every missing cell null.

    Other types stay, save those without a use as they are (decimals, categories, lists), which become text.
    """
    cleaned = [
        _clean(pl.col(name), raw.schema[name], composed=_is_composed(raw[name])).pipe(
            without_missing, _clean_type(raw.schema[name]), missing
        )
        for name in columns
    ]
    return raw.lazy().select(cleaned).collect()


def without_missing(cell: pl.Expr, dtype: pl.DataType, missing: Missing) -> pl.Expr:
    """The cell, null where its text is one of the missing words or like one of the patterns."""
    words = (
        missing.words if dtype == pl.String else tuple(word for word in missing.words if any(map(str.isdigit, word)))
    )
    text = cell_text(cell, dtype)
    unknown = text.is_in(list(words)) if words else pl.lit(value=False)
    if missing.patterns and dtype == pl.String:
        unknown |= text.str.contains(_any_of(missing.patterns))
    return pl.when(~unknown).then(cell) if words or missing.patterns else cell


def cell_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The cell as a person would write it: 12 rather than 12.0, dates as ISO 8601."""
    if dtype == pl.String:
        return cell
    if dtype.is_float():
        whole = (cell == cell.floor()) & (cell.abs() < _EXACT)
        return pl.when(whole).then(cell.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(cell.cast(pl.String))
    if dtype == pl.Boolean:
        return pl.when(cell).then(pl.lit("true")).when(~cell).then(pl.lit("false"))
    if isinstance(dtype, pl.Datetime):
        return cell.dt.to_string("%Y-%m-%d %H:%M:%S%.f")
    return cell.cast(pl.String)


def raw_text(name: str, dtype: pl.DataType) -> pl.Expr:
    """The cell of a raw column as quarantine shows it."""
    return cell_text(_plain(pl.col(name), dtype), _clean_type(dtype))


def _clean(cell: pl.Expr, dtype: pl.DataType, *, composed: bool) -> pl.Expr:
    plain = _plain(cell, dtype)
    if dtype.is_float():
        return plain.fill_nan(None)
    if _clean_type(dtype) != pl.String:
        return plain
    text = plain.str.replace_all(_CONTROL, "").str.strip_chars()
    normal = text if composed else text.str.normalize("NFC")
    return pl.when(normal != "").then(normal)


def _plain(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_nested():
        return pl.struct(cell).struct.json_encode()
    return cell.cast(_clean_type(dtype)) if _clean_type(dtype) != dtype else cell


def _clean_type(dtype: pl.DataType) -> pl.DataType:
    keeps = dtype.is_integer() or dtype.is_float() or dtype in (pl.Boolean, pl.Date) or isinstance(dtype, pl.Datetime)
    return dtype if keeps else pl.String()


def _is_composed(column: pl.Series) -> bool:
    return column.dtype == pl.String and not column.str.contains(_PERHAPS_DECOMPOSED).any()


def _any_of(patterns: tuple[str, ...]) -> str:
    wild = (".*".join(map(pl.escape_regex, pattern.split("*"))) for pattern in patterns)
    return f"(?s)^(?:{'|'.join(wild)})$"
