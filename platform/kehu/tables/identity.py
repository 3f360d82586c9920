"""What people decide of two records: that they are one customer's, or that they are not."""

from sqlalchemy import Boolean, CheckConstraint, Column, String, Table, Text

from kehu.tables.columns import Instant, id_column, metadata

_SIDES = ("left", "right")

# A record goes by what its department calls it, so that a decision outlives a database loaded anew. A decision that
# was taken back stays, so that history can tell who decided what.
identity_decisions = Table(
    "identity_decisions",
    metadata,
    id_column(),
    Column("same", Boolean, nullable=False),
    *(
        column
        for side in _SIDES
        for column in (
            Column(f"{side}_origin", String(10), nullable=False),
            Column(f"{side}_system", String(200), nullable=False),
            Column(f"{side}_key", Text, nullable=False),
        )
    ),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("ended_reason", Text),
    CheckConstraint("reason <> ''", name="reason"),
    CheckConstraint("author <> ''", name="author"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
)
