"""Excel, Parquet and SQLite files load as the same rows in CSV would."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from kehu.model.problems import RefusedError
from kehu.sources.source import Source
from kehu_loaders.files import csv_loader, excel_loader, parquet_loader, sqlite_loader

PLAIN = "  - customer: {name: name}"
RICH = """
  - shipment:
      number: id
      shipper: {name: name, phone: phone}
      accepted_at: {column: at, date: "%d/%m/%Y"}
      promised_at: {column: day, at: "18:00"}
      pieces: pieces
      revenue: amount
"""

Declare = Callable[..., Source]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Two sheets of customers, and one whose cells have every type Excel knows."""
    file = tmp_path / "test.xlsx"
    with xlsxwriter.Workbook(file) as book:
        stamp, day = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd hh:mm", "yyyy-mm-dd"))
        for name, rows in (
            ("华东", [["id", "name"], ["1", "王"], [], ["2", "李"]]),
            ("华南", [["id", "name"], [3, "赵"]]),
        ):
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
        sheet = book.add_worksheet("typed")
        sheet.write_row(0, 0, ["title of the export"])
        sheet.write_row(1, 0, ["id", "name", "phone", "at", "day", "pieces", "amount"])
        sheet.write_row(2, 0, [1, "王", 13800138000])
        sheet.write_datetime(2, 3, datetime.fromisoformat("2024-01-31 08:00:00"), stamp)
        sheet.write_datetime(2, 4, date(2024, 2, 1), day)
        sheet.write_row(2, 5, [3, 12.5])
        sheet.write_row(3, 0, [2, "李", "021-5555", "31/01/2024", "", 2.5, "面议"])
        sheet.write_row(4, 0, ["A-3", "赵"])
        sheet.write_formula(4, 6, "=1/0", None, "#DIV/0!")
        book.add_worksheet("blank")
    return file


def test_excel_reads_the_first_sheet_by_default(declare: Declare, workbook: Path) -> None:
    (chunk,) = excel_loader(declare(PLAIN, file_format="excel"), workbook)
    assert chunk.records["customer"].select("line", "key", "name").rows() == [(2, "1", "王"), (4, "2", "李")]
    assert chunk.read == 2


def test_excel_reads_several_sheets_each_with_lines_of_its_own(declare: Declare, workbook: Path) -> None:
    source = declare(PLAIN, file_format="excel", head="read: {sheet: [华南, 华东]}")
    chunks = list(excel_loader(source, workbook))
    assert [row for chunk in chunks for row in chunk.records["customer"].select("line", "key").rows()] == [
        (2, "3"),
        (10_000_002, "1"),
        (10_000_004, "2"),
    ]


def test_excel_keeps_dates_dates_and_numbers_as_they_are_written(declare: Declare, workbook: Path) -> None:
    source = declare(RICH, file_format="excel", head="read: {sheet: typed, skip: 1}", zone="UTC")
    (chunk,) = excel_loader(source, workbook)
    columns = ("line", "number", "shipper_phone", "accepted_at", "promised_at", "pieces", "revenue")
    at, day = datetime(2024, 1, 31, 8, tzinfo=UTC), datetime(2024, 2, 1, 18, tzinfo=UTC)
    assert chunk.records["shipment"].select(columns).rows() == [(3, "1", "13800138000", at, day, 3, 1250)]
    assert chunk.quarantine.select("line", "column", "value", "reason").rows() == [
        (4, "pieces", "2.5", "not a whole number: mend the cell, or map another column"),
        (4, "amount", "面议", "not a number: mend the cell, or list it under 'missing' if it means unknown"),
        (5, "", "", "an Excel error: column 7: Expected string but got 'Error(Div0)'"),
    ]
    assert (chunk.read, chunk.lines.to_list()) == (3, [3])


@pytest.mark.parametrize(
    ("_case", "head", "message"),
    [
        ("a sheet that is not there", "read: {sheet: 华北}", "the workbook has no sheet '华北'"),
        ("a sheet without a header", "read: {sheet: blank}", "the sheet is empty, not even a header"),
        ("columns that are not there", "read: {sheet: typed}", "has no column 'id'"),
    ],
)
def test_excel_sheets_that_are_refused(_case: str, head: str, message: str, declare: Declare, workbook: Path) -> None:
    with pytest.raises(RefusedError, match=message):
        list(excel_loader(declare(PLAIN, file_format="excel", head=head), workbook))


@pytest.mark.parametrize(
    ("file_format", "message"),
    [
        ("excel", "the file is not a readable Excel workbook"),
        ("parquet", "the file is not a readable Parquet file"),
        ("sqlite", "SQLite says: file is not a database"),
    ],
)
def test_a_file_of_another_format_is_refused(file_format: str, message: str, declare: Declare, tmp_path: Path) -> None:
    file = tmp_path / "test.bin"
    file.write_bytes(b"id,name\n1,a\n" * 100)
    loader = {"excel": excel_loader, "parquet": parquet_loader, "sqlite": sqlite_loader}[file_format]
    for path in (file, tmp_path / "none"):
        with pytest.raises(RefusedError, match=message if path == file else "none:1:1"):
            list(loader(declare(PLAIN, file_format=file_format), path))


