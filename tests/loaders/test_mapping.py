"""Records of rows: parties, payers, keys, conditions, repeated keys, hashes, and that no row is lost."""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.model.graph import Entity, record_columns
from kehu.sources.loader import QUARANTINE_COLUMNS, LoadedChunk
from kehu.sources.read import read_source
from kehu.sources.source import Source
from kehu_loaders.files import csv_loader
from kehu_loaders.mapping import map_chunks
from kehu_loaders.raw import text_chunk

Declare = Callable[..., Source]
LoadCsv = Callable[..., LoadedChunk]
Known = Callable[[LoadedChunk, Entity], list[dict[str, object]]]

WAYBILL = """
  - shipment:
      number: id
      shipper: {system: crm, key: from_no, name: from, phone: from_phone}
      consignee: {key: to_no, name: to}
      payer:
        column: pays
        choose: {寄付: shipper, 到付: consignee, 第三方: {system: crm, key: third}}
        otherwise: shipper
"""
HEADER = "id,from_no,from,from_phone,to_no,to,pays,third\n"


@pytest.mark.parametrize(
    ("_case", "row", "expected"),
    [
        (
            "the shipper pays",
            "1,C1,王,138,,李,寄付,",
            {"payer_system": "crm", "payer_key": "C1", "payer_name": "王", "payer_phone": "138"},
        ),
        ("the consignee pays", "1,C1,王,138,,李,到付,", {"payer_name": "李"}),
        ("a third pays", "1,C1,王,138,,李,第三方,C9", {"payer_system": "crm", "payer_key": "C9"}),
        ("a third without a key is absent", "1,C1,王,138,,李,第三方,", {}),
        ("any other word", "1,C1,,,,李,月结,", {"payer_system": "crm", "payer_key": "C1"}),
        ("a missing word leaves the payer unknown", "1,C1,王,138,,李,,", {}),
        ("an absent consignee pays nothing", "1,C1,王,138,,,到付,", {}),
    ],
)
def test_who_pays_is_chosen_row_by_row(
    _case: str, row: str, expected: dict[str, str], declare: Declare, load_csv: LoadCsv, known: Known
) -> None:
    (shipment,) = known(load_csv(declare(WAYBILL), HEADER + row), "shipment")
    assert {name: value for name, value in shipment.items() if name.startswith("payer")} == expected


def test_a_choice_without_a_fitting_word_quarantines_the_row(declare: Declare, load_csv: LoadCsv) -> None:
    source = declare(WAYBILL.replace("        otherwise: shipper\n", ""))
    chunk = load_csv(source, HEADER + "1,C1,王,138,,李,月结,\n")
    reason = "none of the cells of 'map' (寄付, 到付, 第三方): add it there, or give 'otherwise'"
    assert chunk.quarantine.select("column", "value", "reason").rows() == [("pays", "月结", reason)]


def test_an_option_that_is_not_chosen_causes_no_finding(declare: Declare, load_csv: LoadCsv) -> None:
    payer = "{column: pays, choose: {寄付: shipper, 第三方: {key: third, kind: third_kind}}}"
    source = declare(f"  - shipment: {{number: id, shipper: {{name: from}}, payer: {payer}}}")
    chunk = load_csv(source, "id,from,pays,third,third_kind\n1,王,寄付,,nonsense\n2,王,第三方,C1,nonsense\n")
    assert chunk.lines.to_list() == [2]
    assert chunk.quarantine.select("line", "column", "value").rows() == [(3, "third_kind", "nonsense")]


@pytest.mark.parametrize(
    ("_case", "row", "expected"),
    [
        ("a key brings its system", "1,C1,,,\n", {"system": "test", "key": "C1"}),
        ("a name alone", "1,,王,,\n", {"name": "王"}),
        ("a phone alone", "1,,,138,深圳\n", {"phone": "138", "city": "深圳"}),
    ],
)
def test_a_party_is_known_by_any_telling_part(
    _case: str, row: str, expected: dict[str, str], declare: Declare, load_csv: LoadCsv, known: Known
) -> None:
    source = declare("  - shipment: {number: id, shipper: {key: no, name: name, phone: phone, city: city}}")
    (shipment,) = known(load_csv(source, f"id,no,name,phone,city\n{row}"), "shipment")
    assert shipment == {
        "key": "1",
        "number": "1",
        **{f"shipper_{part}": value for part, value in expected.items()},
        **{f"payer_{part}": value for part, value in expected.items()},
    }


