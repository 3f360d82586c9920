"""People may put customers into levels or keep them out; a level may be kept for a while"""

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG, Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OPEN = sa.text("ended_at IS NULL")
_KEEPING = ("below_since", "drops_at", "override_id")
_REFERENCE = "fk_memberships_override_id_overrides"


def upgrade() -> None:
    """Add the overrides, and to memberships what keeping rules and overrides say of them."""
    op.create_table(
        "overrides",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("ruleset", sa.String(length=100), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("effect", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("starts_at", Instant),
        sa.Column("expires_at", Instant),
        sa.Column("ended_at", Instant),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_reason", sa.Text()),
        sa.CheckConstraint("effect IN ('include', 'exclude')", name=op.f("ck_overrides_effect")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_overrides_reason")),
        sa.CheckConstraint("author <> ''", name=op.f("ck_overrides_author")),
        sa.CheckConstraint("starts_at < expires_at", name=op.f("ck_overrides_interval")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_overrides_ended")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_overrides_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
    )
    op.create_index("ix_overrides_customer_id_id", "overrides", ["customer_id", "id"])
    op.create_index("ix_overrides_open", "overrides", ["id"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.add_column("memberships", sa.Column("below_since", Instant))
    op.add_column("memberships", sa.Column("drops_at", Instant))
    _add_reference()


def downgrade() -> None:
    """Undo."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(_REFERENCE, "memberships", type_="foreignkey")
    for column in _KEEPING:
        op.drop_column("memberships", column)
    op.drop_index("ix_overrides_open", "overrides", sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.drop_index("ix_overrides_customer_id_id", "overrides")
    op.drop_table("overrides")


def _add_reference() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("memberships", sa.Column("override_id", BIG))
        op.create_foreign_key(_REFERENCE, "memberships", "overrides", ["override_id"], ["id"])
    else:
        # Alembic would copy the whole table; SQLite adds the column with its reference in place.
        op.execute(
            f"ALTER TABLE memberships ADD COLUMN override_id INTEGER CONSTRAINT {_REFERENCE} REFERENCES overrides(id)"
        )
