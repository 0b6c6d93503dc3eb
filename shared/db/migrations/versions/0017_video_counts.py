"""How many videos are on a list, and how far those of a batch are, as sums of changes."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None
oldest_code = "0014"

STATE = """
CREATE FUNCTION video_state(stage text, slot text, error_code text, without_captions boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN stage = 'complete' THEN CASE WHEN without_captions THEN 'without_captions' ELSE 'imported' END
        WHEN stage = 'error' THEN CASE WHEN error_code = 'import_cancelled' THEN 'cancelled' ELSE 'failed' END
        WHEN slot = 'queued' THEN 'queued'
        WHEN slot = 'parked' THEN 'waiting'
        ELSE 'running'
    END
$$
"""


def _counted(videos: str, number: int) -> str:
    """SQL: what each row of `videos` counts for its list, and for its batch."""
    return f"""
        SELECT list_id AS owner_id, 'total' AS state, {number} AS videos FROM {videos}
        UNION ALL
        SELECT batch_id, video_state(import_stage, batch_slot, error_code, without_captions), {number}
        FROM {videos} WHERE batch_id IS NOT NULL
    """  # noqa: S608 - constants


def _add(*counted: str) -> str:
    """SQL: write the sums."""
    return f"""
        INSERT INTO video_counts (owner_id, state, videos)
        SELECT owner_id, state, sum(videos) FROM ({" UNION ALL ".join(counted)}) AS counted
        GROUP BY owner_id, state HAVING sum(videos) <> 0
    """  # noqa: S608 - constants


# Rows are only added: two transactions that change videos of one list never wait for each other because of its count.
COUNT = f"""
CREATE FUNCTION count_videos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN {_add(_counted("new_videos", 1))};
    ELSIF TG_OP = 'DELETE' THEN {_add(_counted("old_videos", -1))};
    ELSE {_add(_counted("old_videos", -1), _counted("new_videos", 1))};
    END IF;
    RETURN NULL;
END
$$
"""
TABLES_OF = {
    "INSERT": "NEW TABLE AS new_videos",
    "UPDATE": "OLD TABLE AS old_videos NEW TABLE AS new_videos",
    "DELETE": "OLD TABLE AS old_videos",
}
"""By what a statement does to the rows: their versions that the trigger sees."""
MARK_WITHOUT_CAPTIONS = """
    UPDATE videos v SET without_captions = true FROM video_enrichments e
    WHERE e.youtube_id = v.youtube_id AND e.captions_source = 'none' AND v.import_stage = 'complete'
    """


def upgrade() -> None:
    """Create the table and what fills it, and count what is there. Writers of videos wait for that, readers do not."""
    op.create_table(
        "video_counts",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("videos", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "id"),
    )
    op.execute(STATE)
    op.execute(COUNT)
    op.execute("LOCK TABLE videos IN SHARE ROW EXCLUSIVE MODE")
    op.execute(MARK_WITHOUT_CAPTIONS)
    op.execute(_add(_counted("videos", 1)))
    for change, versions in TABLES_OF.items():
        op.execute(
            f"CREATE TRIGGER count_videos_{change.lower()} AFTER {change} ON videos REFERENCING {versions} "
            "FOR EACH STATEMENT EXECUTE FUNCTION count_videos()"
        )


def downgrade() -> None:
    """Drop them."""
    for change in TABLES_OF:
        op.execute(f"DROP TRIGGER count_videos_{change.lower()} ON videos")
    op.execute("DROP FUNCTION count_videos")
    op.execute("DROP FUNCTION video_state")
    op.drop_table("video_counts")
