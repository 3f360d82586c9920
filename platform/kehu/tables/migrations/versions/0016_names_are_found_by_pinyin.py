"""Customers are found by the pinyin of their names"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty: the next load resolves everybody anew, which fills it."""
    op.add_column("customers", sa.Column("name_pinyin", sa.Text()))
    op.execute("DELETE FROM identity_state")


def downgrade() -> None:
    """Undo."""
    op.drop_column("customers", "name_pinyin")
