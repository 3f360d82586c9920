"""The exports that this server writes."""

import asyncio
import logging
from dataclasses import replace

from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.progress import Clock
from kehu_graphql.context import Context
from kehu_graphql.exports.folder import RUNNING, ExportFolder, ExportState
from kehu_graphql.exports.job import Asks, ExportJob, HeldReads
from kehu_graphql.exports.plan import export_plan
from kehu_graphql.reads import ReadPool
from kehu_graphql.trusted import documents_of

logger = logging.getLogger(__name__)

# Each holds a state of the database open, and takes time from those who wait for an answer.
MAX_RUNNING = 2


class Exporter:
    """Starts exports and, with the server, ends them."""

    def __init__(self, schema: Asks, pool: ReadPool, folder: ExportFolder, clock: Clock, context: Context) -> None:
        """`context` is what exports are read in but for their reads and who started them."""
        self.folder, self.clock = folder, clock
        self._schema, self._pool, self._context = schema, pool, context
        self._tasks: set[asyncio.Task[None]] = set()
        # Several may be checked before the first of them begins.
        self._turns = asyncio.Semaphore(MAX_RUNNING)

    def check(self, query: str) -> None:
        """Raises RefusedError for a query that cannot be exported, while enough exports go on, and on a full disk.

        ExpectedError for one that is not trusted, where a document must be.
        """
        documents_of(self._context.served).query_of({"query": query})
        export_plan(self._schema.core, query)
        running = [state for state in self.folder.states(self.clock()) if state.status == RUNNING]
        if len(running) >= MAX_RUNNING:
            said = f"{len(running)} exports go on already"
            remedy = "wait until one has ended, or cancel it"
            raise RefusedError([Problem(Place("exports"), "too-many-exports", said, remedy)])
        try:
            self.folder.probe()
        except OSError as error:
            said, remedy = f"exports cannot be written: {error.strerror}", "whoever runs the server has to make room"
            raise RefusedError([Problem(Place("exports"), "cannot-write", said, remedy)]) from error

    async def start(self, key: str, query: str, author: str) -> None:
        """Begin an export of a query that was checked."""
        reads = HeldReads(self._pool)
        context = replace(self._context, reads=reads, author=author)
        plan = export_plan(self._schema.core, query)
        job = ExportJob(self._schema, context, reads, self.folder, plan, self.clock, self._turns)
        task = asyncio.create_task(job.run(ExportState(key, RUNNING, query, author, self.clock())))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        # The job takes its lock and writes down that it has begun before it waits for anything.
        await asyncio.sleep(0)
        if task.done():
            task.result()

    async def close(self) -> None:
        """End what goes on; it counts as interrupted."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("an export ended in an error", exc_info=task.exception())
