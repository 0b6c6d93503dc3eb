"""Messages between the notifier and a browser."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.contracts.batches import BatchKind, BatchState, ListingState
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason, Upstream
from shared.contracts.youtube import CaptionsSource, YoutubeId


class ImportProgress(BaseModel):
    """One step of one video's import. The first six fields never change (docs/reference/websocket.md)."""

    type: Literal["import_progress"] = "import_progress"
    video_id: UUID
    youtube_id: YoutubeId
    stage: ImportStage
    progress: int
    message: str | None = None
    seq: int | None = None
    """Position in the user's events; None for sub-progress, which is not kept."""
    at: datetime | None = None
    list_id: UUID | None = None
    batch_id: UUID | None = None
    error_code: ErrorType | None = None
    """Why the import failed, or the error that it waits for."""
    waiting_for: ErrorType | PauseReason | None = None
    """Why the import waits, if it does."""
    attempt: int | None = None
    retry_at: datetime | None = None
    title: str | None = None
    """What is known about the video, as in the API's videos; unknown in sub-progress."""
    channel: str | None = None
    duration_seconds: int | None = None
    published_at: datetime | None = None
    starts_at: datetime | None = None
    captions_source: CaptionsSource | None = None
    captions_missing: ErrorType | None = None
    captions_missing_message: str | None = None


class ChangeType(StrEnum):
    """What else changes for a user besides imports."""

    LIST_CHANGED = "list_changed"
    LIST_DELETED = "list_deleted"
    VIDEO_DELETED = "video_deleted"
    SUBSCRIPTION_CHANGED = "subscription_changed"
    SUBSCRIPTION_DELETED = "subscription_deleted"
    BATCH_ENDED = "batch_ended"


class Change(BaseModel):
    """A change of something that a user sees, other than an import; the API has what it is now."""

    type: Literal[
        ChangeType.LIST_CHANGED,
        ChangeType.LIST_DELETED,
        ChangeType.VIDEO_DELETED,
        ChangeType.SUBSCRIPTION_CHANGED,
        ChangeType.SUBSCRIPTION_DELETED,
        ChangeType.BATCH_ENDED,
    ]
    seq: int
    at: datetime
    list_id: UUID
    name: str | None = None
    """The list's, in `list_changed` and `list_deleted`."""
    video_id: UUID | None = None
    youtube_id: YoutubeId | None = None
    subscription_id: UUID | None = None
    batch_id: UUID | None = None


Event = Annotated[ImportProgress | Change, Field(discriminator="type")]
"""What a user's events tell."""


class UpstreamPaused(BaseModel):
    """No call goes to an upstream: imports that need it wait."""

    type: Literal["upstream_paused"] = "upstream_paused"
    upstream: Upstream
    reason: PauseReason
    resume_at: datetime | None
    """When calls resume or the next probe is sent; None: unknown, or a probe is running."""
    message: str


class UpstreamResumed(BaseModel):
    """Calls go to an upstream again."""

    type: Literal["upstream_resumed"] = "upstream_resumed"
    upstream: Upstream


class BatchMessage(BaseModel):
    """The message about a batch, running or ended (the fields of `BatchSummary`)."""

    batch_id: UUID
    list_id: UUID
    kind: BatchKind
    source: str
    title: str | None
    state: BatchState
    total: int
    waiting: int
    imported: int
    without_captions: int
    failed: int
    cancelled: int
    duplicates: int
    invalid: int
    unavailable: int
    members_only: int = 0
    filtered: int = 0
    listing: ListingState | None
    announced: int | None
    error_code: ErrorType | None
    message: str | None
    """Why the playlist or channel could not be read."""


class BatchProgress(BatchMessage):
    """How far a batch is."""

    type: Literal["batch_progress"] = "batch_progress"
    progress: int
    queued: int
    running: int


class BatchComplete(BatchMessage):
    """A batch is over."""

    type: Literal["batch_complete"] = "batch_complete"


class FeedItem(BaseModel):
    """An event, or sub-progress, on its way through the `ProgressFeed`, with what routing needs."""

    user_id: UUID
    prev_seq: int | None = None
    """The user's event before this one: a reader that has not seen it knows that it missed something."""
    message: Event


class ImportFeedItem(FeedItem):
    """One that is about an import."""

    message: ImportProgress
