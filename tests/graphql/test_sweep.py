"""Sweeps answer as resolvers do, byte for byte, every document of the guides among them."""

import re
from pathlib import Path
from random import Random

import orjson
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type, is_non_null_type
from sqlalchemy import Engine
from tests.graphql.both_ways import BUILT, Bench, both_ways, compact, counted

from kehu.cli.queries import demo_queries

SCHEMA = BUILT.core
SEEDS = 3
QUERIES_A_SEED = 4
DEPTH = 3
GUIDE = Path(__file__).parents[2] / "docs" / "api.md"
# Answers with an error in them: what is wrong is for resolvers to say.
LEFT = {"Five minutes 2"}
_UID = "00000000-0000-5000-8000-00000000000"
_ROOTS = (
    f'customer(id: "{_UID}1")',
    f'customer(id: "{_UID}2")',
    "customers(first: 12)",
    "customers(first: 3, orderBy: [{field: LAST_SEEN_AT}])",
    'customers(last: 4, where: {owner: {number: {eq: "E001"}}})',
    'customersByIdentifier(value: "13912340001")',
    'customerByIdentifier(value: "Hong@Yuan.CN")',
    'employee(number: "E001")',
    "warnings",
    'warnings(where: {route: "customer_service"})',
    'complaintsByRank(asOf: "2026-02-10T00:00:00Z", first: 3)',
    'visitsDue(within: "7 days")',
    'customersAggregate(groupBy: [{field: LEVEL, ruleSet: "service_tier"}])',
    "shipmentsAggregate(groupBy: [{field: MONTH}], first: 3)",
    "ruleSets",
    'ruleSet(code: "lifecycle")',
    "runs(first: 2)",
    "publishedRun",
    "sources",
    "shipmentStatistics",
    "identityDecisions(first: 2)",
    'nodes(ids: ["V2FybmluZzox", "Q29tcGxhaW50OjE=", "Tm90aGluZzox"])',
    'node(id: "V2FybmluZzox")',
)
_GIVEN = {
    "level": ['ruleSet: "service_tier"', 'ruleSet: "lifecycle"'],
    "timeline": ["", "kinds: [COMPLAINT LEVEL SHIPMENT]", "first: 2", "kinds: []"],
    "segments": ["", 'asOf: "2026-01-15T00:00:00Z"'],
    "warnings": ["", "includeCleared: true", "first: 1"],
    "overrides": ["", "active: false"],
    "label": ["", "locale: ZH"],
    "shipments": ["first: 2", "role: PAYER, first: 1"],
}


def _guide() -> list[tuple[str, str]]:
    text = GUIDE.read_text(encoding="utf-8").partition("\n# Changing things\n")[0]
    heading, number, found = "", 0, []
    for title, query in re.findall(r"^##+ ([^\n]+)|```graphql\n(.*?)```", text, re.DOTALL | re.MULTILINE):
        heading, number = title or heading, 0 if title else number + 1
        if query:
            found.append((f"{heading} {number}", query))
    return found


DOCUMENTS = [*_guide(), *demo_queries("C1")]


@pytest.mark.parametrize(("case", "query"), DOCUMENTS)
def test_what_the_guide_and_the_demo_ask_is_planned(carrier: Engine, case: str, query: str) -> None:
    async def work(bench: Bench) -> None:
        assert (await _same(bench, query) is None) is (case in LEFT)

    both_ways(carrier, work)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_sweeps_and_resolvers_give_the_same_bytes(carrier: Engine, seed: int) -> None:
    dice = Random(seed)

    async def work(bench: Bench) -> None:
        for _ in range(QUERIES_A_SEED):
            roots = [f"r{number}: {_grown(dice, dice.choice(_ROOTS))}" for number in range(dice.randint(1, 2))]
            await _same(bench, f"{{ {' '.join(roots)} }}")

    both_ways(carrier, work)


def test_one_sweep_serves_other_values(carrier: Engine) -> None:
    query = """query($value: String!, $code: String!, $kinds: [TimelineKind!], $after: String, $locale: Locale) {
      customersByIdentifier(value: $value) { customer {
        level(ruleSet: $code) { label(locale: $locale) }
        timeline(kinds: $kinds, first: 2, after: $after) { nodes { at } pageInfo { endCursor } }
      } }
    }"""

    async def work(bench: Bench) -> None:
        cursors = [None]
        for code, kinds in (("service_tier", ["COMPLAINT"]), ("lifecycle", ["COMPLAINT"]), ("lifecycle", ["VISIT"])):
            after = cursors[-1] if kinds == ["COMPLAINT"] else None
            given = {"value": "13912340001", "code": code, "kinds": kinds, "after": after, "locale": "ZH"}
            data = await bench.resolved(query, given)
            assert compact(await bench.planned(query, given)) == b'{"data":' + orjson.dumps(data) + b"}"
            cursors.append(data["customersByIdentifier"][0]["customer"]["timeline"]["pageInfo"]["endCursor"])
        # With a cursor and without.
        assert len(list(bench.planner.plans)) == 2
        assert await bench.planned(query, {"value": "13912340001", "code": "nix"}) is None

    both_ways(carrier, work)


