"""What plans know of the work they are."""

import pytest
from sqlalchemy import Engine
from tests.graphql.both_ways import Bench, both_ways

from kehu_graphql.planning.plan import RootPlan

_VISITS = 'customer(id: "x") { name visits(first: 7) { edges { cursor } } }'


@pytest.mark.parametrize(
    ("_case", "asked", "expected"),
    [
        ("a customer and a list", _VISITS, 8),
        ("a page", "customers(first: 10) { nodes { shipments(role: SHIPPER, first: 5) { nodes { number } } } }", 60),
        ("a count", "customers(first: 10) { totalCount }", None),
        ("a list's count", "customers(first: 10) { nodes { visits { totalCount } } }", None),
        ("a condition", 'customers(first: 10, where: {city: {eq: "x"}}) { nodes { uid } }', None),
        ("an order in two parts", "customers(first: 10, orderBy: [{field: LAST_SEEN_AT}]) { nodes { uid } }", None),
        ("several roles", "customers(first: 10) { nodes { shipments(role: ANY) { nodes { number } } } }", None),
    ],
)
def test_rows_are_bounded_where_indexes_lead_to_no_more(
    carrier: Engine, _case: str, asked: str, expected: int | None
) -> None:
    async def work(bench: Bench) -> None:
        await bench.planned(f"{{ {asked} }}", {})
        (plan,) = bench.planner.plans
        assert isinstance(plan, RootPlan)
        assert plan.rows == expected

    both_ways(carrier, work)
