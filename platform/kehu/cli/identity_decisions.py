"""kehu identity merge, different, split, lock, undo and history: what people decide, and take back."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, read_instant, system_user, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.model.problems import Place
from kehu.pipeline import deciding_identity
from kehu.pipeline.deciding_identity import Because, Decided, Meant
from kehu.pipeline.transactions import reading
from kehu.store.identity_decisions import IdentityDecision, all_decisions
from kehu.workspace.workspace import Workspace

CustomerArgument = Annotated[str, typer.Argument(help="A uid, account, tax code, phone, e-mail or whole name.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for those who ask later.")]
AuthorOption = Annotated[str, typer.Option("--author", help="Who decides it.", show_default="the system's user")]


def merge(
    first: CustomerArgument,
    second: CustomerArgument,
    reason: ReasonOption,
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Make one customer of two; their shipments, complaints, visits, levels and ids go along.

    Example: kehu identity merge C00005298 F1001 --reason 'moved, same owner'
    """
    place = workspace_at(workspace)
    because = Because(author or system_user(), reason)
    show_decided(deciding_identity.merge(place, database_of(place), (first, second), because, clock=now), json=json)


def different(
    first: CustomerArgument,
    second: CustomerArgument,
    reason: ReasonOption,
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Say of two customers that they are not the same: no key joins them, and no review suggests it again.

    Example: kehu identity different C00005298 F1001 --reason 'father and son'
    """
    place = workspace_at(workspace)
    because = Because(author or system_user(), reason)
    decided = deciding_identity.tell_apart(place, database_of(place), (first, second), because, clock=now)
    show_decided(decided, json=json)


def split(
    customer: CustomerArgument,
    record: Annotated[str, typer.Argument(metavar="SYSTEM:KEY", help="One of its records, as 'export' names it.")],
    reason: ReasonOption,
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Part a record, and what is joined to it alone, from its customer; what happened to either goes along.

    Example: kehu identity split C00005298 finance:F1001 --reason 'another firm of that name'
    """
    place = workspace_at(workspace)
    because = Because(author or system_user(), reason)
    show_decided(deciding_identity.split(place, database_of(place), customer, record, because, clock=now), json=json)


def lock(
    customer: CustomerArgument,
    reason: ReasonOption,
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Keep a customer as it is: no key, no load and no other decision joins or parts it. 'undo' unlocks it.

    Example: kehu identity lock C00005298 --reason 'checked by hand in March'
    """
    place = workspace_at(workspace)
    because = Because(author or system_user(), reason)
    show_decided(deciding_identity.lock(place, database_of(place), customer, because, clock=now), json=json)


def undo(
    decisions: Annotated[list[int] | None, typer.Argument(help="Their numbers, as 'history' lists them.")] = None,
    *,
    reason: ReasonOption = "taken back",
    by: Annotated[str, typer.Option("--by", help="All standing decisions of one author.")] = "",
    since: Annotated[str, typer.Option("--since", help="All standing decisions from a day or an instant on.")] = "",
    until: Annotated[str, typer.Option("--until", help="Only those to the end of a day, or before an instant.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell which, and what would change; write nothing.")
    ] = False,
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Take decisions back: the customers are as if they had never been made.

    Example: kehu identity undo --by ann --since 2026-03-02 --until 2026-03-02 --dry-run
    """
    place = workspace_at(workspace)
    meant = Meant(tuple(decisions or ()), by, _instant(since, place, "--since"), _instant(until, place, "--until"))
    because = Because(author or system_user(), reason)
    engine = database_of(place)
    decided = deciding_identity.undo(place, engine, meant, because, clock=now, dry_run=dry_run)
    if not json and dry_run:
        say("dry run, nothing written")
    show_decided(decided, json=json)


def history(workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """What people decided, the oldest first, with who took it back and why.

    Example: kehu identity history
    """
    with reading(database_of(workspace_at(workspace))) as connection:
        found = all_decisions(connection)
    if json:
        say_json({"decisions": [asdict(each) for each in found]})
    elif found:
        columns = ("id", "said", "left", "right", "author", "reason", "made", "taken back")
        show_table("Decisions", columns, [_row(each) for each in found])
    else:
        say("no decision; 'kehu identity merge', 'different' and 'split' make some")


def show_decided(decided: Decided, *, json: bool) -> None:
    """Decisions made or taken back, and how many customers there are now."""
    if json:
        say_json(asdict(decided))
        return
    if not decided.ids:
        say("no such decision stands: nothing to take back")
        return
    numbers = ", ".join(map(str, decided.ids))
    counts = decided.resolved
    said = "decision" if len(decided.ids) == 1 else "decisions"
    say(f"{said} {numbers}: {counts.customers:,} customers now, {counts.new:,} new, {counts.gone:,} gone")
    say("levels follow with the next run: kehu resegment")


def _instant(text: str, workspace: Workspace, option: str) -> datetime | None:
    """The beginning of a day for --since, its end for --until, or the instant; None without a text."""
    if not text:
        return None
    written = f"{text}T00:00" if option == "--since" and ":" not in text else text
    return read_instant(written, workspace, Place(option))


def _row(decision: IdentityDecision) -> list[object]:
    back = None if decision.ended_at is None else f"{decision.ended_by}: {decision.ended_reason}"
    made = f"{decision.created_at:%Y-%m-%d %H:%M}"
    sides = (str(decision.left), str(decision.right))
    return [decision.id, decision.kind, *sides, decision.author, decision.reason, made, back]
