"""Where an import is, given its row and the pauses of the upstreams."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from shared.contracts.errors import ErrorType
from shared.contracts.stages import (
    SPEECH_DOWNLOADED,
    STAGE_PROGRESS,
    ImportStage,
    download_progress,
    transcription_progress,
)
from shared.contracts.upstreams import PauseReason, UpstreamState, UpstreamStatus
from shared.progress import CurrentStatus, current_status
from tests.support.upstreams import GOING, SPEECH_GOING, paused

CREATED, METADATA, CAPTIONS = ImportStage.CREATED, ImportStage.METADATA, ImportStage.CAPTIONS
EARLIER, LATER = datetime(2040, 1, 2, tzinfo=UTC), datetime(2040, 1, 3, tzinfo=UTC)
SPEECH_PAUSED = paused(PauseReason.TRANSCRIPTION_LIMITED, of=SPEECH_GOING, resume_at=LATER)


@dataclass(frozen=True)
class Row:
    import_stage: str
    import_progress: int
    error_code: str | None = None
    waiting_for: str | None = None
    retry_at: datetime | None = None
    attempt: int = 1


def of_row(stage: ImportStage, progress: int, *upstreams: UpstreamStatus) -> CurrentStatus:
    """The status of an import that waits for nothing of its own."""
    return current_status(Row(stage, progress), upstreams)


def waiting(reason: ErrorType, retry_at: datetime, *upstreams: UpstreamStatus) -> CurrentStatus:
    """The status of an import that waits for something of its own."""
    return current_status(Row(METADATA, 33, waiting_for=reason, retry_at=retry_at, attempt=2), upstreams)


@pytest.mark.parametrize(("stage", "progress"), STAGE_PROGRESS.items())
def test_a_stage_is_shown_when_it_is_reached(stage: ImportStage, progress: int) -> None:
    assert of_row(stage, progress).stage is stage


@pytest.mark.parametrize("progress", [download_progress(0.1), download_progress(1), transcription_progress(1)])
def test_above_its_percentage_the_next_stage_is_shown(progress: int) -> None:
    assert of_row(METADATA, progress).stage is CAPTIONS


@pytest.mark.parametrize("progress", [0, 25, 60])
def test_a_failed_import_keeps_its_percentage_and_waits_for_nothing(progress: int) -> None:
    status = current_status(Row(ImportStage.ERROR, progress, "video_private"), [paused(PauseReason.BOT_CHECK)])
    assert status == CurrentStatus(stage=ImportStage.ERROR, progress=progress, error_code=ErrorType.VIDEO_PRIVATE)


def test_a_wait_is_shown_with_its_attempt() -> None:
    status = waiting(ErrorType.LINK_EXPIRED, EARLIER)
    assert (status.stage, status.progress, status.attempt) == (CAPTIONS, 33, 2)
    assert (status.waiting_for, status.retry_at) == (ErrorType.LINK_EXPIRED, EARLIER)


@pytest.mark.parametrize("reason", PauseReason)
def test_an_import_waits_while_the_upstream_that_it_asks_is_paused(reason: PauseReason) -> None:
    # A spent budget pauses calls in the state `closed`, everything else opens the breaker or is the operator's doing.
    state = UpstreamState.CLOSED if reason is PauseReason.HOURLY_REQUESTS else UpstreamState.OPEN
    status = of_row(CREATED, 0, SPEECH_GOING, paused(reason, state, resume_at=EARLIER))
    assert (status.waiting_for, status.retry_at, status.attempt) == (reason, EARLIER, 1)


@pytest.mark.parametrize(
    ("stage", "progress", "reason"),
    [
        (CREATED, 0, PauseReason.BOT_CHECK),
        (METADATA, 25, PauseReason.BOT_CHECK),
        (METADATA, SPEECH_DOWNLOADED - 1, PauseReason.BOT_CHECK),
        (METADATA, SPEECH_DOWNLOADED, PauseReason.TRANSCRIPTION_LIMITED),
        (CAPTIONS, 60, None),
    ],
)
def test_an_import_needs_youtube_until_its_audio_is_downloaded(
    stage: ImportStage, progress: int, reason: PauseReason | None
) -> None:
    assert of_row(stage, progress, paused(PauseReason.BOT_CHECK), SPEECH_PAUSED).waiting_for == reason


@pytest.mark.parametrize("pause", [GOING, SPEECH_GOING])
def test_calls_that_are_not_paused_delay_nothing(pause: UpstreamStatus) -> None:
    assert of_row(CREATED, 0, pause).waiting_for is None


@pytest.mark.parametrize("error", [ErrorType.RATE_LIMITED, ErrorType.BOT_CHECK])
@pytest.mark.parametrize(("resume_at", "expected"), [(EARLIER, LATER), (LATER, LATER)])
def test_a_throttled_import_that_backs_off_waits_for_the_pause_as_well(
    error: ErrorType, resume_at: datetime, expected: datetime
) -> None:
    own = LATER if resume_at is EARLIER else EARLIER
    status = waiting(error, own, paused(PauseReason.BOT_CHECK, resume_at=resume_at))
    assert (status.waiting_for, status.retry_at) == (error, expected)


@pytest.mark.parametrize("error", [ErrorType.LIVE_NOW, ErrorType.TRANSCRIPTION_LIMITED])
def test_an_import_that_waits_for_something_else_is_not_delayed_by_a_pause(error: ErrorType) -> None:
    status = waiting(error, EARLIER, paused(PauseReason.BOT_CHECK, resume_at=LATER))
    assert (status.waiting_for, status.retry_at) == (error, EARLIER)
