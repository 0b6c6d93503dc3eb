"""Facts about the installation itself, and the videos that are being transcribed.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "installation", sa.Column("name", sa.Text(), primary_key=True), sa.Column("value", sa.Text(), nullable=False)
    )
    op.create_table(
        "audio_jobs",
        sa.Column("youtube_id", sa.Text(), primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("media", JSONB(), nullable=True),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("audio_jobs")
    op.drop_table("installation")
