"""The queue that people work through: customers that may be one, with the evidence, and what they answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.deciding_identity import Because, Decided, dismiss, merge, tell_apart
from kehu.pipeline.identity_queue import is_stale
from kehu.pipeline.named_customer import named_customer
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import Database, reading
from kehu.reader.customers import customers_by_id
from kehu.reader.identity_decisions import suggestion_sureness
from kehu.store.identity_decisions import RecordName, all_decisions
from kehu.store.identity_queue import queue_state, read_described, read_evidence, read_owners, read_suggestions
from kehu.workspace.workspace import Workspace

LEAST = 0.5
_CODE, _AFTER, _CUSTOMER = Place("SUGGESTION"), Place("after"), Place("--customer")
# What a person may answer to a suggestion, and what that decides.
ANSWERS: Mapping[str, Callable[..., Decided]] = {"approve": merge, "different": tell_apart, "reject": dismiss}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one field says: both values, how alike they are (None: unknown), and the bits for (+) or against (-)."""

    field: str
    left: str | None
    right: str | None
    grade: str | None
    bits: float


@dataclass(frozen=True, slots=True)
class Side:
    """A customer of a suggestion, and that of its records which says most; `lock` is the decision that locks it."""

    uid: str
    name: str
    record: RecordName
    lock: int | None


@dataclass(frozen=True, slots=True)
class Suggested:
    """Two customers that may be one. `code` names the suggestion as long as the queue has it."""

    code: str
    probability: float
    left: Side
    right: Side
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which suggestions: at least that sure, with a record of the system, with the customer; '' is any."""

    least: float = LEAST
    system: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Some suggestions, the surest first, of `total`; `after` goes on where it ends, None at the end of the queue.

    `computed_at` is None before the first computation; a stale queue is of records or rules that have changed since.
    """

    total: int
    suggestions: tuple[Suggested, ...]
    after: str | None
    computed_at: datetime | None
    is_stale: bool


def review_page(
    workspace: Workspace, database: Database, wanted: Wanted, *, first: int = 20, after: str | None = None
) -> ReviewPage:
    """The next suggestions of the queue as it was computed last, without those that have been answered since.

    Raises RefusedError for a text that names no customer or several, and for an `after` that no page gave.
    """
    with reading(database) as connection:
        found = _open_suggestions(connection, wanted.least)
        if wanted.system:
            found = found.filter(pl.any_horizontal(pl.col("left_system", "right_system") == wanted.system))
        if wanted.customer:
            uid = _uid(connection, workspace, wanted.customer)
            found = found.filter(pl.any_horizontal(pl.col("left_uid", "right_uid") == uid))
        state = queue_state(connection)
        stale = is_stale(connection, workspace)
        rest = found if not after else found.filter(_is_behind(after))
        page = _described(connection, rest.head(first))
    return ReviewPage(
        len(found),
        tuple(_suggested(row) for row in page.iter_rows(named=True)),
        _cursor(page, after) if len(rest) > first else None,
        None if state is None else state.computed_at,
        stale,
    )


def answer(
    workspace: Workspace, database: Database, code: str, said: str, because: Because, *, clock: Clock
) -> Decided:
    """Decide of a suggestion by its code: 'approve' makes one customer, 'different' parts them for good, 'reject'
    takes the suggestion away.

    Raises RefusedError for a code or an answer that there is not, and whatever speaks against the decision.
    """
    if said not in ANSWERS:
        problem = Problem(_CODE, "unknown-answer", f"'{said}' is no answer", f"choose one of {', '.join(ANSWERS)}")
        raise RefusedError([problem])
    with reading(database) as connection:
        uids = _uids(connection, code)
    return ANSWERS[said](workspace, database, uids, because, clock=clock)


def _uids(connection: Connection, code: str) -> tuple[str, str]:
    """The customers of the suggestion's two records as they are now."""
    parts = code[:40].split("-")
    numbers = [int(part) for part in parts if part.isascii() and part.isdigit()]
    # Any two records make a code, so a slip of the finger must not join those that nothing suggests.
    queued = _is_pair(parts, numbers) and suggestion_sureness(connection, [(numbers[0], numbers[1])])
    known = read_described(connection, pl.Series("id", numbers if queued else [], dtype=pl.Int64))
    uids = dict(known.select("id", "uid").iter_rows())
    if len(uids) != len(parts):
        said = f"there is no suggestion '{code[:40]}'"
        raise RefusedError([Problem(_CODE, "unknown-suggestion", said, "see 'kehu identity review'")])
    if len(set(uids.values())) == 1:
        said = f"the customers of '{code[:40]}' are one already"
        raise RefusedError([Problem(_CODE, "same-customer", said, "there is nothing to do")])
    return uids[numbers[0]], uids[numbers[1]]