def test_a_city_alone_is_no_party_and_a_shipment_needs_one(declare: Declare, load_csv: LoadCsv) -> None:
    source = declare("  - shipment: {number: id, shipper: {name: name, city: city}, consignee: {phone: phone}}")
    chunk = load_csv(source, "id,name,city,phone\n1,,深圳,\n2,,上海,139\n")
    reason = "no shipper or consignee or payer: a shipment needs a customer with a key, name, phone, email or tax code"
    assert chunk.quarantine.select("line", "column", "value", "reason").rows() == [(2, "name, city, phone", "", reason)]
    assert chunk.records["shipment"].select("shipper_city", "payer_phone").rows() == [(None, "139")]


def test_the_shipper_pays_by_default_and_the_consignee_where_there_is_none(declare: Declare, load_csv: LoadCsv) -> None:
    source = declare("  - shipment: {number: id, shipper: {name: from}, consignee: {name: to, city: city}}")
    chunk = load_csv(source, "id,from,to,city\n1,王,李,深圳\n2,,李,深圳\n")
    assert chunk.records["shipment"].select("payer_name", "payer_city").rows() == [("王", None), ("李", "深圳")]


@pytest.mark.parametrize(
    ("_case", "record", "row", "column", "reason"),
    [
        (
            "a complaint without a customer",
            "complaint: {number: id, customer: {phone: x}, opened_at: y}",
            "1,,2024-01-01",
            "x",
            "no customer: a complaint needs a customer with a key, name, phone, email or tax code",
        ),
        (
            "a complaint never opened",
            "complaint: {number: id, customer: {phone: x}, opened_at: y}",
            "1,138,",
            "y",
            "empty, but a complaint cannot do without 'opened_at': fill the cell in",
        ),
        (
            "an employee without a name",
            "employee: {name: {columns: [x, y]}}",
            "1,,",
            "x, y",
            "empty, but a employee cannot do without 'name': fill the cell in",
        ),
        (
            "a record without a key",
            "customer: {name: x}",
            ",王,",
            "id",
            "empty, but a customer cannot do without its key: fill the cell in",
        ),
    ],
)
def test_what_a_record_cannot_do_without(
    _case: str, record: str, row: str, column: str, reason: str, declare: Declare, load_csv: LoadCsv
) -> None:
    chunk = load_csv(declare(f"  - {record}"), f"id,x,y\n{row}\n")
    assert chunk.quarantine.select("column", "value", "reason").rows() == [(column, "", reason)]


def test_a_row_is_quarantined_with_all_its_findings(declare: Declare, load_csv: LoadCsv) -> None:
    source = declare("  - shipment: {number: id, shipper: {name: name}, revenue: a, pieces: b, accepted_at: c}")
    chunk = load_csv(source, "id,name,a,b,c\n1,王,x,y,z\n")
    assert chunk.quarantine["column"].to_list() == ["a", "b", "c"]
    assert chunk.read == 1


def test_a_row_may_give_several_records_or_none(declare: Declare, load_csv: LoadCsv) -> None:
    records = """
  - customer: {name: name}
    when: {column: kind, in: [客户, 公司]}
  - contact: {customer: {key: id}, name: person}
    when: [{column: kind, in: [客户]}, {column: person, present: true}]
  - employee: {name: name}
    when: {column: kind, not_in: [客户, 公司, 其他]}
  - visit: {number: id, customer: {key: id}}
    when: {column: kind, present: false}
"""
    chunk = load_csv(declare(records), "id,name,kind,person\n1,a,客户,b\n2,c,公司,d\n3,e,其他,\n4,f,,\n5,g,客户,\n")
    lines = {entity: frame["line"].to_list() for entity, frame in chunk.records.items()}
    assert lines == {"customer": [2, 3, 6], "contact": [2], "employee": [5], "visit": [5]}
    assert chunk.lines.to_list() == [2, 3, 4, 5, 6]


