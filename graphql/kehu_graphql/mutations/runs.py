"""Runs started, cancelled, confirmed, discarded, and rolled back."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import strawberry
from sqlalchemy import Connection

from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.rolling_back import discard, roll_back
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.reader.runs import Run as RunRow
from kehu.reader.runs import last_run, next_run, runs_by_id
from kehu.store.lock import only_run
from kehu_graphql.changing import PayloadType, changed, desk_of, instant, placed
from kehu_graphql.context import Info
from kehu_graphql.desk import Answer, WriteDesk
from kehu_graphql.fields import change, resolved
from kehu_graphql.nodes import key_of
from kehu_graphql.types.change import ChangeInput, Payload, user_error
from kehu_graphql.types.run import Run, run_by_id

_POLL_SECONDS, _POLLS = 0.1, 200


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


@strawberry.interface(description="What a change of a run answers.")
class RunChanged(Payload):
    @resolved("The run as it is now; null where it was refused.")
    async def run(self, info: Info) -> Run | None:
        return await run_by_id(info.context, self.answer.get("run"))


@strawberry.type(description="A run started.")
class RunStartPayload(Payload):
    @resolved("The run, once it has begun, which is waited for; null where it was refused, and in a dry run.")
    async def run(self, info: Info) -> Run | None:
        after = self.answer.get("after")
        if after is None or self.is_dry_run:
            return None
        for _ in range(_POLLS):
            info.context.reads.forget()
            begun = await info.context.reads.once(next_run, after)
            if begun is not None:
                return await run_by_id(info.context, begun)
            await asyncio.sleep(_POLL_SECONDS)
        return None


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

    @change("Start a run: every rule set for every customer, published when it is done.")
    async def run_start(self, info: Info, input: RunStartInput) -> RunStartPayload:  # noqa: A002 (its name in the schema)
        desk = desk_of(info.context)

        def make(desk: WriteDesk, connection: Connection) -> Answer:
            instant(input.as_of, "input.asOf")
            _, _, problems = read_rule_directory(desk.workspace)
            refuse_errors(problems)
            _refuse_while_running(desk)
            return {"after": last_run(connection)}

        payload = await changed(info.context, "runStart", input, make, RunStartPayload)
        as_of = instant(input.as_of, "input.asOf") if _is_done(payload) else None
        told = ["--as-of", as_of.isoformat()] if as_of else []
        return _begun(desk, payload, ["resegment", *told, *(["--full"] if input.full else [])])

    @change("End a run that this server started; the run published before stays published.")
    async def run_cancel(self, info: Info, input: RunInput) -> RunCancelPayload:  # noqa: A002
        desk = desk_of(info.context)

        def make(desk: WriteDesk, connection: Connection) -> Answer:
            found = _run(connection, input.id)
            if found.state != "running":
                said = f"run {found.id} does not go on: it is {found.state}"
                raise _refusal("not-running", said, "there is nothing to end")
            if not desk.runner.is_running():
                said = f"run {found.id} was started elsewhere"
                raise _refusal("foreign-run", said, "end the process that runs it")
            return {"run": found.id}

        payload = await changed(info.context, "runCancel", input, make, RunCancelPayload)
        if _is_done(payload):
            await info.context.reads.aside(desk.runner.end)
            info.context.reads.forget()
        return payload

    @change("Publish a run that the size guard holds: it is computed again, as of its instant.")
    async def run_confirm(self, info: Info, input: RunInput) -> RunConfirmPayload:  # noqa: A002
        desk = desk_of(info.context)

        def make(desk: WriteDesk, connection: Connection) -> Answer:
            found = _run(connection, input.id)
            if found.state != "held":
                raise _refusal("not-held", f"run {found.id} is not held: it is {found.state}", "there is nothing to do")
            _refuse_while_running(desk)
            return {"run": found.id}

        payload = await changed(info.context, "runConfirm", input, make, RunConfirmPayload)
        number = str(payload.answer.get("run"))
        return _begun(desk, payload, ["runs", "publish", number, "--author", info.context.author])

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
            with placed({f"run {target}": "input.id"}):
                done = roll_back(connection, target, author=info.context.author, clock=desk.clock)
            counts = {"entered": done.entered, "left": done.left, "fired": done.fired, "cleared": done.cleared}
            return {"run": done.run, **counts}

        return await changed(info.context, "runRollback", input, make, RunRollbackPayload)


def _begun(desk: WriteDesk, payload: PayloadType, arguments: Sequence[str]) -> PayloadType:
    """The payload, its run begun where that was not refused; another one may have begun since it was checked."""
    if _is_done(payload):
        try:
            desk.runner.start(arguments)
        except RefusedError as refusal:
            payload.user_errors += [user_error(problem, {}) for problem in refusal.problems]
    return payload


def _is_done(payload: Payload) -> bool:
    return not (payload.user_errors or payload.is_dry_run or payload.is_replay)


def _run(connection: Connection, node: str) -> RunRow:
    number = key_of("Run", node, "input.id")
    found = runs_by_id(connection, [number]).get(number)
    if found is None:
        raise _refusal("unknown-run", f"there is no run {number}", "read the runs again")
    return found


def _refuse_while_running(desk: WriteDesk) -> None:
    with only_run(desk.engine):
        if desk.runner.is_running():
            raise _refusal("run-in-progress", "another run begins", "wait until it has ended")


def _refusal(check: str, message: str, remedy: str) -> RefusedError:
    return RefusedError([Problem(Place("input.id"), check, message, remedy)])
