"""kehu overrides: people's decisions that a customer stands in a level, or does not, whatever the rules say."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, system_user, workspace_at
from kehu.cli.overrides_file import read_wishes
from kehu.cli.overrides_shown import show_decided, show_ended, show_listed
from kehu.cli.overrides_times import Times
from kehu.model.problems import Place
from kehu.pipeline import overriding
from kehu.pipeline.transactions import reading
from kehu.pipeline.wishes import Wish
from kehu.store.overrides import Effect

app = typer.Typer(help="Decide by hand who stands in a level and who does not.", no_args_is_help=True)

CustomerArgument = Annotated[str, typer.Argument(help="A uid, account, tax code, phone, e-mail or whole name.")]
LevelArgument = Annotated[str, typer.Argument(metavar="RULESET:LEVEL", help="Such as service_tier:vip.")]
AnswerArgument = Annotated[
    str, typer.Argument(metavar="RULESET:LEVEL", help="Such as service_tier:vip, or RULESET:WARNING to mute it.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for those who ask later.")]
AuthorOption = Annotated[str, typer.Option("--author", help="Who decides it.", show_default="the system's user")]
FromOption = Annotated[str, typer.Option("--from", help="First day or instant that counts.", show_default="always")]
UntilOption = Annotated[str, typer.Option("--until", help="Last day that counts, or the instant of its expiry.")]
ForOption = Annotated[str, typer.Option("--for", help="How long it counts, such as '90 days'.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check it and write nothing.")]

_PLACES = {
    "customer": Place("CUSTOMER"),
    "ruleset": Place("RULESET:LEVEL"),
    "code": Place("RULESET:LEVEL"),
    "reason": Place("--reason"),
    "author": Place("--author"),
}


@app.command("list")
def list_overrides(
    customer: Annotated[str, typer.Option("--customer", help="Of one customer, named as for 'include'.")] = "",
    ruleset: Annotated[str, typer.Option("--ruleset", help="Of one rule set.")] = "",
    past: Annotated[bool, typer.Option("--all", help="Expired and ended ones too.")] = False,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """The decisions that count now or will, the oldest first.

    Example: kehu overrides list --ruleset service_tier
    """
    place = workspace_at(workspace)
    engine = database_of(place)
    show_listed(overriding.listed(place, engine, clock=now, customer=customer, ruleset=ruleset, past=past), json=json)


@app.command("include")
def include(
    customer: CustomerArgument,
    answer: LevelArgument,
    reason: ReasonOption,
    *,
    author: AuthorOption = "",
    starts: FromOption = "",
    until: UntilOption = "",
    lasting: ForOption = "",
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Put a customer into a level, whatever the rules say, from the next run on.

    Of a tier it can be one level at a time. Without --until or --for it lasts until 'kehu overrides end'.

    Example: kehu overrides include C00005298 service_tier:vip --reason 'framework contract' --for '90 days'
    """
    asked = _Asked("include", customer, answer, reason, author, Times(starts, until, lasting))
    _decide(asked, workspace, dry_run=dry_run, json=json)


@app.command("exclude")
def exclude(
    customer: CustomerArgument,
    answer: AnswerArgument,
    reason: ReasonOption,
    *,
    author: AuthorOption = "",
    starts: FromOption = "",
    until: UntilOption = "",
    lasting: ForOption = "",
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Keep a customer out of a level, or mute a warning for it, whatever the rules say, from the next run on.

    Of a tier, the next level that matches takes it. A muted warning does not fire, and an open one clears.

    Example: kehu overrides exclude C00005298 churn_warning:silent --reason 'closed for works' --until 2026-12-31
    """
    asked = _Asked("exclude", customer, answer, reason, author, Times(starts, until, lasting))
    _decide(asked, workspace, dry_run=dry_run, json=json)


@app.command("end")
def end(
    override: Annotated[int, typer.Argument(help="Its number, as listed.", min=1, max=2**63 - 1)],
    reason: ReasonOption,
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Take a decision back: from the next run on the rules decide again. It stays in the list's --all.

    Example: kehu overrides end 3 --reason 'contract cancelled'
    """
    engine = database_of(workspace_at(workspace))
    show_ended(overriding.end(engine, override, by=author or system_user(), reason=reason, clock=now), json=json)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV file in UTF-8 or GB18030.", dir_okay=False)],
    author: AuthorOption = "",
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Take down the decisions in a CSV file, all of them or, when any is wrong, none.

    Columns: customer, ruleset, code, effect (include or exclude), reason; author, starts_at and expires_at may be
    left out or empty.

    Example: kehu overrides import decisions.csv --dry-run
    """
    place = workspace_at(workspace)
    wishes, problems = read_wishes(file, place, author or system_user())
    engine = database_of(place)
    made = overriding.decide(place, engine, wishes, clock=now, found=problems, dry_run=dry_run)
    show_decided(made, dry_run=dry_run, json=json)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line says."""

    effect: Effect
    customer: str
    answer: str
    reason: str
    author: str
    times: Times


def _decide(asked: _Asked, workspace: Path, *, dry_run: bool, json: bool) -> None:
    ruleset, colon, code = asked.answer.partition(":")
    if not colon:
        raise typer.BadParameter(f"'{asked.answer}' is no RULESET:LEVEL, such as service_tier:vip")
    if asked.times.until and asked.times.lasting:
        raise typer.BadParameter("--until and --for exclude each other")
    place = workspace_at(workspace)
    engine = database_of(place)
    with reading(engine) as connection:
        clock = overriding.workspace_now(place, connection, now)
    (starts_at, expires_at), problems = asked.times.read(place, clock)
    wish = Wish(
        customer=asked.customer,
        ruleset=ruleset,
        code=code,
        effect=asked.effect,
        reason=asked.reason,
        author=asked.author or system_user(),
        starts_at=starts_at,
        expires_at=expires_at,
        places={**_PLACES, **asked.times.places},
        problems=problems,
    )
    made = overriding.decide(place, engine, [wish], clock=now, dry_run=dry_run)
    show_decided(made, dry_run=dry_run, json=json)
