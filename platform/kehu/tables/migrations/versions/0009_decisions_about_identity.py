"""People may decide that two records are one customer's, or that they are not"""

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG, Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the decisions."""
    op.create_table(
        "identity_decisions",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("left_origin", sa.String(length=10), nullable=False),
        sa.Column("left_system", sa.String(length=200), nullable=False),
        sa.Column("left_key", sa.Text(), nullable=False),
        sa.Column("right_origin", sa.String(length=10), nullable=False),
        sa.Column("right_system", sa.String(length=200), nullable=False),
        sa.Column("right_key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_reason", sa.Text()),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_identity_decisions_reason")),
        sa.CheckConstraint("author <> ''", name=op.f("ck_identity_decisions_author")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_identity_decisions_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_decisions")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("identity_decisions")
