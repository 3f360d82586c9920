"""The values of features that readers are shown are kept with the run that counted them"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables, empty: the next run fills them."""
    op.create_table(
        "served_features",
        sa.Column("code", sa.String(100), primary_key=True),
        sa.Column("slot", sa.String(20), nullable=False, unique=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("scale", sa.Integer(), nullable=False),
        sa.Column("base", _BIG),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("label", _DOCUMENT, nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("run_id", _BIG, sa.ForeignKey("runs.id"), nullable=False),
    )
    slots: list[sa.Column[Any]] = [
        *(sa.Column(f"whole_{number}", _BIG) for number in range(1, 17)),
        *(sa.Column(f"real_{number}", sa.Float()) for number in range(1, 9)),
        *(sa.Column(f"text_{number}", sa.Text()) for number in range(1, 5)),
    ]
    op.create_table(
        "customer_features",
        sa.Column("customer_id", _BIG, sa.ForeignKey("customers.id"), primary_key=True, autoincrement=False),
        *slots,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("customer_features")
    op.drop_table("served_features")
