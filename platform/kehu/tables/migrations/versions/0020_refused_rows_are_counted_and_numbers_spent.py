"""Rows of erased persons are counted with their file, and a number that erasure freed is not given again"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column, by which every row read is accounted for at last, and the table, empty."""
    op.add_column("batches", sa.Column("refused", _BIG, nullable=False, server_default="0"))
    op.execute("UPDATE batches SET refused = read - loaded - unchanged - quarantined WHERE finished_at IS NOT NULL")
    op.create_table(
        "spent_numbers",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("last", _BIG, nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("spent_numbers")
    op.drop_column("batches", "refused")
