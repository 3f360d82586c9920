"""Runs may be held, discarded or rolled back; each stage says what it took"""

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG, DOCUMENT, Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OLD, _NEW = ("'running', 'published', 'failed', 'dry'", "'running', 'published', 'failed', 'held', 'discarded'")
_REFERENCES = ("replaces_run_id", "restores_run_id")


def upgrade() -> None:
    """Add what the record of a run lacked, and the notes that memberships had."""
    _allow_states(_OLD, _NEW)
    op.add_column("runs", sa.Column("stages", DOCUMENT))
    op.add_column("runs", sa.Column("author", sa.Text()))
    for name in _REFERENCES:
        _add_reference(name)
    op.drop_column("runs", "timings")
    op.add_column("memberships", sa.Column("held_since", Instant))
    op.create_table(
        "membership_notes",
        sa.Column("membership_id", BIG, autoincrement=False, nullable=False),
        sa.Column("until_run_id", BIG, autoincrement=False, nullable=False),
        sa.Column("below_since", Instant),
        sa.Column("drops_at", Instant),
        sa.Column("override_id", BIG),
        sa.Column("held_since", Instant),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_membership_notes_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["until_run_id"], ["runs.id"], name=op.f("fk_membership_notes_until_run_id_runs")),
        sa.ForeignKeyConstraint(
            ["override_id"], ["overrides.id"], name=op.f("fk_membership_notes_override_id_overrides")
        ),
        sa.PrimaryKeyConstraint("membership_id", "until_run_id", name=op.f("pk_membership_notes")),
    )


def downgrade() -> None:
    """Undo; runs in a state that was not known count as failed."""
    op.drop_table("membership_notes")
    op.drop_column("memberships", "held_since")
    op.add_column("runs", sa.Column("timings", DOCUMENT))
    for name in _REFERENCES:
        if op.get_bind().dialect.name == "postgresql":
            op.drop_constraint(op.f(f"fk_runs_{name}_runs"), "runs", type_="foreignkey")
        op.drop_column("runs", name)
    op.drop_column("runs", "author")
    op.drop_column("runs", "stages")
    op.execute("UPDATE runs SET state = 'failed' WHERE state IN ('held', 'discarded')")
    _allow_states(_NEW, _OLD)


def _allow_states(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_runs_state"), "runs", type_="check")
        op.create_check_constraint(op.f("ck_runs_state"), "runs", f"state IN ({after})")
        return
    # SQLite changes a CHECK only with the table's text; a copy of the table would break the references to it.
    # See "Making Other Kinds Of Table Schema Changes", https://www.sqlite.org/lang_altertable.html.
    connection = op.get_bind()
    version = int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'runs'",
        (f"state IN ({before})", f"state IN ({after})"),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=OFF")


def _add_reference(name: str) -> None:
    constraint = f"fk_runs_{name}_runs"
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("runs", sa.Column(name, BIG))
        op.create_foreign_key(constraint, "runs", "runs", [name], ["id"])
    else:
        op.execute(f"ALTER TABLE runs ADD COLUMN {name} INTEGER CONSTRAINT {constraint} REFERENCES runs(id)")
