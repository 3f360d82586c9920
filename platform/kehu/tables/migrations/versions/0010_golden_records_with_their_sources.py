"""Values know their source record, people correct them, and customers belong to others"""

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG, Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_CLAIMS = (
    "coalesce(parent_key, parent_tax_code, parent_code, employer_key, employer_tax_code, employer_code) IS NOT NULL"
)
_LINKS = ("parent", "employer")
_PARTS = {"system": sa.String(length=200), "key": sa.Text(), "tax_code": sa.Text(), "code": sa.Text()}


def upgrade() -> None:
    """Add the tables, and the columns that records bring."""
    op.add_column("source_records", sa.Column("exported_at", Instant))
    for link in _LINKS:
        for part, kind in _PARTS.items():
            op.add_column("customer_records", sa.Column(f"{link}_{part}", kind))
    where = sa.text(_CLAIMS)
    op.create_index("ix_customer_records_links", "customer_records", ["id"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "golden_values",
        sa.Column("customer_id", BIG, autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("record_id", BIG),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_golden_values_customer_id_customers")),
        sa.PrimaryKeyConstraint("customer_id", "field", name=op.f("pk_golden_values")),
    )
    op.create_table(
        "corrections",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_reason", sa.Text()),
        sa.CheckConstraint("value <> ''", name=op.f("ck_corrections_value")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_corrections_reason")),
        sa.CheckConstraint("author <> ''", name=op.f("ck_corrections_author")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_corrections_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_system_key"), "corrections", ["system", "key"])
    _create_links()
    op.create_table(
        "identity_rules",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_rules")),
    )


def _create_links() -> None:
    op.create_table(
        "customer_links",
        sa.Column("customer_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("other_id", BIG, nullable=False),
        sa.Column("record_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_links_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["other_id"], ["customers.id"], name=op.f("fk_customer_links_other_id_customers")),
        sa.PrimaryKeyConstraint("customer_id", "kind", name=op.f("pk_customer_links")),
    )
    columns = ["other_id", "kind", "customer_id"]
    op.create_index(op.f("ix_customer_links_other_id_kind_customer_id"), "customer_links", columns)
    op.create_table(
        "refused_links",
        sa.Column("record_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "kind", name=op.f("pk_refused_links")),
    )


def downgrade() -> None:
    """Undo."""
    for name in ("identity_rules", "refused_links", "customer_links", "corrections", "golden_values"):
        op.drop_table(name)
    op.drop_index("ix_customer_records_links", "customer_records")
    with op.batch_alter_table("customer_records") as table:
        for link in _LINKS:
            for part in _PARTS:
                table.drop_column(f"{link}_{part}")
    with op.batch_alter_table("source_records") as table:
        table.drop_column("exported_at")
