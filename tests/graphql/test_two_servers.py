"""Two real servers on one database: what one is told to do is done, and told to those who subscribed at the other."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

ERRORS = "userErrors { code path message suggestion }"
START = f"mutation($asOf: DateTime) {{ runStart(input: {{asOf: $asOf}}) {{ {ERRORS} run {{ number state }} }} }}"
CANCEL = f'mutation {{ runCancel(input: {{id: "2"}}) {{ {ERRORS} run {{ state error isCurrent }} }} }}'
CONFIRM = f'mutation {{ runConfirm(input: {{id: "3"}}) {{ {ERRORS} run {{ number }} }} }}'
ROLLBACK = f"mutation {{ runRollback(input: {{}}) {{ {ERRORS} run {{ number restores {{ number }} }} }} }}"
RUNS = "{ runs { nodes { number state author error } } }"
PROGRESS = "subscription { runProgress(run: %d) { stage share run { state finishedAt } } }"
LEVELS = 'subscription { levelChanged(ruleSet: "size") { entered levelCode customer { name } run { number } } }'
BUSY = "2026-02-05T00:00:00Z"


class Front:
    """A front-end of one server, which asks as Li Na."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = httpx.Client(base_url=address, timeout=60, headers={"kehu-author": "Li%20Na"})

    def ask(self, query: str, **variables: object) -> Any:
        """The only field of the data; nothing may fail."""
        answer = self._client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    @contextmanager
    def subscribed(self, query: str) -> Iterator["Told"]:
        """What a subscription is told within the block."""
        protocol = Subprotocol("graphql-transport-ws")
        with connect(
            f"ws{self.address.removeprefix('http')}/graphql", subprotocols=[protocol], open_timeout=60
        ) as opened:
            opened.send('{"type": "connection_init"}')
            opened.recv(timeout=60)
            opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
            yield Told(opened)

    def close(self) -> None:
        self._client.close()


class Told:
    """The events of one subscription."""

    def __init__(self, opened: ClientConnection) -> None:
        self._opened = opened

    def next(self) -> Any:
        """The next event; None once it is complete."""
        message = json.loads(self._opened.recv(timeout=60))
        if message["type"] == "complete":
            return None
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        return value

    def rest(self) -> list[Any]:
        """Every event until it is complete."""
        return list(iter(self.next, None))


@pytest.fixture
def fronts(office_anywhere: Any, kehu_serve: Callable[..., Any]) -> Iterator[tuple[Front, Front]]:
    """One front-end each of two servers of the office."""
    root, url = office_anywhere.workspace.root, office_anywhere.workspace.settings.database_url
    with ExitStack() as stack:
        addresses = [stack.enter_context(kehu_serve(root, KEHU_DATABASE_URL=url))[1] for _ in range(2)]
        one, other = (stack.enter_context(closing(Front(address))) for address in addresses)
        yield one, other


def guard(root: Path) -> None:
    """From now on runs that change a level by more than a twentieth are held."""
    toml = (root / "kehu.toml").read_text(encoding="utf-8")
    guarded = 'guard_max_change = "0.05"\nguard_min_members = "1"'
    (root / "kehu.toml").write_text(toml.replace('guard_max_change = "off"', guarded), encoding="utf-8")


@contextmanager
def nothing_published(engine: Engine) -> Iterator[None]:
    """Within the block a run gets as far as its publication and waits there."""
    with engine.connect() as connection:
        connection.exec_driver_sql("LOCK TABLE memberships IN EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_run_is_cancelled_midway_another_held_confirmed_and_rolled_back_in_sight_of_the_other_server(
    office_anywhere: Any, fronts: tuple[Front, Front]
) -> None:
    one, other = fronts
    with ExitStack() as stack:
        levels = stack.enter_context(other.subscribed(LEVELS))
        with nothing_published(office_anywhere.engine):
            assert one.ask(START, asOf=BUSY) == {"userErrors": [], "run": {"number": 2, "state": "running"}}
            progress = stack.enter_context(other.subscribed(PROGRESS % 2))
            while (told := progress.next())["stage"] != "publish":
                assert told["run"] == {"state": "running", "finishedAt": None}
            assert 0 < told["share"] < 1
            (refused,) = other.ask(CANCEL)["userErrors"]
            assert (refused["code"], refused["path"]) == ("FOREIGN_RUN", ["input", "id"])
            ended = {"state": "failed", "error": "told to end", "isCurrent": False}
            assert one.ask(CANCEL) == {"userErrors": [], "run": ended}
            assert [(each["share"], each["run"]["state"]) for each in progress.rest()] == [(1.0, "failed")]

        guard(office_anywhere.workspace.root)
        assert one.ask(START, asOf=BUSY)["run"]["number"] == 3
        progress = stack.enter_context(other.subscribed(PROGRESS % 3))
        events = progress.rest()
        assert events[-1]["run"]["state"] == "held"
        assert [each["share"] for each in events] == sorted(each["share"] for each in events)

        with nothing_published(office_anywhere.engine):
            assert one.ask(CONFIRM) == {"userErrors": [], "run": {"number": 3}}
            progress = stack.enter_context(other.subscribed(PROGRESS % 3))
            assert progress.next()["run"] == {"state": "held", "finishedAt": None}
        assert progress.rest()[-1]["run"]["state"] == "published"
        changes = [levels.next() for _ in range(2)]
        assert [(each["run"]["number"], each["entered"], each["levelCode"]) for each in changes] == [
            (3, False, "calm"),
            (3, True, "busy"),
        ]

        assert one.ask(ROLLBACK) == {"userErrors": [], "run": {"number": 4, "restores": {"number": 1}}}
        changes = [levels.next() for _ in range(2)]
        assert [(each["run"]["number"], each["entered"], each["levelCode"]) for each in changes] == [
            (4, False, "busy"),
            (4, True, "calm"),
        ]
    assert [(each["number"], each["state"], each["author"]) for each in other.ask(RUNS)["nodes"]] == [
        (4, "published", "Li Na"),
        (3, "published", "Li Na"),
        (2, "failed", None),
        (1, "published", None),
    ]