def test_what_the_database_refuses_is_left_to_resolvers_and_hurts_nobody(carrier: Engine) -> None:
    query = "query($value: String!) { customersByIdentifier(value: $value) { kind } }"

    async def work(bench: Bench) -> None:
        refused = await bench.planned(query, {"value": "a\0b"})
        # SQLite holds it.
        assert refused == (None if carrier.dialect.name == "postgresql" else b'{"data":{"customersByIdentifier":[]}}')
        expected = b'{"data":{"customersByIdentifier":[{"kind":"phone"},{"kind":"phone"}]}}'
        assert await bench.planned(query, {"value": "13912340001"}) == expected

    both_ways(carrier, work)


@pytest.mark.parametrize(
    ("_case", "query", "expected"),
    [
        ("rules once, memberships once", '{ customers { nodes { level(ruleSet: "service_tier") { label } } } }', 2),
        ("and with them more of them", "{ customers { nodes { segments { level { code } } } totalCount } }", 2),
        ("what its row has", "{ customers { nodes { name version } } }", 0),
        ("a list", "{ customers { nodes { warnings { nodes { code } } } } }", 1),
        ("timelines", "{ customers { nodes { timeline { totalCount nodes { at kind } } } } }", 2),
        ("lists below lists", "{ customers { nodes { visits { nodes { customer { visits { totalCount } } } } } } }", 3),
        ("a queue, its customers and their owners", "{ warnings { nodes { customer { owner { name } } } } }", 4),
    ],
)
def test_a_sweep_reads_so_often_beside_its_plan(carrier: Engine, _case: str, query: str, expected: int) -> None:
    async def work(bench: Bench) -> None:
        await bench.planned("{ ruleSets { code } }", {})
        await bench.planned(query, {})
        with counted(carrier) as statements:
            assert await bench.planned(query, {}) is not None
        assert len(statements) == expected

    both_ways(carrier, work)


async def _same(bench: Bench, query: str) -> bytes | None:
    """What both give."""
    result = await bench.schema.execute(query, {}, bench.context())
    # What a document may not ask for is another test's.
    if not all(error.path for error in result.errors or ()):
        return None
    expected = None if result.errors else b'{"data":' + orjson.dumps(result.data) + b"}"
    assert compact(await bench.planned(query, {})) == expected, query
    return expected


def _grown(dice: Random, root: str) -> str:
    assert SCHEMA.query_type is not None
    kind = get_named_type(SCHEMA.query_type.fields[root.partition("(")[0]].type)
    assert isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType))
    return f"{root} {_selection(dice, kind, DEPTH)}"


def _selection(dice: Random, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int, alias: str = "") -> str:
    """Some fields, of interfaces also some of types that have it, whose fields of one name may not meet."""
    if isinstance(kind, GraphQLInterfaceType):
        possible = dice.sample(SCHEMA.get_possible_types(kind), 3)
        inner = [f"... on {each.name} {_selection(dice, each, depth, each.name)}" for each in possible]
        return f"{{ __typename id {' '.join(inner)} }}"
    names = dice.sample(sorted(kind.fields), min(len(kind.fields), dice.randint(2, 6)))
    return f"{{ __typename {' '.join(_field(dice, kind, name, depth, alias) for name in names)} }}"


def _field(dice: Random, kind: GraphQLObjectType, name: str, depth: int, alias: str) -> str:
    definition = kind.fields[name]
    given = dice.choice(_GIVEN.get(name, [""])) if definition.args else ""
    named = {part.split(":")[0] for part in given.split(", ") if part}
    required = {each for each, taken in definition.args.items() if is_non_null_type(taken.type)}
    if not required <= named <= definition.args.keys():
        return ""
    head = (f"{alias}_{name}: {name}" if alias else name) + (f"({given})" if given else "")
    inner = get_named_type(definition.type)
    if is_leaf_type(inner):
        return head
    assert isinstance(inner, (GraphQLObjectType, GraphQLInterfaceType))
    # A connection is no level of its own.
    below = depth if inner.name.endswith(("Connection", "Edge")) else depth - 1
    return f"{head} {_selection(dice, inner, below)}" if depth else ""
