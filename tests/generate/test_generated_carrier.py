import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from kehu.generate.carrier import GeneratedCarrier, _open_book, generate
from kehu.generate.columns import DAY_SECONDS, day_number
from kehu.generate.complaints import Grievances
from kehu.generate.departments import export_complaints
from kehu.generate.folder import MANIFEST, Request
from kehu.generate.office import Office
from kehu.generate.truth import TrueRecords

CUSTOMERS, SHIPMENTS = 3000, 40_000
PARTIES = ("寄件客户编号", "寄件人", "寄件电话", "收件人", "收件电话", "收件城市")
TEXTS = ("运单号", *PARTIES, "付款方式", "付款客户编号", "产品", "始发地", "目的地")


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> GeneratedCarrier:
    return generate(tmp_path_factory.mktemp("carrier"), customers=CUSTOMERS, shipments=SHIPMENTS, seed=42)


@pytest.fixture(scope="module")
def waybills(carrier: GeneratedCarrier) -> pl.DataFrame:
    return pl.read_parquet(carrier.root / "tms/*.parquet")


@pytest.fixture(scope="module")
def records(carrier: GeneratedCarrier) -> pl.DataFrame:
    return pl.read_parquet(carrier.root / "truth/records.parquet")


@pytest.fixture(scope="module")
def customers(carrier: GeneratedCarrier) -> pl.DataFrame:
    return pl.read_parquet(carrier.root / "truth/customers.parquet")


@pytest.fixture(scope="module")
def crm(carrier: GeneratedCarrier) -> pl.DataFrame:
    return read_csv(carrier.root / "crm/customers.csv", "gb18030")


@pytest.fixture(scope="module")
def visits(carrier: GeneratedCarrier) -> pl.DataFrame:
    return read_csv(carrier.root / "visits/visits.csv", "utf-8-sig")


@pytest.fixture(scope="module")
def tickets(carrier: GeneratedCarrier) -> pl.DataFrame:
    return pl.read_excel(carrier.root / "callcentre/complaints.xlsx", infer_schema_length=0)


def read_csv(path: Path, encoding: str) -> pl.DataFrame:
    return pl.read_csv(path.read_bytes().decode(encoding).encode(), infer_schema=False)


def query(carrier: GeneratedCarrier, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(carrier.root / "finance/ledger.sqlite3")) as database:
        return database.execute(sql).fetchall()


def test_the_same_arguments_give_the_same_bytes(carrier: GeneratedCarrier, tmp_path: Path) -> None:
    again = generate(tmp_path, customers=CUSTOMERS, shipments=SHIPMENTS, seed=42)
    assert again.files == carrier.files
    for file in again.files:
        digests = {hashlib.sha256((root / file.path).read_bytes()).hexdigest() for root in (tmp_path, carrier.root)}
        assert len(digests) == 1, file.path


def test_another_seed_gives_another_carrier(carrier: GeneratedCarrier, tmp_path: Path) -> None:
    other = generate(tmp_path, customers=CUSTOMERS, shipments=SHIPMENTS, seed=43)
    for file in other.files:
        assert (tmp_path / file.path).read_bytes() != (carrier.root / file.path).read_bytes(), file.path


