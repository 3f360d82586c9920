"""kehu export: the members of a rule set or a level as a file."""

from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from sqlalchemy import Connection, select

from kehu.cli.options import WorkspaceOption, database_of, workspace_at
from kehu.cli.output import say
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean
from kehu.store.bulk import read_frame
from kehu.tables.facts import customers, employees
from kehu.tables.runs import memberships, publication, run_levels


def export(
    members: Annotated[str, typer.Argument(metavar="RULESET[:LEVEL]", help="Whom to export.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .csv (UTF-8 with BOM) or .parquet file.")],
    workspace: WorkspaceOption = Path(),
) -> None:
    """Write the published members of a rule set, or of one of its levels, to a file.

    Example: kehu export service_tier:vip -o vip.csv
    """
    if output.suffix not in {".csv", ".parquet"}:
        raise RefusedError(
            [Problem(Place(str(output)), "format", f"'{output.suffix}' is no export format", ".csv or .parquet")]
        )
    ruleset, _, level = members.partition(":")
    with database_of(workspace_at(workspace)).connect() as connection:
        _check(connection, ruleset, level)
        frame = _members(connection, ruleset, level)
    if output.suffix == ".csv":
        frame.write_csv(output, include_bom=True)
    else:
        frame.write_parquet(output)
    say(f"{len(frame):,} members written to {output}")


def _members(connection: Connection, ruleset: str, level: str) -> pl.DataFrame:
    open_ones = (memberships.c.until_run_id.is_(None), memberships.c.ruleset == ruleset)
    of_level = (memberships.c.level == level,) if level else ()
    joined = memberships.join(customers, customers.c.id == memberships.c.customer_id).outerjoin(
        employees, employees.c.id == customers.c.owner_id
    )
    columns = [customers.c[name] for name in ("uid", "kind", "name", "region", "phone", "email")]
    query = select(*columns, employees.c.name.label("owner"), memberships.c.ruleset, memberships.c.level)
    return read_frame(connection, query.select_from(joined).where(*open_ones, *of_level).order_by(customers.c.uid))


def _check(connection: Connection, ruleset: str, level: str) -> None:
    published = select(publication.c.run_id).scalar_subquery()
    rows = connection.execute(
        select(run_levels.c.ruleset, run_levels.c.level).where(run_levels.c.run_id == published)
    ).all()
    levels = {row.level for row in rows if row.ruleset == ruleset}
    place = Place(f"{ruleset}:{level}" if level else ruleset)
    if not rows:
        raise RefusedError([Problem(place, "nothing-published", "no run is published yet", "run 'kehu resegment'")])
    if not levels:
        known = {row.ruleset for row in rows}
        raise RefusedError(
            [Problem(place, "unknown-ruleset", f"no rule set '{ruleset}'", did_you_mean(ruleset, known))]
        )
    if level and level not in levels:
        raise RefusedError([Problem(place, "unknown-level", f"no level '{level}'", did_you_mean(level, levels))])
