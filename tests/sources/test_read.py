"""What read_source makes of a declaration."""

from collections.abc import Callable
from datetime import time

from kehu.model.feature_types import Label
from kehu.sources.read import read_source
from kehu.sources.source import (
    Cell,
    Choice,
    Constant,
    FieldMap,
    Key,
    Missing,
    Party,
    ReadOptions,
    Source,
    field_columns,
)

FORMATS = ("csv", "excel", "parquet", "sqlite")
LEAST = "source: test\nformat: csv\nfiles: data/x.csv\nkey: id\nrecords:\n  - customer: {name: name}\n"
FULL = """\
source: tms_waybills
system: tms
label: {en: TMS waybills, zh: 运单}
format: csv
files: [data/tms/*.csv, data/old/*.csv]
read: {encoding: gb18030, delimiter: tab, skip: 1}
timezone: Asia/Shanghai
currency: CNY
key: [网点, 运单号]
missing: ["", N/A, {like: "See DN-*"}]
records:
  - shipment:
      number: 运单号
      shipper: {system: crm, key: 寄件账号, name: 寄件人}
      consignee: {key: 收件账号, kind: {value: person}}
      payer: {column: 付款方式, choose: {寄付: shipper, 第三方付: {key: 付款账号}}, otherwise: consignee}
      promised_at: {column: 承诺时间, date: "%d-%b-%y", at: "23:59:59"}
      weight_g: {column: 重量, unit: kg}
      status: {column: 状态, map: {签收: delivered}, otherwise: accepted}
      destination: {columns: [市, 区], join: "-", missing: 无}
    when: {column: 类型, in: [快递]}
"""

Find = Callable[[str], Source]


def find(text: str) -> tuple[Source | None, list[str]]:
    """The source and its problems as text."""
    source, problems = read_source(text, "s.yaml", timezone="Europe/Paris", currency="CNY", formats=FORMATS)
    return source, [str(problem) for problem in problems]


def field_of(source: Source, name: str) -> FieldMap:
    """The mapping of one field of the first record."""
    (found,) = (field for field in source.records[0].fields if field.field.name == name)
    return found


def test_a_short_declaration_takes_the_defaults() -> None:
    source, problems = find(LEAST)
    assert problems == []
    assert source is not None
    assert (source.name, source.system, source.label) == ("test", "test", Label("test", "test"))
    assert (source.format, source.files, source.options) == ("csv", ("data/x.csv",), ReadOptions())
    assert (source.timezone, source.currency, source.missing) == ("Europe/Paris", "CNY", Missing())
    assert [column.name for column in source.columns()] == ["id", "name"]


def test_a_long_declaration_is_read_whole() -> None:
    source, problems = find(FULL)
    assert problems == []
    assert source is not None
    assert (source.system, source.label, source.timezone) == ("tms", Label("TMS waybills", "运单"), "Asia/Shanghai")
    assert source.options == ReadOptions(encoding="gb18030", delimiter="\t", skip=1)
    assert source.missing == Missing(("", "N/A"), ("See DN-*",))
    record = source.records[0]
    assert [column.name for column in field_columns(record.key)] == ["网点", "运单号"]
    assert [(test.column.name, test.words, test.wanted) for test in record.when] == [("类型", ("快递",), True)]
    promised, status, place = (field_of(source, name).value for name in ("promised_at", "status", "destination"))
    assert isinstance(promised, Cell)
    assert isinstance(status, Cell)
    assert isinstance(place, Cell)
    assert (promised.dates, promised.at) == (("%d-%b-%y",), time(23, 59, 59))
    assert (status.words, status.otherwise) == ((("签收", "delivered"),), "accepted")
    assert (len(place.columns), place.join, place.missing) == (2, "-", Missing(("无",)))


def test_a_party_with_a_key_is_known_in_the_sources_system_unless_it_names_another() -> None:
    source, _ = find(FULL)
    assert source is not None
    systems = {}
    for name in ("shipper", "consignee"):
        party = field_of(source, name).value
        assert isinstance(party, Party)
        systems[name] = [part.value for part in party.parts if part.field.name == "system"]
    assert systems == {"shipper": [Constant("crm")], "consignee": [Constant("tms")]}


def test_a_choice_knows_its_options_by_their_index() -> None:
    source, _ = find(FULL)
    assert source is not None
    payer = field_of(source, "payer").value
    assert isinstance(payer, Choice)
    assert payer.cell.words == (("寄付", "0"), ("第三方付", "1"))
    assert payer.cell.otherwise == "2"
    assert [option if isinstance(option, str) else "own" for option in payer.options] == ["shipper", "own", "consignee"]


def test_columns_know_where_they_are_named() -> None:
    source, _ = find(FULL)
    assert source is not None
    places = {column.name: str(column.place) for column in source.columns()}
    assert places["运单号"] == "s.yaml:9:11"
    assert places["付款账号"] == "s.yaml:16:63"


def test_a_record_may_have_a_key_of_its_own() -> None:
    source, _ = find(LEAST + "    key: [id, {value: payer}]\n")
    assert source is not None
    assert isinstance(source.records[0].key, Key)
    assert source.records[0].key.parts[1] == Constant("payer")


def test_the_digest_changes_with_the_text() -> None:
    digests = [source.digest for text in (LEAST, LEAST, LEAST + "# new\n") if (source := find(text)[0])]
    assert digests[0] == digests[1] != digests[2]


def test_two_records_of_one_key_may_stand_apart_by_their_conditions() -> None:
    twice = "\n".join(f"  - customer: {{name: name}}\n    when: {{column: kind, in: [{kind}]}}" for kind in "ab")
    assert find(LEAST.replace("  - customer: {name: name}", twice))[1] == []
