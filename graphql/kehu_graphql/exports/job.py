"""One export: its pages read in one state of the database, its rows written, its end noted whatever it is."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import orjson
from graphql import GraphQLSchema

from kehu.pipeline.progress import Clock
from kehu.reader.runs import published
from kehu_graphql.context import Context
from kehu_graphql.exports.folder import CANCELLED, DONE, FAILED, ExportFolder, ExportState
from kehu_graphql.exports.plan import ROOT_PAGE, ExportPlan
from kehu_graphql.failures import presentable
from kehu_graphql.reads import Reads

# As often as this many pages what is known of the export is written down.
_NOTED_PAGES = 20

Row = dict[str, Any]


class Asks(Protocol):
    """What executes queries."""

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core knows it."""

    async def execute(self, query: str, **options: Any) -> Any:
        """The result with its data and errors."""


class HeldReads(Reads):
    """Reads of many queries in one state."""

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Until its end every query sees what the first one saw."""
        async with super().snapshot():
            yield

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """No state of its own; what was read before is forgotten, or the whole list would be kept."""
        self.forget()
        yield


class StoppedError(Exception):
    """Why an export ends before its time: the state that it ends in, and what to tell."""

    def __init__(self, status: str, said: str | None = None) -> None:
        super().__init__(said or status)
        self.status, self.said = status, said


@dataclass(frozen=True, slots=True)
class ExportJob:
    """`context` reads by `reads`; it reads and writes rows when it gets one of the `turns`."""

    schema: Asks
    context: Context
    reads: HeldReads
    folder: ExportFolder
    plan: ExportPlan
    clock: Clock
    turns: asyncio.Semaphore

    async def run(self, state: ExportState) -> None:
        """Write the export. What its process does not live to end counts as interrupted."""
        with self.folder.writing(state.id) as part:
            self.folder.write(state)
            try:
                async with self.turns, self.reads.held():
                    written = await self._written(state, part)
                self._stop_if_told(state.id)
                part.replace(self.folder.rows_file(state.id))
                ended = replace(written, status=DONE)
            except StoppedError as stopped:
                ended = replace(state, status=stopped.status, error=stopped.said)
            except OSError as error:
                ended = replace(state, status=FAILED, error=f"the file cannot be written: {error.strerror}")
            self.folder.write(replace(ended, finished_at=self.clock()))

    async def _written(self, state: ExportState, part: Path) -> ExportState:
        run = await self.reads.once(published)
        state = replace(state, run=None if run is None else run.run_id)
        with part.open("wb") as file:
            pages = 0
            async for lines in self._pages(state.id):
                content = b"".join(lines)
                await asyncio.to_thread(file.write, content)
                state = replace(state, rows=state.rows + len(lines), size_bytes=state.size_bytes + len(content))
                pages += 1
                if pages % _NOTED_PAGES == 0:
                    self.folder.write(state)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        return state

    async def _pages(self, key: str) -> AsyncIterator[list[bytes]]:
        after, has_more = None, True
        while has_more:
            self._stop_if_told(key)
            rows = (await self._ask(self.plan.page, first=ROOT_PAGE, after=after))["rows"]
            yield [line for row in rows["nodes"] async for line in self._lines(row)]
            has_more, after = rows["pageInfo"]["hasNextPage"], rows["pageInfo"]["endCursor"]

    def _stop_if_told(self, key: str) -> None:
        if self.folder.is_cancelled(key):
            raise StoppedError(CANCELLED)

    async def _lines(self, row: Row) -> AsyncIterator[bytes]:
        """The row, then the rows of its lists."""
        lists = [(nested, row.pop(nested.key)) for nested in self.plan.nested if nested.key in row]
        yield _line(row)
        for nested, found in lists:
            page = found
            said = {"__parentId": row["id"]} | ({} if nested.name is None else {"__list": nested.name})
            while True:
                for child in page["nodes"]:
                    yield _line({**said, **child})
                if not page["pageInfo"]["hasNextPage"]:
                    break
                asked = await self._ask(nested.rest, id=row["id"], after=page["pageInfo"]["endCursor"])
                page = asked["node"]["rest"]

    async def _ask(self, query: str, **variables: object) -> Any:
        result = await self.schema.execute(query, variable_values=variables, context_value=self.context)
        if result.errors:
            raise StoppedError(FAILED, presentable(result.errors[0])["message"])
        return result.data


def _line(row: Row) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
