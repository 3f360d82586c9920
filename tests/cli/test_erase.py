"""kehu erase and subject-export: nothing of the person is left, and nothing brings it back but its consent."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

Kehu = Callable[..., tuple[int, str, str]]
TOML = 'name = "w"\nphone_region = "CN"\nrules = "default"\n'
CRM = """source: crm
format: csv
files: data/crm.csv
key: key
records:
  - customer: {name: name, phone: phone, address: address, email: email}
"""
TMS = """source: tms
format: csv
files: data/tms.csv
key: no
timezone: UTC
records:
  - shipment:
      number: no
      shipper: {name: from_name, phone: from_phone}
      consignee: {system: crm, key: to}
      accepted_at: {column: at, date: "%Y-%m-%d"}
"""
CALLS = """source: calls
format: csv
files: data/calls.csv
key: no
timezone: UTC
records:
  - complaint:
      number: no
      customer: {name: name, phone: phone}
      opened_at: {column: at, date: "%Y-%m-%d"}
      outcome: outcome
"""
FILES = {
    "crm": "key,name,phone,address,email\nC77,李静怡,13987650413,张江路88号,lijingyi@example.com\n"
    "C78,王强,13912348888,淮海路1号,\n",
    "tms": "no,from_name,from_phone,to,at\nW1,李静怡,139 8765 0413,C78,2026-01-10\nW2,王强,13912348888,C77,2026-01-11\n"
    "W3,王强,13912348888,C78,2026-01-12\n",
    "calls": "no,name,phone,at,outcome\nT1,李静怡,13987650413,2026-01-12,李静怡 was called\n"
    "T2,李静怡,13987650413,never,\nT3,王强,13912348888,2026-01-12,\n",
}
PERSONAL = ("李静怡", "13987650413", "139 8765 0413", "张江路88", "lijingyi", "C77")


@pytest.fixture
def place(workspace_after: Callable[..., Path]) -> Path:
    """A workspace of three departments that know two persons; a row of one of them is in quarantine."""
    files = {"kehu.toml": TOML, "sources/crm.yaml": CRM, "sources/tms.yaml": TMS, "sources/calls.yaml": CALLS}
    return workspace_after(files | {f"data/{name}.csv": rows for name, rows in FILES.items()}, ["load"], code=3)


def held(place: Path) -> str:
    """Everything in the database, as one text."""
    engine = create_engine(f"sqlite:///{place}/kehu.sqlite3")
    with engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        rows = [connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in names]
    engine.dispose()
    return repr(rows)


def traces(place: Path) -> list[str]:
    """The personal values that any table or file of the workspace still holds; exports are the departments' own."""
    files = [file for file in place.rglob("*") if file.is_file() and "data" not in file.relative_to(place).parts]
    content = b"".join(file.read_bytes() for file in files)
    everything = held(place)
    return [value for value in PERSONAL if value in everything or value.encode() in content]


def counts(place: Path) -> dict[str, int]:
    """Rows of the graph."""
    engine = create_engine(f"sqlite:///{place}/kehu.sqlite3")
    names = ("customers", "customer_records", "shipments", "complaints", "tombstones")
    with engine.connect() as connection:
        found = {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}
        named = "SELECT count(*) FROM shipments WHERE shipper_id IS NULL OR consignee_id IS NULL"
        found["without a party"] = connection.execute(text(named)).scalar_one()
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    engine.dispose()
    return found


def erase(kehu: Kehu, place: Path, *options: str) -> tuple[int, str, str]:
    return kehu("erase", "C77", "--reason", "request 114", "--author", "dpo", *options, "-w", place)


def test_an_erased_person_leaves_no_trace_and_the_others_keep_theirs(place: Path, kehu: Kehu) -> None:
    assert set(traces(place)) == set(PERSONAL)
    assert (counts(place)["customers"], counts(place)["complaints"], counts(place)["without a party"]) == (2, 2, 0)
    assert kehu("resegment", "-w", place)[0] == 0
    code, said, errors = erase(kehu, place, "--yes")
    assert (code, errors, "tombstones laid" in said) == (0, "", True)
    assert traces(place) == []
    found = counts(place)
    assert (found["customers"], found["shipments"], found["complaints"], found["without a party"]) == (1, 3, 1, 2)
    assert kehu("resegment", "-w", place)[0] == 0
    assert traces(place) == []
    assert json.loads(kehu("identity", "stats", "--json", "-w", place)[1])["customers"] == 1
    (told,) = json.loads(kehu("erasures", "--json", "-w", place)[1])["erasures"]
    assert (told["author"], told["reason"], told["refused"]) == ("dpo", "request 114", 0)
    assert (told["counts"]["complaints"], told["counts"]["quarantine"]) == (1, 1)


def test_a_later_load_refuses_the_rows_and_counts_them(place: Path, kehu: Kehu) -> None:
    assert erase(kehu, place, "--yes")[0] == 0
    before = counts(place)
    code, shown, _ = kehu("load", "--json", "-w", place)
    files = {each["source"]: each for each in json.loads(shown)["files"]}
    assert code == 3
    assert [(name, each["unchanged"], each["refused"]) for name, each in sorted(files.items())] == [
        ("calls", 1, 1),
        ("crm", 1, 1),
        ("tms", 3, 0),
    ]
    assert all(
        each["read"] == sum(each[name] for name in each if name not in {"source", "file", "read"})
        for each in files.values()
    )
    with closing(sqlite3.connect(place / "kehu.sqlite3")) as connection:
        noted = "SELECT source, refused FROM batches WHERE read > 0 ORDER BY id DESC LIMIT 3"
        assert sorted(connection.execute(noted)) == [("calls", 1), ("crm", 1), ("tms", 0)]
    assert (traces(place), counts(place)) == ([], before)
    (told,) = json.loads(kehu("erasures", "--json", "-w", place)[1])["erasures"]
    assert told["refused"] == 4
    (place / "data" / "crm.csv").write_text(
        FILES["crm"] + "C99,李静怡,+8613987650413,,\nC98,赵云,13987650413,,\n", encoding="utf-8"
    )
    assert kehu("load", "-w", place)[0] == 3
    assert (counts(place)["customers"], "赵云" in held(place), "李静怡" in held(place)) == (2, True, False)


