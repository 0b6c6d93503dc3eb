"""Answers that could not be saved, and captions that are to be looked for once more beside those that are there.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A reimport used to move the source aside. One that came while another import of the video was about to end left a
# complete video without any: its captions are looked for with the next import.
BRING_BACK_SOURCES = """
    UPDATE video_enrichments e
    SET captions_stale = true, captions_source = coalesce(
        previous_captions_source,
        (SELECT 'youtube' WHERE EXISTS (SELECT FROM transcript_segments t WHERE t.youtube_id = e.youtube_id))
    )
    WHERE captions_source IS NULL AND (previous_captions_source IS NOT NULL OR completed_at IS NOT NULL)
    """
MOVE_SOURCES_ASIDE = """
    UPDATE video_enrichments SET previous_captions_source = captions_source, captions_source = NULL
    WHERE captions_stale
    """


def upgrade() -> None:
    """Create the table; say of a reimport with a flag what was said by moving the source aside."""
    op.create_table(
        "upstream_answers",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="1", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("subject", "step"),
    )
    op.add_column(
        "video_enrichments", sa.Column("captions_stale", sa.Boolean(), server_default="false", nullable=False)
    )
    op.execute(BRING_BACK_SOURCES)
    op.drop_column("video_enrichments", "previous_captions_source")


def downgrade() -> None:
    """Drop the table; move sources aside again."""
    op.add_column("video_enrichments", sa.Column("previous_captions_source", sa.Text(), nullable=True))
    op.execute(MOVE_SOURCES_ASIDE)
    op.drop_column("video_enrichments", "captions_stale")
    op.drop_table("upstream_answers")
