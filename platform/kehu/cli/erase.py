"""kehu erase, erasures and subject-export: what the data-protection officer does."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from kehu.cli.identity_decisions import AuthorOption, CustomerArgument, ReasonOption
from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, system_user, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.deciding_identity import Because
from kehu.pipeline.erasing import Erased, let_return
from kehu.pipeline.erasing import erase as erase_customer
from kehu.pipeline.subject_export import subject_document
from kehu.pipeline.transactions import reading
from kehu.store.tombstones import Erasure, all_erasures


def erase(
    customer: CustomerArgument,
    reason: ReasonOption,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: nothing brings the person back.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go, and write nothing.")] = False,
    consent_returned: Annotated[
        bool, typer.Option("--consent-returned", help="The person consents again: let its rows in.")
    ] = False,
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Erase a person: records, values, history; later loads and restored backups do not bring it back.

    Without --yes it tells what would go, and ends with 1.

    Example: kehu erase C00005298 --reason 'request 2026-114' --yes
    """
    place = workspace_at(workspace)
    engine = database_of(place)
    because = Because(author or system_user(), reason)
    if consent_returned:
        erasure = let_return(place, engine, customer, because, clock=now)
        say_json(asdict(erasure)) if json else say(f"erasure {erasure.code} ended: load the sources again")
        return
    is_tried = dry_run or not yes
    erased = erase_customer(place, engine, customer, because, clock=now, dry_run=is_tried)
    if json:
        say_json({"dry_run": is_tried, **asdict(erased)})
    else:
        _show(erased, is_tried=is_tried)
    if not yes and not dry_run:
        said, remedy = "nothing was erased", "add --yes to erase; nothing brings the person back"
        raise RefusedError([Problem(Place("--yes"), "not-confirmed", said, remedy)])


def erasures(workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """Every erasure: when, by whom, why, how much went, how often rows of the person came again and were refused.

    Example: kehu erasures
    """
    with reading(database_of(workspace_at(workspace))) as connection:
        found = all_erasures(connection)
    if json:
        say_json({"erasures": [asdict(each) for each in found]})
        return
    columns = ("code", "on", "author", "reason", "rows", "refused since", "ended")
    rows = [_row(each) for each in found]
    if rows:
        show_table("Erasures", columns, rows)
    else:
        say("nobody was erased")


def subject_export(
    customer: CustomerArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .json file.")],
    workspace: WorkspaceOption = Path(),
) -> None:
    """Write everything that is held of a person: records, values, contacts, events, levels, warnings, decisions.

    Example: kehu subject-export C00005298 -o request-114.json
    """
    if output.suffix != ".json":
        problem = Problem(Place(str(output)), "format", f"'{output.suffix}' is no format of an export", "write a .json")
        raise RefusedError([problem])
    place = workspace_at(workspace)
    document = subject_document(place, database_of(place), customer)
    output.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
    rows = sum(len(part) for part in document.values() if isinstance(part, list))
    say(f"{rows:,} rows of {customer} written to {output}")


def _row(each: Erasure) -> list[object]:
    ended = None if each.ended_at is None else f"{each.ended_by}: {each.ended_reason}"
    rows = sum(each.counts.values())
    return [each.code, f"{each.created_at:%Y-%m-%d}", each.author, each.reason, rows, each.refused, ended]


def _show(erased: Erased, *, is_tried: bool) -> None:
    show_table("Would go" if is_tried else "Gone", ("what", "rows"), [[*each] for each in erased.counts.items()])
    if is_tried:
        say(f"dry run, nothing written: {erased.tombstones:,} tombstones would be laid")
    else:
        say(f"erasure {erased.code}: {erased.tombstones:,} tombstones laid")
        say("exports in data/ and copies elsewhere still name the person; their rows are refused from now on")
