"""Where an import is, given its row, its workflow's answer and the pauses of the upstreams."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportStatus
from shared.contracts.stages import (
    SPEECH_DOWNLOADED,
    STAGE_PROGRESS,
    ImportStage,
    download_progress,
    transcription_progress,
)
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
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


def answer(stage: ImportStage, progress: int, **values: Any) -> ImportStatus:
    return ImportStatus(youtube_id="abcdefghijk", stage=stage, progress=progress, **values)


def of_row(stage: ImportStage, progress: int, *upstreams: UpstreamStatus) -> CurrentStatus:
    """The status of an import whose workflow does not answer."""
    return current_status(Row(stage, progress), None, upstreams)


def of_answer(status: ImportStatus, *upstreams: UpstreamStatus) -> CurrentStatus:
    """The status of an import whose row says the same as its workflow."""
    return current_status(Row(status.stage, status.progress), status, upstreams)


@pytest.mark.parametrize(
    ("row", "answered", "stage", "progress", "source"),
    [
        (Row(METADATA, 25), None, METADATA, 25, "database"),
        (Row(METADATA, 25), answer(METADATA, 40), CAPTIONS, 40, "workflow"),
        # An activity has written its progress; the workflow learns it at the end of the activity.
        (Row(METADATA, 33), answer(METADATA, 25), CAPTIONS, 33, "workflow"),
        # The workflow has not yet loaded the state of the row.
        (Row(CAPTIONS, 60), answer(METADATA, 25), CAPTIONS, 60, "database"),
        # Retried before the run of the last import has ended.
        (Row(CREATED, 0), answer(ImportStage.ERROR, 25), CREATED, 0, "database"),
        (Row(CREATED, 0), answer(ImportStage.COMPLETE, 100), CREATED, 0, "database"),
        (Row(ImportStage.COMPLETE, 100), answer(CREATED, 0), ImportStage.COMPLETE, 100, "database"),
    ],
)
def test_the_workflow_answers_unless_the_row_knows_more(
    row: Row, answered: ImportStatus | None, stage: ImportStage, progress: int, source: str
) -> None:
    status = current_status(row, answered, [])
    assert (status.stage, status.progress, status.source) == (stage, progress, source)


@pytest.mark.parametrize(("stage", "progress"), STAGE_PROGRESS.items())
def test_a_stage_is_shown_when_it_is_reached(stage: ImportStage, progress: int) -> None:
    assert of_row(stage, progress).stage is stage


@pytest.mark.parametrize("progress", [download_progress(0.1), download_progress(1), transcription_progress(1)])
def test_above_its_percentage_the_next_stage_is_shown(progress: int) -> None:
    assert of_row(METADATA, progress).stage is CAPTIONS


@pytest.mark.parametrize("progress", [0, 25, 60])
def test_a_failed_import_keeps_its_percentage_and_waits_for_nothing(progress: int) -> None:
    status = current_status(Row(ImportStage.ERROR, progress, "video_private"), None, [paused(PauseReason.BOT_CHECK)])
    assert status == CurrentStatus(
        stage=ImportStage.ERROR, progress=progress, source="database", error_code=ErrorType.VIDEO_PRIVATE
    )


def test_the_wait_of_an_import_is_shown_with_the_progress_of_its_row() -> None:
    waits = answer(METADATA, 25, attempt=2, retry_at=EARLIER, waiting_for=ErrorType.LINK_EXPIRED)
    status = current_status(Row(METADATA, 33), waits, [])
    assert (status.progress, status.attempt) == (33, 2)
    assert (status.waiting_for, status.retry_at) == (ErrorType.LINK_EXPIRED, EARLIER)


@pytest.mark.parametrize("reason", PauseReason)
def test_an_import_waits_while_the_upstream_that_it_asks_is_paused(reason: PauseReason) -> None:
    # A spent budget pauses calls in the state `closed`, everything else opens the breaker or is the operator's doing.
    state = UpstreamState.CLOSED if reason is PauseReason.HOURLY_REQUESTS else UpstreamState.OPEN
    pause = paused(reason, state, resume_at=EARLIER)
    status = of_answer(answer(CREATED, 0, upstream=Upstream.YOUTUBE), SPEECH_GOING, pause)
    assert (status.waiting_for, status.retry_at, status.attempt) == (reason, EARLIER, 1)


@pytest.mark.parametrize("upstream", [Upstream.TRANSCRIPTION, None])
def test_an_import_that_does_not_ask_a_paused_upstream_does_not_wait(upstream: Upstream | None) -> None:
    status = of_answer(
        answer(METADATA, 25, upstream=upstream), paused(PauseReason.BOT_CHECK, resume_at=EARLIER), SPEECH_GOING
    )
    assert (status.waiting_for, status.retry_at) == (None, None)


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
def test_an_import_without_an_answer_needs_youtube_until_its_audio_is_downloaded(
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
    status = of_answer(
        answer(CREATED, 0, waiting_for=error, retry_at=own), paused(PauseReason.BOT_CHECK, resume_at=resume_at)
    )
    assert (status.waiting_for, status.retry_at) == (error, expected)


@pytest.mark.parametrize("error", [ErrorType.LIVE_NOW, ErrorType.TRANSCRIPTION_LIMITED])
def test_an_import_that_waits_for_something_else_is_not_delayed_by_a_pause(error: ErrorType) -> None:
    waits = answer(CREATED, 0, waiting_for=error, retry_at=EARLIER)
    status = of_answer(waits, paused(PauseReason.BOT_CHECK, resume_at=LATER))
    assert (status.waiting_for, status.retry_at) == (error, EARLIER)
