"""The tables. Migrations in `shared/db/migrations` create them; a test holds the two against each other."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlmodel import Field, SQLModel, UniqueConstraint

from shared.contracts.batches import BatchState
from shared.contracts.stages import ImportStage

LOCAL_USER_ID = UUID("00000000-0000-4000-8000-000000000001")
"""The one implicit user; its row comes with the first migration."""


def _created_at() -> Any:
    return Field(
        default=None, sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": func.now()}
    )


class User(SQLModel, table=True):
    """Somebody who has lists."""

    __tablename__ = "users"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str = Field(sa_type=Text)
    created_at: datetime = _created_at()


class ApiToken(SQLModel, table=True):
    """A user's key to the API; only its SHA-256 is kept."""

    __tablename__ = "api_tokens"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    name: str = Field(sa_type=Text)
    token_hash: bytes = Field(unique=True)
    created_at: datetime = _created_at()
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class VideoList(SQLModel, table=True):
    """A user's list of videos."""

    __tablename__ = "lists"
    __table_args__ = (Index("lists_by_user", "user_id", "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    name: str = Field(sa_type=Text)
    created_at: datetime = _created_at()


class ImportBatch(SQLModel, table=True):
    """Many videos that were added in one go. How many are how far is counted in `videos`, never kept."""

    __tablename__ = "import_batches"
    __table_args__ = (
        Index("import_batches_by_user", "user_id", "created_at", "id"),
        Index("import_batches_in_flight", "created_at", postgresql_where=text("completed_at IS NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    list_id: UUID = Field(foreign_key="lists.id", ondelete="CASCADE", index=True)
    subscription_id: UUID | None = Field(default=None, foreign_key="subscriptions.id", ondelete="SET NULL", index=True)
    kind: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    """An address of YouTube's, a file's name, or nothing."""
    title: str | None = Field(default=None, sa_type=Text)
    state: str = Field(default=BatchState.OPEN, sa_type=Text, sa_column_kwargs={"server_default": "open"})
    listed: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Entries that name a video which can be imported, whether the list had it already or not."""
    created: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Entries that it has put on the list."""
    invalid: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    unavailable: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    listing: str | None = Field(default=None, sa_type=Text)
    listing_pages: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Pages read on the present way through the list."""
    listing_ways: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Ways through the list, the present one included."""
    listing_cursor: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    """Where the next page begins, in the adapter's words."""
    announced: int | None = None
    error_code: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = _created_at()
    completed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Subscription(SQLModel, table=True):
    """A playlist or channel whose new videos come onto a list by themselves."""

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("list_id", "source", name="subscriptions_once_per_list"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    list_id: UUID = Field(foreign_key="lists.id", ondelete="CASCADE")
    kind: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    title: str | None = Field(default=None, sa_type=Text)
    interval_seconds: int
    is_paused: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    import_existing: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether the first look imports what is there; otherwise it only remembers it."""
    is_scheduled: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether Temporal's schedule says the same as this row."""
    is_primed: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether it was read to its end once: what it has not seen is new from then on."""
    checked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When the list was last read to its end, or given up."""
    last_new: int | None = None
    """How many videos that brought."""
    error_code: str | None = Field(default=None, sa_type=Text)
    """Why it was given up."""
    created_at: datetime = _created_at()


class SubscriptionVideo(SQLModel, table=True):
    """A video that a subscription has seen: it does not come back when somebody takes it off the list."""

    __tablename__ = "subscription_videos"

    subscription_id: UUID = Field(foreign_key="subscriptions.id", ondelete="CASCADE", primary_key=True)
    youtube_id: str = Field(sa_type=Text, primary_key=True)


class Video(SQLModel, table=True):
    """A list's entry. What YouTube knows of the video is in `VideoEnrichment`, shared by all lists."""

    __tablename__ = "videos"
    __table_args__ = (
        UniqueConstraint("list_id", "youtube_id", name="videos_once_per_list"),
        CheckConstraint("import_progress BETWEEN 0 AND 100", name="videos_progress_is_a_percentage"),
        Index("videos_by_list", "list_id", "created_at", "id"),
        Index("videos_by_youtube_id", "youtube_id"),
        Index(
            "videos_in_flight",
            "created_at",
            postgresql_where=text("import_stage NOT IN ('complete', 'error')"),
        ),
        Index("videos_by_batch", "batch_id", "created_at", "id", postgresql_where=text("batch_id IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    list_id: UUID = Field(foreign_key="lists.id", ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    batch_id: UUID | None = Field(default=None, foreign_key="import_batches.id", ondelete="SET NULL")
    batch_place: str | None = Field(default=None, sa_type=Text)
    """A `BatchPlace`; of no meaning once the import is over."""
    youtube_id: str = Field(sa_type=Text)
    thumbnail_url: str = Field(sa_type=Text)
    import_stage: str = Field(
        default=ImportStage.CREATED, sa_type=Text, sa_column_kwargs={"server_default": ImportStage.CREATED.value}
    )
    import_progress: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    error_code: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = _created_at()


class VideoEnrichment(SQLModel, table=True):
    """What was learned about a YouTube video, once for everybody."""

    __tablename__ = "video_enrichments"
    __table_args__ = (
        Index(
            "video_enrichments_to_upgrade",
            "captions_at",
            postgresql_where=text("captions_source = 'whisper' AND looked_again_at IS NULL"),
        ),
    )

    youtube_id: str = Field(sa_type=Text, primary_key=True)
    title: str = Field(sa_type=Text)
    channel: str | None = Field(default=None, sa_type=Text)
    channel_id: str | None = Field(default=None, sa_type=Text)
    duration_seconds: int | None = None
    published_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    description: str = Field(default="", sa_type=Text)
    tags: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    categories: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    view_count: int | None = Field(default=None, sa_type=BigInteger)
    like_count: int | None = Field(default=None, sa_type=BigInteger)
    language: str | None = Field(default=None, sa_type=Text)
    live_status: str | None = Field(default=None, sa_type=Text)
    youtube_chapters: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    """Chapters as YouTube named them, until `save_chapters` has made rows of them."""
    caption_track: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    """The best track as YouTube named it, until its captions are here; its address is signed and expires."""
    captions_source: str | None = Field(default=None, sa_type=Text)
    """youtube, whisper or none; NULL while captions have not been looked for."""
    previous_captions_source: str | None = Field(default=None, sa_type=Text)
    """That of the import before, while captions are looked for once more; the transcript is still of it."""
    captions_language: str | None = Field(default=None, sa_type=Text)
    captions_kind: str | None = Field(default=None, sa_type=Text)
    captions_missing: str | None = Field(default=None, sa_type=Text)
    """Why there are none (`ErrorType`): only a video that really has none may be worth speech-to-text."""
    captions_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When it was known what captions there are."""
    looked_again_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When YouTube was asked once more for captions, in the place of those made from speech."""
    fetched_at: datetime = _created_at()
    completed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When every stage was done: from then on, adding the video needs no request."""


class TranscriptSegment(SQLModel, table=True):
    """One timed line of a video's captions."""

    __tablename__ = "transcript_segments"
    __table_args__ = (Index("transcript_segments_search", "search", postgresql_using="gin"),)

    youtube_id: str = Field(
        sa_column=Column(Text, ForeignKey("video_enrichments.youtube_id", ondelete="CASCADE"), primary_key=True)
    )
    position: int = Field(primary_key=True)
    language: str = Field(sa_type=Text)
    start_seconds: float
    end_seconds: float
    text: str = Field(sa_type=Text)
    search: str | None = Field(
        default=None, sa_column=Column(TSVECTOR, Computed("to_tsvector('simple', text)", persisted=True))
    )


class Chapter(SQLModel, table=True):
    """One chapter of a video."""

    __tablename__ = "chapters"

    youtube_id: str = Field(
        sa_column=Column(Text, ForeignKey("video_enrichments.youtube_id", ondelete="CASCADE"), primary_key=True)
    )
    position: int = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    start_seconds: float
    end_seconds: float | None = None


class TranscribedChunk(SQLModel, table=True):
    """A recognised piece of a video's speech, until all of them have become its transcript."""

    __tablename__ = "transcribed_chunks"

    youtube_id: str = Field(sa_type=Text, primary_key=True)
    start_ms: int = Field(primary_key=True)
    end_ms: int = Field(primary_key=True)
    language: str | None = Field(default=None, sa_type=Text)
    lines: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    """Start and end in seconds from the piece's own start, and text."""
    at: datetime = _created_at()


class TranscriptionCall(SQLModel, table=True):
    """One piece of speech that a server has recognised, and will be paid for."""

    __tablename__ = "transcription_calls"
    __table_args__ = (
        Index("transcription_calls_by_time", "at"),
        Index("transcription_calls_by_video", "youtube_id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    youtube_id: str = Field(sa_type=Text)
    model: str = Field(sa_type=Text)
    audio_seconds: float
    estimated_usd: float
    at: datetime = _created_at()


class ImportEvent(SQLModel, table=True):
    """One progress message, kept so that whoever missed it can catch up.

    A trigger gives `seq` and `prev_seq` while it holds the user's row: the events of one user form a chain in
    commit order, so `seq > last seen` is exactly what was missed.
    """

    __tablename__ = "import_events"
    __table_args__ = (Index("import_events_by_user", "user_id", "seq", unique=True),)

    seq: int = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    prev_seq: int | None = Field(default=None, sa_type=BigInteger)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    video_id: UUID = Field(foreign_key="videos.id", ondelete="CASCADE", index=True)
    list_id: UUID
    batch_id: UUID | None = None
    youtube_id: str = Field(sa_type=Text)
    stage: str = Field(sa_type=Text)
    progress: int
    message: str | None = Field(default=None, sa_type=Text)
    error_code: str | None = Field(default=None, sa_type=Text)
    at: datetime = _created_at()


class UpstreamRecord(SQLModel, table=True):
    """How an upstream stands: an `UpstreamStatus` as its `RateGovernor` last said it."""

    __tablename__ = "upstreams"

    name: str = Field(sa_type=Text, primary_key=True)
    status: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_type=DateTime(timezone=True))