def _is_pair(parts: Sequence[str], numbers: Sequence[int]) -> bool:
    return len(parts) == len(numbers) == 2 and len(set(numbers)) == 2 and max(numbers) < 2**62  # noqa: PLR2004  # a pair


def _open_suggestions(connection: Connection, least: float) -> pl.DataFrame:
    """The suggestions, without pairs that are one by now or that a person has answered."""
    queued = read_suggestions(connection, least)
    apart = queued.filter(pl.col("left_uid") != pl.col("right_uid"))
    answered = answered_pairs(connection)
    low, high = pl.min_horizontal("left_uid", "right_uid"), pl.max_horizontal("left_uid", "right_uid")
    named = apart.with_columns(low=low, high=high).join(answered, on=["low", "high"], how="anti", maintain_order="left")
    return named.unique(["low", "high"], keep="first", maintain_order=True)


def _described(connection: Connection, page: pl.DataFrame) -> pl.DataFrame:
    """The suggestions of a page with their evidence, beside both records."""
    shown = page.select("id", "left_id", "right_id", "probability").join(
        read_evidence(connection, page["id"]), on="id", maintain_order="left"
    )
    records = read_described(connection, pl.concat([page["left_id"], page["right_id"]]))
    for side in ("left", "right"):
        shown = shown.join(records.select(pl.all().name.prefix(f"{side}_")), on=f"{side}_id", maintain_order="left")
    return shown


def answered_pairs(connection: Connection) -> pl.DataFrame:
    """Columns low, high: the uids of customers of whom a person said that they are two, or took the suggestion away."""
    decisions = all_decisions(connection)
    said = [each for each in decisions if each.ended_at is None and each.kind in {"different", "dismissed"}]
    owners = read_owners(connection, [side for each in said for side in (each.left, each.right)])
    pairs = [sorted((owners[each.left], owners[each.right])) for each in said if {each.left, each.right} <= set(owners)]
    return pl.DataFrame(pairs, schema={"low": pl.String(), "high": pl.String()}, orient="row").unique()


def _uid(connection: Connection, workspace: Workspace, text: str) -> str:
    number = named_customer(connection, text, workspace.settings.phone_region, _CUSTOMER).customer_id
    return customers_by_id(connection, [number])[number].uid


def _cursor(page: pl.DataFrame, after: str | None) -> str:
    """Where the page ends; of an empty one, where it begins."""
    if page.is_empty():
        return after or ""
    probability, left, right = page.select("probability", "left_id", "right_id").row(-1)
    return f"{probability!r},{left},{right}"


def _is_behind(after: str) -> pl.Expr:
    try:
        probability, left, right = after.split(",")
        numbers = (float(probability), int(left), int(right))
    except ValueError as error:
        problem = Problem(_AFTER, "cursor", f"'{after[:40]}' is no end of a page", "give what the page before it gave")
        raise RefusedError([problem]) from error
    same = pl.col("probability") == numbers[0]
    later = (pl.col("left_id") > numbers[1]) | ((pl.col("left_id") == numbers[1]) & (pl.col("right_id") > numbers[2]))
    return (pl.col("probability") < numbers[0]) | (same & later)


def _suggested(row: Mapping[str, object]) -> Suggested:
    evidence = tuple(
        Evidence(each["field"], *_values(row, each["field"]), each["grade"], each["bits"])
        for each in json.loads(str(row["evidence"]))
    )
    probability = row["probability"]
    shown = round(probability, 4) if isinstance(probability, float) else 0.0
    return Suggested(f"{row['left_id']}-{row['right_id']}", shown, _side(row, "left"), _side(row, "right"), evidence)


def _side(row: Mapping[str, object], side: str) -> Side:
    record = RecordName(*(str(row[f"{side}_{part}"]) for part in ("origin", "system", "key")))
    lock = row[f"{side}_lock"]
    return Side(str(row[f"{side}_uid"]), str(row[f"{side}_customer"]), record, lock if isinstance(lock, int) else None)


def _values(row: Mapping[str, object], field: str) -> tuple[str | None, str | None]:
    left, right = (row[f"{side}_{field}"] for side in ("left", "right"))
    return (None if left is None else str(left)), (None if right is None else str(right))
