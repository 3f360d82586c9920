"""Changes made through the server are written down, and warnings say who looked after them"""

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG, DOCUMENT, Instant

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the journal and the columns."""
    op.create_table(
        "changes",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("mutation", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200)),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answer", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index("uq_changes_author_key", "changes", ["author", "key"], unique=True)
    op.add_column("warnings", sa.Column("handled_by", sa.Text()))
    op.add_column("warnings", sa.Column("handled_at", Instant))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("warnings") as table:
        table.drop_column("handled_at")
        table.drop_column("handled_by")
    op.drop_table("changes")
