"""Whole lists exported as JSON lines: every row once, of one state, whatever becomes of the server."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import ExecutionResult
from sqlalchemy import Engine, insert, select
from tests.graphql.both_ways import BUILT, NOW

from kehu.pipeline.erasing import forget_copies
from kehu.tables.facts import customers, shipments
from kehu.tables.features import customer_features, served_features
from kehu.tables.runs import runs
from kehu.workspace.served import Served
from kehu_graphql.context import Context
from kehu_graphql.exports.exporter import MAX_RUNNING, Exporter
from kehu_graphql.exports.folder import CANCELLED, DONE, INTERRUPTED, KEPT, RUNNING, ExportFolder, ExportState, new_key
from kehu_graphql.exports.plan import NESTED_PAGE, ROOT_PAGE
from kehu_graphql.limits import MAX_CHARACTERS, MAX_REPEATS, MAX_TOKENS
from kehu_graphql.reads import ReadPool, Reads
from kehu_graphql.subscriptions.watcher import Watcher
from kehu_graphql.types.customer import customer_node

FIELDS = "export { id status rows url error author run { number } sizeBytes }"
ANSWER = f"{{ userErrors {{ code message }} {FIELDS} }}"
START = f"mutation($input: ExportStartInput!) {{ exportStart(input: $input) {ANSWER} }}"
CANCEL = f"mutation($input: ExportCancelInput!) {{ exportCancel(input: $input) {ANSWER} }}"
NAMES = "{ customers { nodes { name } } }"
_MULTIPLYING = "{ customers { nodes { ...F0 } } } fragment F60 on Customer { name }" + "".join(
    f" fragment F{number} on Customer {{ ...F{number + 1} ...F{number + 1} }}" for number in range(60)
)
Serving = Callable[..., AbstractContextManager[httpx.Client]]


def started(office: Any, query: str) -> str:
    payload = office.ask(START, input={"query": query})
    assert payload["userErrors"] == [], payload
    assert payload["export"]["status"] == RUNNING
    key: str = payload["export"]["id"]
    return key


def ended(office: Any, key: str) -> dict[str, Any]:
    for _ in range(600):
        found: dict[str, Any] = office.ask(f'{{ export(id: "{key}") {{ {FIELDS[9:-2]} }} }}')
        if found["status"] != RUNNING:
            return found
        time.sleep(0.05)
    raise AssertionError(f"export {key} never ended")


def lines(office: Any, query: str) -> list[dict[str, Any]]:
    """The rows of an export of the query, from start to download."""
    export = ended(office, started(office, query))
    assert (export["status"], export["error"]) == (DONE, None)
    answer = office.client.get(export["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jsonl")
    assert int(export["sizeBytes"]) == len(answer.content)
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert int(export["rows"]) == len(found)
    return found


def many(engine: Engine, count: int) -> None:
    """So many more customers, the last of whom has more shipments than a page."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        row = dict(connection.execute(select(customers).limit(1)).one()._mapping)
        last = 1000 + count
        more = [{**row, "id": 1000 + n, "uid": f"u{n}", "name": f"N{n:04}"} for n in range(1, count + 1)]
        connection.execute(insert(customers), more)
        old = dict(connection.execute(select(shipments).limit(1)).one()._mapping)
        sent = [
            {**old, "id": 10_000 + n, "number": f"S{n:04}", "shipper_id": last, "payer_id": last}
            for n in range(2 * NESTED_PAGE + 1)
        ]
        connection.execute(insert(shipments), sent)


def test_every_row_is_exported_once_with_the_rows_of_its_lists(office_anywhere: Any) -> None:
    many(office_anywhere.engine, 2 * ROOT_PAGE + 1)
    query = """{ customers { edges { node { ...Row sent: shipments(role: SHIPPER) { nodes { number } } } } } }
      fragment Row on Customer { name level(ruleSet: "size") { code } }"""
    found = lines(office_anywhere, query)
    rows = [each for each in found if each["__typename"] == "Customer"]
    with office_anywhere.engine.connect() as connection:
        names = connection.execute(select(customers.c.name)).scalars().all()
        numbers = connection.execute(select(shipments.c.number)).scalars().all()
    assert sorted(each["name"] for each in rows) == sorted(names)
    assert set(rows[0]) == {"__typename", "id", "name", "level"}
    of_last = [each for each in found if each["__typename"] == "Shipment" and each["number"].startswith("S")]
    (last,) = [each["id"] for each in rows if each["name"] == f"N{2 * ROOT_PAGE + 1:04}"]
    assert {each["__parentId"] for each in of_last} == {last}
    assert sorted(each["number"] for each in of_last) == sorted(each for each in numbers if each.startswith("S"))


