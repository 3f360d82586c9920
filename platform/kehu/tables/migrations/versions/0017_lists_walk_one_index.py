"""Lists of events walk one index, undated ones last; customers of a region are counted from another"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_DATED = (
    ("shipments", "shipper_id"),
    ("shipments", "consignee_id"),
    ("shipments", "payer_id"),
    ("visits", "customer_id"),
)


def upgrade() -> None:
    """Make PostgreSQL's indexes anew; SQLite's already lead so when they are walked backwards.

    All are made before one is dropped, since from then on nobody can read the table.
    """
    op.create_index(op.f("ix_customers_region_id"), "customers", ["region", "id"])
    for table, owner in _dated():
        op.create_index(_newest(table, owner), table, [owner, sa.text("at DESC NULLS LAST"), sa.text("id DESC")])
    for table, owner in _dated():
        op.drop_index(op.f(f"ix_{table}_{owner}_at_id"), table)


def downgrade() -> None:
    """Undo."""
    for table, owner in _dated():
        op.create_index(op.f(f"ix_{table}_{owner}_at_id"), table, [owner, "at", "id"])
    for table, owner in _dated():
        op.drop_index(_newest(table, owner), table)
    op.drop_index(op.f("ix_customers_region_id"), "customers")


def _dated() -> tuple[tuple[str, str], ...]:
    return _DATED if op.get_bind().dialect.name == "postgresql" else ()


def _newest(table: str, owner: str) -> str:
    return op.f(f"ix_{table}_{owner}_newest")
