"""From a mutation's arguments to what it answers: who asks, once per key, refusals for the user."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection

from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.transactions import writing
from kehu.store.changes import Request
from kehu_graphql.author import AUTHOR_HEADER
from kehu_graphql.context import Context
from kehu_graphql.desk import Answer, Made, WriteDesk
from kehu_graphql.failures import READ_ONLY, ExpectedError
from kehu_graphql.instants import utc
from kehu_graphql.types.change import ChangeInput, ErrorPolicy, Payload, UserError, user_error

MAX_KEY, MAX_AUTHOR, MAX_ROWS = 200, 200, 500

PayloadType = TypeVar("PayloadType", bound=Payload)
RowType = TypeVar("RowType")


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one row of a change in bulk; `answer` is empty where it was refused."""

    index: int
    answer: Answer
    errors: list[UserError]


def desk_of(context: Context) -> WriteDesk:
    """ExpectedError where the server takes no changes."""
    if context.desk is None:
        raise ExpectedError("this server takes no changes; see 'api_changes' among the settings", READ_ONLY)
    return context.desk


async def changed(
    context: Context,
    name: str,
    given: ChangeInput,
    change: Callable[[WriteDesk, Connection], Answer],
    payload: type[PayloadType],
    paths: Mapping[str, str] | None = None,
) -> PayloadType:
    """The change called `name` made once, and its payload; what is refused is told in the payload's userErrors.

    `paths` are the arguments by the places that the change names. Reads that follow see what it wrote.
    """
    desk = desk_of(context)

    def make(connection: Connection) -> Answer:
        return change(desk, connection)

    return await _payload(context, name, given, payload, partial(desk.make, change=make), paths)


async def acted(
    context: Context,
    name: str,
    given: ChangeInput,
    check: Callable[[WriteDesk, Connection], Answer],
    payload: type[PayloadType],
    action: Callable[[], None],
) -> PayloadType:
    """The same of what is done outside the database, at once whoever writes to it: `check` refuses it by reading."""
    desk = desk_of(context)

    def look(connection: Connection) -> Answer:
        return check(desk, connection)

    return await _payload(context, name, given, payload, partial(desk.act, check=look, action=action))


async def _payload(
    context: Context,
    name: str,
    given: ChangeInput,
    payload: type[PayloadType],
    make: Callable[..., Awaitable[Made]],
    paths: Mapping[str, str] | None = None,
) -> PayloadType:
    request = Request(context.author, name, given.idempotency_key, _digest(given))
    made, errors = Made({}), list[UserError]()
    try:
        refuse_errors(_request_problems(request))
        made = await make(request, dry_run=given.dry_run)
    except RefusedError as refusal:
        errors = [user_error(problem, paths or {}) for problem in refusal.problems]
    context.reads.forget()
    errors += [error for row in rows_of(made.answer) for error in row.errors]
    return payload(answer=made.answer, user_errors=errors, is_dry_run=given.dry_run, is_replay=made.is_replay)


def in_bulk(
    connection: Connection,
    rows: Sequence[RowType],
    one: Callable[[Connection, RowType, str], Answer],
    policy: ErrorPolicy,
    *,
    name: str = "rows",
) -> Answer:
    """Each row by `one`, which is also told where the row stands among the arguments; {"rows": …} in their order.

    Raises RefusedError with everything wrong with any row where the policy is all or nothing, and for too many rows.
    """
    _refuse_count(rows, name)
    answers: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for index, row in enumerate(rows):
        try:
            with writing(connection) as step:
                answers.append({"answer": dict(one(step, row, f"input.{name}.{index}")), "problems": []})
        except RefusedError as refusal:
            problems += refusal.problems
            answers.append({"answer": {}, "problems": [_written(each) for each in refusal.problems]})
    if policy is ErrorPolicy.ALL_OR_NOTHING:
        refuse_errors(problems)
    return {"rows": answers}


