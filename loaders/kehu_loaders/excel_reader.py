"""Reads Excel workbooks: every cell as text, dates as ISO dates, numbers as they are written."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import fastexcel
import polars as pl

from kehu.model.problems import did_you_mean
from kehu.sources.source import Source
from kehu_loaders.header import check_header
from kehu_loaders.raw import CHUNK_ROWS, RawChunk, Unreadable, refuse_file, row_json, text_chunk

# A row of the second sheet has the line 10,000,000 + its row, of the third 20,000,000 + its row.
SHEET_LINES = 10_000_000


def read_excel(source: Source, file: Path) -> Iterator[RawChunk]:
    """The rows of the sheets the source names (the first sheet by default); rows without any cell are no rows.

    A cell holding an Excel error makes its row unreadable. Raises RefusedError when the file is no
    workbook, lacks a sheet or a column. A sheet is held in memory whole: it has at most 1,048,576 rows.
    """
    try:
        workbook = fastexcel.read_excel(file)
    except (fastexcel.FastExcelError, OSError) as error:
        raise refuse_file(file, "the file is not a readable Excel workbook", "save it as .xlsx again") from error
    for place, name in enumerate(_sheets(workbook, source.options.sheets, file)):
        sheet, errors = _load(workbook, name, file)
        yield from _chunks(source, file, sheet, (place * SHEET_LINES, errors))


def _sheets(workbook: fastexcel.ExcelReader, wanted: Sequence[str], file: Path) -> Sequence[str]:
    for name in wanted:
        if name not in workbook.sheet_names:
            raise refuse_file(file, f"the workbook has no sheet '{name}'", did_you_mean(name, workbook.sheet_names))
    return wanted or workbook.sheet_names[:1]


def _load(workbook: fastexcel.ExcelReader, name: str, file: Path) -> tuple[pl.DataFrame, dict[int, str]]:
    """The sheet from its first row on, and what is wrong in rows with Excel errors, by row from 0."""
    try:
        sheet = workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        batch, faults = sheet.to_arrow_with_errors()
    except fastexcel.FastExcelError as error:
        raise refuse_file(file, f"sheet '{name}' cannot be read", "save the workbook again") from error
    frame = pl.DataFrame(pl.from_arrow(batch))
    errors = faults.errors if faults else []
    return frame, {error.position[0]: f"column {error.position[1] + 1}: {error.detail}" for error in errors}


def _chunks(source: Source, file: Path, sheet: pl.DataFrame, lines: tuple[int, dict[int, str]]) -> Iterator[RawChunk]:
    offset, errors = lines
    skip = source.options.skip
    if sheet.height <= skip:
        raise refuse_file(file, "the sheet is empty, not even a header", "export it again")
    header = check_header(sheet.row(skip), source, file)
    numbered = sheet.rename(dict(zip(sheet.columns, header, strict=True))).with_row_index("(line)")
    filled = numbered.slice(skip + 1).filter(
        pl.any_horizontal(pl.col(header).is_not_null()) | pl.col("(line)").is_in(list(errors))
    )
    for part in filled.iter_slices(CHUNK_ROWS) if filled.height else (filled,):
        broken = part.filter(pl.col("(line)").is_in(list(errors)))
        sound = part.filter(~pl.col("(line)").is_in(list(errors)))
        numbers = sound["(line)"].cast(pl.Int64) + offset + 1
        unreadable = [
            Unreadable(row[0] + offset + 1, f"an Excel error: {errors[row[0]]}", row_json(header, row[1:]))
            for row in broken.iter_rows()
        ]
        found = text_chunk(header, [], [], unreadable).unreadable
        yield RawChunk(sound.drop("(line)"), numbers.rename("line"), found)