def test_parquet_uses_its_own_types(declare: Declare, tmp_path: Path) -> None:
    file = tmp_path / "test.parquet"
    local = datetime.fromisoformat("2024-01-31 08:00:00")
    pl.DataFrame(
        {
            "id": [1, 2, 3],
            "name": pl.Series(["王", "李", "王"], dtype=pl.Categorical),
            "phone": [13800138000.0, float("nan"), None],
            "at": [local, None, local],
            "day": [date(2024, 2, 1), None, None],
            "pieces": pl.Series([3, 4, -1], dtype=pl.Int32),
            "amount": pl.Series([Decimal("12.50"), Decimal("0.125"), None], dtype=pl.Decimal(10, 3)),
        }
    ).write_parquet(file)
    (chunk,) = parquet_loader(declare(RICH, file_format="parquet"), file)
    columns = ("line", "key", "shipper_name", "shipper_phone", "accepted_at", "promised_at", "pieces", "revenue")
    at, day = datetime(2024, 1, 31, tzinfo=UTC), datetime(2024, 2, 1, 10, tzinfo=UTC)
    assert chunk.records["shipment"].select(columns).rows() == [
        (1, "1", "王", "13800138000", at, day, 3, 1250),
        (2, "2", "李", None, None, None, 4, 12),
    ]
    assert chunk.quarantine.rows() == [
        (
            3,
            "pieces",
            "-1",
            "outside its range, 0 to 2147483647: mend the cell",
            '{"id":"3","name":"王","phone":null,"at":"2024-01-31 08:00:00","day":null,"pieces":"-1","amount":null}',
        )
    ]


def test_parquet_instants_with_a_zone_keep_their_instant(declare: Declare, tmp_path: Path) -> None:
    file = tmp_path / "test.parquet"
    at = pl.Series([datetime(2024, 1, 31, tzinfo=UTC)], dtype=pl.Datetime("ms", "UTC"))
    pl.DataFrame({"id": ["1"], "name": ["王"], "at": at.dt.convert_time_zone("America/New_York")}).write_parquet(file)
    source = declare("  - customer: {name: name, first_contact_at: at}", file_format="parquet")
    (chunk,) = parquet_loader(source, file)
    assert chunk.records["customer"]["first_contact_at"].to_list() == [datetime(2024, 1, 31, tzinfo=UTC)]


def test_parquet_floats_are_read_as_the_decimals_they_show(declare: Declare, tmp_path: Path) -> None:
    file = tmp_path / "test.parquet"
    amounts = [0.1 + 0.2, 1.005, 1e-7, 123456789.125, float("inf")]
    pl.DataFrame({"id": list("abcde"), "amount": amounts}).write_parquet(file)
    source = declare("  - shipment: {number: id, shipper: {name: id}, revenue: amount}", file_format="parquet")
    (chunk,) = parquet_loader(source, file)
    assert chunk.records["shipment"]["revenue"].to_list() == [30, 100, 0, 12345678912]
    assert chunk.quarantine.select("line", "value").rows() == [(5, "inf")]


def test_parquet_comes_in_chunks_with_running_lines(declare: Declare, tmp_path: Path) -> None:
    file = tmp_path / "test.parquet"
    ids = pl.int_range(0, 120_000, eager=True).cast(pl.String)
    pl.DataFrame({"id": ids, "name": ids}).write_parquet(file, row_group_size=70_000)
    chunks = list(parquet_loader(declare(PLAIN, file_format="parquet"), file))
    assert sum(chunk.read for chunk in chunks) == 120_000
    assert max(chunk.read for chunk in chunks) <= 50_000
    assert pl.concat([chunk.lines for chunk in chunks]).to_list() == list(range(1, 120_001))


def test_parquet_bytes_are_text_where_they_can_be_and_never_digits(declare: Declare, tmp_path: Path) -> None:
    file = tmp_path / "test.parquet"
    pl.DataFrame({"id": [b"1", "李".encode()], "amount": [b"12.5", b"\xff"], "tags": [["a"], []]}).write_parquet(file)
    source = declare("  - shipment: {number: id, shipper: {name: id}, revenue: amount}", file_format="parquet")
    (chunk,) = parquet_loader(source, file)
    assert chunk.records["shipment"].select("key", "revenue").rows() == [("1", 1250)]
    assert chunk.quarantine.select("line", "value", "row").rows() == [
        (2, "X'ff'", '{"id":"李","amount":"X\'ff\'","tags":"{\\"tags\\":[]}"}')
    ]


