"""What resolving remembers, so that a few new records do not cost as much as all: derived, made anew at will."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text

from kehu.tables.columns import BIG, DOCUMENT, metadata

# Which records bear a value that can join them to others, by digests: `kehu.identity.values` makes them.
record_values = Table(
    "record_values",
    metadata,
    Column("value", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", BIG, primary_key=True, autoincrement=False),
    Column("name", BigInteger),
    Index(None, "record_id"),
    sqlite_with_rowid=False,
)

# The records of islands that a limit or a decision parted: together they are resolved anew.
parted_records = Table(
    "parted_records",
    metadata,
    Column("record_id", BIG, primary_key=True, autoincrement=False),
    Column("island", BIG, nullable=False),
    Index(None, "island"),
)

# By which rules and decisions the customers were resolved last, and how many records and customers there were then.
identity_state = Table(
    "identity_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", Text, nullable=False),
    Column("decided", DOCUMENT, nullable=False),
    Column("records", BIG, nullable=False),
    Column("customers", BIG, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
