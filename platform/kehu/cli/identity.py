"""kehu identity: who is one customer behind several records, by which evidence, and what people decide of it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli import identity_decisions, identity_golden, identity_links, identity_review
from kehu.cli.options import JsonOption, WorkspaceOption, database_of, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline import deciding_identity, identifying

app = typer.Typer(help="See and decide who is one customer behind several records.", no_args_is_help=True)


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
    output: Annotated[Path, typer.Option("--output", "-o", help="A .csv file; - for standard output.")],
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
    is_stream = str(output) == "-"
    if not is_stream and output.suffix != ".csv":
        problem = Problem(Place(str(output)), "format", f"'{output.suffix}' is no export format", "write a .csv")
        raise RefusedError([problem])
    place = workspace_at(workspace)
    frame = identifying.assignments(place, database_of(place), mentions=mentions, suggestions=suggested)
    if is_stream:
        say(frame.write_csv().removesuffix("\n"))
        return
    frame.write_csv(output)
    say(f"{len(frame):,} records of {frame['customer_id'].n_unique():,} customers written to {output}")


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


app.command("review")(identity_review.review)
app.command("approve")(identity_review.approve)
app.command("reject")(identity_review.reject)
app.command("contested")(identity_review.contested)
app.command("merge")(identity_decisions.merge)
app.command("different")(identity_decisions.different)
app.command("split")(identity_decisions.split)
app.command("lock")(identity_decisions.lock)
app.command("undo")(identity_decisions.undo)
app.command("history")(identity_decisions.history)
app.command("values")(identity_golden.values)
app.command("correct")(identity_golden.correct)
app.command("uncorrect")(identity_golden.uncorrect)
app.command("corrections")(identity_golden.corrections)
app.command("links")(identity_links.links)
