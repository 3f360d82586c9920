"""What each kind of field makes of a cell, or why the cell does not fit."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.model.graph import Field
from kehu.sources.loader import LoadedChunk
from kehu.sources.source import Source
from kehu.sources.units import WEIGHT_UNITS, money_unit
from kehu_loaders.amounts import NumberRule, number
from kehu_loaders.instants import instant

Declare = Callable[..., Source]
LoadCsv = Callable[..., LoadedChunk]

NOT_A_NUMBER = "not a number: mend the cell, or list it under 'missing' if it means unknown"
NOT_WHOLE = "not a whole number: mend the cell, or map another column"
SCIENTIFIC = "a number in scientific notation has lost digits: format the column as a whole number and export again"
YEARS = (
    "its year is not within 1901 to 2199: mend the cell, write %y under 'date' if the year has two digits,"
    " or list it under 'missing' if it means unknown"
)
NOT_A_DATE = "not a date of the form {}: mend the cell, or add its form under 'date'"
ISO_FORM = "such as '2024-01-31 08:00:00'"


def utc(*parts: int) -> datetime:
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month and day are always given


FITS = [
    # label, field, mapping, cell, value
    ("money in major units", "revenue", "x", "12.5", 1250),
    ("money with thousands commas", "revenue", "x", "1,234.50", 123450),
    ("money with its sign", "revenue", "x", "¥12.00", 1200),
    ("money with a full-width sign and digits", "revenue", "x", "￥１２．３", 1230),
    ("money with its word", "revenue", "x", "12元", 1200),
    ("money with its code", "revenue", "x", "CNY 7", 700),
    ("a credit", "revenue", "x", "-0.01", -1),
    ("a credit with its sign", "revenue", "x", "-¥3", -300),
    ("a credit in brackets", "revenue", "x", "(3.50)", -350),
    ("zero is known", "revenue", "x", "0", 0),
    ("half a fen goes to the even one below", "revenue", "x", "0.125", 12),
    ("half a fen goes to the even one above", "revenue", "x", "0.135", 14),
    ("just over half a fen goes up", "revenue", "x", "0.1250001", 13),
    ("a sum floating point cannot hold", "revenue", "x", "90071992547409.93", 9007199254740993),
    ("a unit of a hundredth", "revenue", "{column: x, unit: fen}", "1250", 1250),
    ("a unit of ten thousand", "revenue", "{column: x, unit: wan_yuan}", "1.5万元", 1500000),
    ("minor units", "revenue", "{column: x, unit: minor}", "1250", 1250),
    ("kilograms", "weight_g", "{column: x, unit: kg}", "0.35", 350),
    ("kilograms with their sign", "weight_g", "{column: x, unit: kg}", "2.5 公斤", 2500),
    ("pounds", "weight_g", "{column: x, unit: lb}", "1", 454),
    ("tonnes", "weight_g", "{column: x, unit: t}", "1.2", 1200000),
    ("grams by default", "weight_g", "x", "12.5", 12),
    ("a whole number", "pieces", "x", "3", 3),
    ("a whole number with a useless fraction", "pieces", "x", "3.00", 3),
    ("a number by its word", "pieces", "{column: x, map: {一件: 1}}", "一件", 1),
    ("a number for a missing cell", "pieces", "{column: x, absent: 1}", "", 1),
    ("an ISO instant", "accepted_at", "x", "2024-01-31 08:00:00", utc(2024, 1, 31)),
    ("an ISO instant to the minute", "accepted_at", "x", "2024-01-31T08:00", utc(2024, 1, 31)),
    ("a date is the start of its day", "accepted_at", "x", "2024-01-31", utc(2024, 1, 30, 16)),
    (
        "a date at a time of day",
        "accepted_at",
        '{column: x, at: "23:59:59"}',
        "2024-01-31",
        utc(2024, 1, 31, 15, 59, 59),
    ),
    ("an instant in UTC", "accepted_at", "x", "2024-01-31T08:00:00Z", utc(2024, 1, 31, 8)),
    (
        "an instant with an offset",
        "accepted_at",
        "x",
        "2024-01-31 08:00:00.5+09:00",
        utc(2024, 1, 30, 23, 0, 0, 500000),
    ),
    ("a declared form", "accepted_at", '{column: x, date: "%d-%b-%y"}', "02-Jun-06", utc(2006, 6, 1, 16)),
    (
        "a declared form without padding",
        "accepted_at",
        '{column: x, date: "%m/%d/%Y"}',
        "7/4/1996",
        utc(1996, 7, 3, 16),
    ),
    ("a Chinese form", "accepted_at", '{column: x, date: "%Y年%m月%d日"}', "2024年1月31日", utc(2024, 1, 30, 16)),
    (
        "the second form",
        "accepted_at",
        '{column: x, date: ["%d/%m/%Y", "%Y%m%d %H:%M"]}',
        "20240131 08:00",
        utc(2024, 1, 31),
    ),
    (
        "an hour before noon",
        "accepted_at",
        '{column: x, date: "%Y-%m-%d %I:%M %p"}',
        "2024-01-31 08:00 AM",
        utc(2024, 1, 31),
    ),
    (
        "a fraction in a form",
        "accepted_at",
        '{column: x, date: "%Y%m%d %H:%M:%S.%f"}',
        "20240131 08:00:00.25",
        utc(2024, 1, 31, 0, 0, 0, 250000),
    ),
    (
        "a form with an offset",
        "accepted_at",
        '{column: x, date: "%d.%m.%Y %H:%M %z"}',
        "31.01.2024 08:00 +0000",
        utc(2024, 1, 31, 8),
    ),
    ("ISO where forms are declared", "accepted_at", '{column: x, date: "%d-%b-%y"}', "2006-06-02", utc(2006, 6, 1, 16)),
    (
        "date and time in two columns",
        "accepted_at",
        '{columns: [x, y], join: " "}',
        "2024-01-31,08:00",
        utc(2024, 1, 31),
    ),
    ("the first year", "accepted_at", "x", "1901-01-01T00:00:00Z", utc(1901, 1, 1)),
    ("the last year", "accepted_at", "x", "2199-12-31T23:59:59Z", utc(2199, 12, 31, 23, 59, 59)),
    (
        "a strange form with an offset",
        "accepted_at",
        '{column: x, date: "%Y-%d-%m %H:%M %z"}',
        "2024-31-01 08:00 +0000",
        utc(2024, 1, 31, 8),
    ),
    ("a word as it is", "status", "x", "delivered", "delivered"),
    ("a word by the table", "status", "{column: x, map: {签收: delivered}}", "签收", "delivered"),
    ("any other word", "status", "{column: x, map: {签收: delivered}, otherwise: lost}", "丢了", "lost"),
    ("a missing cell stays unknown beside otherwise", "status", "{column: x, otherwise: lost}", "", None),
    ("a presence", "status", "{column: x, present: delivered, absent: accepted}", "2024", "delivered"),
    ("an absence", "status", "{column: x, present: delivered, absent: accepted}", " ", "accepted"),
    ("a text trimmed", "service", "x", " 　次日达\t", "次日达"),
    ("a text composed", "service", "x", "Café", "Café"),
    ("a text without control characters", "service", "x", "a\x00b\x07", "ab"),
    ("a text joined", "service", '{columns: [x, y], join: "-"}', "深圳,上海", "深圳-上海"),
    ("a text joined without its empty part", "service", '{columns: [x, y], join: "-"}', "深圳,", "深圳"),
    ("a text that says missing in this field", "service", "{column: x, missing: [无]}", "无", None),
    ("a text that is like a missing one", "service", "{column: x, missing: [{like: See *}]}", "See (DN)", None),
    ("a text that only begins with a missing one", "service", "{column: x, missing: [See]}", "See (DN)", "See (DN)"),
    ("a text that the source calls missing", "service", "x", "N/A", None),
    ("a constant", "service", "{value: parcel}", "", "parcel"),
    ("digits stay text", "service", "x", "007", "007"),
]

MISFITS = [
    ("words where an amount should be", "revenue", "x", "面议", NOT_A_NUMBER),
    ("another currency's sign", "revenue", "x", "$12", NOT_A_NUMBER),
    ("commas in the wrong place", "revenue", "x", '"12,34.5"', NOT_A_NUMBER),
    ("scientific notation", "revenue", "x", "1.38E+10", SCIENTIFIC),
    ("an amount without end", "revenue", "x", "12345678901234567890", NOT_A_NUMBER),
    (
        "an amount too large to store",
        "revenue",
        "{column: x, unit: wan_yuan}",
        "999999999999999",
        "outside what an amount can hold: mend the cell",
    ),
    ("a negative weight", "weight_g", "x", "-1", "outside its range, 0 or more: mend the cell"),
    ("half a piece", "pieces", "x", "2.5", NOT_WHOLE),
    ("minus one piece", "pieces", "x", "-1", "outside its range, 0 to 2147483647: mend the cell"),
    ("not a date", "accepted_at", "x", "soon", NOT_A_DATE.format(ISO_FORM)),
    ("a day that is not", "accepted_at", "x", "2023-02-29", NOT_A_DATE.format(ISO_FORM)),
    (
        "a date of another form",
        "accepted_at",
        '{column: x, date: "%d-%b-%y"}',
        "6/2/06",
        NOT_A_DATE.format("'%d-%b-%y'"),
    ),
    (
        "day before month is never read as ISO",
        "accepted_at",
        '{column: x, date: "%Y-%d-%m"}',
        "2024-01-31",
        NOT_A_DATE.format("'%Y-%d-%m'"),
    ),
    ("two digits for a year", "accepted_at", '{column: x, date: "%m/%d/%Y"}', "6/2/06", YEARS),
    ("a date that stands for nothing", "accepted_at", "x", "1900-12-31", YEARS),
    ("a date that stands for ever", "accepted_at", "x", "2200-01-02T00:00:00Z", YEARS),
    (
        "a word outside the field's",
        "status",
        "x",
        "签收",
        (
            "none of accepted, in_transit, delivered, returned, lost, cancelled:"
            " say what it means under 'map', or list it under 'missing'"
        ),
    ),
    (
        "a cell outside the table",
        "status",
        "{column: x, map: {签收: delivered}}",
        "丢了",
        "none of the cells of 'map' (签收): add it there, or give 'otherwise'",
    ),
    (
        "a text outside its table",
        "service",
        '{column: x, map: {"1": Air}}',
        "2",
        "none of the cells of 'map' (1): add it there, or give 'otherwise'",
    ),
]


@pytest.mark.parametrize(("_case", "field", "mapping", "cell", "value"), FITS, ids=[row[0] for row in FITS])
def test_a_cell_becomes_a_value(
    _case: str, field: str, mapping: str, cell: str, value: object, declare: Declare, load_csv: LoadCsv
) -> None:
    cells = cell.split(",") if "columns" in mapping else [cell, ""]
    content = f'id,name,x,y\n1,王,"{cells[0]}","{cells[1]}"\n'
    source = declare(_shipment(field, mapping), head="missing: [N/A]")
    chunk = load_csv(source, content)
    assert chunk.quarantine.rows() == []
    assert chunk.records["shipment"][field].to_list() == [value]


@pytest.mark.parametrize(("_case", "field", "mapping", "cell", "reason"), MISFITS, ids=[row[0] for row in MISFITS])
def test_a_cell_that_does_not_fit_quarantines_its_row(
    _case: str, field: str, mapping: str, cell: str, reason: str, declare: Declare, load_csv: LoadCsv
) -> None:
    chunk = load_csv(declare(_shipment(field, mapping)), f"id,name,x\n1,王,{cell}\n2,李,\n")
    text = cell.strip('"')
    row = f'{{"id":"1","name":"王","x":"{text}"}}'
    assert chunk.quarantine.rows() == [(2, "x", text, reason, row)]
    assert chunk.records["shipment"]["key"].to_list() == ["2"]
    assert (chunk.read, chunk.lines.to_list()) == (2, [3])


@pytest.mark.parametrize(
    ("_case", "cell", "value"),
    [(cell, cell, True) for cell in ("是", "yes", "Y", "1", "TRUE", "true")]
    + [(cell, cell, False) for cell in ("否", "no", "N", "0", "False")]
    + [("unknown", "", None)],
)
def test_a_boolean_understands_the_usual_words(
    _case: str, cell: str, value: object, declare: Declare, load_csv: LoadCsv
) -> None:
    chunk = load_csv(declare("  - customer: {name: name, consent: x}"), f"id,name,x\n1,王,{cell}\n")
    assert chunk.records["customer"]["consent"].to_list() == [value]


def test_a_boolean_takes_its_own_words_by_a_table(declare: Declare, load_csv: LoadCsv) -> None:
    source = declare('  - customer: {name: name, consent: {column: x, map: {同意: "true", 拒绝: "false"}}}')
    chunk = load_csv(source, "id,name,x\n1,王,同意\n2,李,拒绝\n3,赵,也许\n")
    assert chunk.records["customer"]["consent"].to_list() == [True, False]
    assert chunk.quarantine["line"].to_list() == [4]


@pytest.mark.parametrize(
    ("_case", "local", "expected"),
    [
        ("before the clocks go forward", "2024-03-31 00:59:59", utc(2024, 3, 31, 0, 59, 59)),
        ("in the hour that never comes", "2024-03-31 01:30:00", None),
        ("after the clocks went forward", "2024-03-31 02:00:00", utc(2024, 3, 31, 1)),
        ("in the hour that comes twice", "2024-10-27 01:30:00", utc(2024, 10, 27, 0, 30)),
        ("after the hour that comes twice", "2024-10-27 02:00:00", utc(2024, 10, 27, 2)),
    ],
)
def test_clocks_that_change(_case: str, local: str, expected: object, declare: Declare, load_csv: LoadCsv) -> None:
    source = declare(_shipment("accepted_at", "x"), zone="Europe/London")
    chunk = load_csv(source, f"id,name,x\n1,王,{local}\n")
    assert chunk.records["shipment"]["accepted_at"].to_list() == ([] if expected is None else [expected])
    never = "this local time never came in Europe/London, the clocks were put forward: mend the cell, or 'timezone'"
    assert chunk.quarantine["reason"].to_list() == ([never] if expected is None else [])


@settings(max_examples=200)
@given(st.decimals(-(10**9), 10**9, places=6), st.sampled_from([*WEIGHT_UNITS, "money"]))
def test_numbers_equal_decimal_arithmetic(amount: Decimal, name: str) -> None:
    unit = money_unit("major", "CNY") if name == "money" else WEIGHT_UNITS[name]
    assert unit is not None
    exact = amount * unit.numerator / unit.denominator
    rule = NumberRule.of(Field("any"), unit, rounds=True)
    converted = number(pl.col("x"), pl.String(), pl.col("x"), rule)
    (value,) = pl.DataFrame({"x": [f"{amount:f}"]}).lazy().select(converted.value).collect()["x"].to_list()
    assert value == int(exact.to_integral_value(ROUND_HALF_EVEN))


@settings(max_examples=100)
@given(
    st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2035-01-01")).map(
        lambda local: local.replace(microsecond=0, fold=0)
    ),
    st.sampled_from(["Asia/Shanghai", "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_instants_equal_the_standard_library(local: datetime, zone: str) -> None:
    converted = instant(pl.col("x"), pl.String(), pl.col("x"), (("%d/%m/%Y %H:%M:%S",), None, zone))
    frame = pl.DataFrame({"x": [local.strftime("%d/%m/%Y %H:%M:%S")]})
    aware = local.replace(tzinfo=ZoneInfo(zone))
    comes = aware.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    assert frame.select(converted.value)["x"].to_list() == [aware.astimezone(UTC) if comes else None]


def _shipment(field: str, mapping: str) -> str:
    return f"  - shipment:\n      number: id\n      shipper: {{name: name}}\n      {field}: {mapping}"
