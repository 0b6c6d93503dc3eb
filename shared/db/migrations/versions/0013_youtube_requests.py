"""The log of requests to YouTube."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "youtube_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text()),
        sa.Column("youtube_id", sa.Text()),
        sa.Column("client", sa.Text()),
        sa.Column("http_status", sa.Integer()),
        sa.Column("byte_count", sa.BigInteger()),
        sa.Column("playability", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("tracks_named", sa.Integer()),
        sa.Column("tracks_gated", sa.Integer()),
        sa.Column("yt_dlp_version", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
    )
    op.create_index("youtube_requests_by_time", "youtube_requests", ["at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("youtube_requests")