def test_the_manifest_counts_the_rows_of_every_file(
    carrier: GeneratedCarrier, crm: pl.DataFrame, visits: pl.DataFrame, tickets: pl.DataFrame, records: pl.DataFrame
) -> None:
    manifest = json.loads((carrier.root / MANIFEST).read_text(encoding="utf-8"))
    counted = {(file["path"], file["table"]): file["rows"] for file in manifest.pop("files")}
    assert manifest == {"format": 1, "customers": 3000, "shipments": 40_000, "seed": 42, "end": "2026-05-31"}
    assert counted == {
        ("crm/customers.csv", ""): crm.height,
        ("crm/employees.csv", ""): 24,
        ("tms/waybills-0001.parquet", ""): 40_000,
        ("callcentre/complaints.xlsx", ""): tickets.height,
        ("finance/ledger.sqlite3", "accounts"): query(carrier, "SELECT count(*) FROM accounts")[0][0],
        ("finance/ledger.sqlite3", "invoices"): query(carrier, "SELECT count(*) FROM invoices")[0][0],
        ("visits/visits.csv", ""): visits.height,
        ("truth/customers.parquet", ""): 3000,
        ("truth/records.parquet", ""): records.height,
        ("truth/churn.csv", ""): pl.read_csv(carrier.root / "truth/churn.csv").height,
        ("truth/malformed.csv", ""): pl.read_csv(carrier.root / "truth/malformed.csv").height,
    }
    assert carrier.rows("tms/") == 40_000


def test_waybills_have_natural_types(waybills: pl.DataFrame) -> None:
    assert dict(waybills.schema) == {
        **dict.fromkeys(TEXTS, pl.String()),
        **dict.fromkeys(("揽收时间", "承诺时间", "签收时间"), pl.Datetime("us")),
        "运单状态": pl.String(),
        "件数": pl.Int32(),
        "重量kg": pl.Float64(),
        "托寄物": pl.String(),
        "运费元": pl.Decimal(12, 2),
        "成本元": pl.Decimal(12, 2),
    }


def test_waybill_numbers_are_distinct_and_times_local_to_the_history(waybills: pl.DataFrame) -> None:
    numbers = waybills["运单号"].drop_nulls()
    assert numbers.is_unique().all()
    assert numbers.str.contains(r"^KH\d{12}$").all()
    accepted, delivered = (waybills[name].drop_nulls().dt.date() for name in ("揽收时间", "签收时间"))
    assert accepted.is_between(date(2024, 6, 1), date(2026, 5, 31)).all()
    assert delivered.is_between(date(2024, 6, 1), date(2026, 5, 31)).all()


def test_every_malformed_cell_is_where_the_list_says(
    carrier: GeneratedCarrier, crm: pl.DataFrame, waybills: pl.DataFrame, tickets: pl.DataFrame, visits: pl.DataFrame
) -> None:
    frames = {
        "crm/customers.csv": (crm, 2),
        "tms/waybills-0001.parquet": (waybills, 1),
        "callcentre/complaints.xlsx": (tickets, 2),
        "visits/visits.csv": (visits, 2),
    }
    listed = pl.read_csv(carrier.root / "truth/malformed.csv", schema_overrides={"value": pl.String})
    for file, line, column, value, _reason in listed.iter_rows():
        if "#" in file:
            table = file.split("#")[1]
            cell = query(carrier, f'SELECT "{column}" FROM "{table}" WHERE rowid = {line}')[0][0]
        else:
            frame, first_line = frames[file]
            cell = frame[line - first_line, column]
        assert ("" if cell is None else str(cell)) == (value or ""), (file, line, column)
    assert 0.001 < listed.height / sum(file.rows for file in carrier.files if not file.path.startswith("truth")) < 0.003
    assert listed.height == sum(file.malformed for file in carrier.files)


def test_dates_read_as_written_but_for_the_malformed(
    carrier: GeneratedCarrier, crm: pl.DataFrame, visits: pl.DataFrame
) -> None:
    listed = pl.read_csv(carrier.root / "truth/malformed.csv", schema_overrides={"value": pl.String})
    bad = {name: listed.filter(pl.col("column") == name).height for name in ("首次接触日期", "计划日期")}
    for frame, name, form in ((crm, "首次接触日期", "%Y-%m-%d"), (visits, "计划日期", "%Y/%m/%d")):
        cells = frame[name].drop_nulls()
        assert cells.str.to_date(form, strict=False).null_count() == bad[name]


