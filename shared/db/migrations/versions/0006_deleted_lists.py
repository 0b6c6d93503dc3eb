"""When a list was deleted: its rows are removed afterwards, in pieces.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and the index that every statement asks for deleted lists."""
    op.add_column("lists", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("lists_deleted", "lists", ["id"], postgresql_where=sa.text("deleted_at IS NOT NULL"))


def downgrade() -> None:
    """Finish what was deleted, then drop both."""
    op.execute("DELETE FROM lists WHERE deleted_at IS NOT NULL")
    op.drop_index("lists_deleted", "lists")
    op.drop_column("lists", "deleted_at")
