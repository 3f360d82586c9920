"""Customers are found by the name they show, as one types it"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_customers_name_search", "customers", ["name_search"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_customers_name_search", "customers")
