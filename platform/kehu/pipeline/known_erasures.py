"""Whether the database knows of every erasure, asked before anything of it is shown."""

from sqlalchemy import select

from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.erasure_ledger import LEDGER_FILE, read_ledger
from kehu.pipeline.transactions import Database, reading
from kehu.tables.identity import erasures
from kehu.workspace.workspace import Workspace

_FEW = 3


def check_erasures(workspace: Workspace, database: Database) -> None:
    """Raises RefusedError where erasures are unknown to the database: a backup was restored, or it was made anew."""
    with reading(database) as connection:
        known = set(connection.execute(select(erasures.c.code)).scalars())
    entries = read_ledger(workspace.root).values()
    unknown = [entry.code for entry in entries if entry.code not in known and not entry.is_ended]
    if unknown:
        said = f"this database does not know that people were erased: {', '.join(unknown[:_FEW])}"
        remedy = "it is an older copy or a new one: run 'kehu load', which erases them again"
        raise RefusedError([Problem(Place(str(workspace.root / LEDGER_FILE)), "unknown-erasures", said, remedy)])
