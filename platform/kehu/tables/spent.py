"""Numbers that rows had which erasure has deleted: whoever noted one must not find another's row under it."""

from sqlalchemy import Column, String, Table

from kehu.tables.columns import BIG, metadata

# By the table's name the greatest number that was given in it by then.
spent_numbers = Table(
    "spent_numbers",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("last", BIG, nullable=False),
)
