"""What people decide of records and of customers, what waits for them, and who was erased, by keyed digests alone."""

from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from kehu.tables.columns import BIG, DOCUMENT, Instant, id_column, metadata, reference

_SIDES = ("left", "right")

# A record goes by what its department calls it, so that a decision outlives a database loaded anew. A decision that
# was taken back stays, so that history can tell who decided what. 'dismissed' takes a suggestion out of the queue and
# says nothing of the records; a 'lock' has the first of its customer's records on both sides.
identity_decisions = Table(
    "identity_decisions",
    metadata,
    id_column(),
    Column("kind", String(10), nullable=False),
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
    CheckConstraint("kind IN ('same', 'different', 'dismissed', 'lock')", name="kind"),
    CheckConstraint("reason <> ''", name="reason"),
    CheckConstraint("author <> ''", name="author"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
)

# The records that a locked customer has, those alone.
locked_records = Table(
    "locked_records",
    metadata,
    id_column(),
    reference("decision_id", "identity_decisions.id", nullable=False),
    Column("origin", String(10), nullable=False),
    Column("system", String(200), nullable=False),
    Column("key", Text, nullable=False),
    Index(None, "decision_id"),
)

# What waits for a person, as of the state of records, decisions and rules that `identity_queue` tells. No value of a
# record is kept here: `evidence` is [{"field", "grade", "bits"}], and the values are read from the records.
identity_suggestions = Table(
    "identity_suggestions",
    metadata,
    id_column(),
    Column("left_id", BIG, nullable=False),
    Column("right_id", BIG, nullable=False),
    Column("probability", Float, nullable=False),
    Column("evidence", DOCUMENT, nullable=False),
)

# Keys refused because of a limit or a decision; `records` are the ids of all that bear one.
contested_keys = Table(
    "contested_keys",
    metadata,
    id_column(),
    Column("rule", String(100), nullable=False),
    Column("because", String(100), nullable=False),
    Column("records", DOCUMENT, nullable=False),
)

identity_queue = Table(
    "identity_queue",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("least", Float, nullable=False),
    Column("state", String(64), nullable=False),
    Column("computed_at", Instant, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# Rows of memberships, warnings and overrides away from whom they were written for (a customer's uid), because a merge
# gave them to an heir, and such as had to give way to one of those. `closed_run_id` is the run that was published then,
# where the row was open; a row that comes home is open again.
handed_over = Table(
    "handed_over",
    metadata,
    Column("stream", String(20), primary_key=True),
    Column("row_id", BIG, primary_key=True, autoincrement=False),
    Column("uid", String(36), nullable=False),
    Column("closed_run_id", BIG, ForeignKey("runs.id")),
    Index(None, "uid"),
)

# `code` is drawn by lot and names the erasure wherever it is told of. `key_check` tells the key of the digests from
# others. `counts` says how much of what went. It ends when the person consents again.
erasures = Table(
    "erasures",
    metadata,
    id_column(),
    Column("code", String(32), nullable=False, unique=True),
    Column("key_check", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("counts", DOCUMENT, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("ended_reason", Text),
    CheckConstraint("reason <> ''", name="reason"),
    CheckConstraint("author <> ''", name="author"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
)

tombstones = Table(
    "tombstones",
    metadata,
    id_column(),
    reference("erasure_id", "erasures.id", nullable=False),
    Column("kind", String(20), nullable=False),
    Column("digest", String(64), nullable=False),
    Index(None, "digest"),
    Index(None, "erasure_id"),
)

# `digest` is of the row's content, so that the same row is seen to be the same one each night.
erasure_refusals = Table(
    "erasure_refusals",
    metadata,
    id_column(),
    reference("erasure_id", "erasures.id", nullable=False),
    reference("batch_id", "batches.id", nullable=False),
    Column("entity", String(20), nullable=False),
    Column("line", BIG, nullable=False),
    Column("digest", String(64), nullable=False),
    Index(None, "erasure_id"),
    Index(None, "batch_id"),
)
