"""Inputs and results of the import workflow and its activities: one model in, one model out.

Only ids and small references travel: transcripts, descriptions and audio never enter a workflow's history.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import YoutubeId


class ImportVideoInput(BaseModel):
    """The video to import; who wants it is in Postgres and in the `attach` signals."""

    youtube_id: YoutubeId
    user_ids: list[UUID] = []
    """Who attached to the runs before this one."""
    waits: int = 0
    """How often in a row the runs before this one have waited for YouTube."""


class ImportVideoResult(BaseModel):
    """How an import ended: `complete`, `error`, or the stage reached when nobody wanted it any more."""

    stage: ImportStage
    error_code: ErrorType | None = None


class Attach(BaseModel):
    """One more user wants this video; the row is in Postgres already."""

    user_id: UUID


class ImportStatus(BaseModel):
    """Answer of the `progress` query."""

    youtube_id: YoutubeId
    title: str | None = None
    stage: ImportStage
    """The last stage reached."""
    progress: int
    """Percent, 0-100."""
    attempt: int = 1
    """Which attempt the stage under way is at."""
    retry_at: datetime | None = None
    """When the next attempt starts, while the import waits."""
    waiting_for: ErrorType | None = None
    """Why it waits."""


class VideoRef(BaseModel):
    """Input of activities that need to know the video only."""

    youtube_id: YoutubeId


class ImportState(BaseModel):
    """What Postgres already knows of a video when its import begins."""

    wanted: bool
    """Some list still waits for this video."""
    reached: ImportStage = ImportStage.CREATED
    title: str | None = None


class VideoMetadata(BaseModel):
    """What the rest of an import needs of the metadata; everything else is in Postgres by then."""

    title: str


class SkipCaptionsInput(BaseModel):
    """The video goes on without captions."""

    youtube_id: YoutubeId
    reason: ErrorType


class FailImportInput(BaseModel):
    """The import ends in `error`."""

    youtube_id: YoutubeId
    error_code: ErrorType


class YoutubeFailure(BaseModel):
    """Details of a YouTube activity's ApplicationError; its `type` is the `ErrorType`."""

    retry_after_seconds: float | None = None
    """As YouTube's `Retry-After` said."""
    not_before: datetime | None = None
    """When a live stream or premiere begins."""


class ReconcileInput(BaseModel):
    """Which waiting videos to look at."""

    older_than_seconds: float = 10
    """Younger ones are being started by the API right now."""


class ReconcileResult(BaseModel):
    """What a look at all waiting videos found."""

    running: int
    """Imports that were running already."""
    started: int
