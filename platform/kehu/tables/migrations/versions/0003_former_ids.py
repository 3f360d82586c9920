"""Aliases keep the row ids of customers that were merged away, so that nobody gets them again"""

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the former ids."""
    op.add_column("customer_aliases", sa.Column("former_id", BIG))


def downgrade() -> None:
    """Undo."""
    op.drop_column("customer_aliases", "former_id")
