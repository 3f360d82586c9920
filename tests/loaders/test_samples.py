"""The sample workspaces' sources load whole, and say what the files say."""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from kehu.model.graph import Entity
from kehu.sources.read import read_source
from kehu_loaders.files import csv_loader

EXAMPLES = Path(__file__).parents[2] / "examples"

Load = Callable[[str, str, str], dict[Entity, pl.DataFrame]]


@pytest.fixture(scope="module")
def load() -> Load:
    """All records of one source of a workspace, checked to hold every row of its file."""

    def records(workspace: str, name: str, currency: str) -> dict[Entity, pl.DataFrame]:
        path = EXAMPLES / workspace / "sources" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        source, problems = read_source(text, str(path), timezone="UTC", currency=currency, formats=["csv"])
        assert problems == []
        assert source is not None
        (file,) = (EXAMPLES / workspace).glob(source.files[0])
        chunks = list(csv_loader(source, file))
        assert [chunk.quarantine.height for chunk in chunks] == [0] * len(chunks)
        assert sum(chunk.read for chunk in chunks) == sum(chunk.lines.len() for chunk in chunks)
        return {entity: pl.concat(chunk.records[entity] for chunk in chunks) for entity in chunks[0].records}

    return records


def rows_of(workspace: str, name: str) -> list[dict[str, str]]:
    """The file by the standard library."""
    with (EXAMPLES / workspace / "data" / name).open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def test_scms_loads_every_line_with_what_it_says(load: Load) -> None:
    shipments = load("scms", "deliveries", "USD")["shipment"]
    rows = rows_of("scms", "SCMS_Delivery_History_Dataset.csv")
    assert shipments.height == len(rows) == 10_324
    numbers = {row["ID"]: row["Freight Cost (USD)"] for row in rows if row["Freight Cost (USD)"][0].isdigit()}
    cents = {number: int(Decimal(text) * 100) for number, text in numbers.items()}
    known = shipments.filter(pl.col("revenue").is_not_null())
    assert dict(known.select("number", "revenue").rows()) == cents
    weights = {row["ID"]: int(row["Weight (Kilograms)"]) * 1000 for row in rows if row["Weight (Kilograms)"].isdigit()}
    weighed = shipments.filter(pl.col("weight_g").is_not_null())
    assert dict(weighed.select("number", "weight_g").rows()) == weights
    assert (len(cents), len(weights)) == (6_198, 6_372)
    assert shipments["payer_key"].n_unique() == 142
    assert shipments["shipper_key"].n_unique() == 73
    assert shipments["service"].null_count() == 360
    assert shipments["accepted_at"].null_count() == 5_732


def test_scms_deliveries_on_time_are_those_the_file_shows(load: Load) -> None:
    shipments = load("scms", "deliveries", "USD")["shipment"]
    days = [
        tuple(
            datetime.strptime(row[column], "%d-%b-%y").replace(tzinfo=UTC)
            for column in ("Delivered to Client Date", "Scheduled Delivery Date")
        )
        for row in rows_of("scms", "SCMS_Delivery_History_Dataset.csv")
    ]
    on_time = sum(delivered <= promised for delivered, promised in days)
    assert shipments.filter(pl.col("delivered_at") <= pl.col("promised_at")).height == on_time == 9_138
    assert shipments.select("delivered_at", "promised_at").rows() == days


def test_online_retail_loads_every_invoice_and_gives_cancelled_money_back(load: Load) -> None:
    shipments = load("online_retail", "invoices", "GBP")["shipment"]
    rows = rows_of("online_retail", "invoices_to_2011-08-31.csv")
    assert shipments.height == len(rows) == 13_842
    assert dict(shipments["status"].value_counts().rows()) == {"accepted": 11_415, "cancelled": 2_427}
    pence = Counter[str]()
    for row in rows:
        pence[row["customer_id"]] += int(Decimal(row["amount_gbp"]) * 100)
    totals = shipments.group_by("payer_key").agg(pl.col("revenue").sum())
    assert dict(totals.rows()) == pence
    assert len(pence) == 3_360
    summer = shipments.filter(pl.col("number") == rows[-1]["invoice_no"])["accepted_at"].item()
    assert summer == datetime(2011, 8, 31, 16, 45, tzinfo=UTC)


def test_northwind_loads_customers_with_their_contacts(load: Load) -> None:
    records = load("northwind", "customers", "USD")
    rows = rows_of("northwind", "Customers.csv")
    assert records["customer"]["key"].to_list() == [row["CustomerID"] for row in rows]
    assert records["contact"].select("customer_system", "customer_key", "name", "title").rows() == [
        ("northwind", row["CustomerID"], row["ContactName"], row["ContactTitle"]) for row in rows
    ]
    assert len(rows) == 91


def test_northwind_loads_employees_whose_notes_run_over_lines(load: Load) -> None:
    employees = load("northwind", "employees", "USD")["employee"]
    assert employees.height == 9
    assert employees.select("key", "name", "seniority", "department", "active").rows()[1] == (
        "2",
        "Andrew Fuller",
        "executive",
        "Sales",
        True,
    )
    assert employees["line"].to_list() == [2, 3, 4, 5, 6, 7, 9, 11, 12]


def test_northwind_loads_orders_and_who_looks_after_the_customer(load: Load) -> None:
    records = load("northwind", "orders", "USD")
    rows = rows_of("northwind", "Orders.csv")
    shipments, mentions = records["shipment"], records["customer"]
    assert (shipments.height, mentions.height, len(rows)) == (830, 830, 830)
    assert shipments.filter(pl.col("status") == "accepted").height == 21 == shipments["delivered_at"].null_count()
    assert shipments["revenue"].sum() == sum(int(Decimal(row["Freight"]) * 100) for row in rows)
    assert (
        shipments["payer_key"].to_list() == shipments["consignee_key"].to_list() == [row["CustomerID"] for row in rows]
    )
    assert mentions.select("key", "same_as_system", "same_as_key", "owner").rows() == [
        (f"{row['CustomerID']}|{row['OrderID']}", "northwind", row["CustomerID"], row["EmployeeID"]) for row in rows
    ]


@pytest.mark.parametrize("workspace", ["scms", "online_retail", "northwind"])
def test_every_sample_says_where_its_data_comes_from(workspace: str) -> None:
    assert (EXAMPLES / workspace / "data" / "ATTRIBUTION.md").read_text(encoding="utf-8").strip()
