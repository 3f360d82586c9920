"""Who left by a file, as customers of the database."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from kehu.model.problems import RefusedError
from kehu.pipeline.loading import load
from kehu.pipeline.truth import Truth, read_truth
from kehu.pipeline.truth_files import RECORDS
from kehu.store.database import open_database, upgrade
from kehu.store.record_keys import read_record_keys
from kehu.workspace.workspace import Workspace

CRM = """
source: crm
format: csv
files: data/crm.csv
key: no
records:
  - customer: {name: name, phone: phone}
"""
TMS = """
source: tms
format: csv
files: data/tms.csv
key: no
records:
  - shipment:
      number: no
      shipper: {system: crm, key: account, name: name, phone: phone}
      accepted_at: {column: at, date: "%Y-%m-%d"}
"""
# The walk-in 丙 has no account; the account C9 stands on a waybill only; C1 and its waybill are one customer.
FILES = {
    "sources/crm.yaml": CRM,
    "sources/tms.yaml": TMS,
    "data/crm.csv": "no,name,phone\nC1,甲公司,13800138001\nC2,乙公司,13900139002\n",
    "data/tms.csv": (
        "no,account,name,phone,at\n"
        "W1,C1,甲公司 ,138 0013 8001,2026-01-10\nW2,C9,,,2026-01-11\nW3,,丙商行,13700137003,2026-01-12\n"
    ),
}
LEFT, HEADER = datetime(2026, 1, 31, 16, tzinfo=UTC), "system,record_key,churned_on\n"


@pytest.fixture(scope="session")
def template() -> list[Path]:
    """The folder of the first workspace that was loaded."""
    return []


@pytest.fixture
def loaded(
    template: list[Path],
    make_workspace: Callable[..., Workspace],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Engine]:
    """A workspace's folder and its database."""
    if not template:
        root, engine = _load(make_workspace, "")
        engine.dispose()
        template.append(root.rename(tmp_path_factory.mktemp("loaded") / "workspace"))
    root = shutil.copytree(template[0], tmp_path / "workspace")
    return root, open_database(f"sqlite:///{root}/kehu.sqlite3")


def _load(make_workspace: Callable[..., Workspace], url: str) -> tuple[Path, Engine]:
    workspace = make_workspace(FILES, 'rules = "own"\n', url)
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    load(workspace, engine, [], clock=lambda: LEFT, progress=lambda _what, _rows: None)
    return workspace.root, engine


def told(loaded: tuple[Path, Engine], text: str) -> Truth:
    root, engine = loaded
    (root / "left.csv").write_text(text, encoding="utf-8")
    return read_truth(root / "left.csv", engine, "Asia/Shanghai")


def outcomes(loaded: tuple[Path, Engine], truth: Truth) -> dict[str, datetime | None]:
    """By the customer's first record key."""
    with loaded[1].connect() as connection:
        keys = read_record_keys(connection)
    named = keys.group_by("customer").agg(pl.col("record_key").min())
    return dict(named.join(truth.outcomes, on="customer").sort("record_key").select("record_key", "left_at").rows())


def true_records(loaded: tuple[Path, Engine], *rows: tuple[str, str, str]) -> None:
    columns = ["system", "record_key", "customer_id"]
    pl.DataFrame(list(rows), schema=columns, orient="row").write_parquet(loaded[0] / RECORDS)


def test_every_key_that_names_a_customer_is_known(make_workspace: Callable[..., Workspace], database_url: str) -> None:
    _, engine = _load(make_workspace, database_url)
    with engine.connect() as connection:
        keys = read_record_keys(connection)
    by_customer = keys.group_by("customer").agg(pl.concat_str("system", "record_key", separator=" ").sort())
    assert sorted(by_customer["system"].to_list()) == [
        ["crm C1", "tms 甲公司|138 0013 8001"],
        ["crm C2"],
        ["crm C9"],
        ["tms 丙商行|13700137003"],
    ]
    engine.dispose()


def test_by_the_departments_keys_whoever_is_not_named_stays(loaded: tuple[Path, Engine]) -> None:
    text = HEADER + "crm, C1 ,2026-02-01\ntms,丙商行 | 13700137003,2026-02-01\ncrm,C7,2026-02-01\n"
    truth = told(loaded, text)
    assert outcomes(loaded, truth) == {"C1": LEFT, "C2": None, "C9": None, "丙商行|13700137003": LEFT}
    assert (truth.name, truth.notes) == ("left.csv", ("unknown here: 1 of the 3 in left.csv",))


def test_several_keys_of_a_customer_may_not_differ(loaded: tuple[Path, Engine]) -> None:
    same = told(loaded, HEADER + "crm,C1,2026-02-01\ntms,甲公司|138 0013 8001,2026-02-01\n")
    differing = told(loaded, HEADER + "crm,C1,2026-02-01\ntms,甲公司|138 0013 8001,2026-02-02\n")
    assert outcomes(loaded, same) == {"C1": LEFT, "C2": None, "C9": None, "丙商行|13700137003": None}
    assert same.notes == ()
    assert outcomes(loaded, differing) == {"C2": None, "C9": None, "丙商行|13700137003": None}
    assert differing.notes == ("customers left out because left.csv says two things of their records: 1",)


