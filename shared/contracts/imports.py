"""Inputs and results of the import workflow and its activities: one model in, one model out.

Only ids and small references travel: transcripts, descriptions and audio never enter a workflow's history.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.errors import ErrorType
from shared.contracts.stages import SPEECH_DOWNLOADED, STAGE_PROGRESS, ImportStage
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamStatus
from shared.contracts.youtube import YoutubeId


class ImportVideoInput(BaseModel):
    """The video to import; who wants it is in Postgres and in the `attach` signals."""

    youtube_id: YoutubeId
    user_ids: list[UUID] = []
    """Who attached to the runs before this one."""
    hurried_for: UUID | None = None
    """Who added the video singly while it waited in bulk."""
    waits: int = 0
    """How often in a row the runs before this one have waited for YouTube."""
    throttles: int = 0
    """How often they were throttled since YouTube last answered."""


class ImportVideoResult(BaseModel):
    """How an import ended: `complete`, `error`, or the stage reached when nobody wanted it any more."""

    stage: ImportStage
    error_code: ErrorType | None = None


class Attach(BaseModel):
    """One more user wants this video; the row is in Postgres already."""

    user_id: UUID
    is_waiting: bool = False
    """A person waits for this video alone: it goes before everything in bulk."""


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
    """When the next attempt starts, while the import waits and the time is known."""
    waiting_for: ErrorType | PauseReason | None = None
    """Why it waits."""
    asks: Upstream | None = None
    """A step is with this upstream or in the queue to it: it waits for as long as calls there are paused."""

    @classmethod
    def as_saved(cls, youtube_id: YoutubeId, stage: ImportStage, progress: int) -> "ImportStatus":
        """What can be said of an open import that does not answer: its next step is taken to have been asked for."""
        asks = Upstream.YOUTUBE if stage in {ImportStage.CREATED, ImportStage.METADATA} else None
        if asks and progress >= SPEECH_DOWNLOADED:
            asks = Upstream.TRANSCRIPTION
        return cls(youtube_id=youtube_id, stage=stage, progress=progress, asks=asks)

    @property
    def shown_stage(self) -> ImportStage:
        """What people are told: the stage under way once the percentage is above that of the one reached.

        Sub-progress names that stage too, so that one moment has one name wherever it is asked for.
        """
        if self.progress <= STAGE_PROGRESS.get(self.stage, 100):
            return self.stage
        return next(stage for stage, percent in STAGE_PROGRESS.items() if percent >= self.progress)

    def is_older_than(self, stage: ImportStage) -> bool:
        """Whether an entry is at a later stage already: the import has not yet looked at what is known."""
        return self.progress < STAGE_PROGRESS[stage]

    def while_paused(self, upstreams: Iterable[UpstreamStatus]) -> "ImportStatus":
        """The same, for people: a pause of all calls is what this import waits for as well.

        One that was throttled and that waits by itself has to get into line again, behind the same pause.
        """
        status = self
        for upstream in upstreams:
            if upstream.is_paused:
                status = status._behind(upstream)
        return status

    def _behind(self, paused: UpstreamStatus) -> "ImportStatus":
        if self.asks is paused.upstream:
            return self.model_copy(update={"waiting_for": paused.reason, "retry_at": paused.resume_at})
        if self.retry_at and paused.resume_at and self.waiting_for in _THROTTLED_BY[paused.upstream]:
            return self.model_copy(update={"retry_at": max(self.retry_at, paused.resume_at)})
        return self


_THROTTLED_BY: dict[Upstream, set[ErrorType]] = {
    Upstream.YOUTUBE: {ErrorType.RATE_LIMITED, ErrorType.BOT_CHECK},
    Upstream.TRANSCRIPTION: {ErrorType.TRANSCRIPTION_LIMITED},
}


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


class UpstreamFailure(BaseModel):
    """Details of the ApplicationError of an activity that a server refused; its `type` is the `ErrorType`."""

    retry_after_seconds: float | None = None
    """As the server's `Retry-After` said; for imports that are older than the `RateGovernor`."""
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
    batches_started: int = 0
    schedules_kept: int = 0
    """Subscriptions that Temporal had yet to be told of."""
