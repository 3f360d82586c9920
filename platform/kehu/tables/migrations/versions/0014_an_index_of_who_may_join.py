"""Resolving remembers which record bears which value, so that a few new ones cost little"""

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG, DOCUMENT

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index, empty: the next resolution fills it."""
    op.create_table(
        "record_values",
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", BIG, autoincrement=False, nullable=False),
        sa.Column("name", sa.BigInteger()),
        sa.PrimaryKeyConstraint("value", "record_id", name=op.f("pk_record_values")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_record_values_record_id"), "record_values", ["record_id"])
    op.create_table(
        "parted_records",
        sa.Column("record_id", BIG, autoincrement=False, nullable=False),
        sa.Column("island", BIG, nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_parted_records")),
    )
    op.create_index(op.f("ix_parted_records_island"), "parted_records", ["island"])
    op.create_table(
        "identity_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("decided", DOCUMENT, nullable=False),
        sa.Column("records", BIG, nullable=False),
        sa.Column("customers", BIG, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_identity_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_state")),
    )


def downgrade() -> None:
    """Undo."""
    for name in ("identity_state", "parted_records", "record_values"):
        op.drop_table(name)
