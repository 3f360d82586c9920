"""Where each value of a customer comes from, what people correct, and which customer belongs to which."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, Text

from kehu.tables.columns import BIG, Instant, id_column, metadata, reference

# The source record of every value of a customer and the rule that chose it; no record where nobody said the value.
golden_values = Table(
    "golden_values",
    metadata,
    Column("customer_id", BIG, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("field", String(20), primary_key=True),
    Column("record_id", BIG),
    Column("rule", String(20), nullable=False),
)

# What a person says instead of the departments. A customer goes by its first record, as decisions do, so that a
# correction outlives a database loaded anew and stays with the id when a merge is undone.
corrections = Table(
    "corrections",
    metadata,
    id_column(),
    Column("origin", String(10), nullable=False),
    Column("system", String(200), nullable=False),
    Column("key", Text, nullable=False),
    Column("field", String(20), nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("ended_reason", Text),
    CheckConstraint("value <> ''", name="value"),
    CheckConstraint("reason <> ''", name="reason"),
    CheckConstraint("author <> ''", name="author"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
    Index(None, "system", "key"),
)

# To which customer another belongs ("parent") or at which it works ("employer"), by the record that says so.
customer_links = Table(
    "customer_links",
    metadata,
    Column("customer_id", BIG, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("kind", String(20), primary_key=True),
    reference("other_id", "customers.id", nullable=False),
    Column("record_id", BIG, nullable=False),
    Index(None, "other_id", "kind", "customer_id"),
)

# What records say of parents and employers that cannot be, and why.
refused_links = Table(
    "refused_links",
    metadata,
    Column("record_id", BIG, primary_key=True, autoincrement=False),
    Column("kind", String(20), primary_key=True),
    Column("named", Text, nullable=False),
    Column("reason", String(20), nullable=False),
)

# The file of identity rules by which customers were resolved last: one row, or none.
identity_rules = Table(
    "identity_rules",
    metadata,
    id_column(),
    Column("source", Text, nullable=False),
)
