"""Numbers that are not given again, though the rows that had them are deleted."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, delete, insert

from kehu.store.bulk import next_id
from kehu.tables.spent import spent_numbers


def spend_numbers(connection: Connection, tables: Sequence[Table]) -> None:
    """Give every number of these tables up to now to no other row, whatever becomes of those that have them."""
    rows = [{"name": each.name, "last": next_id(connection, each) - 1} for each in tables]
    connection.execute(delete(spent_numbers).where(spent_numbers.c.name.in_([row["name"] for row in rows])))
    connection.execute(insert(spent_numbers), rows)