def test_by_customer_id_the_records_beside_the_file_say_who_it_is(loaded: tuple[Path, Engine]) -> None:
    true_records(loaded, ("crm", "C1", "T1"), ("tms", "丙商行|13700137003", "T3"), ("crm", "C2", "T2"))
    truth = told(loaded, "customer_id,name,churned_on\nT1,甲,2026-02-01\nT4,丁,2026-02-01\n")
    assert outcomes(loaded, truth) == {"C1": LEFT, "C2": None, "丙商行|13700137003": None}
    assert truth.notes == (
        "unknown here: 1 of the 2 in left.csv",
        "customers left out because no record of theirs is in records.parquet: 1",
    )


def test_customers_whom_the_truth_takes_for_two_are_left_out(loaded: tuple[Path, Engine]) -> None:
    both = [("crm", "C1", "T1"), ("tms", "甲公司 |138 0013 8001", "T2"), ("crm", "C2", "T3")]
    true_records(loaded, *both)
    truth = told(loaded, "customer_id,churned_on\nT1,2026-02-01\n")
    assert outcomes(loaded, truth) == {"C2": None}
    assert truth.notes[0] == "customers left out because left.csv says two things of their records: 1"
    stay = told(loaded, "customer_id,churned_on\nT3,2026-02-01\n")
    assert outcomes(loaded, stay) == {"C1": None, "C2": LEFT}


def test_a_key_of_several_customers_names_nobody(loaded: tuple[Path, Engine]) -> None:
    true_records(loaded, ("crm", "C1", "T1"), ("crm", "C1", "T2"), ("crm", "C2", "T3"), ("crm", "C2", "T3"))
    truth = told(loaded, "customer_id,churned_on\nT1,2026-02-01\nT3,2026-02-01\n")
    assert outcomes(loaded, truth) == {"C2": LEFT}


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("an empty file", "", ["1:1: error[csv-header]: no columns that name a customer (it needs system,record_key,"]),
        ("no day", "system,record_key,churned\n", ["1:1: error[csv-header]: no column 'churned_on' (it needs"]),
        ("no names", "name,churned_on\n", ["1:1: error[csv-header]: no columns that name a customer (it needs"]),
        (
            "a column twice",
            f"churned_on,{HEADER}",
            ["1:30: error[csv-header]: a second column 'churned_on' (keep one)"],
        ),
        ("a row of two cells", HEADER + "crm,C1\n", ["2:1: error[csv-row]: the row has 2 cells, the header 3"]),
        (
            "all that is wrong at once",
            HEADER
            + "crm,C1,2026-02-30\ncrm,C2,\ncrm,C3,20260201\ncrm,C4,0001-01-01\n"
            + "crm,,2026-02-01\n,C5,2026-02-01\ncrm,C4,2026-01-31\n",
            [
                "2:8: error[truth]: '2026-02-30' is not a day (write 2026-05-31)",
                "3:8: error[truth]: '' is not a day",
                "4:8: error[truth]: '20260201' is not a day",
                "5:8: error[truth]: '0001-01-01' is not a day",
                "6:5: error[truth]: the cell is empty (name the customer)",
                "7:1: error[truth]: the cell is empty (name the customer)",
                "8:5: error[truth]: 'crm C4' stands here a second time (keep one row for each)",
            ],
        ),
        (
            "an unknown system, where it first stands",
            HEADER + "crm,C1,2026-02-01\ncrn,C1,2026-02-01\ncrn,C2,2026-02-01\n",
            ["3:1: error[truth]: no system 'crn' has customers here (did you mean 'crm'?)"],
        ),
    ],
)
def test_wrong_files_are_refused(loaded: tuple[Path, Engine], _case: str, text: str, expected: list[str]) -> None:
    with pytest.raises(RefusedError) as refused:
        told(loaded, text)
    problems = [str(problem).removeprefix(f"{loaded[0] / 'left.csv'}:") for problem in refused.value.problems]
    assert [problem[: len(start)] for problem, start in zip(problems, expected, strict=True)] == expected


@pytest.mark.parametrize(
    ("_case", "content", "expected"),
    [
        ("absent", None, r"'customer_id' needs this file, which says whose records are whose \(name the customers"),
        ("no Parquet", b"system", r"the file cannot be read as Parquet"),
    ],
)
def test_without_the_records_customer_ids_mean_nothing(
    loaded: tuple[Path, Engine], _case: str, content: bytes | None, expected: str
) -> None:
    if content is not None:
        (loaded[0] / RECORDS).write_bytes(content)
    with pytest.raises(RefusedError, match=rf"{RECORDS}:1:1: error\[truth\]: {expected}"):
        told(loaded, "customer_id,churned_on\nT1,2026-02-01\n")


def test_records_without_the_columns_are_refused(loaded: tuple[Path, Engine]) -> None:
    pl.DataFrame({"system": ["crm"], "record_key": [1]}).write_parquet(loaded[0] / RECORDS)
    with pytest.raises(RefusedError, match=r"no column 'record_key', 'customer_id' of text \(it needs system, record"):
        told(loaded, "customer_id,churned_on\nT1,2026-02-01\n")
