"""Where the captions of a video are from while they are looked for once more.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("video_enrichments", sa.Column("previous_captions_source", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("video_enrichments", "previous_captions_source")
