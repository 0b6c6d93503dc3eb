"""Captions from speech: pieces that were recognised, what that cost, and when captions came."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and columns."""
    op.create_table(
        "transcribed_chunks",
        sa.Column("youtube_id", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("youtube_id", "start_ms", "end_ms"),
    )
    op.create_table(
        "transcription_calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("youtube_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("audio_seconds", sa.Float(), nullable=False),
        sa.Column("estimated_usd", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("transcription_calls_by_time", "transcription_calls", ["at"])
    op.create_index("transcription_calls_by_video", "transcription_calls", ["youtube_id"])
    op.add_column("video_enrichments", sa.Column("captions_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("video_enrichments", sa.Column("looked_again_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "video_enrichments_to_upgrade",
        "video_enrichments",
        ["captions_at"],
        postgresql_where=sa.text("captions_source = 'whisper' AND looked_again_at IS NULL"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("video_enrichments_to_upgrade", "video_enrichments")
    op.drop_column("video_enrichments", "looked_again_at")
    op.drop_column("video_enrichments", "captions_at")
    op.drop_table("transcription_calls")
    op.drop_table("transcribed_chunks")
