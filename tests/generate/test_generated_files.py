import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from kehu.generate.blemishes import Blemish, Spoilt, spoilt_rows
from kehu.generate.csv_file import CsvFile
from kehu.generate.dice import stream
from kehu.generate.excel_file import write_excel
from kehu.generate.sqlite_file import Table, write_sqlite

FRAME = pl.DataFrame({"名称": ["湖㳇", None, 'a,"b"'], "数": ["1", "2", None]})


@pytest.mark.parametrize(
    ("_case", "encoding", "start"),
    [("as in the mainland", "gb18030", "名称".encode("gb18030")), ("with a mark", "utf-8-sig", b"\xef\xbb\xbf")],
)
def test_csv_pieces_make_one_file(_case: str, encoding: str, start: bytes, tmp_path: Path) -> None:
    with CsvFile(tmp_path / "x.csv", encoding) as file:
        file.append(FRAME.head(1))
        file.append(FRAME.tail(2))
    written = (tmp_path / "x.csv").read_bytes()
    assert file.rows == 3
    assert written.startswith(start)
    assert written.decode(encoding) == '名称,数\r\n湖㳇,1\r\n,2\r\n"a,""b""",\r\n'


def test_csv_never_replaces_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        CsvFile(tmp_path / "x.csv", "utf-8")
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == "mine"


def test_excel_keeps_types_and_replaces_single_cells(tmp_path: Path) -> None:
    instants = pl.Series(["2025-02-28T23:59:59", None, "2024-02-29T00:00:01"]).str.to_datetime()
    frame = pl.DataFrame({"号": ["007", "8", "9"], "时": instants, "额": [1.25, 0.5, None]})
    write_excel(tmp_path / "x.xlsx", "表", frame, {(1, "额"): "见备注"})
    seen = pl.read_excel(tmp_path / "x.xlsx", sheet_name="表", schema_overrides={"额": pl.String})
    assert seen["号"].to_list() == ["007", "8", "9"]
    assert seen["时"].to_list() == [datetime(2025, 2, 28, 23, 59, 59), None, datetime(2024, 2, 29, 0, 0, 1)]  # noqa: DTZ001  (local times)
    assert seen["额"].to_list() == ["1.25", "见备注", None]


def test_sqlite_takes_text_where_numbers_belong(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": ["a", "b", "c"], "fen": [10, 20, 30]})
    spoilt = Spoilt((1,), (Blemish("fen", "待核", "not a number"),))
    write_sqlite(tmp_path / "x.sqlite3", [Table("t", frame, "k", spoilt)])
    with closing(sqlite3.connect(tmp_path / "x.sqlite3")) as database:
        rows = database.execute("SELECT rowid, k, fen, typeof(fen) FROM t").fetchall()
    assert rows == [(1, "a", 10, "integer"), (2, "b", "待核", "text"), (3, "c", 30, "integer")]


def test_spoilt_rows_are_listed_where_they_stand() -> None:
    spoilt = Spoilt((0, 2), (Blemish("数", "x", "not a number"), Blemish("名称", None, "no name")))
    assert spoilt.applied(FRAME).rows() == [("湖㳇", "x"), (None, "2"), (None, None)]
    assert spoilt.listed("f.csv", first_line=2).rows() == [
        ("f.csv", 2, "数", "x", "not a number"),
        ("f.csv", 4, "名称", "", "no name"),
    ]


def test_two_rows_in_a_thousand_are_spoilt() -> None:
    spoilt = spoilt_rows(stream(1, "test"), 100_000, (Blemish("a", 1, "x"), Blemish("b", 2, "y")))
    assert 150 < len(spoilt.rows) < 250
    assert {blemish.column for blemish in spoilt.blemishes} == {"a", "b"}
    assert spoilt_rows(stream(1, "test"), 100_000, ()).rows == ()
