"""Batches: messages about them, and inputs and results of their workflow.

Which videos belong to a batch, and how far each is, is in PostgreSQL; only ids and figures travel.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.errors import ErrorType
from shared.contracts.youtube import YoutubeId


class BatchKind(StrEnum):
    """Where the videos of a batch came from."""

    URLS = "urls"
    FILE = "file"
    PLAYLIST = "playlist"
    CHANNEL = "channel"


class SourceKind(StrEnum):
    """What YouTube lists videos of."""

    PLAYLIST = "playlist"
    CHANNEL = "channel"


class ChannelTab(StrEnum):
    """Which of a channel's lists."""

    VIDEOS = "videos"
    SHORTS = "shorts"
    STREAMS = "streams"


MAX_FILTER_CHARACTERS = 200
MAX_FILTER_SECONDS = 604_800
"""A week: no video is longer."""
_Seconds = Annotated[int, Field(ge=0, le=MAX_FILTER_SECONDS)]


class VideoFilter(BaseModel):
    """Which entries of a playlist or channel are imported. An entry of which YouTube does not say so much is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    published_after: date | None = Field(
        default=None,
        description="Entries published before this day are left out. YouTube gives an age only, of old videos in whole "
        "years: in doubt, an entry is imported.",
        examples=["2026-01-31"],
    )
    title_contains: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_FILTER_CHARACTERS)] = Field(
        default="", description="Text in the title, in upper or lower case.", examples=["harbour"]
    )
    min_seconds: _Seconds | None = Field(default=None, description="The shortest length.", examples=[60])
    max_seconds: _Seconds | None = Field(default=None, description="The longest length.", examples=[3600])


class BatchState(StrEnum):
    """What a batch does."""

    OPEN = "open"
    """Its videos are imported, a window of them at a time."""
    PAUSED = "paused"
    """No further one begins."""
    CANCELLED = "cancelled"
    """No further one begins, ever; what had not begun has ended in `import_cancelled`."""
    COMPLETE = "complete"
    """None is left to begin, and none is under way, but for those that wait for something of their own."""


class BatchChange(StrEnum):
    """What can be asked of a batch; each is a signal of `ImportBatch`."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class BatchSlot(StrEnum):
    """Whether a video of a batch holds a slot, until its import has ended."""

    QUEUED = "queued"
    """Its import has not begun: the batch begins it when there is room in the window."""
    RUNNING = "running"
    """Its import was started and holds a slot of the window."""
    TRANSCRIBING = "transcribing"
    """Its speech is being transcribed, or it waits for that: it takes no slot, and the batch is not over before it."""
    PARKED = "parked"
    """It waits for something of its own, such as a premiere, perhaps for days, and has given up its slot."""


class ListingState(StrEnum):
    """How far YouTube's list is read, for a batch that comes from one."""

    UNDER_WAY = "under_way"
    DONE = "done"
    SHORT = "short"
    """Read to its end several times, and each time it had fewer videos than YouTube had announced."""
    FAILED = "failed"
    """It could not be read (any further); `error_code` says why."""
    CANCELLED = "cancelled"
    """The batch was cancelled before it was read to its end."""


class BatchSummary(BaseModel):
    """The figures of every response and message about a batch, and of the query `summary`."""

    batch_id: UUID
    list_id: UUID
    kind: BatchKind
    source: str
    """The address or the file's name; empty where people pasted addresses."""
    title: str | None
    """As YouTube calls the playlist or channel."""
    state: BatchState
    total: int
    """Videos that it has put on the list and that are still there."""
    queued: int
    running: int
    waiting: int
    """For something of their own, such as a premiere: they take no place, and the batch does not wait for them."""
    imported: int
    """Complete, with or without captions."""
    without_captions: int
    failed: int
    cancelled: int
    duplicates: int
    """Entries whose video the list had already, or that were named twice."""
    invalid: int
    """Rows that named no video."""
    unavailable: int
    """Entries of the playlist that are deleted or private: they are not imported."""
    members_only: int = 0
    """Entries for a channel's members: they are not imported."""
    filtered: int = 0
    """Entries that the filter leaves out."""
    listing: ListingState | None
    """None where there is nothing to be listed."""
    announced: int | None
    """How many entries YouTube said there are."""
    error_code: ErrorType | None
    """Why the list could not be read."""
    created_at: datetime
    completed_at: datetime | None
    """When nothing was left to begin or under way."""

    @property
    def skipped(self) -> int:
        """Entries that become no video of the batch."""
        return self.duplicates + self.unavailable + self.members_only + self.filtered

    @property
    def progress(self) -> int:
        """Percent of the videos whose import is over, 0-100; 100 only when the batch is."""
        if self.completed_at:
            return 100
        expected = max(self.total, 1)
        if self.listing is ListingState.UNDER_WAY and self.announced:
            expected = max(expected, self.announced - self.skipped)
        return min(100 * (self.imported + self.failed + self.cancelled) // expected, 99)


class ImportBatchInput(BaseModel):
    """The batch, and what earlier runs of its workflow know that PostgreSQL does not."""

    batch_id: UUID
    slot_holders: list[YoutubeId] = []
    """Videos that hold a slot of the window."""
    next_listing_at: datetime | None = None
    """When YouTube's list is to be asked for again."""
    listing_attempt: int = 1
    listing_consecutive_waits: int = 0
    """How often in a row the runs before this one have waited for the list."""


class ImportBatchResult(BaseModel):
    """How the batch ended. `summary` is None where it was deleted together with its list."""

    summary: BatchSummary | None


class AdvanceBatchInput(BaseModel):
    """Input of one step of a batch: slots of imports that have ended go to queued videos."""

    batch_id: UUID
    changes: list[BatchChange] = []
    """Requests since the last step, in order."""
    slot_holders: list[YoutubeId] = []
    """Videos that held a slot after the last step."""


class BatchSnapshot(BaseModel):
    """The state of a batch after a step."""

    summary: BatchSummary | None
    """None: the batch was deleted."""
    slot_holders: list[YoutubeId] = []
    is_finishing: bool = False
    """Some of `slot_holders` have reached their last stage, and their workflow is about to end."""
    is_done: bool = False
    """Whether nothing is left to do until a request."""


class BatchRef(BaseModel):
    """Input of activities that need to know the batch only."""

    batch_id: UUID


class ListedPage(BaseModel):
    """What came of a page; its videos are in PostgreSQL, and so is where the next one begins."""

    has_more: bool
    restarts: bool = False
    """The list came to its end too soon: the next page is its first once more."""
    page: int = 0
    """How many pages were read so far."""


class FailListing(BaseModel):
    """The list cannot be read."""

    batch_id: UUID
    error_code: ErrorType


class SourceRef(BaseModel):
    """A playlist or channel to preview."""

    url: str
    """As `shared.youtube.source_urls` writes it."""
    filter: VideoFilter | None = None


class SourcePreview(BaseModel):
    """What the first page of a playlist or channel contains."""

    title: str | None
    announced: int | None
    """How many entries there are; None: YouTube does not say."""
    youtube_ids: list[YoutubeId]
    """Of the first page."""
    unavailable: int
    """Of its entries."""
    members_only: int = 0
    """Of its entries: for a channel's members."""
    filtered: int = 0
    """Of its entries: left out by the filter; they are not in `youtube_ids`."""
    has_more: bool
    """Whether there are further pages."""
