"""Aliases are found by their customer, as when it is merged away"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the aliases' customers."""
    op.create_index("ix_customer_aliases_customer_id", "customer_aliases", ["customer_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_customer_aliases_customer_id", "customer_aliases")
