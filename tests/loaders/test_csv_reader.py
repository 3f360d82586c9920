"""Delimited text: encodings, quotes, line numbers, and rows that are no rows."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.model.problems import RefusedError
from kehu.sources.loader import LoadedChunk
from kehu.sources.read import read_source
from kehu.sources.source import Source
from kehu_loaders.csv_reader import read_csv
from kehu_loaders.files import csv_loader

DATA = Path(__file__).parent / "data"
PLAIN = "  - customer: {name: name}"
QUOTES = "the quotes do not match: double a quote inside a quoted cell"

Declare = Callable[..., Source]
LoadCsv = Callable[..., LoadedChunk]


def test_gb18030_loads_as_the_same_text_in_utf_8_does(declare: Declare) -> None:
    place = "  - customer: {name: {columns: [province, city, district, street, village]}, region: province}"
    loaded = []
    for encoding, name in (("gb18030", "rare_place_names.gb18030.csv"), ("utf-8", "rare_place_names.utf8.csv")):
        source = declare(place, head=f"read: {{encoding: {encoding}}}", key="code")
        (chunk,) = csv_loader(source, DATA / name)
        assert (chunk.read, chunk.lines.len(), chunk.quarantine.height) == (56, 56, 0)
        loaded.append(chunk.records["customer"])
    assert loaded[0].equals(loaded[1])
    assert {"䃥", "𡐓", "\ue08b"} <= set("".join(loaded[0]["name"].to_list()))


@pytest.mark.parametrize(
    ("_case", "declared", "written"),
    [
        ("UTF-8 with a byte order mark", "utf-8", "utf-8-sig"),
        ("UTF-8 without the mark it is said to have", "utf-8-sig", "utf-8"),
        ("GBK is read as GB18030", "gbk", "gb18030"),
        ("GB 2312 too", "gb2312", "gb18030"),
        ("UTF-16 with a byte order mark", "utf-16", "utf-16"),
        ("UTF-16 little end first", "utf-16-le", "utf-16-le"),
        ("Big5", "big5", "big5"),
    ],
)
def test_encodings(_case: str, declared: str, written: str, declare: Declare, load_csv: LoadCsv) -> None:
    source = declare(PLAIN, head=f"read: {{encoding: {declared}}}")
    chunk = load_csv(source, "id,name\n1,王大文\n".encode(written))
    assert chunk.records["customer"]["name"].to_list() == ["王大文"]


@pytest.mark.parametrize(
    ("_case", "encoding", "broken", "shown"),
    [
        ("a byte UTF-8 never has", "utf-8", b"\xff", r"\xff"),
        ("a character cut short", "utf-8", b"\xe4\xb8", r"\xe4\xb8"),
        ("a byte GB18030 never has", "gb18030", b"\xff", r"\xff"),
        ("half a GB18030 character", "gb18030", b"\x81", r"\x81"),
        ("half of a four-byte character", "gb18030", b"\x81\x30", r"\x810"),
    ],
)
def test_undecodable_bytes_cost_their_own_row_only(
    _case: str, encoding: str, broken: bytes, shown: str, declare: Declare, load_csv: LoadCsv
) -> None:
    content = "id,name\n1,王\n2,\n3,李\n".encode(encoding).replace(b"2,", b"2," + broken)
    chunk = load_csv(declare(PLAIN, head=f"read: {{encoding: {encoding}}}"), content)
    reason = "the row holds bytes that are not of the declared encoding"
    row = '{"id": "2", "name": "' + shown.replace("\\", "\\\\") + '"}'
    assert chunk.quarantine.rows() == [(3, "", "", reason, row)]
    assert chunk.lines.to_list() == [2, 4]
    assert chunk.read == 3


SHAPES = [
    # label, content below the header, lines that fit, (line, reason) of those that do not
    ("a quoted line end", '1,"a\nb"\n2,c\n', [2, 4], []),
    ("windows line ends", "1,a\r\n2,b\r\n", [2, 3], []),
    ("old line ends", "1,a\r2,b\r", [2, 3], []),
    ("no line end at the end", "1,a", [2], []),
    ("lines without any cell are no rows", "\n1,a\n,\n\n2,b\n\n", [3, 6], []),
    (
        "a cell too few",
        "1\n2,b\n",
        [3],
        [(2, "the row has 1 cells, the header 2: quote cells that hold the delimiter")],
    ),
    ("a cell too many", "1,a,x\n", [], [(2, "the row has 3 cells, the header 2: quote cells that hold the delimiter")]),
    ("a text after the quotes", '1,"a"b\n2,b\n', [3], [(2, QUOTES)]),
    ("an open quote gives its lines back", '1,"a\n2,b\n3,c\n', [3, 4], [(2, QUOTES)]),
    ("an open quote on the last line", '1,a\n2,"b', [2], [(3, QUOTES)]),
    ("two open quotes", '1,"a\n2,b\n3,"c\n4,d\n', [3, 5], [(2, QUOTES), (4, QUOTES)]),
    ("a doubled quote", '1,"a ""b"""\n', [2], []),
    ("a quote inside an unquoted cell", '1,5" disk\n', [2], []),
    ("only a header", "", [], []),
]


