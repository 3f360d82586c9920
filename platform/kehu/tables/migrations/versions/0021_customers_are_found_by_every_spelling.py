"""Customers are found by every spelling of their names"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change no table: the next load resolves everybody anew, which writes the spellings down."""
    op.execute("DELETE FROM identity_state")


def downgrade() -> None:
    """Undo: spellings that are there hurt nobody."""
