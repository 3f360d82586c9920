"""Customers are walked by name and by their last event on every database"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# A level is one of its rule set's: how many are in it does not follow from how many are in each.
_TOGETHER = "st_memberships_levels"


def upgrade() -> None:
    """Make the index by last event; on PostgreSQL that by name anew, as lists compare names by their bytes.

    There the members of levels are estimated from now on, too.
    """
    op.create_index(op.f("ix_customers_last_seen_at_id"), "customers", ["last_seen_at", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(op.f("ix_customers_name_bytes"), "customers", [sa.text('name COLLATE "C"'), "id"])
        op.execute(f"CREATE STATISTICS {_TOGETHER} (mcv) ON ruleset, level FROM memberships")
        op.execute("ANALYZE memberships")
        op.drop_index(op.f("ix_customers_name_id"), "customers")


def downgrade() -> None:
    """Undo."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP STATISTICS {_TOGETHER}")
        op.create_index(op.f("ix_customers_name_id"), "customers", ["name", "id"])
        op.drop_index(op.f("ix_customers_name_bytes"), "customers")
    op.drop_index(op.f("ix_customers_last_seen_at_id"), "customers")
