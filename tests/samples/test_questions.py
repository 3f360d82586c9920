"""Questions answered twice: through GraphQL from a served workspace, and with plain Polars from the CSV."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

Ask = Callable[..., Any]
EXAMPLES = Path(__file__).parents[2] / "examples"
SEATTLE = ZoneInfo("America/Los_Angeles")


def csv(name: str, file: str) -> pl.DataFrame:
    return pl.read_csv(EXAMPLES / name / "data" / file, infer_schema=False)


@pytest.fixture(scope="module")
def orders() -> pl.DataFrame:
    days = [pl.col(name).str.to_date("%m/%d/%Y") for name in ("OrderDate", "RequiredDate", "ShippedDate")]
    return csv("northwind", "Orders.csv").with_columns(*days, pl.col("Freight").str.to_decimal(scale=2))


@pytest.fixture(scope="module")
def lines() -> pl.DataFrame:
    days = [pl.col(name).str.to_date("%d-%b-%y") for name in ("Scheduled Delivery Date", "Delivered to Client Date")]
    return csv("scms", "SCMS_Delivery_History_Dataset.csv").with_columns(
        *days,
        weight_kg=pl.col("Weight (Kilograms)").cast(pl.Int64, strict=False),
        freight=pl.col("Freight Cost (USD)").cast(pl.Float64, strict=False),
    )


def pages(ask: Ask, name: str, query: str, **variables: object) -> list[dict[str, Any]]:
    """Every node of a connection `found`, page by page."""
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        page = ask(name, query, after=after, **variables)["found"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        after = page["pageInfo"]["endCursor"]


def customer(ask: Ask, name: str, key: str, fields: str) -> dict[str, Any]:
    found = ask(name, f"query ($key: String!) {{ customerByIdentifier(value: $key) {{ {fields} }} }}", key=key)
    answer: dict[str, Any] = found["customerByIdentifier"]
    return answer


ALL = """query ($after: String, $where: CustomerWhere) {
  found: customers(first: 200, after: $after, where: $where) {
    nodes { %s } pageInfo { hasNextPage endCursor }
  }
}"""


def test_how_many_customers_are_there(ask: Ask) -> None:
    counted = ask("northwind", "{ customers(first: 1) { totalCount } }")["customers"]["totalCount"]
    assert counted == csv("northwind", "Customers.csv")["CustomerID"].n_unique() == 91


def test_which_customers_are_in_germany(ask: Ask) -> None:
    found = pages(ask, "northwind", ALL % "name", where={"country": {"eq": "Germany"}})
    expected = csv("northwind", "Customers.csv").filter(pl.col("Country") == "Germany")["CompanyName"]
    assert sorted(node["name"] for node in found) == sorted(expected)
    assert len(found) == 11


def test_who_is_the_contact_of_a_customer(ask: Ask) -> None:
    found = customer(ask, "northwind", "ALFKI", "name contacts { nodes { name title phone } }")
    row = csv("northwind", "Customers.csv").row(by_predicate=pl.col("CustomerID") == "ALFKI", named=True)
    assert found == {
        "name": row["CompanyName"],
        "contacts": {"nodes": [{"name": row["ContactName"], "title": row["ContactTitle"], "phone": row["Phone"]}]},
    }


def test_what_did_a_customer_order_and_pay_in_freight(ask: Ask, orders: pl.DataFrame) -> None:
    fields = "shipments(role: PAYER, first: 200) { totalCount nodes { number revenue { amount currency } } }"
    found = customer(ask, "northwind", "SAVEA", fields)["shipments"]
    mine = orders.filter(pl.col("CustomerID") == "SAVEA")
    assert {node["number"]: node["revenue"] for node in found["nodes"]} == {
        number: {"amount": str(freight), "currency": "USD"}
        for number, freight in mine.select("OrderID", "Freight").rows()
    }
    assert found["totalCount"] == len(mine) == 31


def test_who_owns_each_customer(ask: Ask, orders: pl.DataFrame) -> None:
    found = pages(ask, "northwind", ALL % "identifiers { nodes { kind value } } owner { number }")
    keys = [
        next(item["value"] for item in node["identifiers"]["nodes"] if item["kind"] == "source_key") for node in found
    ]
    owners = {key: node["owner"] and node["owner"]["number"] for key, node in zip(keys, found, strict=True)}
    # The employee of the latest order; of several on one day, that of the order whose record key comes first.
    ordered = orders.sort(["OrderDate", "OrderID"], descending=[True, False])
    latest = ordered.group_by("CustomerID", maintain_order=True).first()
    expected = dict.fromkeys(csv("northwind", "Customers.csv")["CustomerID"], None)
    assert owners == expected | dict(latest.select("CustomerID", "EmployeeID").rows())


def test_which_customers_does_an_employee_own(ask: Ask) -> None:
    everyone = pages(ask, "northwind", ALL % "uid owner { number }")
    mine = pages(ask, "northwind", ALL % "uid", where={"owner": {"number": {"eq": "4"}}})
    assert {node["uid"] for node in mine} == {n["uid"] for n in everyone if n["owner"] and n["owner"]["number"] == "4"}
    assert mine


def test_how_many_orders_came_in_time(ask: Ask, orders: pl.DataFrame) -> None:
    shipped = orders.drop_nulls("ShippedDate")
    in_time = shipped.filter(pl.col("ShippedDate") <= pl.col("RequiredDate"))
    found = ask("northwind", "{ shipmentStatistics { shipments withBothDates onTime } }")["shipmentStatistics"]
    assert found == {"shipments": "830", "withBothDates": str(len(shipped)), "onTime": str(len(in_time))}


def _northwind_as_of(orders: pl.DataFrame) -> datetime:
    days = [day for name in ("OrderDate", "ShippedDate") for day in [orders[name].max()]]
    latest = max(days)  # type: ignore[type-var]
    return datetime(latest.year, latest.month, latest.day, tzinfo=SEATTLE).astimezone(UTC)  # type: ignore[union-attr]


def _midnight(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("America/Los_Angeles").dt.convert_time_zone("UTC")


def test_which_customers_are_lost(ask: Ask, orders: pl.DataFrame) -> None:
    found = pages(ask, "northwind", ALL % "name", where={"level": {"ruleSet": "lifecycle", "code": {"eq": "lost"}}})
    as_of = _northwind_as_of(orders)
    last = orders.group_by("CustomerID").agg(_midnight("OrderDate").max().alias("last"))
    # Whole days since the last order, more than 120 of them.
    lost = last.filter(pl.lit(as_of) - pl.col("last") >= timedelta(days=121))
    names = csv("northwind", "Customers.csv").join(lost, on="CustomerID")["CompanyName"]
    assert sorted(node["name"] for node in found) == sorted(names)
    assert len(found) == 9


def test_which_customers_are_vip(ask: Ask, orders: pl.DataFrame) -> None:
    where = {"level": {"ruleSet": "service_tier", "code": {"eq": "vip"}}}
    found = pages(
        ask, "northwind", ALL % "name segments { ruleSet { code } reasons { features { name value } } }", where=where
    )
    as_of = _northwind_as_of(orders)
    at = orders.with_columns(at=_midnight("OrderDate"))
    year = at.filter(pl.col("at") > as_of - timedelta(days=365)).group_by("CustomerID").agg(pl.col("Freight").sum())
    quarter = at.filter(pl.col("at") > as_of - timedelta(days=90)).group_by("CustomerID").len()
    both = (
        csv("northwind", "Customers.csv")
        .join(year, on="CustomerID", how="left")
        .join(quarter, on="CustomerID", how="left")
    )
    vip = both.filter((pl.col("Freight") >= 2000) | (pl.col("len") >= 8))
    revenue = {
        node["name"]: next(
            feature["value"]
            for segment in node["segments"]
            if segment["ruleSet"]["code"] == "service_tier"
            for feature in segment["reasons"]["features"]
            if feature["name"] == "revenue_365d"
        )
        for node in found
    }
    assert revenue == {name: str(freight) for name, freight in vip.select("CompanyName", "Freight").rows()}
    assert len(found) == 6


def test_the_on_time_rate_of_scms_is_that_of_its_csv(ask: Ask, lines: pl.DataFrame) -> None:
    both = lines.drop_nulls(["Scheduled Delivery Date", "Delivered to Client Date"])
    on_time = both.filter(pl.col("Delivered to Client Date") <= pl.col("Scheduled Delivery Date"))
    found = ask("scms", "{ shipmentStatistics { shipments withBothDates onTime onTimeRate } }")["shipmentStatistics"]
    assert found["onTimeRate"] == pytest.approx(len(on_time) / len(both), rel=1e-12)
    assert found["withBothDates"] == str(len(both)) == "10324"
    assert found["onTime"] == str(len(on_time)) == "9138"


def test_how_many_projects_in_how_many_countries(ask: Ask, lines: pl.DataFrame) -> None:
    found = pages(ask, "scms", ALL % "name country", where={"kind": {"eq": "project"}})
    assert {(node["name"], node["country"]) for node in found} == set(lines.select("Project Code", "Country").rows())
    assert len(found) == 142
    assert len({node["country"] for node in found}) == 43


def test_a_vendor_ships_what_a_project_receives(ask: Ask, lines: pl.DataFrame) -> None:
    fields = "shipments(role: SHIPPER, first: 1) { totalCount nodes { number consignee { name } shipper { name } } }"
    found = customer(ask, "scms", "Orgenics, Ltd", fields)["shipments"]
    mine = lines.filter(pl.col("Vendor") == "Orgenics, Ltd")
    row = mine.row(by_predicate=pl.col("ID") == found["nodes"][0]["number"], named=True)
    assert found["totalCount"] == len(mine) == 754
    assert found["nodes"][0]["consignee"]["name"] == row["Project Code"]
    assert found["nodes"][0]["shipper"]["name"] == "Orgenics, Ltd"


def test_a_weight_or_freight_told_elsewhere_is_unknown_and_not_nothing(ask: Ask, lines: pl.DataFrame) -> None:
    project = "116-ZA-T30"
    query = """query ($after: String, $key: String!) {
      customerByIdentifier(value: $key) {
        shipments(role: PAYER, first: 100, after: $after) {
          nodes { number weightG revenue { amountMinor } } pageInfo { hasNextPage endCursor }
        }
      }
    }"""
    nodes, after = [], None
    while True:
        page = ask("scms", query, key=project, after=after)["customerByIdentifier"]["shipments"]
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    mine = lines.filter(pl.col("Project Code") == project)
    weights = {
        number: kilograms and str(kilograms * 1000) for number, kilograms in mine.select("ID", "weight_kg").rows()
    }
    assert {node["number"]: node["weightG"] for node in nodes} == weights
    cents = {
        number: None if dollars is None else str(round(dollars * 100))
        for number, dollars in mine.select("ID", "freight").rows()
    }
    assert {node["number"]: node["revenue"] and node["revenue"]["amountMinor"] for node in nodes} == cents
    assert 0 < mine["weight_kg"].null_count() < len(mine) == 768


def test_what_did_each_project_pay_in_the_last_year(ask: Ask, lines: pl.DataFrame) -> None:
    where = {"level": {"ruleSet": "order_amount", "code": {"in": ["platinum", "gold"]}}}
    found = pages(ask, "scms", ALL % "name", where=where)
    sent = pl.col("PO Sent to Vendor Date").str.to_date("%m/%d/%y", strict=False)
    iso = pl.col("PO Sent to Vendor Date").str.to_date("%Y-%m-%d", strict=False)
    at = lines.with_columns(at=pl.coalesce(sent, iso, pl.col("Delivered to Client Date")))
    accepted = lines.select(pl.coalesce(sent, iso).max()).item()
    as_of = max(accepted, lines["Delivered to Client Date"].max())
    year = at.filter(pl.col("at") > as_of - timedelta(days=365)).group_by("Project Code").agg(pl.col("freight").sum())
    expected = year.filter(pl.col("freight") >= 300_000)["Project Code"]
    assert sorted(node["name"] for node in found) == sorted(expected)
    assert len(found) == 8


def test_the_counts_of_a_rule_set_are_those_of_its_members(ask: Ask) -> None:
    found = ask("online_retail", '{ ruleSet(code: "order_amount") { levels { code members } } }')["ruleSet"]["levels"]
    counts = {}
    for level in found:
        where = {"level": {"ruleSet": "order_amount", "code": {"eq": level["code"]}}}
        query = "query ($where: CustomerWhere) { customers(first: 1, where: $where) { totalCount } }"
        counts[level["code"]] = ask("online_retail", query, where=where)["customers"]["totalCount"]
    assert counts == {level["code"]: level["members"] for level in found}
    invoices = csv("online_retail", "invoices_to_2011-08-31.csv")
    total = invoices.group_by("customer_id").agg(pl.col("amount_gbp").str.to_decimal(scale=2).sum().alias("paid"))
    assert counts["platinum"] == total.filter(pl.col("paid") >= 50_000).height
    assert sum(counts.values()) == total.filter(pl.col("paid") > 0).height
