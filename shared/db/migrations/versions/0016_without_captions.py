"""An entry says whether its video has no captions: so it can be counted by entries alone."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
oldest_code = "0014"

# Whoever completes an entry has locked what is known of its video (see `shared.db.enrichments`), so the answer stays
# right until the entry is written.
ON_COMPLETION = """
CREATE FUNCTION note_missing_captions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.without_captions := EXISTS (
        SELECT FROM video_enrichments WHERE youtube_id = NEW.youtube_id AND captions_source = 'none'
    );
    RETURN NEW;
END
$$
"""
# Locked by id, as everywhere.
ON_NEW_CAPTIONS = """
CREATE FUNCTION note_changed_captions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE videos SET without_captions = coalesce(NEW.captions_source = 'none', false)
    FROM (
        SELECT id FROM videos WHERE youtube_id = NEW.youtube_id AND import_stage = 'complete' ORDER BY id FOR UPDATE
    ) AS locked
    WHERE videos.id = locked.id;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    """Add the column, and keep it right from now on. The tables are locked in the order of every writer."""
    op.execute(ON_NEW_CAPTIONS)
    op.execute(
        "CREATE TRIGGER note_changed_captions AFTER UPDATE OF captions_source ON video_enrichments FOR EACH ROW "
        "WHEN ((OLD.captions_source IS NOT DISTINCT FROM 'none') <> (NEW.captions_source IS NOT DISTINCT FROM 'none')) "
        "EXECUTE FUNCTION note_changed_captions()"
    )
    op.add_column("videos", sa.Column("without_captions", sa.Boolean(), server_default="false", nullable=False))
    op.execute(ON_COMPLETION)
    op.execute(
        "CREATE TRIGGER note_missing_captions BEFORE INSERT OR UPDATE OF import_stage ON videos FOR EACH ROW "
        "WHEN (NEW.import_stage = 'complete') EXECUTE FUNCTION note_missing_captions()"
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TRIGGER note_changed_captions ON video_enrichments")
    op.execute("DROP TRIGGER note_missing_captions ON videos")
    op.execute("DROP FUNCTION note_changed_captions")
    op.execute("DROP FUNCTION note_missing_captions")
    op.drop_column("videos", "without_captions")
