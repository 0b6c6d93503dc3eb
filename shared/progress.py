"""Where an import is: the one rule, used by the API and the notifier.

An import is described by its row and by the pauses of the upstreams.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shared.contracts.errors import ErrorType
from shared.contracts.stages import CLOSED_STAGES, SPEECH_DOWNLOADED, ImportStage, stage_under_way
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamStatus

_THROTTLES: dict[Upstream, set[ErrorType]] = {
    Upstream.YOUTUBE: {ErrorType.RATE_LIMITED, ErrorType.BOT_CHECK, ErrorType.EXTRACTOR_OUTDATED},
    Upstream.TRANSCRIPTION: {ErrorType.TRANSCRIPTION_LIMITED},
}
"""After which errors of an upstream an import queues for it again, behind the upstream's pause."""


class ImportRow(Protocol):
    """The columns of `videos` that say where an import is."""

    @property
    def import_stage(self) -> str:
        """The last stage reached."""

    @property
    def import_progress(self) -> int:
        """Percent, 0-100; activities raise it within a stage."""

    @property
    def error_code(self) -> str | None:
        """Why the import has failed."""

    @property
    def waiting_for(self) -> str | None:
        """What it waits for."""

    @property
    def retry_at(self) -> datetime | None:
        """When it continues."""

    @property
    def attempt(self) -> int:
        """The attempt of the stage under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentStatus:
    """Where an import is, and what it waits for."""

    stage: ImportStage
    """The last stage reached, or the next one once `progress` is above the percentage of the last."""
    progress: int
    """Percent, 0-100."""
    attempt: int | None = None
    """The attempt of the stage under way; None: the import has ended."""
    retry_at: datetime | None = None
    """When the import continues; None: unknown, or it does not wait."""
    waiting_for: ErrorType | PauseReason | None = None
    upstream: Upstream | None = None
    """The upstream whose answer the import needs next; None: none, or it waits for something of its own."""
    error_code: ErrorType | None = None
    """Why the import has failed."""


def current_status(row: ImportRow, upstreams: Iterable[UpstreamStatus]) -> CurrentStatus:
    """Where an import is. One that does not wait for something of its own is taken to queue for its next upstream."""
    reached, progress = ImportStage(row.import_stage), row.import_progress
    if reached in CLOSED_STAGES:
        error_code = ErrorType(row.error_code) if row.error_code else None
        return CurrentStatus(stage=reached, progress=progress, error_code=error_code)
    status = CurrentStatus(
        stage=stage_under_way(reached, progress),
        progress=progress,
        attempt=row.attempt,
        retry_at=row.retry_at,
        waiting_for=ErrorType(row.waiting_for) if row.waiting_for else None,
        upstream=None if row.waiting_for else _next_upstream(reached, progress),
    )
    for upstream in upstreams:
        if upstream.is_paused:
            status = _behind_pause(status, upstream)
    return status


def _next_upstream(reached: ImportStage, progress: int) -> Upstream | None:
    if reached not in {ImportStage.CREATED, ImportStage.METADATA}:
        return None
    return Upstream.TRANSCRIPTION if progress >= SPEECH_DOWNLOADED else Upstream.YOUTUBE


def _behind_pause(status: CurrentStatus, paused: UpstreamStatus) -> CurrentStatus:
    """The status while calls to an upstream are paused."""
    if status.upstream is paused.upstream:
        return replace(status, waiting_for=paused.reason, retry_at=paused.resume_at)
    if status.retry_at and paused.resume_at and status.waiting_for in _THROTTLES[paused.upstream]:
        return replace(status, retry_at=max(status.retry_at, paused.resume_at))
    return status
