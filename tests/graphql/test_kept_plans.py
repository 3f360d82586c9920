"""Kept plans answer whatever variables come next, as resolvers do, and keep none of them."""

import tracemalloc
from random import Random
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine
from tests.graphql.both_ways import Bench, both_ways, compact

from kehu_graphql.planning import planner

REQUESTS = 25
_LISTED = """{ customers(first: 5) { edges { cursor node { id uid
  shipments(first: 2) { edges { cursor node { id } } } } } } }"""
_DOCUMENTS = {
    "a page": """query($n: Int = 2, $a: String, $l: Int, $b: String, $o: [CustomerOrder!], $w: CustomerWhere) {
      customers(first: $n, after: $a, last: $l, before: $b, orderBy: $o, where: $w) {
        totalCount edges { cursor node { uid lastSeenAt } } pageInfo { hasNextPage hasPreviousPage endCursor } } }""",
    "defaults": """query($n: Int = 2, $a: String = CURSOR, $w: CustomerWhere = {kind: {eq: "company"}}) {
      customers(first: $n, after: $a) { nodes { uid name } } x: customers(where: $w) { totalCount } }""",
    "a file": """query($i: ID!, $n: Int = 1, $a: String, $r: ShipmentRole! = ANY, $s: Boolean! = false) {
      customer(id: $i) { uid name @skip(if: $s) shipments(first: $n, after: $a, role: $r) {
        totalCount @include(if: $s) edges { cursor node { number shipper { uid } } } pageInfo { endCursor } } } }""",
    "anything": """query($i: ID!, $n: Int, $s: Boolean! = true) { node(id: $i) { id __typename
      ... on Customer @include(if: $s) { uid visits(first: $n) { nodes { number } } }
      ... on Shipment { number payer { name } } } }""",
    "several": """query($ids: [ID!]!, $n: Int = 1) { nodes(ids: $ids) { id
      ... on Customer { uid shipments(first: $n) { nodes { number } } } ... on Shipment { number } } }""",
    "part of a condition": """query($t: String, $n: Int = 2) {
      customers(first: $n, where: {or: [{name: {contains: $t}}, {city: {eq: $t}}]}) {
        totalCount nodes { version } } }""",
}


@pytest.mark.parametrize("case", _DOCUMENTS)
def test_kept_plans_answer_what_comes_next(carrier: Engine, case: str) -> None:
    async def work(bench: Bench) -> None:
        edges = (await bench.resolved(_LISTED, {}))["customers"]["edges"]
        sent = [one for edge in edges for one in edge["node"]["shipments"]["edges"]]
        query, values = _DOCUMENTS[case].replace("CURSOR", f'"{edges[1]["cursor"]}"'), _values(edges, sent)
        dice, planned = Random(case), 0
        for _ in range(REQUESTS):
            # Null and nothing are what is most easily taken for one another.
            asked = {name: dice.choice([None, *dice.choices(those, k=2)]) for name, those in values.items()}
            given = {name: value for name, value in asked.items() if f"${name}:" in query and dice.random() < 0.5}
            given |= {name: dice.choice(values[name]) for name in ("i", "ids") if f"${name}:" in query}
            result = await bench.schema.execute(query, given, bench.context())
            answer = await bench.planned(query, given)
            planned += answer is not None
            if answer is not None:
                assert result.errors is None, given
                assert compact(answer) == b'{"data":' + orjson.dumps(result.data) + b"}", given
        assert planned > REQUESTS // 10

    both_ways(carrier, work)


@pytest.mark.parametrize(
    ("_case", "query", "sent"),
    [
        ("a default, null, a default", "query($a: String = CURSOR) { customers(after: $a) { nodes { uid } } }", "dnd"),
        ("null, a default, null", "query($a: String = CURSOR) { customers(after: $a) { nodes { uid } } }", "ndn"),
        ("customers without a field", "{ customers(first: 2) { nodes { uid @skip(if: true) } } }", "d"),
        ("an owner without one", "{ customers(first: 2) { nodes { uid owner { name @skip(if: true) } } } }", "d"),
        ("a list without one", "{ customers(first: 2) { nodes { visits { nodes { id @skip(if: true) } } } } }", "d"),
        ("a count", "{ customers(first: 2) { totalCount __typename } }", "d"),
        ("two counts", "{ customers(first: 2) { totalCount again: totalCount nodes { uid } } }", "d"),
        ("counts of lists", "{ customers(first: 2) { nodes { uid shipments { totalCount nodes { number } } } } }", "d"),
        ("ends of lists", "{ customers { nodes { uid shipments(first: 1) { pageInfo { hasNextPage } } } } }", "d"),
        ("rule sets without one", "{ ruleSets { code @skip(if: true) } }", "d"),
        ("nothing at all", "{ ruleSets @skip(if: true) { code } }", "d"),
    ],
)
def test_what_is_left_out_is_not_what_is_sent(carrier: Engine, _case: str, query: str, sent: str) -> None:
    async def work(bench: Bench) -> None:
        edges = (await bench.resolved("{ customers(first: 1) { edges { cursor } } }", {}))["customers"]["edges"]
        asked = query.replace("CURSOR", f'"{edges[0]["cursor"]}"')
        for each in sent:
            given = {"a": None} if each == "n" else {}
            expected = b'{"data":' + orjson.dumps(await bench.resolved(asked, given)) + b"}"
            assert compact(await bench.planned(asked, given)) == expected

    both_ways(carrier, work)


