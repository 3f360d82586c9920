"""kehu identity values, correct, uncorrect, corrections: a customer's values, whose they are, who corrects them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, system_user, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.identity.golden import CHOSEN_BY
from kehu.model.problems import Place
from kehu.pipeline import correcting
from kehu.pipeline.deciding_identity import Because
from kehu.pipeline.named_customer import named_customer
from kehu.pipeline.transactions import reading
from kehu.reader.golden import GoldenValue, golden_values
from kehu.store.corrections import Correction, all_corrections

CustomerArgument = Annotated[str, typer.Argument(help="A uid, account, tax code, phone, e-mail or whole name.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for those who ask later.")]
AuthorOption = Annotated[str, typer.Option("--author", help="Who says it.", show_default="the system's user")]


def values(customer: CustomerArgument, workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """Each value of a customer with the record it comes from and the rule that chose it.

    Example: kehu identity values C00005298
    """
    place = workspace_at(workspace)
    with reading(database_of(place)) as connection:
        found = named_customer(connection, customer, place.settings.phone_region, Place("CUSTOMER"))
        golden = golden_values(connection, [found.customer_id])[found.customer_id]
    if json:
        rules = {rule: asdict(label) for rule, label in CHOSEN_BY.items()}
        say_json({"customer": golden.uid, "values": [asdict(each) for each in golden.values], "rules": rules})
        return
    show_table(golden.uid, ("field", "value", "chosen by", "source"), [_value_row(each) for each in golden.values])


def correct(
    customer: CustomerArgument,
    field: Annotated[str, typer.Argument(help="name, phone, address, owner, consent and so on.")],
    value: Annotated[str, typer.Argument(help="What it is; an owner is an employee's number, consent yes or no.")],
    *,
    reason: ReasonOption,
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Set a value against all departments; it wins until it is taken back, whatever is loaded, merged or parted.

    Example: kehu identity correct C00005298 phone 13912341234 --reason 'called, the old one is dead'
    """
    place = workspace_at(workspace)
    because = Because(author or system_user(), reason)
    made = correcting.correct(place, database_of(place), (customer, field, value), because, clock=now)
    if json:
        say_json(asdict(made))
    else:
        say(f"correction {made.id}: {made.field} of {made.customer} is {made.after}, was {made.before or 'unknown'}")


def uncorrect(
    numbers: Annotated[list[int], typer.Argument(metavar="NUMBER...", help="As 'corrections' lists them.")],
    reason: ReasonOption = "taken back",
    author: AuthorOption = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Take corrections back: what departments say counts again.

    Example: kehu identity uncorrect 3 --reason 'it was right before'
    """
    place = workspace_at(workspace)
    chosen = sorted(set(numbers))
    correcting.uncorrect(place, database_of(place), chosen, Because(author or system_user(), reason), clock=now)
    say(f"taken back: {', '.join(map(str, chosen))}")


def corrections(workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """What people corrected, the oldest first, with who took it back and why.

    Example: kehu identity corrections
    """
    with reading(database_of(workspace_at(workspace))) as connection:
        found = all_corrections(connection)
    if json:
        say_json({"corrections": [asdict(each) for each in found]})
    elif found:
        columns = ("id", "record", "field", "value", "author", "reason", "made", "taken back")
        show_table("Corrections", columns, [_row(each) for each in found])
    else:
        say("no correction; 'kehu identity correct' makes some")


def _value_row(each: GoldenValue) -> tuple[str | None, ...]:
    source = None if each.system is None else f"{each.system}:{each.key}"
    if each.correction is not None:
        source = f"{each.correction.author}: {each.correction.reason} ({each.correction.created_at:%Y-%m-%d %H:%M})"
    return each.field, each.value, CHOSEN_BY[each.rule].en, source


def _row(each: Correction) -> list[object]:
    back = None if each.ended_at is None else f"{each.ended_by}: {each.ended_reason}"
    record = f"{each.record.system}:{each.record.key}"
    made = f"{each.created_at:%Y-%m-%d %H:%M}"
    return [each.id, record, each.field, each.value, each.author, each.reason, made, back]
