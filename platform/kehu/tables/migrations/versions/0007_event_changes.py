"""Copies of the events learn which of them changed"""

import secrets

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the log of changed events."""
    log = op.create_table(
        "event_changes",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(20), nullable=False),
        sa.Column("first_id", BIG, nullable=False),
        sa.Column("last_id", BIG, nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_changes")),
    )
    # An entry about no event, so that every database is told from every other from the beginning.
    entry = {"id": 1, "stream": "shipments", "first_id": 0, "last_id": 0, "token": secrets.randbits(62)}
    op.bulk_insert(log, [entry])


def downgrade() -> None:
    """Undo."""
    op.drop_table("event_changes")
