"""How many statements a query costs, however many customers it brings."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.graphql.both_ways import counted

Ask = Callable[..., dict[str, Any]]

DEEP = """
query($first: Int!) { customers(first: $first) { totalCount nodes {
  name owner { name department { name } customersOwned }
  contacts { nodes { name } } identifiers { nodes { value } } sourceRecords { nodes { key } }
  shipments(first: 3) { totalCount nodes { number shipper { name } consignee { owner { name } } } }
  complaints { nodes { number handler { name } shipment { number } } } visits { nodes { staff { name } } }
  segments { level { code } run { number } } level(ruleSet: "service_tier") { code }
  segmentHistory { nodes { ruleSet { version } until } } warnings { totalCount nodes { label customer { name } } }
} } }
"""


@pytest.mark.parametrize(
    ("_case", "query", "expected"),
    [
        ("a count alone reads the page and the count", "{ customers { totalCount } }", 2),
        ("no count unless it is asked for", "{ customers { nodes { name } } }", 1),
        ("the published rules once", '{ a: ruleSet(code: "lifecycle") { kind } b: ruleSets { code } }', 1),
        ("the same page once", "{ a: customers { nodes { name } } b: customers { nodes { uid } } }", 1),
        ("a list of a customer in one", "{ customers { nodes { name visits { nodes { number } } } } }", 2),
        ("nothing for a name", "{ __typename }", 0),
    ],
)
def test_a_query_costs_so_many_statements(ask: Ask, carrier: Engine, _case: str, query: str, expected: int) -> None:
    # The first query after a publication reads its rules.
    ask("{ ruleSets { code } }")
    with counted(carrier) as statements:
        ask(query)
    assert len(statements) == expected


def test_a_deep_query_costs_so_many_statements_for_any_number_of_customers(ask: Ask, carrier: Engine) -> None:
    with counted(carrier) as statements:
        assert len(ask(DEEP, first=200)["customers"]["nodes"]) == 12
    # Twelve customers with ten lists each; batches that meet at the same moment merge, so the count may vary a little.
    assert len(statements) <= 28
