"""kehu identity review, approve, reject and contested: the queue, and what people answer."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.identity_decisions import AuthorOption, ReasonOption, show_decided
from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, system_user, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.pipeline.contested_keys import Contested, contested_keys
from kehu.pipeline.deciding_identity import Because
from kehu.pipeline.identity_queue import is_stale, refresh
from kehu.pipeline.identity_review import LEAST, ReviewPage, Side, Suggested, Wanted, answer, review_page
from kehu.pipeline.transactions import Database, reading, writing
from kehu.workspace.workspace import Workspace

LimitOption = Annotated[int, typer.Option("--limit", help="At most so many.", min=1)]
CodesArgument = Annotated[list[str], typer.Argument(metavar="SUGGESTION...", help="As 'review' names them.")]


def review(
    least: Annotated[
        float, typer.Option("--least", help="Only suggestions of this probability or more.", min=0.0, max=1.0)
    ] = LEAST,
    system: Annotated[str, typer.Option("--system", help="Only those with a record of this system.")] = "",
    customer: Annotated[str, typer.Option("--customer", help="Only those with this customer.")] = "",
    limit: LimitOption = 20,
    after: Annotated[str, typer.Option("--after", help="Go on where a page ended.")] = "",
    *,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Customers that may be one, with what every field says for and against it, in bits.

    'approve' makes one of them, 'reject' takes the suggestion away, 'different' says that they are two.

    Example: kehu identity review --least 0.9 --system finance
    """
    place = workspace_at(workspace)
    engine = database_of(place)
    _renew(place, engine, least)
    page = review_page(place, engine, Wanted(least, system, customer), first=limit, after=after or None)
    if json:
        say_json(_document(page))
        return
    for each in page.suggestions:
        _show_suggestion(each)
    say(f"{page.total:,} suggestions of probability {least:g} or more")
    if page.after:
        say(f"more: --after {page.after}")


def approve(
    codes: CodesArgument,
    reason: ReasonOption,
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Make one customer of the two of each suggestion. 'undo' takes it back.

    Example: kehu identity approve 1204-3391 --reason 'same site'
    """
    _answer(workspace_at(workspace), codes, "approve", Because(author or system_user(), reason), json=json)


def reject(
    codes: CodesArgument,
    reason: ReasonOption,
    author: AuthorOption = "",
    different: Annotated[bool, typer.Option("--different", help="And say that they are not the same.")] = False,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Take suggestions out of the queue; with --different nothing joins their customers any more.

    Example: kehu identity reject 1204-3391 --reason 'two shops in one house' --different
    """
    said = "different" if different else "reject"
    _answer(workspace_at(workspace), codes, said, Because(author or system_user(), reason), json=json)


def contested(limit: LimitOption = 20, workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """Keys that were refused because they would have broken a limit or a decision: who bears them, and what to do.

    Example: kehu identity contested
    """
    place = workspace_at(workspace)
    engine = database_of(place)
    _renew(place, engine, LEAST)
    found = contested_keys(place, engine, first=limit)
    if json:
        say_json({"contested": [asdict(each) for each in found]})
        return
    for each in found:
        _show_contested(each)
    say(f"{len(found):,} contested keys")


def _renew(workspace: Workspace, database: Database, least: float) -> None:
    with reading(database) as connection:
        stale = is_stale(connection, workspace, least=least)
    if stale:
        refresh(workspace, database, least=min(least, LEAST), now=now())


def _answer(workspace: Workspace, codes: list[str], said: str, because: Because, *, json: bool) -> None:
    # All of them or none.
    with writing(database_of(workspace)) as connection:
        made = [answer(workspace, connection, code, said, because, clock=now) for code in dict.fromkeys(codes)]
    for decided in made:
        show_decided(decided, json=json)


def _document(page: ReviewPage) -> dict[str, object]:
    """The page for machines; `left` and `right` are uids."""
    suggestions = [
        {
            "code": each.code,
            "probability": each.probability,
            **_sides(each.left, "left"),
            **_sides(each.right, "right"),
            "evidence": [asdict(one) for one in each.evidence],
        }
        for each in page.suggestions
    ]
    return {"count": page.total, "after": page.after, "computed_at": page.computed_at, "suggestions": suggestions}


def _sides(side: Side, name: str) -> dict[str, object]:
    return {name: side.uid, f"{name}_name": side.name, f"{name}_record": str(side.record), f"{name}_lock": side.lock}


def _show_suggestion(each: Suggested) -> None:
    title = f"{each.code}  {each.probability:.3f}  {_named(each.left)}  {_named(each.right)}"
    rows = [[one.field, one.left, one.right, one.grade or "unknown", one.bits] for one in each.evidence]
    rows.append(["record", str(each.left.record), str(each.right.record), "", None])
    show_table(title, ("field", "left", "right", "grade", "bits"), rows)


def _named(side: Side) -> str:
    return side.uid if side.lock is None else f"{side.uid} (locked by decision {side.lock})"


def _show_contested(each: Contested) -> None:
    held = f" ({each.most} allowed, there would be {', '.join(each.held)})" if each.held else ""
    rows = [[one.name, str(one.record), one.value, one.uid] for one in each.bearers]
    show_table(f"{each.rule} refused because of {each.because}{held}", ("customer", "record", "value", "uid"), rows)
    say(each.advice)