def test_a_bad_cell_of_a_record_the_row_does_not_give_does_no_harm(declare: Declare, load_csv: LoadCsv) -> None:
    records = "  - customer: {name: name, first_contact_at: at}\n    when: {column: kind, in: [a]}"
    chunk = load_csv(declare(records), "id,name,at,kind\n1,x,soon,b\n2,x,soon,a\n")
    assert (chunk.lines.to_list(), chunk.quarantine["line"].to_list()) == ([2], [3])


@pytest.mark.parametrize(
    ("_case", "key", "keys"),
    [
        ("one column", "a", ["x|1", "\\"]),
        ("two columns", "[a, b]", ["x\\|1|2", "\\\\|3"]),
        ("a column and a constant", "[a, {value: payer}]", ["x\\|1|payer", "\\\\|payer"]),
    ],
)
def test_keys_of_several_parts_are_told_apart(
    _case: str, key: str, keys: list[str], declare: Declare, load_csv: LoadCsv
) -> None:
    chunk = load_csv(declare("  - customer: {name: a}", key=key), "a,b\nx|1,2\n\\,3\n")
    assert chunk.records["customer"]["key"].to_list() == keys


def test_a_key_with_a_missing_part_is_missing(declare: Declare, load_csv: LoadCsv) -> None:
    chunk = load_csv(declare("  - customer: {name: a}", key="{columns: [a, b], missing: [无]}"), "a,b\nx,\nx,无\nx,1\n")
    assert chunk.quarantine.select("line", "column").rows() == [(2, "a, b"), (3, "a, b")]


def test_a_mention_and_a_record_with_the_same_key_columns_have_the_same_key(
    declare: Declare, load_csv: LoadCsv, known: Known
) -> None:
    records = "  - customer: {name: a}\n  - contact: {customer: {key: [a, b]}, name: a}"
    chunk = load_csv(declare(records, key="[a, b]"), "a,b\nx|,1\n")
    assert known(chunk, "customer")[0]["key"] == known(chunk, "contact")[0]["customer_key"] == "x\\||1"


def test_records_have_the_columns_promised(declare: Declare, load_csv: LoadCsv) -> None:
    chunk = load_csv(declare(WAYBILL + "  - customer: {name: from}"), HEADER + "1,C1,王,138,,李,寄付,\n")
    for entity, frame in chunk.records.items():
        assert dict(frame.schema) == record_columns(entity)
    assert dict(chunk.quarantine.schema) == QUARANTINE_COLUMNS
    assert chunk.records["shipment"]["currency"].to_list() == ["CNY"]


def test_a_reference_to_another_systems_customer(declare: Declare, load_csv: LoadCsv, known: Known) -> None:
    source = declare("  - customer: {name: name, same_as: {system: crm, key: no}}")
    chunk = load_csv(source, "id,name,no\n1,a,C1\n2,b,\n")
    assert known(chunk, "customer") == [
        {"key": "1", "name": "a", "same_as_system": "crm", "same_as_key": "C1"},
        {"key": "2", "name": "b"},
    ]


def test_a_parent_by_its_key_and_an_employer_by_its_code(declare: Declare, load_csv: LoadCsv, known: Known) -> None:
    source = declare("  - customer: {name: name, parent: {key: up}, employer: {code: firm}}")
    chunk = load_csv(source, "id,name,up,firm\n1,a,9,\n2,b,,C1\n")
    assert known(chunk, "customer") == [
        {"key": "1", "name": "a", "parent_system": "test", "parent_key": "9"},
        {"key": "2", "name": "b", "employer_code": "C1"},
    ]