@pytest.mark.parametrize(("_case", "content", "lines", "bad"), SHAPES, ids=[row[0] for row in SHAPES])
def test_rows_and_their_lines(
    _case: str, content: str, lines: list[int], bad: list[tuple[int, str]], declare: Declare, load_csv: LoadCsv
) -> None:
    chunk = load_csv(declare(PLAIN), f"id,name\n{content}")
    assert chunk.lines.to_list() == lines
    assert chunk.quarantine.select("line", "reason").rows() == bad
    assert chunk.records["customer"]["line"].to_list() == lines
    assert chunk.read == len(lines) + len(bad)


@pytest.mark.parametrize(
    ("_case", "head", "content"),
    [
        ("a semicolon", 'read: {delimiter: ";"}', "id;name\n1;a,b\n"),
        ("a tab", "read: {delimiter: tab}", "id\tname\n1\ta,b\n"),
        ("lines above the header", "read: {skip: 2}", '客户清单\n2024\nid,name\n1,"a,b"\n'),
        ("a header in quotes, with blanks", "", '"id"," name "\n1,"a,b"\n'),
        ("an unnamed column", "", 'id,name,\n1,"a,b",\n'),
        ("columns nobody asked for twice", "", 'id,name,note,note\n1,"a,b",x,y\n'),
    ],
)
def test_headers(_case: str, head: str, content: str, declare: Declare, load_csv: LoadCsv) -> None:
    chunk = load_csv(declare(PLAIN, head=head), content)
    assert chunk.records["customer"]["name"].to_list() == ["a,b"]
    assert chunk.quarantine.height == 0


@pytest.mark.parametrize(
    ("_case", "content", "messages"),
    [
        (
            "an empty file",
            b"",
            ["{file}:1:1: error[unreadable-file]: the file is empty, not even a header (export it again)"],
        ),
        (
            "only blank lines",
            b"\n\n",
            ["{file}:1:1: error[unreadable-file]: the file is empty, not even a header (export it again)"],
        ),
        (
            "columns that are not there",
            b"ids,nam\n1,a\n",
            [
                "sources/test.yaml:4:6: error[missing-column]: '{file}' has no column 'id' (did you mean 'ids'?)",
                "sources/test.yaml:7:22: error[missing-column]: '{file}' has no column 'name' (did you mean 'nam'?)",
            ],
        ),
        (
            "a column that is there twice",
            b"id,name,name\n1,a,b\n",
            [
                (
                    "{file}:1:1: error[duplicate-column]: the header has 'name' more than once"
                    " (rename one of them in the export)"
                )
            ],
        ),
        (
            "a header in another encoding",
            "id,name,客户\n".encode("gb18030"),
            [
                (
                    r"{file}:1:1: error[unreadable-file]: the header is not utf-8: '\xbf\u037b\xa7'"
                    " (check 'format', and the encoding under 'read:', for example {{encoding: gb18030}})"
                )
            ],
        ),
        (
            "a header whose quotes do not match",
            b'"id,name\n1,a\n',
            [
                (
                    f"{{file}}:1:1: error[unreadable-file]: the header is not readable: {QUOTES}"
                    " (check 'delimiter' and 'skip')"
                )
            ],
        ),
    ],
)
def test_files_that_are_refused(
    _case: str, content: bytes, messages: list[str], declare: Declare, load_csv: LoadCsv, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError) as refused:
        load_csv(declare(PLAIN), content)
    shown = [message.format(file=tmp_path / "test.csv").replace(r"\u037b", "ͻ") for message in messages]
    assert str(refused.value).splitlines() == sorted(shown)


def test_a_file_that_is_not_there_is_refused(declare: Declare, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="the file cannot be opened: No such file or directory"):
        list(csv_loader(declare(PLAIN), tmp_path / "none.csv"))


def test_a_word_taken_for_a_column_is_explained(declare: Declare, load_csv: LoadCsv) -> None:
    with pytest.raises(RefusedError, match=r"for the same value in every row write \{value: company\}"):
        load_csv(declare("  - customer: {name: name, kind: company}"), "id,name\n")


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)


