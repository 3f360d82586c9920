"""Customers may be locked, suggestions wait in a queue, what a merge gave goes back, and people may be erased"""

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG, DOCUMENT, Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tell decisions by their kind; add the tables."""
    op.add_column("identity_decisions", sa.Column("kind", sa.String(length=10), nullable=False, server_default="same"))
    op.execute("UPDATE identity_decisions SET kind = 'different' WHERE NOT same")
    with op.batch_alter_table("identity_decisions") as table:
        table.alter_column("kind", server_default=None)
        table.drop_column("same")
        kinds = "kind IN ('same', 'different', 'dismissed', 'lock')"
        table.create_check_constraint(op.f("ck_identity_decisions_kind"), kinds)
    _create_queue()
    _create_erasures()


def _create_queue() -> None:
    op.create_table(
        "locked_records",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("decision_id", BIG, nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["identity_decisions.id"], name=op.f("fk_locked_records_decision_id_identity_decisions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locked_records")),
    )
    op.create_index(op.f("ix_locked_records_decision_id"), "locked_records", ["decision_id"])
    op.create_table(
        "identity_suggestions",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("left_id", BIG, nullable=False),
        sa.Column("right_id", BIG, nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("evidence", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_suggestions")),
    )
    op.create_table(
        "contested_keys",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("because", sa.String(length=100), nullable=False),
        sa.Column("records", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contested_keys")),
    )
    op.create_table(
        "identity_queue",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("least", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("computed_at", Instant, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_identity_queue_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_queue")),
    )
    op.create_table(
        "handed_over",
        sa.Column("stream", sa.String(length=20), nullable=False),
        sa.Column("row_id", BIG, autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("closed_run_id", BIG),
        sa.ForeignKeyConstraint(["closed_run_id"], ["runs.id"], name=op.f("fk_handed_over_closed_run_id_runs")),
        sa.PrimaryKeyConstraint("stream", "row_id", name=op.f("pk_handed_over")),
    )
    op.create_index(op.f("ix_handed_over_uid"), "handed_over", ["uid"])


def _create_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("key_check", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("counts", DOCUMENT, nullable=False),
        sa.Column("ended_at", Instant),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_reason", sa.Text()),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_erasures_reason")),
        sa.CheckConstraint("author <> ''", name=op.f("ck_erasures_author")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_erasures_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("code", name=op.f("uq_erasures_code")),
    )
    op.create_table(
        "tombstones",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("erasure_id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name=op.f("fk_tombstones_erasure_id_erasures")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstones")),
    )
    op.create_index(op.f("ix_tombstones_digest"), "tombstones", ["digest"])
    op.create_index(op.f("ix_tombstones_erasure_id"), "tombstones", ["erasure_id"])
    op.create_table(
        "erasure_refusals",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("erasure_id", BIG, nullable=False),
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("entity", sa.String(length=20), nullable=False),
        sa.Column("line", BIG, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name=op.f("fk_erasure_refusals_erasure_id_erasures")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_erasure_refusals_batch_id_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_refusals")),
    )
    for name in ("erasure_id", "batch_id"):
        op.create_index(op.f(f"ix_erasure_refusals_{name}"), "erasure_refusals", [name])


def downgrade() -> None:
    """Undo."""
    names = ("erasure_refusals", "tombstones", "erasures", "handed_over", "identity_queue", "contested_keys")
    for name in (*names, "identity_suggestions", "locked_records"):
        op.drop_table(name)
    op.execute("DELETE FROM identity_decisions WHERE kind IN ('dismissed', 'lock')")
    op.add_column("identity_decisions", sa.Column("same", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.execute("UPDATE identity_decisions SET same = (kind = 'same')")
    with op.batch_alter_table("identity_decisions") as table:
        table.drop_constraint(op.f("ck_identity_decisions_kind"), type_="check")
        table.alter_column("same", server_default=None)
        table.drop_column("kind")
