"""How long a list of customers takes over HTTP: of a level, in each order, and its pages near the start and the end.

    python benchmarks/lists.py [CUSTOMERSxWAYBILLS] [--keep FOLDER]

Fills a store of each kind as api.py does, or takes those that were kept in FOLDER, and prints medians in milliseconds
of one request after the other: for levels of many, some and few customers without and with a totalCount, and for pages
of everybody. There is no peer: PostGraphile has neither levels nor these orders.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from served.servers import ours
from served.stores import opened

_ASKED, _WARMING = 12, 3
_ORDERS = {
    "name": "{field: NAME}",
    "id": "{field: ID}",
    "last event": "{field: LAST_SEEN_AT, direction: DESC}",
}


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", nargs="?", default="20000x200000")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    people, waybills = map(int, given.size.split("x"))
    with opened(given.keep, people, waybills) as stores:
        for name, address in (("SQLite", stores.sqlite), ("PostgreSQL", stores.postgresql)):
            with ExitStack() as stack:
                port, _ = stack.enter_context(ours(address, plans=True))
                client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60))
                for line in (*_of_levels(client), *_of_everybody(client)):
                    print(f"| {name} | {line} |", flush=True)


def _of_levels(client: httpx.Client) -> Iterator[str]:
    for members, ruleset, level in _levels(client):
        for named, order in _orders(client).items():
            where = f'{{level: {{ruleSet: "{ruleset}", code: {{eq: "{level}"}}}}}}'
            asked = f"customers(first: 50, where: {where}, orderBy: [{order}])"
            bare = _median(client, f"{{ {asked} {{ nodes {{ uid name }} pageInfo {{ endCursor }} }} }}")
            counted = _median(client, f"{{ {asked} {{ totalCount nodes {{ uid name }} }} }}")
            yield f"{ruleset}:{level}, {members:,} | {named} | {bare:.1f}; {counted:.1f}"


def _of_everybody(client: httpx.Client) -> Iterator[str]:
    for named, order in _orders(client).items():
        page = f"orderBy: [{order}]) {{ nodes {{ uid name }} pageInfo {{ startCursor }} }} }}"
        back, onwards = (
            f"query($c: String) {{ customers(last: 50, before: $c, {page}",
            f"query($c: String) {{ customers(first: 50, after: $c, {page}",
        )
        place: Any = None
        for _ in range(4):
            place = _ask(client, back, {"c": place})["customers"]["pageInfo"]["startCursor"]
        first, deep = (_median(client, onwards, {"c": each}) for each in (None, place))
        yield f"everybody | {named} | first {first:.1f}, near the end {deep:.1f}"


def _levels(client: httpx.Client) -> list[tuple[int, str, str]]:
    """Of most, many, few and fewest members."""
    found = sorted(
        (
            (level["members"], each["code"], level["code"])
            for each in _ask(client, "{ ruleSets { code levels { code members } } }")["ruleSets"]
            for level in each["levels"]
            if level["members"]
        ),
        reverse=True,
    )
    return [found[0], found[len(found) // 4], found[len(found) // 2], found[-1]]


def _orders(client: httpx.Client) -> dict[str, str]:
    features = _ask(client, "{ features { code isSorted } }")["features"]
    sorted_ones = [each["code"] for each in features if each["isSorted"]][:1]
    return _ORDERS | {code: f'{{field: FEATURE, feature: "{code}", direction: DESC}}' for code in sorted_ones}


def _median(client: httpx.Client, query: str, variables: dict[str, Any] | None = None) -> float:
    taken = []
    for _ in range(_ASKED):
        begun = time.perf_counter()
        _ask(client, query, variables)
        taken.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(taken[_WARMING:])


def _ask(client: httpx.Client, query: str, variables: dict[str, Any] | None = None) -> Any:
    answer = client.post("/graphql", json={"query": query, "variables": variables or {}}).json()
    if "errors" in answer:
        raise SystemExit(str(answer["errors"]))
    return answer["data"]


if __name__ == "__main__":
    main()
