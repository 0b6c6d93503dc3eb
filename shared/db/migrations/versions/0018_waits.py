"""What an import waits for is a part of its list entries and of their events."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Imports that wait are restarted by the upgrade, and then say so."""
    for table in ("videos", "import_events"):
        op.add_column(table, sa.Column("waiting_for", sa.Text))
        op.add_column(table, sa.Column("retry_at", sa.DateTime(timezone=True)))
    op.add_column("videos", sa.Column("attempt", sa.Integer, nullable=False, server_default="1"))
    op.add_column("import_events", sa.Column("attempt", sa.Integer))
    op.add_column("import_events", sa.Column("reaches_stage", sa.Boolean, nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Drop them, and the events of waits, which would look like stages."""
    op.execute("DELETE FROM import_events WHERE NOT reaches_stage")
    op.drop_column("import_events", "reaches_stage")
    for column in ("attempt", "retry_at", "waiting_for"):
        op.drop_column("import_events", column)
        op.drop_column("videos", column)