def test_a_parquet_file_without_rows_gives_an_empty_chunk(declare: Declare, tmp_path: Path) -> None:
    file = tmp_path / "test.parquet"
    pl.DataFrame({"id": [], "name": []}, schema={"id": pl.String, "name": pl.String}).write_parquet(file)
    (chunk,) = parquet_loader(declare(PLAIN, file_format="parquet"), file)
    assert (chunk.read, chunk.lines.len(), chunk.records["customer"].height) == (0, 0, 0)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A database of two tables, one with values of every type and bytes that are no UTF-8."""
    file = tmp_path / "test.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute('CREATE TABLE "客户 表" (id, name TEXT, amount)')
        rows = [(1, "王", 12.5), (2.0, "李", "1,000"), ("3", None, 7), ("4", "x", b"\x01")]
        connection.executemany('INSERT INTO "客户 表" VALUES (?, ?, ?)', rows)
        connection.execute("INSERT INTO \"客户 表\" VALUES ('5', CAST(X'FF' AS TEXT), 1)")
        connection.execute("CREATE TABLE other (id)")
        connection.commit()
    return file


AMOUNTS = "  - shipment: {number: id, shipper: {key: id, name: name}, revenue: amount}"


def test_sqlite_reads_a_table(declare: Declare, ledger: Path) -> None:
    before = ledger.read_bytes()
    (chunk,) = sqlite_loader(declare(AMOUNTS, file_format="sqlite", head="read: {table: 客户 表}"), ledger)
    assert chunk.records["shipment"].select("line", "key", "shipper_name", "revenue").rows() == [
        (1, "1", "王", 1250),
        (2, "2", "李", 100000),
        (3, "3", None, 700),
    ]
    assert chunk.quarantine.select("line", "value").rows() == [(4, "X'01'"), (5, "")]
    assert ledger.read_bytes() == before


def test_sqlite_reads_a_query(declare: Declare, ledger: Path) -> None:
    query = """read: {query: "SELECT id, name, amount * 2 AS amount FROM \\"客户 表\\" WHERE id = 1"}"""
    (chunk,) = sqlite_loader(declare(AMOUNTS, file_format="sqlite", head=query), ledger)
    assert chunk.records["shipment"].select("key", "revenue").rows() == [("1", 2500)]


def test_a_query_cannot_write(declare: Declare, ledger: Path) -> None:
    before = ledger.read_bytes()
    source = declare(AMOUNTS, file_format="sqlite", head="read: {query: DELETE FROM other}")
    with pytest.raises(RefusedError, match="attempt to write a readonly database"):
        list(sqlite_loader(source, ledger))
    assert ledger.read_bytes() == before


@pytest.mark.parametrize(
    ("_case", "head", "message"),
    [
        (
            "no table named among several",
            "",
            "the file has 2 tables .name one with 'read: .table: ...}': 客户 表, other",
        ),
        ("a table that is not there", "read: {table: othr}", "the file has no table 'othr' .did you mean 'other'"),
        ("a query that does not stand", "read: {query: SELECT}", "SQLite says: incomplete input"),
        ("a column that is not there", "read: {table: other}", "has no column 'name'"),
    ],
)
def test_sqlite_files_that_are_refused(_case: str, head: str, message: str, declare: Declare, ledger: Path) -> None:
    with pytest.raises(RefusedError, match=message):
        list(sqlite_loader(declare(AMOUNTS, file_format="sqlite", head=head), ledger))


@pytest.mark.parametrize("file_format", ["csv", "excel", "parquet", "sqlite"])
def test_what_is_no_plain_file_is_refused_by_every_loader(file_format: str, declare: Declare, tmp_path: Path) -> None:
    loader = {"csv": csv_loader, "excel": excel_loader, "parquet": parquet_loader, "sqlite": sqlite_loader}[file_format]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    named_in_bytes = tmp_path / os.fsdecode(b"\xff.csv")
    named_in_bytes.touch()
    for path, message in (
        (tmp_path, "this is a folder, not a file"),
        (pipe, "this is a pipe or a device, not a file"),
        (named_in_bytes, "the file's name is not UTF-8"),
    ):
        with pytest.raises(RefusedError, match=message):
            loader(declare(PLAIN, file_format=file_format), path)


@pytest.mark.parametrize(
    ("_case", "kept", "message"),
    [
        ("cut in its last page", -50, "the file is cut short: its last pages are missing"),
        ("without a byte", 0, "the file has no tables"),
    ],
)
def test_an_sqlite_file_cut_short_is_refused(
    _case: str, kept: int, message: str, declare: Declare, tmp_path: Path
) -> None:
    file = tmp_path / "test.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE t (id, name)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(row, "x" * 100) for row in range(200)])
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(RefusedError, match=message):
        list(sqlite_loader(declare(PLAIN, file_format="sqlite"), file))
