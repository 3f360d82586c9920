"""Plans answer as resolvers do, byte for byte, or leave the query to them."""

import base64
import re
from random import Random
from typing import Any

import orjson
import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type
from sqlalchemy import Engine
from tests.graphql.both_ways import BUILT, Bench, both_ways, compact

from kehu_graphql.planning.plan import RootPlan
from kehu_graphql.planning.sent import Sent, read_address, read_body, sent_query
from kehu_graphql.planning.table import PLANNED, Link, Pages, Parts, Value

SCHEMA = BUILT.core
SEEDS = 5
QUERIES_A_SEED = 7
# orjson reads 1,000 lists in one another, and writes 250.
_NESTED = orjson.loads("[" * 300 + "]" * 300)
_NULLS = base64.urlsafe_b64encode(b'["customers:name,id",null,null]').decode()
_CURSORS = """{ customers(first: 12 ORDER) { edges { cursor node { id uid
  contacts { edges { cursor } } identifiers { edges { cursor } } shipments { edges { cursor } }
  complaints { edges { cursor } } visits { edges { cursor } } } } } }"""
_ORDERS = (
    "",
    ", orderBy: [{field: NAME, direction: DESC}]",
    ", orderBy: [{field: LAST_SEEN_AT, direction: DESC}]",
    ", orderBy: [{field: LAST_SEEN_AT}, {field: NAME}]",
    ", orderBy: [{field: LAST_SEEN_AT, direction: DESC, nulls: FIRST}]",
    ", orderBy: [{field: ID, direction: DESC}]",
)
_WHERES: tuple[Any, ...] = (
    None,
    {"kind": {"eq": "company"}},
    {"region": {"in": ["上海", "浙江"]}, "not": {"industry": {"isNull": True}}},
    {"or": [{"city": {"ne": "上海"}}, {"lastSeenAt": {"gte": "2026-01-01T00:00:00Z"}}]},
    {"level": {"ruleSet": "lifecycle", "code": {"ne": "active"}}},
    {"level": {"ruleSet": "service_tier", "code": {"eq": "ordinary"}, "asOf": "2026-01-15T00:00:00Z"}},
    {"owner": {"number": {"isNull": False}}, "hasWarning": False},
    {"shipments": {"some": {"at": {"gte": "2026-01-01T00:00:00Z"}}}, "complaints": {"none": {}}},
    {"name": {"contains": "a"}, "not": {"name": {"startsWith": "Customer"}}, "consent": {"ne": True}},
    {"shipments": {"role": "PAYER", "some": {}}, "not": {"shipments": {"role": "CONSIGNEE", "some": {}}}},
    {"shipments": {"some": {"revenueMinor": {"gte": "2500", "lt": 9000}, "pieces": {"in": ["2", "5000000000"]}}}},
    {"warnings": {"some": {"isOpen": True, "route": "customer_service"}, "none": {"severity": {"contains": "low"}}}},
    {"text": "公司", "firstSeenAt": {"lt": "2027-01-01T00:00:00+08:00"}},
)

_UNFOLDING = (
    "{ customers(first: 1) { nodes { ...F0 } } } "
    + " ".join(
        f"fragment F{level} on Customer {{ name parent {{ customer {{ ...F{level + 1} }} }} "
        f"employer {{ customer {{ ...F{level + 1} }} }} shipments(first: 0) {{ nodes {{ "
        f"shipper {{ ...F{level + 1} }} consignee {{ ...F{level + 1} }} payer {{ ...F{level + 1} }} }} }} }}"
        for level in range(4)
    )
    + " fragment F4 on Customer { name version }"
)
_TOO_MANY = (
    "{ customers(first: 200) { nodes { shipments(first: 200) { nodes { id } } visits(first: 200) { nodes { id } } "
    "complaints(first: 200) { nodes { id } } } } }"
)