def test_a_list_may_be_exported_twice_under_names_of_its_own(office: Any) -> None:
    query = """{ customers(where: {shipments: {some: {}}}) { nodes { uid: id
      all: shipments { nodes { number } } paid: shipments(role: PAYER) { nodes { number } }
      ... @include(if: false) { got: shipments(role: CONSIGNEE) { nodes { number } } } } } }"""
    rows = [each for each in lines(office, query) if each["__typename"] == "Shipment"]
    asked = office.ask(
        "{ customers { nodes { id all: shipments(first: 200) { nodes { number } } "
        "paid: shipments(role: PAYER, first: 200) { nodes { number } } } } }"
    )
    for name in ("all", "paid"):
        assert sorted((each["__parentId"], each["number"]) for each in rows if each["__list"] == name) == sorted(
            (node["id"], each["number"]) for node in asked["nodes"] for each in node[name]["nodes"]
        )
    assert {each["__list"] for each in rows} == {"all", "paid"}


def test_an_export_is_narrowed_and_ordered_by_a_feature(office: Any) -> None:
    many(office.engine, ROOT_PAGE + 9)
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        told = {"code": "sent", "slot": "whole_1", "kind": "integer", "scale": 0, "unit": "shipments", "place": "f:1:1"}
        run = connection.execute(select(runs.c.id)).scalars().first()
        label = {"en": "Sent", "zh": "寄件"}
        connection.execute(insert(served_features).values(**told, meaning="sent", label=label, run_id=run))
        rows = [{"customer_id": 1000 + n, "whole_1": n % 60} for n in range(1, ROOT_PAGE + 10)]
        connection.execute(insert(customer_features), rows)
    query = """{ customers(
      where: { feature: { code: "sent", gt: 0 } }, orderBy: [{ field: FEATURE, feature: "sent", direction: DESC }]
    ) { nodes { name feature(code: "sent") { value } } } }"""
    numbers = sorted(((n % 60, n) for n in range(1, ROOT_PAGE + 10) if n % 60), reverse=True)
    found = [(row["feature"]["value"], int(row["name"][1:])) for row in lines(office, query)]
    assert found == numbers


def test_an_export_shows_one_state_and_says_whose_it_is(office: Any) -> None:
    export = ended(office, started(office, NAMES))
    assert (export["author"], export["run"], export["rows"]) == ("Li Na", {"number": 1}, "10")
    assert [each["status"] for each in office.ask("{ exports { status } }")] == [DONE]