def test_nothing_of_what_clients_send_is_kept(carrier: Engine) -> None:
    many = "query($n: Int, $w: CustomerWhere, $a: String) { customers(first: $n, where: $w, after: $a) { totalCount } }"
    listed = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    async def work(bench: Bench) -> None:
        await bench.planned(many, {"w": {"name": {"eq": "x"}}})
        await bench.planned(listed, {"ids": ["x"]})
        tracemalloc.start()
        for number in range(10):
            long = str(number) * 200_000
            for more in ({"w": {"name": {"eq": long}}}, {"a": long}, {"other": long}):
                await bench.planned(many, {"n": number, **more})
            await bench.planned(listed, {"ids": [long]})
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # Each of the texts alone would take 2 MB.
        assert kept < 1_000_000

    both_ways(carrier, work)


@pytest.mark.parametrize(
    ("_case", "root", "fits"),
    [
        ("a level of fields", "{ ruleSets { code } }", 3),
        ("a document that unfolds", "{ customers(first: 0) { nodes { ...F0 } } }", 1),
        ("a list of values", "{ customers(where: {name: {in: [VALUES]}}) { totalCount } }", 1),
    ],
)
def test_plans_count_for_what_they_take(
    carrier: Engine, monkeypatch: pytest.MonkeyPatch, _case: str, root: str, fits: int
) -> None:
    monkeypatch.setattr(planner, "KEPT_PLANS", 7_000)
    fragments = " ".join(
        f"fragment F{level} on Customer {{ name a: parent {{ customer {{ ...F{level + 1} }} }} "
        f"b: parent {{ customer {{ ...F{level + 1} }} }} }}"
        for level in range(5)
    )
    written = root.replace("VALUES", '"x" ' * 100)
    unfolding = f"{fragments} fragment F5 on Customer {{ name }}" if "..." in root else ""

    async def work(bench: Bench) -> None:
        for name in "abc":
            query = f"query {name} {written} {unfolding}"
            assert await bench.planned(query, {}) is not None
        assert len(list(bench.planner.plans)) == fits

    both_ways(carrier, work)


def _values(edges: list[Any], sent: list[Any]) -> dict[str, list[Any]]:
    """What variables are given, wrong values among them."""
    cursors = [edge["cursor"] for edge in [*edges, *sent]]
    ids = [edge["node"][name] for name in ("id", "uid") for edge in edges] + [edge["node"]["id"] for edge in sent]
    return {
        "n": [None, 0, 1, 3, 200, 201, -1, "3"],
        "a": [None, *cursors, "x", 5],
        "l": [None, 1, 3],
        "b": [None, *cursors[:3], "x"],
        "r": ["ANY", "SHIPPER", "CONSIGNEE", "PAYER", None],
        "i": [*ids, "x", 5],
        "ids": [[], ids[:1], [*ids[:2], "x"], ids[-2:], ids[0], [None]],
        "s": [True, False, None],
        "o": [None, [], [{"field": "LAST_SEEN_AT", "direction": "DESC"}], [{"field": "ID"}], {"field": "NAME"}],
        "t": [None, "a", "上海", ""],
        "w": [
            None,
            {},
            {"name": {"contains": "a"}},
            {"city": {"in": ["上海", "杭州"]}},
            {"city": {"in": []}},
            {"or": []},
            {"and": [{}]},
            {"kind": {"ne": "company"}},
            {"consent": {"eq": True}},
            {"text": "a"},
            {"level": {"ruleSet": "lifecycle", "code": {"eq": "active"}}},
            {"shipments": {"none": {"pieces": {"gt": "1"}}}},
        ],
    }
