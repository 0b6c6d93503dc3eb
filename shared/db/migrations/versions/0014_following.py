"""Subscriptions ask feeds first; entries for members are counted, and others can be left out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables and columns. What was followed before is listed wholly a week after its last check."""
    op.create_table(
        "feeds",
        sa.Column("feed_id", sa.Text, primary_key=True),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("answered_at", _AT),
        sa.Column("youtube_ids", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("paused_until", _AT),
    )
    op.add_column("import_batches", sa.Column("members_only", sa.Integer, nullable=False, server_default="0"))
    op.add_column("import_batches", sa.Column("filtered", sa.Integer, nullable=False, server_default="0"))
    op.add_column("import_batches", sa.Column("filter", JSONB))
    op.add_column("import_batches", sa.Column("is_whole", sa.Boolean, nullable=False, server_default=sa.true()))
    for column in (
        sa.Column("filter", JSONB),
        sa.Column("last_members_only", sa.Integer),
        sa.Column("is_listing_requested", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("feed_id", sa.Text),
        sa.Column("newest_first_listings", sa.Integer, nullable=False, server_default="0"),
        sa.Column("heard_at", _AT),
        sa.Column("wholly_listed_at", _AT),
        sa.Column("newest_id", sa.Text),
    ):
        op.add_column("subscriptions", column)
    op.create_index("ix_subscriptions_feed_id", "subscriptions", ["feed_id"])
    op.execute("UPDATE subscriptions SET heard_at = checked_at, wholly_listed_at = checked_at WHERE has_baseline")


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_subscriptions_feed_id", "subscriptions")
    for column in (
        "newest_id",
        "wholly_listed_at",
        "heard_at",
        "newest_first_listings",
        "feed_id",
        "is_listing_requested",
        "last_members_only",
        "filter",
    ):
        op.drop_column("subscriptions", column)
    for column in ("is_whole", "filter", "filtered", "members_only"):
        op.drop_column("import_batches", column)
    op.drop_table("feeds")