def test_a_database_made_anew_or_restored_does_not_bring_the_person_back(place: Path, kehu: Kehu) -> None:
    backup = place / "data" / "backup"
    with closing(sqlite3.connect(place / "kehu.sqlite3")) as stored, closing(sqlite3.connect(backup)) as kept:
        stored.backup(kept)
    assert erase(kehu, place, "--yes")[0] == 0
    after = counts(place)
    for file in place.glob("kehu.sqlite3*"):
        file.unlink()
    assert kehu("load", "-w", place)[0] == 3
    assert (traces(place), counts(place)) == ([], after)
    for file in place.glob("kehu.sqlite3*"):
        file.unlink()
    shutil.copy(backup, place / "kehu.sqlite3")
    assert set(traces(place)) == set(PERSONAL)
    for showing in (("serve", "--port", 1), ("resegment",)):
        code, _, said = kehu(*showing, "-w", place)
        assert (code, "this database does not know that people were erased" in said) == (1, True)
    assert kehu("load", "-w", place)[0] == 3
    assert (traces(place), counts(place)) == ([], after)


def test_only_returned_consent_lets_the_person_in_again(place: Path, kehu: Kehu) -> None:
    before = counts(place)
    assert erase(kehu, place, "--yes")[0] == 0
    code, _, errors = kehu("erase", "13900000000", "--consent-returned", "--reason", "form 3", "-w", place)
    assert (code, "nobody who was erased is known by '13900000000'" in errors) == (1, True)
    assert kehu("erase", "139 8765 0413", "--consent-returned", "--reason", "form 3", "-w", place)[0] == 0
    assert kehu("load", "-w", place)[0] == 3
    assert {name: number for name, number in counts(place).items() if name != "tombstones"} == {
        name: number for name, number in before.items() if name != "tombstones"
    }


def test_an_undone_merge_brings_nobody_back(place: Path, kehu: Kehu) -> None:
    assert kehu("identity", "merge", "C77", "C78", "--reason", "couple", "--author", "ann", "-w", place)[0] == 0
    assert erase(kehu, place, "--yes")[0] == 0
    assert json.loads(kehu("identity", "history", "--json", "-w", place)[1]) == {"decisions": []}
    assert (counts(place)["customers"], traces(place)) == (0, [])
    code, _, errors = kehu("identity", "undo", "1", "-w", place)
    assert (code, "there is no decision 1" in errors) == (1, True)


@pytest.mark.parametrize(
    ("_case", "arguments", "said"),
    [
        ("not confirmed", ("C77", "--reason", "r"), "nothing was erased"),
        ("unknown", ("C79", "--reason", "r", "--yes"), "nobody is known by 'C79'"),
        ("no reason", ("C77", "--reason", " ", "--yes"), "there is no reason"),
        ("a reason that tells", ("C77", "--reason", "李静怡 asked", "--yes"), "names the person"),
    ],
)
def test_what_is_refused_erases_nothing(
    _case: str, arguments: tuple[str, ...], said: str, place: Path, kehu: Kehu
) -> None:
    before = held(place)
    code, _, errors = kehu("erase", *arguments, "-w", place)
    assert (code, said in errors) == (1, True), errors
    assert held(place) == before
    assert erase(kehu, place, "--dry-run")[0] == 0
    assert (held(place), (place / "erasures.jsonl").exists()) == (before, False)


def test_without_the_key_nothing_is_loaded(place: Path, kehu: Kehu) -> None:
    assert erase(kehu, place, "--yes")[0] == 0
    assert (place / "erasure.key").stat().st_mode & 0o077 == 0
    code, _, errors = erase(kehu, place, "--yes")
    assert (code, "whom this names was erased on" in errors) == (1, True), errors
    key = (place / "erasure.key").read_text(encoding="ascii")
    for content, told in ((None, "is missing"), ("00" * 32, "is not the key"), ("zz", "holds no key")):
        (place / "erasure.key").unlink()
        if content is not None:
            (place / "erasure.key").write_text(content, encoding="ascii")
        code, _, errors = kehu("load", "-w", place)
        assert (code, told in errors) == (1, True), errors
        (place / "erasure.key").write_text(key, encoding="ascii")


def test_a_subject_export_holds_everything_of_the_person_alone(place: Path, kehu: Kehu) -> None:
    assert kehu("resegment", "-w", place)[0] == 0
    code, said, _ = kehu("subject-export", "C77", "-o", place / "data" / "out.json", "-w", place)
    assert (code, "rows of C77 written" in said) == (0, True)
    found = json.loads((place / "data" / "out.json").read_text(encoding="utf-8"))
    assert (found["customer"]["name"], len(found["records"]), len(found["complaints"])) == ("李静怡", 4, 1)
    assert {each["number"] for each in found["shipments"]} == {"W1", "W2"}
    counted = {each["code"]: each["value"] for each in found["features"]}
    assert (counted["complaints_90d"], counted["revenue_365d"]) == (0, "0.00")
    assert "王强" not in json.dumps(found, ensure_ascii=False)
    code, _, errors = kehu("subject-export", "C77", "-o", "out.csv", "-w", place)
    assert (code, "'.csv' is no format" in errors) == (1, True)