def test_the_truth_knows_every_account(carrier: GeneratedCarrier, crm: pl.DataFrame, records: pl.DataFrame) -> None:
    accounts = records.filter(pl.col("system") == "crm")["record_key"]
    assert accounts.is_unique().all()
    assert set(crm["客户编号"].drop_nulls()) <= set(accounts)
    finance = {row[0] for row in query(carrier, 'SELECT "财务账号" FROM accounts')}
    assert finance == set(records.filter(pl.col("system") == "finance")["record_key"])


def test_the_truth_knows_every_party(
    waybills: pl.DataFrame, tickets: pl.DataFrame, visits: pl.DataFrame, records: pl.DataFrame
) -> None:
    columns = (
        ("tms", waybills, "寄件人", "寄件电话"),
        ("tms", waybills, "收件人", "收件电话"),
        ("callcentre", tickets, "来电人", "来电号码"),
        ("visits", visits, "客户名称", "联系电话"),
    )
    for system, frame, name, phone in columns:
        known = set(records.filter(pl.col("system") == system)["record_key"])
        seen = frame.filter(pl.col(name).is_not_null() | pl.col(phone).is_not_null())
        keys = seen.select(pl.col(name).fill_null("") + "|" + pl.col(phone).fill_null("")).to_series()
        assert set(keys) <= known, (system, name)


def test_departments_overlap_on_the_same_customers(records: pl.DataFrame) -> None:
    systems = records.group_by("customer_id").agg(pl.col("system").unique())["system"].list.len()
    assert (systems == 5).any()
    assert (systems >= 3).sum() > 300


def test_the_truth_counts_what_was_sent(customers: pl.DataFrame, waybills: pl.DataFrame, records: pl.DataFrame) -> None:
    assert customers.height == CUSTOMERS
    assert customers["shipments_sent"].sum() == customers["shipments_received"].sum() == SHIPMENTS
    biggest = customers.sort("shipments_sent", descending=True).row(0, named=True)
    own = records.filter((pl.col("system") == "tms") & (pl.col("customer_id") == biggest["customer_id"]))
    mine = waybills.with_columns(record_key=pl.col("寄件人") + "|" + pl.col("寄件电话")).join(own, on="record_key")
    assert mine.height == biggest["shipments_sent"]
    days = mine["揽收时间"].dt.date().drop_nulls().sort()
    assert (days[0], days[-1]) == (biggest["first_sent_on"], biggest["last_sent_on"])


def test_leavers_stop_or_trickle(carrier: GeneratedCarrier, customers: pl.DataFrame) -> None:
    gone = customers.filter(pl.col("churned_at").is_not_null())
    assert gone.filter(~pl.col("keeps_trickle") & (pl.col("last_sent_on") >= pl.col("churned_at").dt.date())).is_empty()
    assert (gone["shipments_sent"] > 0).all()
    listed = pl.read_csv(carrier.root / "truth/churn.csv", try_parse_dates=True)
    assert set(listed["customer_id"]) == set(gone["customer_id"])
    assert listed["churned_on"].is_sorted()


def test_prospects_are_visited_and_potentials_have_nothing(customers: pl.DataFrame, records: pl.DataFrame) -> None:
    systems = records.group_by("customer_id").agg(pl.col("system").unique().sort())
    by_role = dict(customers.join(systems, on="customer_id").group_by("role").agg("system").iter_rows())
    assert {tuple(found) for found in by_role["potential"]} == {("crm",)}
    assert {tuple(found) for found in by_role["prospect"]} <= {("crm",), ("crm", "visits")}
    assert {tuple(found) for found in by_role["receiver"]} <= {("tms",), ("callcentre", "tms")}


def test_invoices_add_up_to_what_account_holders_were_charged(
    carrier: GeneratedCarrier, waybills: pl.DataFrame
) -> None:
    charged = query(carrier, "SELECT sum(金额分) FROM invoices WHERE typeof(金额分) = 'integer'")[0][0]
    assert isinstance(charged, int)
    assert 0.4 < charged / int(waybills["运费元"].sum() * 100) < 1.0
    paid = query(carrier, 'SELECT max("付款日期"), min("付款日期") FROM invoices')[0]
    assert "2024-07-01" <= str(paid[1]) < str(paid[0]) <= "2026-05-31"


