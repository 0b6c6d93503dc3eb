"""Batches of imports, and subscriptions to playlists and channels.

Revision ID: 0004
Revises: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GUESS_KINDS = """
    UPDATE import_batches
    SET kind = CASE WHEN source = '' THEN 'urls' WHEN source LIKE '%list=%' THEN 'playlist'
                    WHEN source LIKE 'http%' THEN 'channel' ELSE 'file' END
    """


def _batch_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("subscription_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("listed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created", sa.Integer(), server_default="0", nullable=False),
        sa.Column("invalid", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unavailable", sa.Integer(), server_default="0", nullable=False),
        sa.Column("listing", sa.Text(), nullable=True),
        sa.Column("listing_pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("listing_ways", sa.Integer(), server_default="1", nullable=False),
        sa.Column("listing_cursor", postgresql.JSONB(), nullable=True),
        sa.Column("announced", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
    ]


def upgrade() -> None:
    """Create the tables and columns. Only a downgrade leaves rows in `import_batches`: of them, the source is known."""
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("import_existing", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_scheduled", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_primed", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_new", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("list_id", "source", name="subscriptions_once_per_list"),
    )
    op.create_index("ix_subscriptions_user_id", "subscriptions", ["user_id"])
    op.create_table(
        "subscription_videos",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("youtube_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscription_id", "youtube_id"),
    )
    for column in _batch_columns():
        op.add_column("import_batches", column)
    op.execute(GUESS_KINDS)
    op.alter_column("import_batches", "kind", nullable=False)
    op.create_foreign_key(
        "import_batches_subscription_id_fkey",
        "import_batches",
        "subscriptions",
        ["subscription_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index("ix_import_batches_subscription_id", "import_batches", ["subscription_id"])
    op.drop_index("ix_import_batches_user_id", "import_batches")
    op.create_index("import_batches_by_user", "import_batches", ["user_id", "created_at", "id"])
    op.create_index(
        "import_batches_in_flight",
        "import_batches",
        ["created_at"],
        postgresql_where=sa.text("completed_at IS NULL"),
    )
    op.add_column("videos", sa.Column("batch_place", sa.Text(), nullable=True))
    op.create_index(
        "videos_by_batch",
        "videos",
        ["batch_id", "created_at", "id"],
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("videos_by_batch", "videos")
    op.drop_column("videos", "batch_place")
    op.drop_index("import_batches_in_flight", "import_batches")
    op.drop_index("import_batches_by_user", "import_batches")
    op.create_index("ix_import_batches_user_id", "import_batches", ["user_id"])
    for column in reversed(_batch_columns()):
        op.drop_column("import_batches", column.name)
    op.drop_table("subscription_videos")
    op.drop_table("subscriptions")
