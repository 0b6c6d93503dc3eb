"""The tables. Migrations in `shared/db/migrations` create them; a test holds the two against each other."""

from datetime import datetime
from enum import StrEnum
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

from shared.contracts.batches import BatchKind, BatchSlot, BatchState, ListingState, SourceKind
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsSource

LOCAL_USER_ID = UUID("00000000-0000-4000-8000-000000000001")
"""The one implicit user; its row comes with the first migration."""


def _created_at() -> Any:
    return Field(
        default=None, sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": func.now()}
    )


class User(SQLModel, table=True):
    """A user, who has lists."""

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
    __table_args__ = (
        Index("lists_by_user", "user_id", "created_at", "id"),
        Index("lists_deleted", "id", postgresql_where=text("deleted_at IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    name: str = Field(sa_type=Text)
    created_at: datetime = _created_at()
    deleted_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """From then on it is hidden, with everything on it; its rows are removed in the background."""


def _one_of(column: str, values: type[StrEnum], name: str) -> CheckConstraint:
    known = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({known})", name=name)


class ImportBatch(SQLModel, table=True):
    """Many videos that were added in one go. How many are how far: see `VideoCount`."""

    __tablename__ = "import_batches"
    __table_args__ = (
        _one_of("kind", BatchKind, "import_batches_kind_is_known"),
        _one_of("state", BatchState, "import_batches_state_is_known"),
        _one_of("listing", ListingState, "import_batches_listing_is_known"),
        Index("import_batches_by_user", "user_id", "created_at", "id"),
        Index("import_batches_ended", "user_id", "completed_at"),
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
    members_only: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Entries for a channel's members, which are not imported."""
    filtered: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Entries that the filter leaves out."""
    filter: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    """A `VideoFilter` for what is listed."""
    is_whole: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    """Whether the list is read below what a subscription has seen."""
    listing_attempts: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
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
    __table_args__ = (
        UniqueConstraint("list_id", "source", name="subscriptions_once_per_list"),
        _one_of("kind", SourceKind, "subscriptions_kind_is_known"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    list_id: UUID = Field(foreign_key="lists.id", ondelete="CASCADE")
    kind: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    title: str | None = Field(default=None, sa_type=Text)
    interval_seconds: int
    is_paused: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    import_existing: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether the first check imports the existing videos; otherwise it only records them."""
    filter: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    """A `VideoFilter`."""
    schedule_in_sync: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether Temporal's schedule says the same as this row."""
    has_baseline: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether it was read to its end once: what it has not seen is new from then on."""
    checked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When the list was last read to its end, or given up."""
    last_new: int | None = None
    """How many videos that brought."""
    last_members_only: int | None = None
    """How many videos for members it left out."""
    error_code: str | None = Field(default=None, sa_type=Text)
    """Why it was given up."""
    is_listing_requested: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether a user wants the list to be read, whatever its feed says."""
    feed_id: str | None = Field(default=None, sa_type=Text, index=True)
    """The playlist whose feed has the newest videos; None until it is known."""
    newest_first_listings: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """In how many listings in a row what was new stood at the top, at most two: whether a playlist's feed is of use."""
    heard_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When the feed or a listing last said what is new."""
    wholly_listed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When more of the list was read than what was new."""
    newest_id: str | None = Field(default=None, sa_type=Text)
    """The first video of the feed's last answer; None after a listing."""
    created_at: datetime = _created_at()


class Feed(SQLModel, table=True):
    """The feed of a playlist or of a channel's videos, for all who follow it."""

    __tablename__ = "feeds"

    feed_id: str = Field(sa_type=Text, primary_key=True)
    asked_at: datetime = Field(sa_type=DateTime(timezone=True))
    answered_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    youtube_ids: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    """Of the last answer."""
    paused_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """YouTube refused it: until then no feed is asked."""


class SubscriptionVideo(SQLModel, table=True):
    """A video that a subscription has seen: it is not added again after it was deleted from the list."""

    __tablename__ = "subscription_videos"

    subscription_id: UUID = Field(foreign_key="subscriptions.id", ondelete="CASCADE", primary_key=True)
    youtube_id: str = Field(sa_type=Text, primary_key=True)


class Video(SQLModel, table=True):
    """A list's entry. What YouTube knows of the video is in `VideoEnrichment`, shared by all lists."""

    __tablename__ = "videos"
    __table_args__ = (
        UniqueConstraint("list_id", "youtube_id", name="videos_once_per_list"),
        _one_of("import_stage", ImportStage, "videos_stage_is_known"),
        _one_of("batch_slot", BatchSlot, "videos_slot_is_known"),
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
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    batch_id: UUID | None = Field(default=None, foreign_key="import_batches.id", ondelete="SET NULL")
    batch_slot: str | None = Field(default=None, sa_type=Text)
    """A `BatchSlot`; of no meaning once the import is over."""
    youtube_id: str = Field(sa_type=Text)
    thumbnail_url: str = Field(sa_type=Text)
    import_stage: str = Field(
        default=ImportStage.CREATED, sa_type=Text, sa_column_kwargs={"server_default": ImportStage.CREATED.value}
    )
    import_progress: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    error_code: str | None = Field(default=None, sa_type=Text)
    without_captions: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether the video of a complete entry has no captions; triggers keep it right."""
    waiting_for: str | None = Field(default=None, sa_type=Text)
    """What the import waits for (`ErrorType`), unless it waits for a second only."""
    retry_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When it continues."""
    attempt: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """The attempt of the stage under way, as of the last wait."""
    created_at: datetime = _created_at()


class VideoCount(SQLModel, table=True):
    """A change of the number of videos of a list or batch; triggers write it. See `shared.db.counts`."""

    __tablename__ = "video_counts"

    owner_id: UUID = Field(primary_key=True)
    """Of a list, or of a batch."""
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    state: str = Field(sa_type=Text)
    """Of a list's videos: total. Of a batch's: the state that the SQL function `video_state` gives them."""
    videos: int


class VideoEnrichment(SQLModel, table=True):
    """What is known about a YouTube video, shared by all lists."""

    __tablename__ = "video_enrichments"
    __table_args__ = (
        _one_of("captions_source", CaptionsSource, "video_enrichments_captions_source_is_known"),
        Index(
            "video_enrichments_to_upgrade",
            "captions_at",
            postgresql_where=text("captions_source = 'whisper' AND captions_rechecked_at IS NULL"),
        ),
        Index("video_enrichments_by_fetch", "fetched_at"),
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
    captions_answers: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'"))
    )
    """What each client of YouTube was told about captions (`CaptionsAnswer`) with the metadata, until it is used."""
    captions_source: str | None = Field(default=None, sa_type=Text)
    """youtube, whisper or none; NULL while captions have not been looked for."""
    captions_stale: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """A reimport was asked for and has yet to look for captions; source and transcript are of the import before."""
    captions_language: str | None = Field(default=None, sa_type=Text)
    captions_kind: str | None = Field(default=None, sa_type=Text)
    captions_missing: str | None = Field(default=None, sa_type=Text)
    """Why there are none (`ErrorType`): only a video that really has none may be worth speech-to-text."""
    captions_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When it was known what captions there are."""
    captions_rechecked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When YouTube was asked once more for captions, in the place of those made from speech."""
    fetched_at: datetime = _created_at()
    completed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When every stage was done: from then on, adding the video needs no request."""


class EarlyMetadata(SQLModel, table=True):
    """What YouTube says about a video that it does not play (yet), such as a premiere, until its metadata is saved."""

    __tablename__ = "early_metadata"

    youtube_id: str = Field(sa_type=Text, primary_key=True)
    title: str = Field(sa_type=Text)
    channel: str | None = Field(default=None, sa_type=Text)
    starts_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """When a live stream or premiere starts, or has started."""


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
    """A transcribed chunk of a video, until all of them have become its transcript."""

    __tablename__ = "transcribed_chunks"

    youtube_id: str = Field(sa_type=Text, primary_key=True)
    start_ms: int = Field(primary_key=True)
    end_ms: int = Field(primary_key=True)
    language: str | None = Field(default=None, sa_type=Text)
    lines: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    """Start and end in seconds from the start of the chunk, and text."""
    at: datetime = _created_at()


class TranscriptionCall(SQLModel, table=True):
    """A request that the transcription server bills."""

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


class UpstreamAnswer(SQLModel, table=True):
    """What an upstream answered, kept while it cannot be saved where it belongs; at most a week."""

    __tablename__ = "upstream_answers"

    subject: str = Field(sa_type=Text, primary_key=True)
    step: str = Field(sa_type=Text, primary_key=True)
    answer: str = Field(sa_type=Text)
    """JSON."""
    failures: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """How many attempts to save it have failed."""
    at: datetime = _created_at()


class ImportEvent(SQLModel, table=True):
    """One message about an import or another change, stored so that clients that missed it can catch up.

    A trigger gives `seq` and `prev_seq` while it holds the user's row: the events of one user form a chain in
    commit order, so `seq > last seen` is exactly what was missed.
    """

    __tablename__ = "import_events"
    __table_args__ = (
        _one_of("stage", ImportStage, "import_events_stage_is_known"),
        Index("import_events_by_user", "user_id", "seq", unique=True),
        Index("import_events_of_changes", "at", postgresql_where=text("type <> 'import_progress'")),
    )

    seq: int = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    prev_seq: int | None = Field(default=None, sa_type=BigInteger)
    type: str = Field(default="import_progress", sa_type=Text, sa_column_kwargs={"server_default": "import_progress"})
    """`import_progress`, or a `ChangeType`: those are written by triggers, and deleted after a month."""
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    video_id: UUID | None = Field(default=None, foreign_key="videos.id", ondelete="CASCADE", index=True)
    list_id: UUID
    batch_id: UUID | None = None
    youtube_id: str | None = Field(default=None, sa_type=Text)
    stage: str | None = Field(default=None, sa_type=Text)
    progress: int | None = None
    subject_id: UUID | None = None
    """The subscription that has changed, or the video that was deleted."""
    name: str | None = Field(default=None, sa_type=Text)
    """The list's."""
    message: str | None = Field(default=None, sa_type=Text)
    error_code: str | None = Field(default=None, sa_type=Text)
    waiting_for: str | None = Field(default=None, sa_type=Text)
    retry_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    attempt: int | None = None
    reaches_stage: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    """False: a wait within the stage has begun or ended."""
    at: datetime = _created_at()


class UpstreamRecord(SQLModel, table=True):
    """The status of an upstream: the `UpstreamStatus` that its `RateGovernor` last saved.

    `state` is what a new `RateGovernor` continues from.
    """

    __tablename__ = "upstreams"

    name: str = Field(sa_type=Text, primary_key=True)
    status: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    state: bytes | None = None
    at: datetime = Field(sa_type=DateTime(timezone=True))


class YoutubeRequest(SQLModel, table=True):
    """One request to YouTube, for `vidferry doctor` and for whoever looks for a change of YouTube; kept two weeks."""

    __tablename__ = "youtube_requests"
    __table_args__ = (Index("youtube_requests_by_time", "at"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    at: datetime = Field(sa_type=DateTime(timezone=True))
    endpoint: str = Field(sa_type=Text)
    milliseconds: int
    stage: str | None = Field(default=None, sa_type=Text)
    youtube_id: str | None = Field(default=None, sa_type=Text)
    client: str | None = Field(default=None, sa_type=Text)
    http_status: int | None = None
    byte_count: int | None = Field(default=None, sa_type=BigInteger)
    playability: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    tracks_named: int | None = None
    tracks_gated: int | None = None
    yt_dlp_version: str = Field(sa_type=Text)
    worker: str = Field(sa_type=Text)


class WorkerReport(SQLModel, table=True):
    """That a worker works, as it says itself every few seconds."""

    __tablename__ = "worker_reports"

    identity: str = Field(sa_type=Text, primary_key=True)
    at: datetime = Field(sa_type=DateTime(timezone=True))


class InstallationValue(SQLModel, table=True):
    """One fact about the installation itself, such as the generation of the workflows that run."""

    __tablename__ = "installation"

    name: str = Field(sa_type=Text, primary_key=True)
    value: str = Field(sa_type=Text)


class AudioJob(SQLModel, table=True):
    """A video that is being transcribed, or waits until the audio store has room for it."""

    __tablename__ = "audio_jobs"

    youtube_id: str = Field(sa_type=Text, primary_key=True)
    asked_at: datetime = _created_at()
    admitted_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """Since when it may have audio in the store; NULL while it waits."""
    media: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    """What a download needs, in the adapter's words; its address is signed and expires."""
