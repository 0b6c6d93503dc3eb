"""Where an import is: the one rule, used by the API and the notifier.

An import is described by its row, by the answer of its running workflow, and by the pauses of the upstreams.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportStatus
from shared.contracts.stages import CLOSED_STAGES, SPEECH_DOWNLOADED, STAGE_PROGRESS, ImportStage
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentStatus:
    """Where an import is, and what it waits for."""

    stage: ImportStage
    """The last stage reached, or the next one once `progress` is above the percentage of the last."""
    progress: int
    """Percent, 0-100."""
    source: Literal["workflow", "database"]
    attempt: int | None = None
    """The attempt of the stage under way; None: unknown."""
    retry_at: datetime | None = None
    """When the import continues; None: unknown, or it does not wait."""
    waiting_for: ErrorType | PauseReason | None = None
    upstream: Upstream | None = None
    """The upstream whose answer the import needs next; None: none, or unknown."""
    error_code: ErrorType | None = None
    """Why the import has failed."""


def current_status(row: ImportRow, answer: ImportStatus | None, upstreams: Iterable[UpstreamStatus]) -> CurrentStatus:
    """Where an import is.

    `answer`: what its running workflow reports; None where there is none. `upstreams` must be read after the answer, so
    that they are not older than it.
    """
    stage = ImportStage(row.import_stage)
    if stage in CLOSED_STAGES:
        error_code = ErrorType(row.error_code) if row.error_code else None
        return CurrentStatus(stage=stage, progress=row.import_progress, source="database", error_code=error_code)
    if answer is None or _is_outdated(answer, stage):
        status = _from_row(stage, row.import_progress)
    else:
        status = _from_answer(answer, row.import_progress)
    for upstream in upstreams:
        if upstream.is_paused:
            status = _behind_pause(status, upstream)
    return status


def _is_outdated(answer: ImportStatus, stage: ImportStage) -> bool:
    """Whether the row knows more: it is further, or it was retried while the run of the last import is still ending."""
    return answer.stage in CLOSED_STAGES or answer.progress < STAGE_PROGRESS[stage]


def _from_row(stage: ImportStage, progress: int) -> CurrentStatus:
    """The status without an answer: the import is taken to be in the queue of its next upstream."""
    upstream = Upstream.YOUTUBE if stage in {ImportStage.CREATED, ImportStage.METADATA} else None
    if upstream and progress >= SPEECH_DOWNLOADED:
        upstream = Upstream.TRANSCRIPTION
    return CurrentStatus(
        stage=_stage_under_way(stage, progress), progress=progress, source="database", upstream=upstream
    )


def _from_answer(answer: ImportStatus, row_progress: int) -> CurrentStatus:
    progress = max(answer.progress, row_progress)  # activities write theirs to the row; the workflow learns it later
    return CurrentStatus(
        stage=_stage_under_way(answer.stage, progress),
        progress=progress,
        source="workflow",
        attempt=answer.attempt,
        retry_at=answer.retry_at,
        waiting_for=answer.waiting_for,
        upstream=answer.upstream,
    )


def _stage_under_way(reached: ImportStage, progress: int) -> ImportStage:
    """The stage that sub-progress messages name as well, so that one moment has one name everywhere."""
    if progress <= STAGE_PROGRESS[reached]:
        return reached
    return next(stage for stage, percent in STAGE_PROGRESS.items() if percent >= progress)


def _behind_pause(status: CurrentStatus, paused: UpstreamStatus) -> CurrentStatus:
    """The status while calls to an upstream are paused."""
    if status.upstream is paused.upstream:
        return replace(status, waiting_for=paused.reason, retry_at=paused.resume_at)
    if status.retry_at and paused.resume_at and status.waiting_for in _THROTTLES[paused.upstream]:
        return replace(status, retry_at=max(status.retry_at, paused.resume_at))
    return status
