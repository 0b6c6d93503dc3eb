"""The tables of docs/architecture.md, the local user, and the chain of each user's events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


TABLES_IN_ORDER_OF_DROPPING = (
    "import_events",
    "videos",
    "import_batches",
    "transcript_segments",
    "lists",
    "chapters",
    "api_tokens",
    "video_enrichments",
    "users",
)

# The user's row is locked before a number is drawn, and stays locked until the transaction ends. So within one user
# the order of `seq` is the order of commits: a reader that has seen n can never be shown a smaller number later.
CHAIN_IMPORT_EVENT = """
CREATE FUNCTION chain_import_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM users WHERE id = NEW.user_id FOR NO KEY UPDATE;
    SELECT max(seq) INTO NEW.prev_seq FROM import_events WHERE user_id = NEW.user_id;
    NEW.seq := nextval('import_events_seq');
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "video_enrichments",
        sa.Column("youtube_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("channel_id", sa.Text(), nullable=True),
        sa.Column("duration_seconds", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("categories", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("view_count", sa.BigInteger(), nullable=True),
        sa.Column("like_count", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("live_status", sa.Text(), nullable=True),
        sa.Column("youtube_chapters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("caption_track", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("captions_source", sa.Text(), nullable=True),
        sa.Column("captions_language", sa.Text(), nullable=True),
        sa.Column("captions_kind", sa.Text(), nullable=True),
        sa.Column("captions_missing", sa.Text(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("youtube_id"),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"], unique=False)
    op.create_table(
        "chapters",
        sa.Column("youtube_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("start_seconds", sa.Float(), nullable=False),
        sa.Column("end_seconds", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["youtube_id"], ["video_enrichments.youtube_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("youtube_id", "position"),
    )
    op.create_table(
        "lists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("lists_by_user", "lists", ["user_id", "created_at", "id"], unique=False)
    op.create_table(
        "transcript_segments",
        sa.Column("youtube_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("start_seconds", sa.Float(), nullable=False),
        sa.Column("end_seconds", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "search", postgresql.TSVECTOR(), sa.Computed("to_tsvector('simple', text)", persisted=True), nullable=True
        ),
        sa.ForeignKeyConstraint(["youtube_id"], ["video_enrichments.youtube_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("youtube_id", "position"),
    )
    op.create_index(
        "transcript_segments_search", "transcript_segments", ["search"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "import_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_import_batches_list_id", "import_batches", ["list_id"], unique=False)
    op.create_index("ix_import_batches_user_id", "import_batches", ["user_id"], unique=False)
    op.create_table(
        "videos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("youtube_id", sa.Text(), nullable=False),
        sa.Column("thumbnail_url", sa.Text(), nullable=False),
        sa.Column("import_stage", sa.Text(), server_default="created", nullable=False),
        sa.Column("import_progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("import_progress BETWEEN 0 AND 100", name="videos_progress_is_a_percentage"),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("list_id", "youtube_id", name="videos_once_per_list"),
    )
    op.create_index("ix_videos_user_id", "videos", ["user_id"], unique=False)
    op.create_index("videos_by_list", "videos", ["list_id", "created_at", "id"], unique=False)
    op.create_index("videos_by_youtube_id", "videos", ["youtube_id"], unique=False)
    op.create_index(
        "videos_in_flight",
        "videos",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("import_stage NOT IN ('complete', 'error')"),
    )
    op.create_table(
        "import_events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("prev_seq", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("youtube_id", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("import_events_by_user", "import_events", ["user_id", "seq"], unique=True)
    op.create_index("ix_import_events_video_id", "import_events", ["video_id"], unique=False)
    op.execute("CREATE SEQUENCE import_events_seq OWNED BY import_events.seq")
    op.execute(CHAIN_IMPORT_EVENT)
    op.execute(
        "CREATE TRIGGER chain_import_event BEFORE INSERT ON import_events "
        "FOR EACH ROW EXECUTE FUNCTION chain_import_event()"
    )
    op.execute("INSERT INTO users (id, name) VALUES ('00000000-0000-4000-8000-000000000001', 'local')")


def downgrade() -> None:
    """Drop everything."""
    for table in TABLES_IN_ORDER_OF_DROPPING:
        op.drop_table(table)
    op.execute("DROP FUNCTION chain_import_event")