# What resolvers find wrong with a value is theirs to say; what a document may not ask for is another test's.
@pytest.mark.parametrize("seed", range(SEEDS))
def test_plans_and_resolvers_give_the_same_bytes(carrier: Engine, seed: int) -> None:
    async def work(bench: Bench) -> None:
        dice = Random(seed)
        order = dice.choice(_ORDERS)
        known = (await bench.resolved(_CURSORS.replace("ORDER", order), {}))["customers"]["edges"]
        for _ in range(QUERIES_A_SEED):
            query, variables = _query(dice, order, known)
            result = await bench.schema.execute(query, variables, bench.context())
            if all(error.path for error in result.errors or ()):
                expected = None if result.errors else b'{"data":' + orjson.dumps(result.data) + b"}"
                assert compact(await bench.planned(query, variables)) == expected, query

    both_ways(carrier, work)


@pytest.mark.parametrize(
    ("_case", "query", "variables"),
    [
        ("a change", 'mutation { visitHold(input: {}) { __typename } }', {}),
        ("introspection", "{ __schema { types { name } } }", {}),
        ("too large a page", "{ customers(first: 201) { totalCount } }", {}),
        ("a page both ways", "{ customers(first: 1, last: 1) { totalCount } }", {}),
        ("no cursor of this list", '{ customers(after: "x") { totalCount } }', {}),
        ("an unknown level", '{ customers(where: {level: {ruleSet: "nix"}}) { totalCount } }', {}),
        ("null in a condition", "{ customers(where: {name: null}) { totalCount } }", {}),
        ("nobody", '{ customer(id: "nobody") { name } }', {}),
        ("one of several", '{ customerByIdentifier(value: "139 1234 0001") { uid } }', {}),
        ("long work", '{ explanation(customer: "C1", ruleSet: "lifecycle") { asOf } }', {}),
        ("a variable of another type", "query($n: Int) { customers(first: $n) { totalCount } }", {"n": "many"}),
        ("a variable nested too deeply", "query($n: Int) { customers(first: $n) { totalCount } }", {"n": _NESTED}),
        ("a null that no key is", "query($a: String) { customers(after: $a) { totalCount } }", {"a": _NULLS}),
        ("a variable left out", "query($id: ID!) { customer(id: $id) { name } }", {}),
        ("more nodes than may be", _TOO_MANY, {}),
        ("more fields than are compiled", _UNFOLDING, {}),
        ("what no column can hold", '{ customers(where: {name: {eq: "a\\u0000b"}}) { totalCount } }', {}),
    ],
)  # fmt: skip
def test_the_rest_is_left_to_resolvers(carrier: Engine, _case: str, query: str, variables: dict[str, Any]) -> None:
    async def work(bench: Bench) -> None:
        assert await bench.planned(query, variables) is None

    both_ways(carrier, work)


def test_one_plan_serves_other_values_and_a_statement_serves_a_file(carrier: Engine) -> None:
    query = "query($w: CustomerWhere, $a: String) { customers(where: $w, after: $a, first: 1) { edges { cursor } } }"
    file = "query($id: ID!) { customer(id: $id) { name owner { name } shipments { totalCount nodes { number } } } }"

    async def work(bench: Bench) -> None:
        cursor = None
        for region, least in (("上海", "1"), ("浙江", "9000"), ("nowhere", "0"), ("浙江", "9000")):
            sent = {"some": {"revenueMinor": {"gte": least}, "status": {"startsWith": region}}}
            given = {"w": {"or": [{"region": {"eq": region}}, {"shipments": sent}]}, "a": cursor}
            data = await bench.resolved(query, given)
            assert compact(await bench.planned(query, given)) == b'{"data":' + orjson.dumps(data) + b"}"
        assert len(list(bench.planner.plans)) == 1
        assert await bench.planned(query, {"a": "x"}) is None
        uid = (await bench.resolved("{ customers(first: 1) { nodes { uid } } }", {}))["customers"]["nodes"][0]["uid"]
        assert await bench.planned(file, {"id": uid}) is not None
        assert [len(plan.statements) for plan in bench.planner.plans if isinstance(plan, RootPlan)] == [1, 1]

    both_ways(carrier, work)


