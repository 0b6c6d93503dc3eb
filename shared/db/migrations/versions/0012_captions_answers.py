"""What clients were told about captions is kept from the metadata stage to the captions stage."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: of videos that are under way, nothing is known, and YouTube is asked as before."""
    column = sa.Column("captions_answers", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'"))
    op.add_column("video_enrichments", column)


def downgrade() -> None:
    """Drop it."""
    op.drop_column("video_enrichments", "captions_answers")
