"""Runs started, cancelled, confirmed, discarded, and rolled back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import strawberry
from sqlalchemy import Connection

from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.confirming import check_held
from kehu.pipeline.resegmenting import AS_OF, check_run
from kehu.pipeline.rolling_back import discard, roll_back
from kehu.reader.runs import Run as RunRow
from kehu.reader.runs import any_goes_on, last_run, next_run, published, runs_by_id
from kehu.store.lock import only_run
from kehu_graphql.changing import PayloadType, acted, changed, desk_of, instant, made_anew, placed
from kehu_graphql.context import Info
from kehu_graphql.desk import Answer, WriteDesk
from kehu_graphql.fields import change, resolved
from kehu_graphql.nodes import key_of
from kehu_graphql.running import Runner
from kehu_graphql.types.change import ChangeInput, Payload, user_error
from kehu_graphql.types.run import Run, run_by_id

logger = logging.getLogger(__name__)

_POLL_SECONDS, _POLLS, _SETTLING_POLLS = 0.1, 200, 200


@strawberry.input(description="A run to start.")
class RunStartInput(ChangeInput):
    as_of: datetime | None = strawberry.field(
        default=None, description="The instant it pretends to be at; the workspace's clock unless told."
    )
    full: bool = strawberry.field(default=False, description="Count everyone's events anew.")


@strawberry.input(description="A run.")
class RunInput(ChangeInput):
    id: strawberry.ID = strawberry.field(description="Of the run, or its number.")


@strawberry.input(description="A run to go back to.")
class RunRollbackInput(ChangeInput):
    id: strawberry.ID | None = strawberry.field(
        default=None, description="Of the run whose answers shall be published again; the one before unless told."
    )
    expected_published: strawberry.ID | None = strawberry.field(
        default=None,
        description="Refuse it when this run, by id or number, is no more the published one; null for any.",
    )


@strawberry.interface(description="What a change of a run answers.")
class RunChanged(Payload):
    @resolved("The run as it is now; null where it was refused, and where a dry run would make one.")
    async def run(self, info: Info) -> Run | None:
        return await run_by_id(info.context, self.answer.get("run"))


@strawberry.type(description="A run started.")
class RunStartPayload(Payload):
    @resolved("The run, once it has begun, which is waited for; null where it was refused, and in a dry run.")
    async def run(self, info: Info) -> Run | None:
        after = self.answer.get("after")
        if after is None or self.is_dry_run or self.user_errors:
            return None
        return await run_by_id(info.context, await info.context.reads.once(next_run, after))


@strawberry.type(description="A run told to end.")
class RunCancelPayload(RunChanged): ...


@strawberry.type(description="A held run that is published after all, as soon as it is computed again.")
class RunConfirmPayload(RunChanged): ...


@strawberry.type(description="A held run that shall never be published.")
class RunDiscardPayload(RunChanged): ...


@strawberry.type(description="An earlier run's answers published again, as a run of its own.")
class RunRollbackPayload(RunChanged):
    @resolved("Customers that entered a level by it.")
    async def entered(self) -> int:
        return int(self.answer.get("entered", 0))

    @resolved("Customers that left a level by it.")
    async def left(self) -> int:
        return int(self.answer.get("left", 0))

    @resolved("Warnings open again.")
    async def fired(self) -> int:
        return int(self.answer.get("fired", 0))

    @resolved("Warnings cleared.")
    async def cleared(self) -> int:
        return int(self.answer.get("cleared", 0))


@strawberry.type
class RunMutations:
    """Mixed into the root mutation."""

    @change("Start a run: every rule set for every customer, published when it is done. Answered once it has begun.")
    async def run_start(self, info: Info, input: RunStartInput) -> RunStartPayload:  # noqa: A002 (its name in the schema)
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            as_of = instant(input.as_of, "input.asOf")
            check_run(desk.workspace, connection, as_of, clock=desk.clock)
            _refuse_while_running(desk)
            return {"after": last_run(connection)}

        await _settle(info)
        paths = {AS_OF.path: "input.asOf"}
        payload = await changed(info.context, "runStart", input, make, RunStartPayload, paths)

        async def has_begun() -> bool:
            return await info.context.reads.once(next_run, payload.answer["after"]) is not None

        as_of = instant(input.as_of, "input.asOf") if _is_done(payload) else None
        told = ["--as-of", as_of.isoformat()] if as_of else []
        return await _begun(info, input, payload, ["resegment", *told, *(["--full"] if input.full else [])], has_begun)

    @change("End a run that this server started; the run published before stays published.")
    async def run_cancel(self, info: Info, input: RunInput) -> RunCancelPayload:  # noqa: A002
        desk = desk_of(info.context)

        def check(desk: WriteDesk, connection: Connection) -> Answer:
            found = _run(connection, input.id)
            if not found.goes_on:
                said = f"run {found.id} does not go on: it is {found.state}"
                raise _refusal("not-running", said, "there is nothing to end")
            if not desk.runner.is_running():
                said = f"run {found.id} was started elsewhere"
                raise _refusal("foreign-run", said, "ask the server that started it, or end the process that runs it")
            return {"run": found.id}

        return await acted(info.context, "runCancel", input, check, RunCancelPayload, desk.runner.end)

    @change("Publish a run that the size guard holds: computed again as of its instant. Answered once that has begun.")
    async def run_confirm(self, info: Info, input: RunInput) -> RunConfirmPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            number = key_of("Run", input.id, "input.id")
            with placed({f"run {number}": "input.id"}):
                check_held(desk.workspace, connection, number)
            _refuse_while_running(desk)
            return {"run": number}

        await _settle(info)
        payload = await changed(info.context, "runConfirm", input, make, RunConfirmPayload)
        number = payload.answer.get("run", 0)
        before = await info.context.reads.once(runs_by_id, (number,))

        async def has_begun() -> bool:
            return await info.context.reads.once(runs_by_id, (number,)) != before

        told = ["runs", "publish", str(number), "--author", info.context.author]
        return await _begun(info, input, payload, told, has_begun)

    @change("Let a run that the size guard holds never be published.")
    async def run_discard(self, info: Info, input: RunInput) -> RunDiscardPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            number = key_of("Run", input.id, "input.id")
            with placed({f"run {number}": "input.id"}):
                discard(connection, number, author=info.context.author, clock=desk.clock)
            return {"run": number}

        return await changed(info.context, "runDiscard", input, make, RunDiscardPayload)

    @change("Publish the answers of an earlier run again, at once; a dry run tells what would change.")
    async def run_rollback(self, info: Info, input: RunRollbackInput) -> RunRollbackPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            target = None if input.id is None else key_of("Run", input.id, "input.id")
            _refuse_other_published(connection, input.expected_published)
            with placed({f"run {target}": "input.id"}):
                done = roll_back(connection, target, author=info.context.author, clock=desk.clock)
            counts = {"entered": done.entered, "left": done.left, "fired": done.fired, "cleared": done.cleared}
            return {**counts, **made_anew(input, {"run": done.run})}

        await _settle(info)
        return await changed(info.context, "runRollback", input, make, RunRollbackPayload)


async def _settle(info: Info) -> None:
    """Wait a moment for the process of a run that is over: whoever was told so may ask for what comes next."""
    desk = desk_of(info.context)
    for _ in range(_SETTLING_POLLS):
        if not desk.runner.is_running() or await info.context.reads.once(any_goes_on):
            return
        await asyncio.sleep(_POLL_SECONDS)
        info.context.reads.forget()


async def _begun(
    info: Info,
    given: ChangeInput,
    payload: PayloadType,
    arguments: Sequence[str],
    has_begun: Callable[[], Awaitable[bool]],
) -> PayloadType:
    """The payload once the run has begun, where that was not refused; it may still be, as another may begin first."""
    if _is_done(payload):
        desk = desk_of(info.context)
        try:
            desk.runner.start(arguments)
            await _wait(info, desk.runner, has_begun)
        except RefusedError as refusal:
            payload.user_errors += [user_error(problem, {}) for problem in refusal.problems]
            await desk.forget(info.context.author, given.idempotency_key)
        info.context.reads.forget()
    return payload


async def _wait(info: Info, runner: Runner, has_begun: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(_POLLS):
        goes_on = runner.is_running()
        info.context.reads.forget()
        if await has_begun():
            return
        if not goes_on:
            logger.error("a run ended before it began: %s", runner.said())
            remedy = "read 'runs': another may have begun; else the server's log says why"
            raise RefusedError([Problem(Place(""), "not-begun", "its process ended before the run began", remedy)])
        await asyncio.sleep(_POLL_SECONDS)


def _is_done(payload: Payload) -> bool:
    return not (payload.user_errors or payload.is_dry_run or payload.is_replay)


def _run(connection: Connection, node: str) -> RunRow:
    number = key_of("Run", node, "input.id")
    found = runs_by_id(connection, [number]).get(number)
    if found is None:
        raise _refusal("unknown-run", f"there is no run {number}", "read the runs again")
    return found


def _refuse_other_published(connection: Connection, expected: str | None) -> None:
    if expected is None:
        return
    place = "input.expectedPublished"
    number, now = key_of("Run", expected, place), published(connection)
    if now is None or now.run_id != number:
        said = f"run {number} is not the published one" + ("" if now is None else f": that is run {now.run_id}")
        raise RefusedError([Problem(Place(place), "stale-version", said, "read 'publishedRun' again, and decide anew")])


def _refuse_while_running(desk: WriteDesk) -> None:
    with only_run(desk.engine):
        if desk.runner.is_running():
            raise _refusal("run-in-progress", "another run begins", "wait until it has ended")


def _refusal(check: str, message: str, remedy: str) -> RefusedError:
    return RefusedError([Problem(Place("input.id"), check, message, remedy)])
