"""Cells of CSV files know where they stand."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kehu.model.problems import RefusedError
from kehu.workspace.csv_cells import read_cells, uneven

Row = list[tuple[str, int, int]]


def cells(file: Path, content: str | bytes) -> list[Row]:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return [[(cell.text, cell.place.line, cell.place.column) for cell in row] for row in read_cells(file)]


@pytest.mark.parametrize(
    ("_case", "content", "expected"),
    [
        ("nothing", "", []),
        (
            "blank lines and a missing last end",
            "\n a ,b\n\n1,2",
            [[("a", 2, 1), ("b", 2, 5)], [("1", 4, 1), ("2", 4, 3)]],
        ),
        ("a comma at the very end", "a,", [[("a", 1, 1), ("", 1, 1)]]),
        (
            "quotes, a comma and a line's end inside",
            '"x, ""y""\r\nz",b\r\nc,d\r\n',
            [[('x, "y"\r\nz', 1, 1), ("b", 2, 4)], [("c", 3, 1), ("d", 3, 3)]],
        ),
        ("columns count characters, in GB18030 too", "客户,甲\n".encode("gb18030"), [[("客户", 1, 1), ("甲", 1, 4)]]),
    ],
)
def test_cells_know_line_and_column(tmp_path: Path, _case: str, content: str | bytes, expected: list[Row]) -> None:
    assert cells(tmp_path / "f.csv", content) == expected


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text('ab" ,\n客', max_size=5), min_size=1, max_size=4), max_size=5))
def test_what_is_quoted_is_read_back(tmp_path: Path, rows: list[list[str]]) -> None:
    text = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
    found = [[text for text, _, _ in row] for row in cells(tmp_path / "f.csv", text)]
    assert found == [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]


def test_limits_are_told(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text("a\nb\nc\n", encoding="utf-8")
    with pytest.raises(RefusedError, match=r"f.csv:3:1: error\[file-too-large\]: the file has more than 2 rows"):
        read_cells(file, most_rows=2)
    with pytest.raises(RefusedError, match=r"the file has more than 5 bytes \(split it\)"):
        read_cells(file, most_bytes=5)


def test_a_row_of_another_length_is_told(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text("a,b\nc\n", encoding="utf-8")
    rows = read_cells(file)
    assert uneven(rows[0], ["a", "b"]) is None
    assert str(uneven(rows[1], ["a", "b"])) == (
        f"{file}:2:1: error[csv-row]: the row has 1 cells, the header 2 (quote cells that hold a comma)"
    )
