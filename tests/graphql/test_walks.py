"""Lists of many customers narrowed to levels, walked page by page, both ways: a plain sort is the oracle."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from runpy import run_path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update
from tests.graphql.both_ways import Bench, both_ways

from kehu.tables.facts import customers
from kehu.tables.features import customer_features
from kehu.tables.runs import memberships, run_levels

ROOM = Path(__file__).parents[1] / "reader"
START = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = 25
# The carrier's own are in no level either.
OF_THE_CROWD = 'uid: {startsWith: "00000000-0000-5000-8000-000000001"}'


@dataclass(frozen=True, slots=True)
class One:
    """A customer of the crowd, as the oracle sees it."""

    id: int
    name: str
    last_seen_at: datetime | None
    region: str | None
    shipments: int | None
    level: str | None

    @property
    def uid(self) -> str:
        return f"00000000-0000-5000-8000-{self.id:012}"


def _crowd() -> list[One]:
    dice = Random(7)
    found = []
    for number in range(1000, 1400):
        name = "".join(dice.choices("aBé上客 z", k=3))
        # Those of this level stand last, and the run that counted them saw many more.
        level = "professional" if name[0] in "上客" else "ordinary" if dice.random() < 0.9 else None
        seen = START + timedelta(hours=dice.randrange(60)) if dice.random() < 0.8 else None
        shipments = dice.randrange(40) + 100 * (level == "professional") if dice.random() < 0.7 else None
        found.append(One(number, name, seen, dice.choice(["上海", None]), shipments, level))
    return found


CROWD = _crowd()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The small carrier with the crowd beside its own, who are in no level any more."""
    made = run_path(str(ROOM / "conftest.py"))["carrier"].__wrapped__(request, tmp_path_factory)
    engine = next(made)
    with engine.begin() as connection:
        connection.execute(memberships.delete())
        for table, rows in _rows().items():
            connection.execute(insert(table), rows)
        for level, members in (("vip", 0), ("professional", 256), ("ordinary", 256)):
            connection.execute(update(run_levels).where(run_levels.c.level == level).values(members=members))
    yield engine
    next(made, None)


def _rows() -> dict[Any, list[dict[str, Any]]]:
    here = [
        {"id": one.id, "uid": one.uid, "kind": "company", "name": one.name, "name_search": one.name.lower()}
        | {"region": one.region, "last_seen_at": one.last_seen_at}
        for one in CROWD
    ]
    said = {"ruleset": "service_tier", "from_run_id": 1, "digest": "d2", "reasons": {}}
    inside = [{"id": one.id, "customer_id": one.id, "level": one.level, **said} for one in CROWD if one.level]
    values = [{"customer_id": one.id, "whole_2": one.shipments} for one in CROWD]
    return {customers: here, memberships: inside, customer_features: values}


def _level(code: str) -> str:
    return f'level: {{ruleSet: "service_tier", code: {code}}}'


def _by_name(one: One) -> Any:
    return one.name.encode()


def _by_event(one: One) -> Any:
    return (one.last_seen_at is None, one.last_seen_at or START)


def _event_unknown_first(one: One) -> Any:
    return (one.last_seen_at is not None, one.last_seen_at or START)


def _by_shipments(one: One) -> Any:
    # Those without any stand last.
    return (one.shipments is None, one.shipments or 0, one.id)


def _ordinary(one: One) -> bool:
    return one.level == "ordinary"


NAME = "{field: NAME}"
EVENT = "{field: LAST_SEEN_AT}"
UNKNOWN_FIRST = "{field: LAST_SEEN_AT, nulls: FIRST}"
SHIPMENTS = '{field: FEATURE, feature: "shipments_90d"}'
CASES: list[tuple[str, str, str, Callable[[One], bool], Callable[[One], Any]]] = [
    ("most", _level('{eq: "ordinary"}'), NAME, _ordinary, _by_name),
    ("most, by id", _level('{eq: "ordinary"}'), "{field: ID}", _ordinary, lambda one: one.id),
    ("most, by last event", _level('{eq: "ordinary"}'), EVENT, _ordinary, _by_event),
    ("most, unknown first", _level('{eq: "ordinary"}'), UNKNOWN_FIRST, _ordinary, _event_unknown_first),
    ("most, by a feature", _level('{eq: "ordinary"}'), SHIPMENTS, _ordinary, _by_shipments),
    (
        "fewer than were, at the end",
        _level('{eq: "professional"}'),
        NAME,
        lambda one: one.level == "professional",
        _by_name,
    ),
    (
        "fewer than were, by a feature",
        _level('{eq: "professional"}'),
        SHIPMENTS,
        lambda one: one.level == "professional",
        _by_shipments,
    ),
    ("some level", _level('{in: ["ordinary", "professional"]}'), NAME, lambda one: one.level is not None, _by_name),
    ("none", f"{OF_THE_CROWD} {_level('{isNull: true}')}", EVENT, lambda one: one.level is None, _by_event),
    (
        "a level and a region",
        _level('{eq: "ordinary"}') + ' region: {eq: "上海"}',
        NAME,
        lambda one: _ordinary(one) and one.region == "上海",
        _by_name,
    ),
    ("nobody", _level('{eq: "vip"}'), NAME, lambda _: False, _by_name),
    ("everybody, by last event", OF_THE_CROWD, EVENT, lambda _: True, _by_event),
]


@pytest.mark.parametrize("words", [("first", "after", "endCursor"), ("last", "before", "startCursor")])
@pytest.mark.parametrize(("_case", "where", "order", "meets", "key"), CASES)
def test_pages_are_slices_of_the_sorted_customers(
    crowded: Engine,
    _case: str,
    where: str,
    order: str,
    meets: Callable[[One], bool],
    key: Callable[[One], Any],
    words: tuple[str, str, str],
) -> None:
    expected = [one.uid for one in sorted(filter(meets, CROWD), key=key)]
    size, beside, cursor = words
    text = f"""query($c: String) {{ customers({size}: {SIZE}, {beside}: $c, where: {{{where}}}, orderBy: [{order}]) {{
      totalCount nodes {{ uid }} pageInfo {{ {cursor} hasNextPage hasPreviousPage }} }} }}"""
    goes_on = "hasNextPage" if size == "first" else "hasPreviousPage"

    async def walk(bench: Bench) -> None:
        found: list[str] = []
        variables: dict[str, Any] = {"c": None}
        while True:
            answer = await bench.resolved(text, variables)
            planned = await bench.planned(text, variables)
            assert planned is None or json.loads(planned) == {"data": answer}
            page = answer["customers"]
            assert page["totalCount"] == len(expected)
            uids = [node["uid"] for node in page["nodes"]]
            found = [*found, *uids] if size == "first" else [*uids, *found]
            if not page["pageInfo"][goes_on]:
                break
            variables = {"c": page["pageInfo"][cursor]}
        assert found == expected

    both_ways(crowded, walk)
