"""A condition that no file has yet: whom it would take, exactly and over everybody."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Engine, select

from kehu.features.selection import only
from kehu.model.problems import Place, RefusedError, refuse_errors
from kehu.pipeline.facts import Present, mirror_folder
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.transactions import reading
from kehu.reader.customers import Customer, customers_by_id
from kehu.rules.compiler import compile_condition
from kehu.store.bulk import read_frame
from kehu.tables.runs import memberships
from kehu.workspace.workspace import Workspace

CONDITION = "expression"


@dataclass(frozen=True, slots=True)
class Preview:
    """Of all `customers` those whom the condition takes; of `failed` ones it cannot be computed.

    `entering` would come into the level compared with and `leaving` go, None where none is. `sample` are the first of
    those taken, in the order they came to be known.
    """

    as_of: datetime
    customers: int
    taken: int
    failed: int
    entering: int | None
    leaving: int | None
    sample: tuple[Customer, ...]


def preview(
    workspace: Workspace,
    engine: Engine,
    condition: str,
    as_of: datetime,
    *,
    level: tuple[str, str] | None = None,
    sample: int = 20,
) -> Preview:
    """Whom the condition over declared features takes; beside the published members of a level, by rule set and code.

    Raises RefusedError with everything wrong with the condition, its places being those of a file 'expression', or
    with the feature files.
    """
    catalogue, _, problems = read_rule_directory(workspace)
    refuse_errors(problems)
    compiled = compile_condition(condition, catalogue.schema, as_of, lambda offset: _place(condition, offset))
    if isinstance(compiled, list):
        raise RefusedError(compiled)
    present = Present(engine, mirror_folder(engine, workspace.root), lambda _what, _rows: None)
    features = present.features(only(catalogue, set(compiled.features)), as_of)
    told = features.select("customer", match=compiled.match, error=compiled.error)
    taken = told.filter("match")["customer"].sort()
    with reading(engine) as connection:
        members = None
        if level is not None:
            is_in = (memberships.c.ruleset == level[0], memberships.c.level == level[1])
            now = select(memberships.c.customer_id).where(*is_in, memberships.c.until_run_id.is_(None))
            members = read_frame(connection, now)["customer_id"]
        first = taken.head(sample).to_list()
        people = customers_by_id(connection, first)
    return Preview(
        as_of,
        len(told),
        len(taken),
        int(told["error"].sum()),
        None if members is None else _beyond(taken, members),
        None if members is None else _beyond(members, taken),
        tuple(people[key] for key in first if key in people),
    )


def _beyond(some: pl.Series, others: pl.Series) -> int:
    """How many of some are none of the others."""
    return int((~some.is_in(others.implode())).sum())


def _place(condition: str, offset: int) -> Place:
    before = condition[:offset]
    return Place(CONDITION, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)
