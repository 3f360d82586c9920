"""Files that tell who left and when: a CSV file of leavers, and the records that are theirs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from kehu.model.graph import INSTANT
from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.store.record_keys import party_key
from kehu.workspace.csv_cells import Cell, read_cells, uneven

LEFT_ON, ACCOUNT, TRUE_ID = "churned_on", ("system", "record_key"), ("customer_id",)
RECORDS = "records.parquet"
_MOST_BYTES, _MOST_ROWS = 200_000_000, 2_000_000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEADERS = " or ".join(f"{','.join(by)},{LEFT_ON}" for by in (ACCOUNT, TRUE_ID))


@dataclass(frozen=True, slots=True)
class Leavers:
    """A row per leaver: the columns `by`, which name it, and `left_at`; `systems` are where each first stands."""

    by: tuple[str, ...]
    frame: pl.DataFrame
    systems: Mapping[str, Place]


def read_leavers(path: Path, timezone: str) -> Leavers:
    """The rows of a CSV file; other columns may stand in it. A day is its beginning in `timezone`.

    Raises RefusedError with everything wrong with the file.
    """
    rows = read_cells(path, most_bytes=_MOST_BYTES, most_rows=_MOST_ROWS)
    header = [cell.text for cell in rows[0]] if rows else []
    by = _naming(path, rows[0] if rows else [])
    problems: list[Problem] = []
    found: dict[tuple[str, ...], datetime | None] = {}
    systems: dict[str, Place] = {}
    for row in rows[1:]:
        wrong = uneven(row, header)
        if wrong is not None:
            problems.append(wrong)
            continue
        cells = dict(zip(header, row, strict=True))
        name = tuple(cells[column].text for column in by)
        problems += _wrong_name([cells[column] for column in by], known=name in found)
        found[name] = _left_at(cells[LEFT_ON], timezone, problems)
        systems.setdefault(name[0], cells[by[0]].place)
    refuse_errors(problems)
    columns = {column: pl.String() for column in by} | {"left_at": INSTANT}
    frame = pl.DataFrame([(*name, at) for name, at in found.items()], schema=columns, orient="row")
    return Leavers(by, _with_plain_keys(frame), systems if by == ACCOUNT else {})


def read_true_records(path: Path) -> pl.DataFrame:
    """The columns `system`, `record_key` and `customer_id` of a Parquet file; keys that name several are left out.

    Raises RefusedError when it is none, or has no such columns of text.
    """
    names = (*ACCOUNT, *TRUE_ID)
    if not path.is_file():
        remedy = f"name the customers of the truth by {' and '.join(ACCOUNT)}, or put the file there"
        raise _refused(Place(str(path)), f"'{TRUE_ID[0]}' needs this file, which says whose records are whose", remedy)
    try:
        types = pl.read_parquet_schema(path)
        wrong = [name for name in names if types.get(name) != pl.String()]
        frame = pl.DataFrame() if wrong else pl.read_parquet(path, columns=list(names))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _refused(Place(str(path)), "the file cannot be read as Parquet", "generate the carrier anew") from error
    if wrong:
        listed = ", ".join(map(repr, wrong))
        raise _refused(Place(str(path)), f"no column {listed} of text", f"it needs {', '.join(names)}")
    plain = _with_plain_keys(frame.drop_nulls()).unique(maintain_order=True)
    return plain.filter(pl.len().over(ACCOUNT) == 1)


def _with_plain_keys(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(party_key(pl.col("record_key"))) if "record_key" in frame.columns else frame


def _naming(path: Path, header: Sequence[Cell]) -> tuple[str, ...]:
    """The columns that name a customer."""
    names = [cell.text for cell in header]
    twice = [cell for index, cell in enumerate(header) if cell.text and cell.text in names[:index]]
    refuse_errors(Problem(cell.place, "csv-header", f"a second column '{cell.text}'", "keep one") for cell in twice)
    by = next((by for by in (ACCOUNT, TRUE_ID) if set(by) <= set(names)), None)
    if by is None or LEFT_ON not in names:
        said = f"no column '{LEFT_ON}'" if by is not None else "no columns that name a customer"
        where = header[0].place if header else Place(str(path))
        raise RefusedError([Problem(where, "csv-header", said, f"it needs {_HEADERS}")])
    return by


def _wrong_name(cells: Sequence[Cell], *, known: bool) -> list[Problem]:
    empty = [Problem(cell.place, "truth", "the cell is empty", "name the customer") for cell in cells if not cell.text]
    if known and not empty:
        said = f"'{' '.join(cell.text for cell in cells)}' stands here a second time"
        return [Problem(cells[-1].place, "truth", said, "keep one row for each")]
    return empty


def _left_at(cell: Cell, timezone: str, problems: list[Problem]) -> datetime | None:
    """The beginning of the day; None, with a problem added, where the cell holds none."""
    try:
        if _DAY.fullmatch(cell.text):
            return datetime.combine(date.fromisoformat(cell.text), time.min, ZoneInfo(timezone)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    problems.append(Problem(cell.place, "truth", f"'{cell.text}' is not a day", "write 2026-05-31"))
    return None


def _refused(place: Place, said: str, remedy: str) -> RefusedError:
    return RefusedError([Problem(place, "truth", said, remedy)])
