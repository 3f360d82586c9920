"""kehu identity: figures, assignments, suggestions, and decisions that can be taken back."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

Kehu = Callable[..., tuple[int, str, str]]
TOML = 'name = "w"\nphone_region = "CN"\nrules = "default"\n'
SOURCE = """source: {name}
format: csv
files: data/{name}.csv
key: key
records:
  - customer: {{name: name, phone: phone, address: address, tax_code: tax}}
"""
CRM = """key,name,phone,address,tax
C1,上海顺达物流有限公司,13912341234,,91350100M000100Y43
C2,上海泰亿贸易有限公司,13912340000,张江路88号,
C3,李静,13912349999,,
"""
FINANCE = """key,name,phone,address,tax
F1,顺达物流（上海）,+86 139 1234 1234,,91350100M000100Y43
F2,泰亿商行,13912340000,张江路88号,
"""


@pytest.fixture
def place(workspace_after: Callable[..., Path]) -> Path:
    """A workspace of two departments, loaded."""
    files = {"kehu.toml": TOML, "data/crm.csv": CRM, "data/finance.csv": FINANCE}
    files |= {f"sources/{name}.yaml": SOURCE.format(name=name) for name in ("crm", "finance")}
    return workspace_after(files, ["load"])


@pytest.fixture
def clusters(place: Path, kehu: Kehu) -> Callable[..., list[list[str]]]:
    """The record keys of each customer, both sorted."""

    def read(*options: str) -> list[list[str]]:
        code, _, said = kehu("identity", "export", "-o", place / "c.csv", *options, "-w", place)
        assert (code, said) == (0, "")
        frame = pl.read_csv(place / "c.csv")
        assert frame.columns == ["source", "record_key", "customer_id"]
        grouped = frame.group_by("customer_id").agg(pl.col("record_key").sort())
        return sorted(grouped["record_key"].to_list())

    return read


def test_who_is_whom_is_written_to_standard_output_too(place: Path, kehu: Kehu) -> None:
    assert kehu("identity", "export", "-o", place / "c.csv", "-w", place)[0] == 0
    code, out, err = kehu("identity", "export", "-o", "-", "-w", place)
    assert (code, out, err) == (0, (place / "c.csv").read_text(encoding="utf-8"), "")


def test_stats_count_records_customers_and_what_keys_join(place: Path, kehu: Kehu) -> None:
    code, shown, _ = kehu("identity", "stats", "--json", "-w", place)
    found = json.loads(shown)
    assert (code, found["records"], found["customers"], found["of_several_systems"]) == (0, 5, 4, 1)
    keys = {each["key"]: (each["records"], each["customers_by_it_alone"]) for each in found["keys"]}
    assert (keys["tax_code"], keys["phone_and_name"], keys["address_and_like_name"]) == ((2, 4), (2, 4), (0, 5))
    assert kehu("identity", "stats", "-w", place)[1].startswith("5 records (5 listed, 0 mentioned) are 4 customers")


def test_a_merge_joins_two_customers_and_undo_parts_them_exactly(
    place: Path, kehu: Kehu, clusters: Callable[..., list[list[str]]]
) -> None:
    before = (place / "c.csv", clusters())[0].read_bytes()
    assert clusters() == [["C1", "F1"], ["C2"], ["C3"], ["F2"]]
    code, said, _ = kehu("identity", "merge", "C2", "F2", "--reason", "same shop", "--author", "ann", "-w", place)
    assert (code, said.splitlines()[0]) == (0, "decision 1: 3 customers now, 0 new, 1 gone")
    assert clusters() == [["C1", "F1"], ["C2", "F2"], ["C3"]]
    code, _, said = kehu("identity", "merge", "C2", "F2", "--reason", "again", "-w", place)
    assert (code, "one customer already" in said) == (1, True)
    assert kehu("identity", "undo", "--by", "ann", "--reason", "were two", "-w", place)[0] == 0
    clusters()
    assert (place / "c.csv").read_bytes() == before
    found = json.loads(kehu("identity", "history", "--json", "-w", place)[1])["decisions"]
    assert [(each["id"], each["kind"], each["author"], each["ended_reason"]) for each in found] == [
        (1, "same", "ann", "were two")
    ]


def test_a_split_holds_after_the_next_load(place: Path, kehu: Kehu, clusters: Callable[..., list[list[str]]]) -> None:
    assert kehu("identity", "split", "C1", "finance:F1", "--reason", "namesakes", "-w", place)[0] == 0
    assert clusters() == [["C1"], ["C2"], ["C3"], ["F1"], ["F2"]]
    assert kehu("identity", "lock", "C2", "--reason", "checked", "-w", place)[0] == 0
    assert json.loads(kehu("identity", "stats", "--json", "-w", place)[1])["decisions"] == {
        "same": 0, "different": 1, "dismissed": 0, "lock": 1, "taken_back": 0
    }  # fmt: skip
    with (place / "data" / "crm.csv").open("a", encoding="utf-8") as file:
        file.write("C4,上海顺达物流,13912341234,,\n")
    assert kehu("load", "-w", place)[0] == 0
    assert [each for each in clusters() if "C1" in each or "F1" in each] == [["C1", "C4"], ["F1"]]


@pytest.mark.parametrize(
    ("_case", "arguments", "said"),
    [
        ("no such customer", ("merge", "C9", "C1", "--reason", "x"), "nobody is known by 'C9'"),
        ("a long text", ("values", "x" * 2001), "a text of 2,001 letters, 'xxxxxxxxxxxxxxxxxxxx…'"),
        ("a long name", ("values", "x" * 2000), "nobody is known by 'xxxx"),
        ("no reason", ("merge", "C1", "C3", "--reason", " "), "there is no reason"),
        ("no record of it", ("split", "C1", "crm:C3", "--reason", "x"), "'crm:C3' is no record of 'C1'"),
        ("its only record", ("split", "C3", "crm:C3", "--reason", "x"), "'crm:C3' is the only record of 'C3'"),
        ("no such decision", ("undo", "7"), "there is no decision 7"),
        ("no decision", ("undo",), "no decision is named"),
        ("two that are one", ("different", "C1", "F1", "--reason", "x"), "are one customer"),
        ("no CSV", ("export", "-o", "c.parquet"), "'.parquet' is no export format"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    _case: str, arguments: tuple[str, ...], said: str, place: Path, kehu: Kehu
) -> None:
    code, _, errors = kehu("identity", *arguments, "-w", place)
    assert (code, said in errors) == (1, True), errors
    assert json.loads(kehu("identity", "history", "--json", "-w", place)[1]) == {"decisions": []}


def test_decisions_that_contradict_are_refused_with_the_one_that_stands(place: Path, kehu: Kehu) -> None:
    assert kehu("identity", "different", "C2", "F2", "--reason", "two shops", "--author", "ann", "-w", place)[0] == 0
    code, _, said = kehu("identity", "merge", "F2", "C2", "--reason", "one", "-w", place)
    assert (code, "decision 1 by ann says that they are not the same: two shops" in said) == (1, True)
    assert kehu("identity", "merge", "C1", "C3", "--reason", "one", "-w", place)[0] == 0
    code, _, said = kehu("identity", "split", "C1", "crm:C3", "--reason", "two", "-w", place)
    assert (code, "people said that these records are the same: decision 2" in said) == (1, True)


def test_review_shows_evidence_and_leaves_out_what_was_decided(place: Path, kehu: Kehu) -> None:
    code, shown, _ = kehu("identity", "review", "--json", "--least", "0", "-w", place)
    found = json.loads(shown)
    pairs = {tuple(sorted((each["left_record"], each["right_record"]))) for each in found["suggestions"]}
    assert (code, pairs) == (0, {("crm:C2", "finance:F2")})
    evidence = {each["field"]: each["grade"] for each in found["suggestions"][0]["evidence"]}
    assert evidence == {
        "name": "different",
        "phone": "same",
        "email": None,
        "tax_code": None,
        "address": "same",
        "city": None,
    }
    kehu("identity", "different", "C2", "F2", "--reason", "two shops", "-w", place)
    assert json.loads(kehu("identity", "review", "--json", "--least", "0", "-w", place)[1])["count"] == 0


def test_edited_rules_count_with_resolve(place: Path, kehu: Kehu, clusters: Callable[..., list[list[str]]]) -> None:
    (place / "rules").mkdir()
    file = place / "rules" / "identity.yaml"
    file.write_text(
        "identity: customers\nkeys: [{key: phone, same: phone, name: any}]\n"
        "examples: [{records: [{phone: '13912341234'}, {phone: '13912341234'}], expect: same}]\n",
        encoding="utf-8",
    )
    assert "4 customers" not in (dry := kehu("identity", "resolve", "--dry-run", "-w", place)[1])
    assert dry.startswith("dry run, nothing written: 5 records are 3 customers")
    assert clusters() == [["C1", "F1"], ["C2"], ["C3"], ["F2"]]
    assert kehu("identity", "resolve", "-w", place)[0] == 0
    assert clusters() == [["C1", "F1"], ["C2", "F2"], ["C3"]]
    file.write_text("identity: customers\nkeys: []\n", encoding="utf-8")
    code, _, said = kehu("load", "-w", place)
    assert (code, "identity.yaml:1:1: error[missing-key]" in said) == (1, True)
