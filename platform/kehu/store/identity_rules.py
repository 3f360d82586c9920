"""The file of identity rules by which customers were resolved last."""

from sqlalchemy import Connection, delete, insert, select

from kehu.tables.golden import identity_rules


def rules_resolved_by(connection: Connection) -> str | None:
    """The text of that file; None where nothing was resolved, or by rules of no file."""
    return connection.execute(select(identity_rules.c.source)).scalar_one_or_none()


def remember_rules(connection: Connection, source: str) -> None:
    """Remember the text in place of the last one; '' is that of no file."""
    connection.execute(delete(identity_rules))
    if source:
        connection.execute(insert(identity_rules).values(id=1, source=source))