@pytest.mark.parametrize(
    ("_case", "query", "code"),
    [
        ("no GraphQL", "{ customers {", "BAD_QUERY"),
        ("an unknown field", "{ customers { nodes { nam } } }", "BAD_QUERY"),
        ("a change", 'mutation { runCancel(input: {id: "1"}) { isReplay } }', "NO_QUERY"),
        ("variables", "query($w: CustomerWhere) { customers(where: $w) { nodes { name } } }", "HAS_VARIABLES"),
        ("no list", "{ publishedRun { number } }", "NO_CONNECTION"),
        ("the type's name", "{ __typename }", "NO_CONNECTION"),
        ("a fragment of the root", "{ ... on Query { customers { nodes { name } } } }", "NO_CONNECTION"),
        ("two lists", "{ customers { nodes { name } } runs { nodes { number } } }", "NO_CONNECTION"),
        (
            "a list twice",
            "{ customers { nodes { visits { nodes { id } } visits { nodes { number } } } } }",
            "LIST_TWICE",
        ),
        ("the name of a row's type", "{ customers { nodes { __typename: name } } }", "TAKEN_NAME"),
        ("the name of its id", "{ customers { nodes { id: uid visits { nodes { id } } } } }", "TAKEN_NAME"),
        (
            "the name of a list, in a fragment",
            "{ customers { nodes { visits { nodes { ... on Visit { __list: id } } } } } }",
            "TAKEN_NAME",
        ),
        ("pages", "{ customers(first: 5) { nodes { name } } }", "PAGED"),
        ("pages of a nested list", "{ customers { nodes { shipments(first: 5) { nodes { number } } } } }", "PAGED"),
        ("a count", "{ customers { totalCount nodes { name } } }", "MORE_THAN_ROWS"),
        ("a directive", "{ customers @include(if: false) { nodes { name } } }", "DIRECTIVE"),
        (
            "a list in a list",
            "{ customers { nodes { shipments { nodes { payer { contacts { nodes { name } } } } } } } }",
            "DEEP_LIST",
        ),
        (
            "a list of another node",
            "{ warnings { nodes { customer { shipments { nodes { number } } } } } }",
            "DEEP_LIST",
        ),
        ("fragments that multiply", _MULTIPLYING, "TOO_MANY_FIELDS"),
        ("very long", NAMES.ljust(MAX_CHARACTERS + 1), "TOO_LONG"),
        ("very many words", "{ customers { nodes { " + "name " * MAX_TOKENS + "} } }", "BAD_QUERY"),
        ("one field very often", "{ customers { nodes { " + "name " * (MAX_REPEATS + 1) + "} } }", "BAD_QUERY"),
    ],
)
def test_a_query_that_is_no_list_is_refused_and_nothing_written(office: Any, _case: str, query: str, code: str) -> None:
    refused = office.ask(START, input={"query": query})
    assert ([each["code"] for each in refused["userErrors"]], refused["export"]) == ([code], None)
    assert office.ask("{ exports { id } }") == []


def test_a_dry_run_and_a_repetition_start_nothing(office: Any) -> None:
    assert office.ask(START, input={"query": NAMES, "dryRun": True}) == {"userErrors": [], "export": None}
    sent = {"query": NAMES, "idempotencyKey": "k"}
    first, again = (office.ask(START, input=sent)["export"]["id"] for _ in range(2))
    assert first == again
    assert len(office.ask("{ exports { id } }")) == 1


def written(office: Any, **changes: object) -> ExportState:
    """An export that another process wrote down."""
    given: dict[str, Any] = {"id": new_key(), "status": RUNNING, "query": NAMES, "author": "Wang"}
    state = ExportState(**{**given, "started_at": office.clock(), **changes})
    ExportFolder(office.workspace.root).write(state)
    return state


def test_an_export_whose_server_ended_is_interrupted(office: Any) -> None:
    state = written(office)
    assert office.ask("{ exports { id status url } }") == [{"id": state.id, "status": INTERRUPTED, "url": None}]
    assert office.client.get(f"/exports/{state.id}.jsonl").status_code == 404


@pytest.mark.parametrize("torn", [b"", b"{", b"[]", b'{"id": "x"}', b"\xff"])
def test_a_torn_note_hides_no_other_export(office: Any, torn: bytes) -> None:
    state, lost = written(office), written(office)
    (office.workspace.root / ".kehu" / "exports" / f"{lost.id}.json").write_bytes(torn)
    assert office.ask("{ exports { id } }") == [{"id": state.id}]
    assert office.client.get(f"/exports/{lost.id}.jsonl").status_code == 404
    assert ended(office, started(office, NAMES))["status"] == DONE


def test_an_export_that_cannot_be_written_is_refused_and_its_key_not_used_up(office: Any) -> None:
    folder = office.workspace.root / ".kehu" / "exports"
    folder.parent.mkdir(exist_ok=True)
    folder.touch()
    sent = {"query": NAMES, "idempotencyKey": "k"}
    refused = office.ask(START, input=sent)
    assert refused == {
        "userErrors": [{"code": "CANNOT_WRITE", "message": "exports cannot be written: File exists"}],
        "export": None,
    }
    folder.unlink()
    assert office.ask(START, input=sent)["userErrors"] == []


