"""A change waits for its turn, but not for ever."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine

from kehu.pipeline.transactions import writing
from kehu.store.changes import Request
from kehu.workspace.workspace import Workspace
from kehu_graphql.desk import WriteDesk
from kehu_graphql.failures import ExpectedError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REQUEST = Request("Li Na", "nothing", None, "d")


def _nothing(_connection: Connection) -> dict[str, int]:
    return {"done": 1}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_change_gives_up_when_a_load_writes_for_too_long(
    make_workspace: Callable[..., Workspace], database: Engine
) -> None:
    desk = WriteDesk(database, make_workspace(), lambda: NOW, wait_seconds=0.1)
    with writing(database), pytest.raises(ExpectedError, match="a load or a run is writing; send it again") as refused:
        asyncio.run(desk.make(REQUEST, _nothing, dry_run=False))
    assert (refused.value.extensions or {})["code"] == "BUSY"
    assert asyncio.run(desk.make(REQUEST, _nothing, dry_run=False)).answer == {"done": 1}
    desk.close()
