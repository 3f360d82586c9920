"""Servers tell subscribers what a run began and ended without reading all history"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ENDED = sa.text("until_run_id IS NOT NULL")


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_memberships_begun", "memberships", ["from_run_id", "id"])
    op.create_index(
        "ix_memberships_ended",
        "memberships",
        ["until_run_id", "id"],
        sqlite_where=_ENDED,
        postgresql_where=_ENDED,
    )
    op.create_index("ix_warnings_fired", "warnings", ["fired_run_id", "id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_warnings_fired", "warnings")
    op.drop_index("ix_memberships_ended", "memberships")
    op.drop_index("ix_memberships_begun", "memberships")
