"""Indexes that reads of a large installation need; one that only costs is dropped."""

from shared.db.migrations import online

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
oldest_code = "0014"


def upgrade() -> None:
    """Build them while others write."""
    online.create_index("video_enrichments_by_fetch", "video_enrichments", ["fetched_at"])
    online.create_index("import_batches_ended", "import_batches", ["user_id", "completed_at"])
    online.drop_index("ix_videos_user_id", "videos")


def downgrade() -> None:
    """Drop them, and build the other one."""
    online.create_index("ix_videos_user_id", "videos", ["user_id"])
    online.drop_index("import_batches_ended", "import_batches")
    online.drop_index("video_enrichments_by_fetch", "video_enrichments")
