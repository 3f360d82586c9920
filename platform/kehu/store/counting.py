"""How many rows a list has: all of them, or no more than need to be counted."""

from typing import Any

from sqlalchemy import Connection, Select, func, select


def count_rows(connection: Connection, rows: Select[Any], *, up_to: int | None = None, **given: object) -> int:
    """How many `rows` there are; databases stop looking at `up_to`. `given` are the values of parameters."""
    if up_to is None:
        counted = rows.with_only_columns(func.count(), maintain_column_froms=True)
    else:
        counted = select(func.count()).select_from(rows.limit(up_to).subquery())
    return connection.scalar(counted, given) or 0