@settings(max_examples=80)
@given(st.lists(st.tuples(CELLS, CELLS).filter(any), max_size=8))
def test_what_a_writer_writes_is_read_with_its_lines(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "name"])
    starts = []
    for row in rows:
        starts.append(len(io.StringIO(text.getvalue(), newline=None).readlines()) + 1)
        writer.writerow(row)
    file = tmp_path_factory.mktemp("csv") / "test.csv"
    file.write_bytes(text.getvalue().encode())
    (raw,) = read_csv(_plain_source(), file)
    assert raw.cells.rows() == rows
    assert raw.lines.to_list() == starts
    assert raw.unreadable.height == 0


@settings(max_examples=80)
@given(
    st.lists(
        st.sampled_from([b"1", b"2", b",", b",", b"\n", b"\r\n", b'"', b"\xff", b"\x81", "王".encode(), b" ", b"x"]),
        max_size=40,
    ),
    st.sampled_from(["utf-8", "gb18030", "utf-16-le"]),
)
def test_no_row_of_garbage_is_lost(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], encoding: str
) -> None:
    file = tmp_path_factory.mktemp("garbage") / "test.csv"
    file.write_bytes("id,name\n".encode(encoding) + b"".join(pieces))
    chunks = list(csv_loader(_plain_source(encoding), file))
    for chunk in chunks:
        assert chunk.read == chunk.lines.len() + chunk.quarantine["line"].n_unique()
        assert not set(chunk.lines) & set(chunk.quarantine["line"])
        assert set(chunk.records["customer"]["line"]) <= set(chunk.lines)


def _plain_source(encoding: str = "utf-8") -> Source:
    text = f"source: test\nformat: csv\nfiles: x\nread: {{encoding: {encoding}}}\nkey: id\nrecords:\n{PLAIN}"
    source, _ = read_source(text, "sources/test.yaml", timezone="UTC", currency="CNY", formats=["csv"])
    assert source is not None
    return source


CHINESE = "  - customer: {name: 名称}"


@pytest.mark.parametrize(
    ("_case", "read", "written", "message", "remedy"),
    [
        (
            "UTF-8 read as GB18030",
            "encoding: gb18030",
            "编号,名称\n1,王\n".encode(),
            "the header is misread: '缂栧彿,鍚嶇О'",
            "the file is utf-8: write 'read: {encoding: utf-8}'",
        ),
        (
            "GB18030 read as UTF-8",
            "encoding: utf-8",
            "编号,名称\n1,王\n".encode("gb18030"),
            r"the header is not utf-8: '\xb1\xe0\xba\xc5'",
            "the file is gb18030: write 'read: {encoding: gb18030}'",
        ),
        (
            "UTF-8 read as UTF-16",
            "encoding: utf-16",
            "编号,名称\n1,王\n".encode(),
            "the file is not utf-16",
            "the file is utf-8: write 'read: {encoding: utf-8}'",
        ),
        (
            "semicolons",
            "encoding: utf-8",
            "编号;名称\n1;王\n".encode(),
            "the header is misread: '编号;名称'",
            "its cells are divided otherwise: write 'read: {delimiter: \";\"}'",
        ),
        (
            "a workbook",
            "encoding: utf-8",
            b"PK\x03\x04\x14\xff\x1b[2J,,",
            r"the header is not utf-8: 'PK\x03\x04\x14\xff\x1b[2J'",
            "check 'format', and the encoding under 'read:', for example {encoding: gb18030}",
        ),
    ],
)
def test_a_misread_file_is_refused_with_the_way_to_read_it(
    _case: str, read: str, written: bytes, message: str, remedy: str, declare: Declare, load_csv: LoadCsv
) -> None:
    source = declare(CHINESE, head=f"read: {{{read}}}", key="编号")
    with pytest.raises(RefusedError) as caught:
        load_csv(source, written)
    (problem,) = caught.value.problems
    assert (problem.message, problem.remedy) == (message, remedy)


def test_a_cell_too_long_says_so_and_is_not_kept_whole(declare: Declare, load_csv: LoadCsv) -> None:
    chunk = load_csv(declare(PLAIN), f"id,name\n1,{'x' * 200_000}\n2,b\n")
    (finding,) = chunk.quarantine.iter_rows(named=True)
    assert finding["reason"] == "a cell has more than 131,072 characters: shorten it, or export to Parquet"
    assert len(finding["row"]) < 10_100
    assert chunk.records["customer"]["key"].to_list() == ["2"]


def test_a_line_without_an_end_is_not_read_whole(declare: Declare, load_csv: LoadCsv) -> None:
    with pytest.raises(RefusedError, match="a line has more than 16,000,000 characters"):
        load_csv(declare(PLAIN), b"id,name\n1," + b"x" * 17_000_000)
