"""kehu export: the members of a rule set or a level as a file."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from sqlalchemy import Connection, select

from kehu.cli.options import WorkspaceOption, database_of, read_instant, workspace_at
from kehu.cli.output import say
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean
from kehu.reader.definitions import published_run_id
from kehu.reader.memberships import in_run
from kehu.reader.runs import run_as_of
from kehu.store.bulk import read_frame
from kehu.tables.facts import customers, employees
from kehu.tables.runs import memberships, run_levels, run_rules


def export(
    members: Annotated[str, typer.Argument(metavar="RULESET[:LEVEL]", help="Whom to export.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .csv (UTF-8 with BOM) or .parquet file.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As of a past instant, by the run that counted then.")
    ] = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Write the published members of a rule set, or of one of its levels, to a file.

    The version of the rule set that decided is in the column rule_version.

    Example: kehu export service_tier:vip -o vip.csv
    """
    if output.suffix not in {".csv", ".parquet"}:
        raise RefusedError(
            [Problem(Place(str(output)), "format", f"'{output.suffix}' is no export format", ".csv or .parquet")]
        )
    ruleset, _, level = members.partition(":")
    place = workspace_at(workspace)
    instant = None if as_of is None else read_instant(as_of, place)
    with database_of(place).connect() as connection:
        run = _run(connection, instant)
        _check(connection, run, ruleset, level)
        frame = _members(connection, run, ruleset, level)
    if output.suffix == ".csv":
        frame.write_csv(output, include_bom=True)
    else:
        frame.write_parquet(output)
    say(f"{len(frame):,} members written to {output}")


def _run(connection: Connection, as_of: datetime | None) -> int:
    found = published_run_id(connection) if as_of is None else run_as_of(connection, as_of)
    if found is not None:
        return found
    if as_of is None:
        problem = Problem(Place("export"), "nothing-published", "no run is published yet", "run 'kehu resegment'")
    else:
        message = f"no run was published as of {as_of:%Y-%m-%d %H:%M:%S} UTC or before"
        problem = Problem(Place("--as-of"), "nothing-published", message, "see 'kehu runs list'")
    raise RefusedError([problem])


def _members(connection: Connection, run: int, ruleset: str, level: str) -> pl.DataFrame:
    chosen = (in_run(run), memberships.c.ruleset == ruleset, run_rules.c.run_id == run)
    of_level = (memberships.c.level == level,) if level else ()
    joined = (
        memberships.join(customers, customers.c.id == memberships.c.customer_id)
        .join(run_rules, run_rules.c.ruleset == memberships.c.ruleset)
        .outerjoin(employees, employees.c.id == customers.c.owner_id)
    )
    columns = [customers.c[name] for name in ("uid", "kind", "name", "region", "phone", "email")]
    answer = (memberships.c.ruleset, memberships.c.level, run_rules.c.digest.label("rule_version"))
    query = select(*columns, employees.c.name.label("owner"), *answer).select_from(joined)
    return read_frame(connection, query.where(*chosen, *of_level).order_by(customers.c.uid, memberships.c.id))


def _check(connection: Connection, run: int, ruleset: str, level: str) -> None:
    query = select(run_levels.c.ruleset, run_levels.c.level).where(run_levels.c.run_id == run)
    rows = connection.execute(query).all()
    levels = {row.level for row in rows if row.ruleset == ruleset}
    place = Place(f"{ruleset}:{level}" if level else ruleset)
    if not levels:
        known = {row.ruleset for row in rows}
        raise RefusedError(
            [Problem(place, "unknown-ruleset", f"no rule set '{ruleset}'", did_you_mean(ruleset, known))]
        )
    if level and level not in levels:
        raise RefusedError([Problem(place, "unknown-level", f"no level '{level}'", did_you_mean(level, levels))])
