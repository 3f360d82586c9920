"""Excel workbooks written row by row in constant memory, the same bytes for the same cells."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

SHEET_ROWS = 1_000_000  # Excel's limit is 1,048,576 with the header
_CREATED = datetime.fromisoformat("2000-01-01")  # without a fixed one the bytes would differ from run to run
_DAY_0 = datetime.fromisoformat("1899-12-30")  # of Excel's serial numbers
_PIECE = 1 << 15


def write_excel(path: Path, sheet: str, frame: pl.DataFrame, texts: dict[tuple[int, str], str]) -> None:
    """One sheet with a header row. Instants become Excel date-times, nulls empty cells.

    `texts` replaces single cells, by row (from 0) and column, whatever the column's type.
    """
    options = {"constant_memory": True, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as workbook:
        workbook.set_properties({"created": _CREATED})
        worksheet = workbook.add_worksheet(sheet)
        instant = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        formats = [instant if kind.is_temporal() else None for kind in frame.dtypes]
        worksheet.write_row(0, 0, frame.columns)
        for number, row in enumerate(_rows(frame, texts)):
            _write_row(worksheet, number + 1, row, formats)


def _rows(frame: pl.DataFrame, texts: dict[tuple[int, str], str]) -> Iterator[list[object]]:
    """Rows as Python values, instants as serial numbers; XlsxWriter takes cells one by one, hence the loop."""
    serials = [
        ((pl.col(name) - _DAY_0).dt.total_seconds() / 86_400).round(9)
        for name, kind in frame.schema.items()
        if kind.is_temporal()
    ]
    replaced: dict[int, dict[int, str]] = {}
    for (number, name), text in texts.items():
        replaced.setdefault(number, {})[frame.columns.index(name)] = text
    for start in range(0, frame.height, _PIECE):
        for offset, cells in enumerate(frame.slice(start, _PIECE).with_columns(serials).iter_rows()):
            row = list(cells)
            for column, text in replaced.get(start + offset, {}).items():
                row[column] = text
            yield row


def _write_row(worksheet: Worksheet, number: int, row: list[object], formats: list[Format | None]) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            worksheet.write_string(number, column, cell)
        elif cell is not None:
            worksheet.write_number(number, column, cell, formats[column])
