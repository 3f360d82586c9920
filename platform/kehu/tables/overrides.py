"""What people decide against the rules: who stands in a level, or does not, until when and why."""

from sqlalchemy import CheckConstraint, Column, Index, String, Table, Text, text

from kehu.tables.columns import Instant, id_column, metadata, reference

# An ended override stays, so that history can tell who decided what. `code` is a level, or a warning to be muted.
overrides = Table(
    "overrides",
    metadata,
    id_column(),
    reference("customer_id", "customers.id", nullable=False),
    Column("ruleset", String(100), nullable=False),
    Column("code", String(100), nullable=False),
    Column("effect", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("starts_at", Instant),
    Column("expires_at", Instant),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("ended_reason", Text),
    CheckConstraint("effect IN ('include', 'exclude')", name="effect"),
    CheckConstraint("reason <> ''", name="reason"),
    CheckConstraint("author <> ''", name="author"),
    CheckConstraint("starts_at < expires_at", name="interval"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
    Index(None, "customer_id", "id"),
    Index(
        "ix_overrides_open",
        "id",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
