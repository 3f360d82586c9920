"""kehu identity links: which customer is part of which, who works where, and what records say of it that cannot be."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.identity.hierarchy import REFUSED_BECAUSE
from kehu.model.problems import Place
from kehu.pipeline.named_customer import named_customer
from kehu.pipeline.transactions import reading
from kehu.reader.customers import customers_by_id
from kehu.reader.hierarchy import (
    children_of,
    employer_of,
    link_counts,
    parents_above,
    people_of,
    refused_links_page,
)
from kehu.reader.keyset import Page, Window


def links(
    customer: Annotated[str, typer.Argument(help="A uid, account, tax code, phone, e-mail or whole name.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="At most so many of each kind.", min=1)] = 20,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Whom a customer is part of, what is part of it, who works there; of no customer: what was refused, and why.

    Example: kehu identity links C00005298
    """
    place = workspace_at(workspace)
    with reading(database_of(place)) as connection:
        if not customer:
            _show_refused(connection, limit, json=json)
            return
        own = named_customer(connection, customer, place.settings.phone_region, Place("CUSTOMER")).customer_id
        found = _family(connection, own, Window(limit))
        names = customers_by_id(connection, [each for ids in found.values() for each in ids])
    shown = {
        relation: [{"customer": names[each].uid, "name": names[each].name} for each in ids]
        for relation, ids in found.items()
    }
    if json:
        say_json(shown)
        return
    rows = [(relation, each["customer"], each["name"]) for relation, many in shown.items() for each in many]
    show_table(customer, ("relation", "uid", "name"), rows)


def _family(connection: Connection, customer_id: int, window: Window) -> dict[str, list[int]]:
    """The ids of customers by how they stand to this one, those above it the nearest first."""
    employer = employer_of(connection, [customer_id])
    below = {"child": children_of, "person": people_of}
    return {
        "parent": list(parents_above(connection, [customer_id]).get(customer_id, ())),
        "employer": [link.other_id for link in employer.values()],
        **{
            relation: [
                link.customer_id for link in read(connection, [customer_id], window).get(customer_id, Page()).rows
            ]
            for relation, read in below.items()
        },
    }


def _show_refused(connection: Connection, limit: int, *, json: bool) -> None:
    counts = link_counts(connection)
    refused = refused_links_page(connection, Window(limit)).rows
    if json:
        reasons = {reason: asdict(label) for reason, label in REFUSED_BECAUSE.items()}
        say_json({**counts, "refused_links": [asdict(each) for each in refused], "reasons": reasons})
        return
    rows = [(f"{each.system}:{each.key}", each.kind, each.named, REFUSED_BECAUSE[each.reason].en) for each in refused]
    if rows:
        show_table("Refused", ("record", "says", "of", "because"), rows)
    say(f"{counts['parent']:,} parents, {counts['employer']:,} employers, {counts['refused']:,} claims refused")