@pytest.mark.parametrize(
    ("_case", "cell", "loaded", "reasons"),
    [
        ("as long as may be", "x" * 2000, 1, []),
        ("a byte longer", "x" * 2001, 0, ["takes 2,001 bytes, and 2,000 fit: shorten it"]),
        ("Chinese letters take three", "顺" * 667, 0, ["takes 2,001 bytes, and 2,000 fit: shorten it"]),
    ],
)
def test_what_no_index_could_hold_is_quarantined(
    _case: str, cell: str, loaded: int, reasons: list[str], declare: Declare, load_csv: LoadCsv
) -> None:
    for header in ("id,name", "name,id"):
        chunk = load_csv(declare("  - customer: {name: name}"), f"{header}\n1,{cell}\n")
        assert chunk.records["customer"].height == loaded
        assert [reason.replace("2001", "2,001") for reason in chunk.quarantine["reason"]] == reasons


# --- keys that come twice


def test_the_same_row_twice_is_loaded_once(declare: Declare, load_csv: LoadCsv) -> None:
    chunk = load_csv(declare("  - customer: {name: name}"), "id,name\n1,a\n2,b\n1,a\n")
    assert chunk.records["customer"]["line"].to_list() == [2, 3]
    assert (chunk.lines.to_list(), chunk.quarantine.height) == ([2, 3, 4], 0)


def test_a_key_with_other_values_quarantines_the_later_row(declare: Declare, load_csv: LoadCsv) -> None:
    chunk = load_csv(declare("  - customer: {name: name}"), "id,name\n1,a\n2,b\n1,c\n")
    reason = "key '1' already stands on line 2 with other values: tell the two apart under 'key', or mend one"
    assert chunk.quarantine.rows() == [(4, "id", "1", reason, '{"id":"1","name":"c"}')]
    assert chunk.lines.to_list() == [2, 3]


def test_a_quarantined_row_does_not_take_its_key(declare: Declare, load_csv: LoadCsv) -> None:
    source = declare("  - customer: {name: name, first_contact_at: at}")
    chunk = load_csv(source, "id,name,at\n1,a,soon\n1,b,2024-01-01\n")
    assert (chunk.lines.to_list(), chunk.quarantine["line"].to_list()) == ([3], [2])


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from("123"), st.sampled_from("123"), st.sampled_from("ab")), max_size=24),
    st.lists(st.integers(1, 6), max_size=12),
)
def test_repeated_keys_are_noticed_wherever_chunks_are_cut(rows: list[tuple[str, str, str]], cuts: list[int]) -> None:
    source = _two_customers()
    whole = list(map_chunks(source, [text_chunk(["a", "b", "name"], rows, range(2, 2 + len(rows)), [])]))
    parts = []
    start = 0
    for size in [*cuts, len(rows)]:
        part = rows[start : start + size]
        parts.append(text_chunk(["a", "b", "name"], part, range(2 + start, 2 + start + len(part)), []))
        start += len(part)
    cut = list(map_chunks(source, parts))
    assert _joined(cut) == _joined(whole) == _by_hand(rows)


def _two_customers() -> Source:
    text = (
        "source: test\nformat: csv\nfiles: x\nrecords:\n"
        "  - customer: {name: name}\n    key: a\n  - customer: {name: name}\n    key: b\n"
    )
    source, _ = read_source(text, "sources/test.yaml", timezone="UTC", currency="CNY", formats=["csv"])
    assert source is not None
    return source


def _joined(chunks: list[LoadedChunk]) -> tuple[list[int], list[tuple[int, str]]]:
    records = [row for chunk in chunks for row in chunk.records["customer"].select("line", "key").rows()]
    return [line for chunk in chunks for line in chunk.lines], records


def _by_hand(rows: list[tuple[str, str, str]]) -> tuple[list[int], list[tuple[int, str]]]:
    """Each row gives two customers, keyed a and b; the first to have a key settles its name."""
    first: dict[str, tuple[int, str]] = {}
    fits: list[int] = []
    records: list[tuple[int, str]] = []
    for line, (a, b, name) in enumerate(rows, start=2):
        new = [key for key in dict.fromkeys((a, b)) if key not in first]
        for key in new:
            first[key] = (line, name)
        if all(first[key][1] == name for key in (a, b)):
            fits.append(line)
            records.extend((line, key) for key in new)
    return fits, records


# --- hashes