def at_once(
    connection: Connection,
    rows: Sequence[RowType],
    every: Callable[[Connection, Sequence[tuple[str, RowType]]], Sequence[Answer]],
    policy: ErrorPolicy,
) -> Answer:
    """The same where one function takes all rows, each with its place among the arguments, and answers each.

    What it refuses it must refuse at such places, or else everything is.
    """
    _refuse_count(rows, "rows")
    kept = {f"input.rows.{index}": row for index, row in enumerate(rows)}
    refused: dict[str, list[Problem]] = {}
    while True:
        try:
            with writing(connection) as step:
                answers = dict(zip(kept, every(step, list(kept.items())) if kept else (), strict=True))
            break
        except RefusedError as refusal:
            blamed = _by_row(refusal.problems)
            if policy is ErrorPolicy.ALL_OR_NOTHING or not blamed.keys() <= kept.keys():
                raise
            refused |= blamed
            kept = {place: row for place, row in kept.items() if place not in blamed}
    places = [f"input.rows.{index}" for index in range(len(rows))]
    written = {place: [_written(each) for each in problems] for place, problems in refused.items()}
    return {"rows": [{"answer": answers.get(place, {}), "problems": written.get(place, [])} for place in places]}


def _by_row(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(".".join(problem.place.path.split(".")[:3]), []).append(problem)
    return found


def made_anew(given: ChangeInput, numbers: Answer) -> Answer:
    """What the change makes, by number; nothing in a dry run, since the next change is given the same numbers."""
    return {} if given.dry_run else numbers


def rows_of(answer: Answer) -> list[Row]:
    """The rows of what a change in bulk answered; none for a single one."""
    found = []
    for index, row in enumerate(answer.get("rows", ())):
        errors = [user_error(_read(each), {}) for each in row["problems"]]
        found.append(Row(index, row["answer"], errors))
    return found


@contextmanager
def placed(paths: Mapping[str, str]) -> Iterator[None]:
    """What is refused meanwhile is refused at the arguments that stand for the places it names."""
    try:
        yield
    except RefusedError as refusal:
        problems = [
            replace(each, place=Place(paths.get(each.place.path, each.place.path))) for each in refusal.problems
        ]
        raise RefusedError(problems) from refusal


def instant(value: datetime | None, path: str) -> datetime | None:
    """The instant in UTC, None for none; RefusedError for one without a time zone."""
    if value is None:
        return None
    try:
        return utc(value, path.rpartition(".")[2])
    except ExpectedError as error:
        raise RefusedError([Problem(Place(path), "instant", error.message)]) from error


def _refuse_count(rows: Sequence[object], name: str) -> None:
    if not 0 < len(rows) <= MAX_ROWS:
        said = f"there are {len(rows)} {name}"
        raise RefusedError([Problem(Place(f"input.{name}"), "row-count", said, f"send 1 to {MAX_ROWS} at a time")])


def _request_problems(request: Request) -> list[Problem]:
    problems = []
    if not request.author:
        remedy = f"send the header '{AUTHOR_HEADER}' with a name, percent-encoded UTF-8"
        problems.append(Problem(Place(""), "no-author", "nobody says who asks for it", remedy))
    elif len(request.author) > MAX_AUTHOR or not request.author.isprintable():
        said = f"the header '{AUTHOR_HEADER}' holds no name"
        problems.append(Problem(Place(""), "no-author", said, f"send at most {MAX_AUTHOR} printable characters"))
    if request.key is not None and not (0 < len(request.key) <= MAX_KEY and request.key.isprintable()):
        place = Place("input.idempotencyKey")
        remedy = f"send 1 to {MAX_KEY} printable characters, such as a UUID"
        problems.append(Problem(place, "bad-key", f"the key {request.key[:20]!a} cannot be kept", remedy))
    return problems


def _digest(given: ChangeInput) -> str:
    written = {name: value for name, value in asdict(given).items() if name != "idempotency_key"}
    content = orjson.dumps(written, default=str, option=orjson.OPT_SORT_KEYS)
    return blake2b(content, digest_size=32).hexdigest()


def _written(problem: Problem) -> dict[str, str]:
    return {"path": problem.place.path, "check": problem.check, "message": problem.message, "remedy": problem.remedy}


def _read(written: Mapping[str, str]) -> Problem:
    return Problem(Place(written["path"]), written["check"], written["message"], written["remedy"])
