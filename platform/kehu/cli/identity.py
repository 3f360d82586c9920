"""kehu identity: who is one customer behind several records, by which evidence, and what people decide of it."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, read_instant, system_user, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline import deciding_identity, identifying
from kehu.pipeline.deciding_identity import Because, Decided
from kehu.pipeline.identifying import Suggestion
from kehu.pipeline.transactions import reading
from kehu.store.identity_decisions import IdentityDecision, RecordName, all_decisions

app = typer.Typer(help="See and decide who is one customer behind several records.", no_args_is_help=True)

CustomerArgument = Annotated[str, typer.Argument(help="A uid, account, tax code, phone, e-mail or whole name.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for those who ask later.")]
AuthorOption = Annotated[str, typer.Option("--author", help="Who decides it.", show_default="the system's user")]
LeastOption = Annotated[
    float, typer.Option("--least", help="Only suggestions of this probability or more.", min=0.0, max=1.0)
]


@app.command("stats")
def stats(workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """How many records are how many customers, what each key joins, and which customers are the largest.

    Example: kehu identity stats --json
    """
    place = workspace_at(workspace)
    found = identifying.statistics(place, database_of(place))
    if json:
        say_json(found)
        return
    say(
        f"{found['records']:,} records ({found['listed']:,} listed, {found['mentioned']:,} mentioned) "
        f"are {found['customers']:,} customers, {found['of_several_records']:,} of them of several records"
    )
    for title, name in (("Systems", "systems"), ("Keys", "keys"), ("Largest customers", "largest")):
        rows = found[name]
        if isinstance(rows, list) and rows:
            show_table(title, tuple(rows[0]), [list(row.values()) for row in rows])


@app.command("export")
def export(
    output: Annotated[Path, typer.Option("--output", "-o", help="A .csv file.")],
    mentions: Annotated[bool, typer.Option("--mentions", help="Parties named on other records too.")] = False,
    suggested: Annotated[
        float | None,
        typer.Option("--suggested", help="As if all suggestions of this probability were approved.", min=0.0, max=1.0),
    ] = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Write which customer every record is: columns source (its system), record_key, customer_id.

    Example: kehu identity export -o clusters.csv
    """
    if output.suffix != ".csv":
        problem = Problem(Place(str(output)), "format", f"'{output.suffix}' is no export format", "write a .csv")
        raise RefusedError([problem])
    place = workspace_at(workspace)
    frame = identifying.assignments(place, database_of(place), mentions=mentions, suggestions=suggested)
    frame.write_csv(output)
    say(f"{len(frame):,} records of {frame['customer_id'].n_unique():,} customers written to {output}")


@app.command("review")
def review(
    least: LeastOption = 0.5,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, the surest first.", min=1)] = 20,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Customers that may be one, with what every field says for and against it, in bits.

    'kehu identity merge' makes one of them. Of those that are not the same, 'kehu identity different' says so.

    Example: kehu identity review --least 0.9
    """
    place = workspace_at(workspace)
    found = identifying.review(place, database_of(place), least=least)
    if json:
        shown = [asdict(each) for each in found[:limit]]
        say_json({"count": len(found), "suggestions": shown})
        return
    for each in found[:limit]:
        _show_suggestion(each)
    say(f"{len(found):,} suggestions of probability {least:g} or more")


@app.command("resolve")
def resolve(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would change and write nothing.")] = False,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Bring the customers into line with rules/identity.yaml after it was edited.

    Example: kehu identity resolve --dry-run
    """
    place = workspace_at(workspace)
    counts = deciding_identity.resolve_again(place, database_of(place), dry_run=dry_run)
    if json:
        say_json({"dry_run": dry_run, **asdict(counts)})
    else:
        begun = "dry run, nothing written: " if dry_run else ""
        said = f"{counts.records:,} records are {counts.customers:,} customers"
        say(f"{begun}{said} ({counts.new:,} new, {counts.gone:,} gone into others)")


@app.command("merge")
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
    _show_decided(deciding_identity.merge(place, database_of(place), (first, second), because, clock=now), json=json)


@app.command("different")
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
    _show_decided(
        deciding_identity.tell_apart(place, database_of(place), (first, second), because, clock=now), json=json
    )


@app.command("split")
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
    _show_decided(deciding_identity.split(place, database_of(place), customer, record, because, clock=now), json=json)


@app.command("undo")
def undo(
    decisions: Annotated[list[int] | None, typer.Argument(help="Their numbers, as 'history' lists them.")] = None,
    *,
    reason: ReasonOption = "taken back",
    by: Annotated[str, typer.Option("--by", help="All standing decisions of one author.")] = "",
    since: Annotated[str, typer.Option("--since", help="All standing decisions from a day or an instant on.")] = "",
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Take decisions back: the customers are as if they had never been made.

    Example: kehu identity undo 3 --reason 'was right before'
    """
    place = workspace_at(workspace)
    engine = database_of(place)
    chosen = list(decisions or [])
    if by or since:
        earliest = read_instant(since if ":" in since else f"{since}T00:00", place, Place("--since")) if since else None
        with reading(engine) as connection:
            chosen += [each.id for each in all_decisions(connection) if _is_meant(each, by, earliest)]
    if not chosen:
        raise RefusedError([Problem(Place("DECISION"), "no-decision", "no decision is named", "give numbers, or --by")])
    because = Because(author or system_user(), reason)
    _show_decided(deciding_identity.undo(place, engine, sorted(set(chosen)), because, clock=now), json=json)


@app.command("history")
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


def _is_meant(decision: IdentityDecision, by: str, earliest: datetime | None) -> bool:
    of_author = not by or decision.author == by
    in_time = earliest is None or decision.created_at >= earliest
    return decision.ended_at is None and of_author and in_time


def _show_suggestion(each: Suggestion) -> None:
    title = f"{each.probability:.3f}  {each.left}  {each.right}"
    rows = [[one.field, one.left, one.right, one.grade or "unknown", one.bits] for one in each.evidence]
    rows.append(["record", each.left_record, each.right_record, "", None])
    show_table(title, ("field", "left", "right", "grade", "bits"), rows)


def _show_decided(decided: Decided, *, json: bool) -> None:
    if json:
        say_json(asdict(decided))
        return
    numbers = ", ".join(map(str, decided.ids))
    counts = decided.resolved
    say(f"decision {numbers}: {counts.customers:,} customers now, {counts.new:,} new, {counts.gone:,} gone")
    say("levels follow with the next run: kehu resegment")


def _row(decision: IdentityDecision) -> list[object]:
    back = None if decision.ended_at is None else f"{decision.ended_by}: {decision.ended_reason}"
    made = f"{decision.created_at:%Y-%m-%d %H:%M}"
    sides = (_record(decision.left), _record(decision.right))
    return [decision.id, decision.kind, *sides, decision.author, decision.reason, made, back]


def _record(name: RecordName) -> str:
    return f"{name.system}:{name.key}"
