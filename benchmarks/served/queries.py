"""The questions, for ours and for PostGraphile: the same fields under the same names, so that answers compare."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from kehu.reader.customer_pages import Order
from kehu_graphql.roots.customers import customer_cursors

_CURSORS = customer_cursors((Order("id"),))
# How PostGraphile 5.1.5 names the order by primary key in its cursors.
_BY_KEY = "29bfedd0a4"
_ORDER = "orderBy: [{field: ID}]"
_SHIPMENT = "number status acceptedAt origin destination weightG"
_CUSTOMER = "uid name kind industry country region firstSeenAt lastSeenAt"
_REGIONS = ("上海", "江苏", "浙江", "广东", "福建", "山东", "四川", "湖北", "北京")


@dataclass(frozen=True, slots=True)
class Question:
    """One query in both schemas, the variables of a random instance of it for each, and what of answers is compared."""

    name: str
    ours: str
    theirs: str
    variables: Callable[[Random], tuple[dict[str, Any], dict[str, Any]]]
    shown: Callable[[Any], Any] = lambda answer: answer


def questions(customers: int) -> list[Question]:
    """What is asked of a store with so many customers, numbered from 1."""
    deep = customers * 9 // 10

    def one(dice: Random) -> tuple[dict[str, Any], dict[str, Any]]:
        uid = f"00000000-0000-0000-0000-{dice.randint(1, customers):012x}"
        return {"id": uid}, {"id": uid}

    def hundred(dice: Random) -> tuple[dict[str, Any], dict[str, Any]]:
        return _after(dice.randint(1, customers - 100))

    def thousand(dice: Random) -> tuple[dict[str, Any], dict[str, Any]]:
        first = dice.randint(1, customers - 1000)
        pages = [_after(first + 200 * page, f"c{page}") for page in range(5)]
        ours, theirs = zip(*pages, strict=True)
        return _joined(ours), _joined(theirs)

    def region(dice: Random) -> tuple[dict[str, Any], dict[str, Any]]:
        chosen = dice.choice(_REGIONS)
        return {"r": chosen}, {"r": chosen}

    def ruleset(dice: Random) -> tuple[dict[str, Any], dict[str, Any]]:
        chosen = dice.choice(_RULESETS)
        return {"r": chosen}, {"r": chosen}

    def far(dice: Random) -> tuple[dict[str, Any], dict[str, Any]]:
        place = deep + dice.randint(0, 50)
        return _after(place)[0], {"skip": place}

    def far_by_cursor(dice: Random) -> tuple[dict[str, Any], dict[str, Any]]:
        return _after(deep + dice.randint(0, 50))

    return [
        Question("one customer's file", _FILE, _FILE_THERE, one),
        Question("100 customers x 5 shipments", _HUNDRED, _HUNDRED_THERE, hundred),
        Question("1,000 customers x 8 fields, five pages", _thousand(), _thousand_there(), thousand),
        Question("filter + totalCount", _COUNT, _COUNT_THERE, region),
        Question("customers by level", _LEVELS, _LEVELS_THERE, ruleset, _by_level),
        Question("50 rows at 90 %, they by offset", _FAR, _FAR_THERE, far),
        Question("50 rows at 90 %, they by cursor", _FAR, _FAR_BY_CURSOR, far_by_cursor),
    ]


def alike(ours: Any, theirs: Any) -> bool:
    """Whether two answers say the same; instants may be written differently."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(alike(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    return bool(ours == theirs or _instant(ours) == _instant(theirs) is not None)


def _by_level(answer: Any) -> dict[str, int]:
    groups = answer["data"]["groups"]
    if isinstance(groups, dict):
        found = {each["keys"][0]: int(each["distinctCount"]["rowId"]) for each in groups["groupedAggregates"]}
    else:
        found = {each["keys"][0]["value"]: each["count"] for each in groups}
    return dict(sorted(found.items()))


