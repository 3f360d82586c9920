"""What runs decided: runs, rule versions, memberships, warnings and the published pointer."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    func,
    select,
    text,
)

from kehu.tables.columns import BIG, DOCUMENT, Instant, id_column, metadata, reference

_NOTED = text("until_run_id IS NULL AND (below_since IS NOT NULL OR drops_at IS NOT NULL OR override_id IS NOT NULL)")
RUN_STATES = ("running", "published", "failed", "held", "discarded")

# `replaces_run_id` is the run that was published until this one was, `restores_run_id` the one whose answers a rollback
# made the published ones again; `author` is the person who rolled back, confirmed or discarded, where one did.
runs = Table(
    "runs",
    metadata,
    id_column(),
    Column("as_of", Instant, nullable=False),
    Column("state", String(20), nullable=False),
    Column("engine", String(20), nullable=False),
    Column("rule_digest", String(64), nullable=False),
    Column("feature_digest", String(64), nullable=False),
    Column("customers", BIG),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("counts", DOCUMENT),
    Column("stages", DOCUMENT),
    Column("error", Text),
    Column("author", Text),
    reference("replaces_run_id", "runs.id"),
    reference("restores_run_id", "runs.id"),
    CheckConstraint("state IN ('running', 'published', 'failed', 'held', 'discarded')", name="state"),
)

# The pointer readers follow: exactly one row once a run has been published.
publication = Table(
    "publication",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    reference("run_id", "runs.id", nullable=False),
    Column("published_at", Instant, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# Every version of a rule set that ever decided something, with what readers show of it:
# {"label": {en, zh}, "description", "kind", "levels": [{"level", "label", "treatment", "when"}], "warnings": [...]}.
rule_versions = Table(
    "rule_versions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("ruleset", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("definition", DOCUMENT, nullable=False),
    Column("source", Text, nullable=False),
    Column("path", Text, nullable=False),
)

# Which version of each rule set a run used.
run_rules = Table(
    "run_rules",
    metadata,
    Column("run_id", BIG, primary_key=True),
    Column("ruleset", String(100), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("position", Integer, nullable=False),
)

# Members per level of each run, so that lists and counts need no scan.
run_levels = Table(
    "run_levels",
    metadata,
    Column("run_id", BIG, primary_key=True),
    Column("ruleset", String(100), primary_key=True),
    Column("level", String(100), primary_key=True),
    Column("members", BIG, nullable=False),
)

# It begins as of `from_run_id`. `below_since` is since when its condition has not been met although it is kept,
# `drops_at` the first instant at which a run takes it away if nothing changes; `override_id` is who put it there.
# `digest` is empty where the version that decided is the one that `from_run_id` used, as it is unless a rollback gave
# back what another had decided. `held_since` is as of when the customer had the level before a rollback gave it back;
# null for all other beginnings.
memberships = Table(
    "memberships",
    metadata,
    id_column(),
    reference("customer_id", "customers.id", nullable=False),
    Column("ruleset", String(100), nullable=False),
    Column("level", String(100), nullable=False),
    reference("from_run_id", "runs.id", nullable=False),
    reference("until_run_id", "runs.id"),
    Column("digest", String(64), nullable=False),
    Column("reasons", DOCUMENT, nullable=False),
    Column("below_since", Instant),
    Column("drops_at", Instant),
    reference("override_id", "overrides.id"),
    Column("held_since", Instant),
    Index(None, "customer_id"),
    Index(
        "ix_memberships_open",
        "ruleset",
        "level",
        "customer_id",
        sqlite_where=text("until_run_id IS NULL"),
        postgresql_where=text("until_run_id IS NULL"),
    ),
    # What a run began and ended, for those who are told of it.
    Index("ix_memberships_begun", "from_run_id", "id"),
    Index(
        "ix_memberships_ended",
        "until_run_id",
        "id",
        sqlite_where=text("until_run_id IS NOT NULL"),
        postgresql_where=text("until_run_id IS NOT NULL"),
    ),
    # Few are, and every run asks for them.
    Index("ix_memberships_noted", "id", sqlite_where=_NOTED, postgresql_where=_NOTED),
)

# What was said of a membership until a run said something else of it while it went on.
membership_notes = Table(
    "membership_notes",
    metadata,
    Column("membership_id", BIG, ForeignKey("memberships.id"), primary_key=True, autoincrement=False),
    Column("until_run_id", BIG, ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("below_since", Instant),
    Column("drops_at", Instant),
    reference("override_id", "overrides.id"),
    Column("held_since", Instant),
)

# A warning fires when its rule begins to hold and clears when it ceases to. `state` and `outcome` are what people say
# of it, the last of them `handled_by`.
warnings = Table(
    "warnings",
    metadata,
    id_column(),
    reference("customer_id", "customers.id", nullable=False),
    Column("ruleset", String(100), nullable=False),
    Column("warning", String(100), nullable=False),
    Column("severity", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reasons", DOCUMENT, nullable=False),
    Column("route", DOCUMENT, nullable=False),
    reference("fired_run_id", "runs.id", nullable=False),
    reference("cleared_run_id", "runs.id"),
    Column("fired_at", Instant, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("outcome", Text),
    Column("handled_by", Text),
    Column("handled_at", Instant),
    Index(None, "customer_id", "id"),
    Index("ix_warnings_fired", "fired_run_id", "id"),
    Index(
        "ix_warnings_open",
        "warning",
        "id",
        sqlite_where=text("cleared_run_id IS NULL"),
        postgresql_where=text("cleared_run_id IS NULL"),
    ),
    Index(
        "ix_warnings_cleared",
        "fired_at",
        sqlite_where=text("cleared_run_id IS NOT NULL"),
        postgresql_where=text("cleared_run_id IS NOT NULL"),
    ),
)


def deciding_version(history: Table) -> ColumnElement[str]:
    """Of memberships, or of warnings, the digest of the rule version that decided."""
    if history is not memberships:
        return history.c.digest
    of_run = (run_rules.c.run_id == history.c.from_run_id, run_rules.c.ruleset == history.c.ruleset)
    used = select(run_rules.c.digest).where(*of_run).scalar_subquery()
    return func.coalesce(func.nullif(history.c.digest, ""), used)