def test_an_export_of_another_process_goes_on_counts_and_can_be_cancelled(office: Any) -> None:
    folder = ExportFolder(office.workspace.root)
    states = [written(office) for _ in range(2)]
    with folder.writing(states[0].id), folder.writing(states[1].id):
        refused = office.ask(START, input={"query": NAMES})
        assert [each["code"] for each in refused["userErrors"]] == ["TOO_MANY_EXPORTS"]
        assert office.ask(CANCEL, input={"id": states[0].id})["userErrors"] == []
        assert [folder.is_cancelled(each.id) for each in states] == [True, False]
    refused = office.ask(CANCEL, input={"id": states[0].id})
    assert [each["code"] for each in refused["userErrors"]] == ["NOT_RUNNING"]


def test_who_is_erased_is_in_no_export(office: Any) -> None:
    """Nor in one that another server writes, nor in what one left that was killed."""
    folder = ExportFolder(office.workspace.root)
    done = ended(office, started(office, NAMES))
    dead, going_on = (written(office) for _ in range(2))
    with folder.writing(going_on.id) as part:
        (part.parent / f"{dead.id}.part").touch()
        forget_copies(office.workspace, office.engine)
        assert (part.exists(), folder.is_cancelled(going_on.id)) == (False, True)
        assert not (part.parent / f"{dead.id}.part").exists()
        assert office.client.get(done["url"]).status_code == 404
        assert office.ask(f'{{ export(id: "{done["id"]}") {{ status }} }}') is None


def test_a_cancelled_export_keeps_nothing(office: Any) -> None:
    many(office.engine, 40 * ROOT_PAGE)
    key = started(office, "{ customers { nodes { name shipments { nodes { number } } } } }")
    office.ask(CANCEL, input={"id": key})
    assert ended(office, key)["status"] == CANCELLED
    assert files(office) == [f"{key}.json"]


def files(office: Any) -> list[str]:
    folder: Path = office.workspace.root / ".kehu" / "exports"
    return sorted(each.name for each in folder.iterdir())


def test_an_export_expires_after_seven_days(office: Any) -> None:
    kept = written(office, status=DONE, started_at=office.clock() - KEPT + timedelta(microseconds=1))
    written(office, status=DONE, started_at=office.clock() - KEPT)
    assert [each["id"] for each in office.ask("{ exports { id } }")] == [kept.id]
    assert files(office) == [f"{kept.id}.json"]


@pytest.mark.parametrize("key", ["0" * 32, "x", "..%2Fkehu"])
def test_what_is_no_export_is_not_found(office: Any, key: str) -> None:
    assert office.client.get(f"/exports/{key}.jsonl").status_code == 404


def test_a_server_without_changes_exports_nothing(client: httpx.Client) -> None:
    answer = client.post("/graphql", json={"query": "{ exports { id } }"}).json()
    assert answer["errors"][0]["extensions"]["code"] == "NO_WORKSPACE"
    assert client.get(f"/exports/{'0' * 32}.jsonl").status_code == 404


class _Slow:
    """Answers every page with an empty list, and knows how many it answered at a time."""

    core = BUILT.core

    def __init__(self) -> None:
        self.now = self.most = 0

    async def execute(self, query: str, **_: Any) -> ExecutionResult:
        assert query.startswith("query($first: Int!")
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.02)
        self.now -= 1
        return ExecutionResult({"rows": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}})


def test_exports_that_are_started_at_once_wait_for_one_another(sqlite_database: Engine, tmp_path: Path) -> None:
    slow, folder = _Slow(), ExportFolder(tmp_path)

    async def run() -> None:
        pool = ReadPool(sqlite_database)
        served = Served("x", lambda: NOW)
        context = Context(Reads(pool), served, customer_node, "", None, Watcher(sqlite_database, pool))
        exporter = Exporter(slow, pool, folder, lambda: NOW, context)
        # Each was checked while none had begun.
        for _ in range(2 * MAX_RUNNING):
            await exporter.start(new_key(), NAMES, "Li Na")
        await asyncio.gather(*exporter._tasks)
        await exporter.close()
        pool.close()

    asyncio.run(run())
    assert (slow.most, [state.status for state in folder.states(NOW)]) == (MAX_RUNNING, [DONE] * 2 * MAX_RUNNING)
