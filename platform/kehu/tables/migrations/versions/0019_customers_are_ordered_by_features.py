"""Customers are listed in the order of a feature"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SLOTS = tuple(f"whole_{number}" for number in range(1, 5))


def upgrade() -> None:
    """Add the indexes; values of features that are not to be ordered by move out of their slots with the next run."""
    for slot in _SLOTS:
        known = sa.text(f"{slot} IS NOT NULL")
        columns = [slot, "customer_id"]
        op.create_index(
            f"ix_customer_features_{slot}", "customer_features", columns, sqlite_where=known, postgresql_where=known
        )


def downgrade() -> None:
    """Undo."""
    for slot in _SLOTS:
        op.drop_index(f"ix_customer_features_{slot}", "customer_features")