@pytest.mark.parametrize("kind", PLANNED)
def test_the_table_says_what_the_schema_has(kind: str) -> None:
    parent = SCHEMA.type_map[kind]
    assert isinstance(parent, GraphQLObjectType)
    for name, spec in PLANNED[kind].items():
        inner = get_named_type(parent.fields[name].type)
        arguments = parent.fields[name].args.keys()
        match spec:
            case Value():
                assert is_leaf_type(inner), name
                assert not arguments
            case Parts():
                assert isinstance(inner, GraphQLObjectType), name
                assert not arguments
            case Link(linked):
                assert inner.name == linked
                assert not arguments
            case Pages(listed):
                assert inner.name == f"{listed}Connection"
                assert arguments == {"first", "after"} | ({"role"} if spec.role else set())


@pytest.mark.parametrize(
    ("_case", "body", "expected"),
    [
        ("a query", b'{"query": "{a}"}', Sent("{a}", None, {})),
        ("all there is", b'{"query": "{a}", "operationName": "B", "variables": {"c": 1}}', Sent("{a}", "B", {"c": 1})),
        ("null for nothing", b'{"query": "{a}", "operationName": null, "variables": null}', Sent("{a}", None, {})),
        ("what a client says of itself", b'{"query": "{a}", "extensions": {"client": "b"}}', Sent("{a}", None, {})),
        ("something else beside", b'{"query": "{a}", "documentId": "b"}', None),
        ("extensions that are none", b'{"query": "{a}", "extensions": [1]}', None),
        ("no query", b'{"variables": {}}', None),
        ("variables in a list", b'{"query": "{a}", "variables": [1]}', None),
        ("several at once", b'[{"query": "{a}"}]', None),
        ("no JSON", b'{"query"', None),
    ],
)
def test_a_body_is_a_query_or_none(_case: str, body: bytes, expected: Sent | None) -> None:
    assert sent_query(read_body(body)) == expected


@pytest.mark.parametrize(
    ("_case", "given", "expected"),
    [
        ("a query", {"query": "{a}"}, Sent("{a}", None, {})),
        ("all there is", {"query": "{a}", "operationName": "B", "variables": '{"c": 1}'}, Sent("{a}", "B", {"c": 1})),
        ("variables that are no JSON", {"query": "{a}", "variables": "c"}, None),
        ("nothing", {}, None),
    ],
)
def test_an_address_is_a_query_or_none(_case: str, given: dict[str, str], expected: Sent | None) -> None:
    assert sent_query(read_address(given)) == expected


def _query(dice: Random, order: str, known: list[Any]) -> tuple[str, dict[str, Any]]:
    writer = _Writer(dice, known)
    roots = [f"r{number}: {writer.root(order)}" for number in range(dice.randint(1, 3))]
    roots.append("f: customers(first: 1) { nodes { ...F } }")
    fragment = f" fragment R on Query {{ last: customers(first: 2) {{ totalCount __typename }} }} {writer.fragment}"
    body = f"{{ {' '.join(roots)} ...R }}{fragment}"
    used = [name for name in writer.variables if re.search(rf"\${name}\b", body)]
    definitions = ", ".join(f"${name}: {writer.kinds[name]}" for name in used)
    return (f"query({definitions}) {body}" if used else body), {name: writer.variables[name] for name in used}