def test_satisfaction_falls_before_a_customer_leaves(
    visits: pl.DataFrame, records: pl.DataFrame, customers: pl.DataFrame
) -> None:
    accounts = records.filter(pl.col("system") == "crm").select("record_key", "customer_id")
    told = (
        visits.join(accounts, left_on="客户编号", right_on="record_key")
        .join(customers.select("customer_id", "churned_at"), on="customer_id")
        .with_columns(
            due=pl.col("计划日期").str.to_date("%Y/%m/%d", strict=False),
            score=pl.col("时效满意度").cast(pl.Int8, strict=False),
        )
        .drop_nulls(["due", "score"])
        .with_columns(left=(pl.col("churned_at").dt.date() - pl.col("due")).dt.total_days())
    )
    leaving = told.filter(pl.col("left") < 60)["score"].mean()
    staying = told.filter(pl.col("churned_at").is_null())["score"].mean()
    assert isinstance(leaving, float)
    assert isinstance(staying, float)
    assert leaving < staying - 0.5


def test_the_weightier_the_customer_the_more_senior_the_owner(
    carrier: GeneratedCarrier, crm: pl.DataFrame, records: pl.DataFrame, customers: pl.DataFrame
) -> None:
    ranks = read_csv(carrier.root / "crm/employees.csv", "utf-8-sig").select("工号", "职级")
    owned = (
        crm.join(records.filter(pl.col("system") == "crm"), left_on="客户编号", right_on="record_key")
        .join(customers.select("customer_id", "size"), on="customer_id")
        .join(ranks, left_on="客户经理工号", right_on="工号")
    )
    by_size = {size: set(ranks) for size, ranks in owned.group_by("size").agg("职级").iter_rows()}
    assert by_size == {"large": {"经理", "高管"}, "medium": {"资深"}, "small": {"员工"}, "none": {"员工"}}


def test_complaints_beyond_a_sheet_go_into_further_workbooks(tmp_path: Path) -> None:
    first = date(2024, 6, 1)
    book = _open_book(Request(100, 1, 1, date(2026, 5, 31)))
    some = np.arange(25)
    rows = Grievances(some, some, some - 30, some % 6, some % 3, some * 60 + day_number(first) * DAY_SECONDS, some * 0)
    (tmp_path / "callcentre").mkdir()
    with TrueRecords(tmp_path / "records.parquet") as records:
        office = Office(tmp_path, book, first, lambda _stage, _done, _total: None)
        files = export_complaints(office, rows, records, sheet_rows=10).files
    assert [(file.path, file.rows) for file in files] == [
        ("callcentre/complaints.xlsx", 10),
        ("callcentre/complaints-0002.xlsx", 10),
        ("callcentre/complaints-0003.xlsx", 5),
    ]
    numbers = [number for file in files for number in pl.read_excel(tmp_path / file.path)["工单号"]]
    assert numbers == [f"TS{number:09}" for number in range(1, 26)]


def test_waybills_come_in_parts_and_the_end_may_be_chosen(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    made = generate(
        tmp_path,
        customers=50,
        shipments=1_048_577,
        seed=1,
        end=date(2023, 12, 31),
        progress=lambda stage, done, total: seen.append((stage, done, total)),
    )
    parts = [(file.path, file.rows) for file in made.files if file.path.startswith("tms/")]
    assert parts == [("tms/waybills-0001.parquet", 1_048_576), ("tms/waybills-0002.parquet", 1)]
    last = pl.read_parquet(tmp_path / parts[1][0]).row(0, named=True)
    assert (last["运单号"], last["揽收时间"].date()) == ("KH700010485764", date(2023, 12, 31))
    assert ("tms", 1_048_577, 1_048_577) in seen