def _instant(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _after(number: int, name: str = "c") -> tuple[dict[str, Any], dict[str, Any]]:
    """The cursors of the customer with that number: PostGraphile's is the primary key in JSON, in base64."""
    return {name: _CURSORS.write((number,))}, {name: _their_cursor(number)}


def _their_cursor(number: int) -> str:
    return b64encode(f'["{_BY_KEY}","{number}"]'.encode()).decode()


def _joined(parts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _aliases() -> Iterator[int]:
    return iter(range(5))


_FILE = f"""query($id: ID!) {{ customer(id: $id) {{ {_CUSTOMER}
  shipments(role: SHIPPER, first: 20) {{ nodes {{ {_SHIPMENT} }} }}
  complaints(first: 10) {{ nodes {{ number category severity openedAt }} }}
  visits(first: 10) {{ nodes {{ number purpose dueAt heldAt }} }} }} }}"""
_FILE_THERE = f"""query($id: String!) {{ customer: customerByUid(uid: $id) {{ {_CUSTOMER}
  shipments: shipmentsByShipperId(first: 20, orderBy: [AT_DESC, ROW_ID_DESC]) {{ nodes {{ {_SHIPMENT} }} }}
  complaints: complaintsByCustomerId(first: 10, orderBy: [OPENED_AT_DESC, ROW_ID_DESC]) {{
    nodes {{ number category severity openedAt }} }}
  visits: visitsByCustomerId(first: 10, orderBy: [AT_DESC, ROW_ID_DESC]) {{
    nodes {{ number purpose dueAt heldAt }} }} }} }}"""
_HUNDRED = f"""query($c: String) {{ customers(first: 100, after: $c, {_ORDER}) {{ nodes {{ uid name region
  shipments(role: SHIPPER, first: 5) {{ nodes {{ {_SHIPMENT} }} }} }} }} }}"""
_HUNDRED_THERE = f"""query($c: Cursor) {{ customers: allCustomers(first: 100, after: $c) {{ nodes {{ uid name region
  shipments: shipmentsByShipperId(first: 5, orderBy: [AT_DESC, ROW_ID_DESC]) {{ nodes {{ {_SHIPMENT} }} }} }} }} }}"""
_COUNT = f"""query($r: String!) {{ customers(first: 20, where: {{region: {{eq: $r}}}}, {_ORDER}) {{
  totalCount nodes {{ uid name city }} }} }}"""
_COUNT_THERE = """query($r: String!) { customers: allCustomers(first: 20, condition: {region: $r}) {
  totalCount nodes { uid name city } } }"""
# Everybody has a level in these.
_RULESETS = ("lifecycle", "service_tier")
_LEVELS = """query($r: String!) { groups: customersAggregate(groupBy: [{field: LEVEL, ruleSet: $r}]) {
  keys { value } count } }"""
# It counts rows by nothing but a column of theirs that differs.
_LEVELS_THERE = """query($r: String!) { groups: allMemberships(condition: {ruleset: $r, untilRunId: null}) {
  groupedAggregates(groupBy: [LEVEL]) { keys distinctCount { rowId } } } }"""
_FAR = f"query($c: String) {{ customers(first: 50, after: $c, {_ORDER}) {{ nodes {{ {_CUSTOMER} }} }} }}"
_FAR_THERE = f"query($skip: Int) {{ customers: allCustomers(first: 50, offset: $skip) {{ nodes {{ {_CUSTOMER} }} }} }}"
_FAR_BY_CURSOR = f"query($c: Cursor) {{ customers: allCustomers(first: 50, after: $c) {{ nodes {{ {_CUSTOMER} }} }} }}"


def _thousand() -> str:
    pages = [f"p{n}: customers(first: 200, after: $c{n}, {_ORDER}) {{ nodes {{ {_CUSTOMER} }} }}" for n in _aliases()]
    return f"query({', '.join(f'$c{n}: String' for n in _aliases())}) {{ {' '.join(pages)} }}"


def _thousand_there() -> str:
    pages = [f"p{n}: allCustomers(first: 200, after: $c{n}) {{ nodes {{ {_CUSTOMER} }} }}" for n in _aliases()]
    return f"query({', '.join(f'$c{n}: Cursor' for n in _aliases())}) {{ {' '.join(pages)} }}"
