"""Many videos that are imported in one go: what is told of them, and what their workflow is given.

Which videos belong to a batch, and how far each is, is in Postgres; only ids and figures travel.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

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


class BatchPlace(StrEnum):
    """Where a video of a batch stands, as long as its import is not over."""

    QUEUED = "queued"
    """Its import has not begun: the batch begins it when there is room in the window."""
    WINDOW = "window"
    """Its import was begun and takes one of the window's places."""
    ASIDE = "aside"
    """It waits for something of its own, such as a premiere, for days perhaps: its place is another one's."""


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
    """How a batch stands: the figures of every answer and message about it, and of the query `summary`."""

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
    def progress(self) -> int:
        """Percent of the videos whose import is over, 0-100; 100 only when the batch is."""
        if self.completed_at:
            return 100
        expected = max(self.total, 1)
        if self.listing is ListingState.UNDER_WAY and self.announced:
            expected = max(expected, self.announced - self.duplicates - self.unavailable)
        return min(100 * (self.imported + self.failed + self.cancelled) // expected, 99)


class ImportBatchInput(BaseModel):
    """The batch, and what earlier runs of its workflow know that Postgres does not."""

    batch_id: UUID
    watched: list[YoutubeId] = []
    """Whose imports take a place in the window."""
    list_at: datetime | None = None
    """When YouTube's list is to be asked for again."""
    listing_attempt: int = 1
    listing_waits: int = 0
    """How often in a row the runs before this one have waited for the list."""


class ImportBatchResult(BaseModel):
    """How the batch ended. `summary` is None where it was deleted together with its list."""

    summary: BatchSummary | None


class LookAtBatch(BaseModel):
    """One look at a batch: what has ended gives its place to what is queued."""

    batch_id: UUID
    changes: list[BatchChange] = []
    """What was asked of the batch since the look before, in order."""
    watched: list[YoutubeId] = []
    """Whose imports took a place in the window at the look before."""
    asks_around: bool = False
    """See whether some of them only wait for something of their own."""


class BatchView(BaseModel):
    """What a look at a batch found and left."""

    summary: BatchSummary | None
    """None: there is no such batch any more."""
    watched: list[YoutubeId] = []
    is_closing: bool = False
    """Some of `watched` have reached their last stage, and their workflow is about to end."""
    is_over: bool = False
    """Nothing is left to be done, unless somebody asks for it."""


class BatchRef(BaseModel):
    """Input of activities that need to know the batch only."""

    batch_id: UUID


class ListedPage(BaseModel):
    """What came of a page; its videos are in Postgres, and so is where the next one begins."""

    has_more: bool
    begins_anew: bool = False
    """The list came to its end too soon: the next page is its first once more."""
    page: int = 0
    """How many pages were read so far."""


class FailListing(BaseModel):
    """The list cannot be read."""

    batch_id: UUID
    error_code: ErrorType


class SourceRef(BaseModel):
    """A playlist or channel that somebody may want to import."""

    url: str
    """As `shared.youtube_source` writes it."""


class SourcePreview(BaseModel):
    """What YouTube's first page tells of a playlist or channel."""

    title: str | None
    announced: int | None
    """How many entries there are; None: YouTube does not say."""
    youtube_ids: list[YoutubeId]
    """Of the first page."""
    unavailable: int
    """Of its entries."""
    has_more: bool
    """Whether there are further pages."""
