"""What copies outside the database must read again: events written, moved or deleted, memberships moved, in order."""

from sqlalchemy import BigInteger, Column, String, Table

from kehu.tables.columns import BIG, id_column, metadata

# An event of the table `stream` whose id lies between the two may have changed. Of the stream "memberships", which
# stands for warnings too, it is what customers of such ids have otherwise than by a run. `token` is drawn by lot, so
# that a copy can tell the database it was made of from another, or from an older state of it that a backup restored.
event_changes = Table(
    "event_changes",
    metadata,
    id_column(),
    Column("stream", String(20), nullable=False),
    Column("first_id", BIG, nullable=False),
    Column("last_id", BIG, nullable=False),
    Column("token", BigInteger, nullable=False),
)
