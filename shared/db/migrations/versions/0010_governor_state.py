"""What a `RateGovernor` that starts anew goes on from."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. It is null until a governor has decided something; its status stands in until then."""
    op.add_column("upstreams", sa.Column("state", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("upstreams", "state")
