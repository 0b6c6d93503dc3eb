"""Inputs and results of the import workflow and its activities: one model in, one model out.

Only ids and small references travel: transcripts, descriptions and audio never enter a workflow's history.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason, Upstream
from shared.contracts.youtube import YoutubeId


class ImportVideoInput(BaseModel):
    """The video to import; its users are in PostgreSQL and in the `attach` signals."""

    youtube_id: YoutubeId
    user_ids: list[UUID] = []
    """Who attached to the runs before this one."""
    escalated_by: UUID | None = None
    """Who added the video singly while it waited in bulk."""
    consecutive_waits: int = 0
    """How often in a row the runs before this one have waited for YouTube."""
    consecutive_throttles: int = 0
    """How often they were throttled since YouTube last answered."""


class ImportVideoResult(BaseModel):
    """How an import ended: `complete`, `error`, or the stage reached when the import was abandoned."""

    stage: ImportStage
    error_code: ErrorType | None = None


class Attach(BaseModel):
    """One more user wants this video; the row is in PostgreSQL already."""

    user_id: UUID
    is_interactive: bool = False
    """A user waits for this video: it goes before bulk imports."""


class ImportStatus(BaseModel):
    """Answer of the `progress` query."""

    youtube_id: YoutubeId
    title: str | None = None
    stage: ImportStage
    """The last stage reached."""
    progress: int
    """Percent, 0-100."""
    attempt: int = 1
    """The attempt of the stage under way."""
    retry_at: datetime | None = None
    """When the next attempt starts, while the import waits and the time is known."""
    waiting_for: ErrorType | PauseReason | None = None
    """Why it waits."""
    upstream: Upstream | None = None
    """A call is running at this upstream or queued for it, and waits while calls there are paused."""


class VideoRef(BaseModel):
    """Input of activities that need to know the video only."""

    youtube_id: YoutubeId


class ImportWait(BaseModel):
    """What an import waits for, as its list entries show it."""

    reason: ErrorType
    retry_at: datetime
    attempt: int
    """The attempt that follows."""


class WaitingVideo(BaseModel):
    """A video whose import waits, or does not."""

    youtube_id: YoutubeId
    wait: ImportWait | None = None


class ImportState(BaseModel):
    """What PostgreSQL already knows of a video when its import begins."""

    wanted: bool
    """Whether a list still waits for this video."""
    reached: ImportStage = ImportStage.CREATED
    title: str | None = None
    is_transcribed: bool = False
    """Whether transcription has begun: YouTube has said that there are no captions."""


class VideoMetadata(BaseModel):
    """What the rest of an import needs of the metadata; everything else is in PostgreSQL by then."""

    title: str


class Completion(BaseModel):
    """What became of the last step of an import."""

    is_complete: bool = True
    """False: a reimport was asked for while this import ran, so captions have to be fetched again."""


class SkipCaptionsInput(BaseModel):
    """The import continues without captions."""

    youtube_id: YoutubeId
    reason: ErrorType


class FailImportInput(BaseModel):
    """The import ends in `error`."""

    youtube_id: YoutubeId
    error_code: ErrorType


class UpstreamFailure(BaseModel):
    """Details of the ApplicationError of an activity that a server refused; its `type` is the `ErrorType`."""

    not_before: datetime | None = None
    """When a live stream or premiere begins."""
    is_outage: bool = False
    """The calls of other videos fail alike: no attempt, and the call waits for the `RateGovernor`."""


class ListRef(BaseModel):
    """A list, by its id."""

    list_id: UUID


class ReconcileInput(BaseModel):
    """Which unstarted videos to start."""

    older_than_seconds: float = 10
    """Younger ones are being started by the API right now."""


class ReconcileResult(BaseModel):
    """What a run of `ReconcileImports` found."""

    running: int
    """Imports that were running already."""
    started: int
    batches_started: int = 0
    schedules_synced: int = 0
    """Subscriptions whose schedule was stale."""
    deletions: int = 0
    """Deleted lists whose rows are being removed."""