class _Writer:
    """Writes queries of what the table has."""

    def __init__(self, dice: Random, known: list[Any]) -> None:
        self._dice = dice
        self._known = known
        self.variables: dict[str, Any] = {"yes": True, "no": False}
        self.kinds = {"yes": "Boolean!", "no": "Boolean = false"}
        self.fragment = ""
        inner = self.selection("Customer", 1, lists=False)
        self.fragment = f"fragment F on Customer {inner}"

    def root(self, order: str) -> str:
        kind = self._dice.choice(["customer", "node", "customers", "customers", "customers"])
        edge = self._dice.choice(self._known)["node"]
        if kind == "customers":
            where = self._dice.choice(_WHERES)
            given = f"where: {self._variable('CustomerWhere', where)}, {self._page(self._known)}{order}"
            return f"customers({given}) {self._connection('Customer', 'CustomerConnection', 3)}"
        key = self._variable("ID!", edge["id"] if kind == "node" else self._dice.choice([edge["id"], edge["uid"]]))
        inner = self.selection("Customer", 2, lists=True)
        return (
            f"customer(id: {key}) {inner}"
            if kind == "customer"
            else f"node(id: {key}) {{ id ... on Customer {inner} }}"
        )

    def selection(self, kind: str, depth: int, *, lists: bool) -> str:
        """Some fields of a planned type, `depth` levels of others below it."""
        names = self._dice.sample(sorted(PLANNED[kind]), min(len(PLANNED[kind]), self._dice.randint(2, 7)))
        fields = ["__typename"] if self._dice.random() < 0.3 else []
        fields += [self._field(kind, name, depth, lists=lists) for name in names]
        if kind == "Customer" and self.fragment and self._dice.random() < 0.5:
            fields.append("...F" + self._condition())
        if self._dice.random() < 0.4:
            return "{ id " + " ".join(fields) + " }"
        # Without ids and the like a database makes the whole object.
        ready = [name for name, spec in PLANNED[kind].items() if isinstance(spec, Value) and spec.shown is None]
        return "{ __typename " + " ".join(self._dice.sample(ready, min(len(ready), 4))) + " }"

    def _field(self, kind: str, name: str, depth: int, *, lists: bool) -> str:
        spec = PLANNED[kind][name]
        alias = self._dice.choice(["", "", f"x{self._dice.randrange(10**6)}: "])
        match spec:
            case Value():
                return alias + name + self._condition()
            case Parts():
                parent = SCHEMA.type_map[kind]
                assert isinstance(parent, GraphQLObjectType)
                inner = get_named_type(parent.fields[name].type)
                assert isinstance(inner, GraphQLObjectType)
                return f"{alias}{name}{self._condition()} {{ {' '.join(inner.fields)} __typename }}"
            case Link(linked) if depth:
                return f"{alias}{name} {self.selection(linked, depth - 1, lists=False)}"
            case Pages(listed) if lists and depth:
                role = self._dice.choice(["", "role: PAYER ", "role: CONSIGNEE "]) if spec.role else ""
                own = [edge for known in self._known for edge in known["node"][name]["edges"]]
                # A cursor names its list, and those of a role are lists of their own.
                page = self._page([] if role else own, backward=False)
                given = f"x{self._dice.randrange(10**6)}: {name}({role}{page})"
                return f"{given} {self._connection(listed, f'{listed}Connection', depth - 1)}"
            case _:
                return "__typename"

    def _connection(self, kind: str, _name: str, depth: int) -> str:
        inner = [self.selection(kind, depth, lists=kind == "Customer") for _ in range(2)]
        parts = {
            "nodes": f"nodes {inner[0]}",
            "edges": f"edges {{ cursor __typename node {inner[1]} }}",
            "info": "pageInfo { hasNextPage hasPreviousPage startCursor endCursor __typename }",
            "count": "totalCount",
            "type": "__typename",
        }
        chosen = self._dice.sample(sorted(parts), self._dice.randint(1, 4))
        if self._dice.random() < 0.4:
            chosen = ["nodes", *self._dice.sample(["count", "type"], self._dice.randint(0, 2))]
        return "{ " + " ".join(parts[name] for name in chosen) + " }"

    def _page(self, edges: list[Any], *, backward: bool = True) -> str:
        turned = backward and self._dice.random() < 0.3
        size, beside = ("last", "before") if turned else ("first", "after")
        given = f"{size}: {self._variable('Int', self._dice.choice([0, 1, 2, 3, 5, 12]))}"
        if edges and self._dice.random() < 0.6:
            given += f", {beside}: {self._variable('String', self._dice.choice(edges)['cursor'])}"
        return given

    def _condition(self) -> str:
        return self._dice.choice(["", "", "", "", " @skip(if: $no)", " @include(if: $yes)", " @skip(if: $yes)"])

    def _variable(self, kind: str, value: object) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = value
        self.kinds[name] = kind
        return f"${name}"