def test_hashes_are_the_same_for_ever(declare: Declare, load_csv: LoadCsv) -> None:
    source = declare(
        "  - shipment: {number: id, shipper: {name: name}, accepted_at: at, revenue: x}\n"
        "  - customer: {name: name, consent: yes}"
    )
    chunk = load_csv(source, "id,name,at,x,yes\n1,王,2024-01-31,12.5,是\n")
    assert chunk.records["shipment"]["hash"].to_list() == [-6644638651389914415]
    text = "name\x1f王\x1econsent\x1ftrue"
    by_hand = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
    assert chunk.records["customer"]["hash"].to_list() == [by_hand] == [1220253894296136914]


@pytest.mark.parametrize(
    ("_case", "before", "after", "versions"),
    [
        ("another spelling of the same values", "1,王,1.50", "1, 王 ,1.5", 1),
        ("another amount", "1,王,1.50", "1,王,1.51", 2),
        ("an amount gone", "1,王,1.50", "1,王,", 2),
        ("zero for nothing", "1,王,0", "1,王,", 2),
    ],
)
def test_a_hash_changes_with_the_values(
    _case: str, before: str, after: str, versions: int, declare: Declare, load_csv: LoadCsv
) -> None:
    source = declare("  - shipment: {number: id, shipper: {name: name}, revenue: x}")
    chunks = [load_csv(source, f"id,name,x\n{row}\n") for row in (before, after)]
    assert len({chunk.records["shipment"]["hash"].item() for chunk in chunks}) == versions


def test_the_same_text_in_another_field_is_another_value(declare: Declare, load_csv: LoadCsv) -> None:
    source = declare("  - customer: {name: a, region: b}")
    hashes = load_csv(source, "id,a,b\n1,王,\n2,,王\n").records["customer"]["hash"]
    assert hashes.n_unique() == 2


# --- nothing is lost

_CELLS = st.sampled_from(
    ["", "1", "2", "x", "1.5", "-1", "2024-01-31", "2024-02-30", "签收", '"', "a,b", "\n", "是", "\x00", "1e5"]
)


@settings(max_examples=60)
@given(st.lists(st.lists(_CELLS, min_size=5, max_size=7), max_size=12), st.sampled_from(["", '"']))
def test_every_row_fits_or_is_quarantined(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    quote: str,
) -> None:
    file: Path = tmp_path_factory.mktemp("garbage") / "test.csv"
    cells = [[f"{quote}{cell}{quote}" for cell in row] for row in rows]
    file.write_text("id,name,amount,at,status\n" + "\n".join(map(",".join, cells)), encoding="utf-8")
    text = (
        "source: test\nformat: csv\nfiles: x\nkey: id\nrecords:\n"
        "  - shipment: {number: id, shipper: {name: name}, revenue: amount, accepted_at: at, status: status}\n"
        "  - customer: {name: name, consent: status}\n    when: {column: at, present: true}\n"
    )
    source, _ = read_source(text, "sources/test.yaml", timezone="UTC", currency="CNY", formats=["csv"])
    assert source is not None
    for chunk in csv_loader(source, file):
        refused = set(chunk.quarantine["line"])
        assert chunk.read == chunk.lines.len() + len(refused)
        assert not refused & set(chunk.lines)
        assert all(set(frame["line"]) <= set(chunk.lines) for frame in chunk.records.values())
        assert chunk.quarantine.filter(pl.col("reason") == "").height == 0


def test_a_row_without_a_required_cell_is_quarantined(declare: Declare, load_csv: LoadCsv) -> None:
    records = "  - shipment:\n      number: id\n      shipper: {name: who}"
    source = declare(records, head="required: [at, who]")
    chunk = load_csv(source, "id,who,at\n1,顺达,2024-01-01\n2,顺达,\n3,,\n")
    found = chunk.quarantine.filter(pl.col("reason").str.contains("requires")).select("line", "column", "reason").rows()
    reason = "empty, but the source requires it: fill the cell in"
    assert found == [(3, "at", reason), (4, "at", reason), (4, "who", reason)]
    assert chunk.lines.to_list() == [2]
