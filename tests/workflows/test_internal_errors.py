"""Internal errors: attempts are bounded, `progress` shows them, and the import ends visibly."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from shared.contracts.batches import AdvanceBatchInput, BatchChange, BatchSnapshot, FailListing
from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.imports import Attach, Completion, ImportState, ImportStatus, ImportVideoResult
from shared.contracts.stages import ImportStage
from shared.contracts.transcription import CaptionUpgradeCandidates, TranscriptionPlan
from shared.temporal.names import TaskQueue
from tests.support.waiting import eventually
from tests.workflows.batch_script import LAST_PAGE, USER_ID, ScriptedBatch, start_batch_script
from tests.workflows.speech_script import pieces
from tests.workflows.steps import ScriptedSteps, application_error, start
from workflows.batches.client import preview_source
from workflows.batches.workflow import ImportBatch
from workflows.common.errors import UpstreamError
from workflows.common.retry import CAPTION_ATTEMPTS, THROTTLED_BACKOFF
from workflows.imports.workflow import ImportVideo
from workflows.maintenance.workflows import UpgradeCaptions

ATTEMPTS = ERROR_RULES[ErrorType.INTERNAL_ERROR].max_attempts
FAILED = ImportVideoResult(stage=ImportStage.ERROR, error_code=ErrorType.INTERNAL_ERROR)


def internal_error() -> ApplicationError:
    """What the worker raises for an unforeseen error."""
    return ApplicationError("KeyError: 'title'", type=ErrorType.INTERNAL_ERROR, non_retryable=True)


def internal_errors(count: int) -> list[ApplicationError]:
    return [internal_error() for _ in range(count)]


@pytest.mark.parametrize(
    "step", ["load_import_state", "fetch_metadata", "fetch_captions", "save_chapters", "complete_import"]
)
async def test_an_activity_that_never_succeeds_fails_the_import(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str
) -> None:
    steps.on(step, *internal_errors(1000))
    async with steps.at_work(environment.client):
        assert await (await start(environment.client)).result() == FAILED
    attempts = CAPTION_ATTEMPTS if step == "fetch_captions" else ATTEMPTS
    assert (steps.calls.count(step), steps.failed_with) == (attempts, ErrorType.INTERNAL_ERROR)
    assert steps.calls.count("fetch_metadata") <= ATTEMPTS


@pytest.mark.parametrize(
    "step", ["load_import_state", "fetch_metadata", "skip_captions", "save_chapters", "complete_import"]
)
async def test_an_activity_that_succeeds_in_the_end_does_not_fail_the_import(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str
) -> None:
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_TOKEN_REQUIRED))
    steps.on(step, *internal_errors(ATTEMPTS - 1))
    async with steps.at_work(environment.client):
        assert (await (await start(environment.client)).result()).stage is ImportStage.COMPLETE


@pytest.mark.parametrize("step", ["fetch_metadata", "save_chapters"])
async def test_progress_shows_the_attempt(environment: WorkflowEnvironment, steps: ScriptedSteps, step: str) -> None:
    steps.on(step, *internal_errors(3))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        status = await eventually(partial(at_attempt, handle, 4))
        assert status.waiting_for is ErrorType.INTERNAL_ERROR
        assert status.retry_at is not None
        await handle.signal(ImportVideo.retry_now)
        assert (await handle.result()).stage is ImportStage.COMPLETE


async def test_a_failure_that_cannot_be_saved_is_retried_without_a_request(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", application_error(ErrorType.GEO_BLOCKED))
    steps.on("fail_import", *internal_errors(20))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        result = await handle.result()
        history = await handle.fetch_history()
    assert result.error_code is ErrorType.GEO_BLOCKED
    assert (steps.calls.count("fail_import"), steps.calls.count("fetch_metadata")) == (21, 1)
    began, ended = history.events[0].event_time.ToDatetime(), history.events[-1].event_time.ToDatetime()
    assert ended - began > timedelta(hours=10)


async def test_a_list_entry_that_cannot_be_synced_fails_the_import(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("load_import_state", ImportState(wanted=True), *internal_errors(ATTEMPTS))
    steps.on("fetch_metadata", application_error(ErrorType.LIVE_NOW))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(partial(at_attempt, handle, 1, ErrorType.LIVE_NOW))
        await handle.signal(ImportVideo.attach, Attach(user_id=USER_ID))
        # It failed, and was run again for the list that attached.
        assert (await handle.result()).stage is ImportStage.COMPLETE
    assert steps.failed_with is ErrorType.INTERNAL_ERROR


async def test_a_list_entry_that_cannot_be_synced_does_not_undo_a_call_that_succeeds(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    answered = asyncio.Event()
    steps.on("load_import_state", ImportState(wanted=True), *internal_errors(ATTEMPTS))
    steps.on("fetch_metadata", answered)
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(partial(is_called, steps, "fetch_metadata"))
        await handle.signal(ImportVideo.attach, Attach(user_id=USER_ID))
        await eventually(partial(is_called, steps, "load_import_state", 2))
        answered.set()
        assert (await handle.result()).stage is ImportStage.COMPLETE
    assert steps.failed_with is None
    assert steps.calls.count("fetch_metadata") == 1


@pytest.mark.parametrize("step", ["plan_transcription", "split_audio", "transcribe_chunk", "save_transcript"])
async def test_captions_from_speech_are_gone_without(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str
) -> None:
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    if step != "plan_transcription":
        steps.on("plan_transcription", TranscriptionPlan(is_wanted=True))
    steps.on(step, *internal_errors(1000))
    async with steps.at_work(environment.client):
        assert (await (await start(environment.client)).result()).stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.INTERNAL_ERROR
    assert steps.calls.count(step) == ATTEMPTS


async def test_a_reimport_that_comes_while_an_import_ends_is_done_as_well(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    stale = ImportState(wanted=True, reached=ImportStage.METADATA)
    steps.on("load_import_state", ImportState(wanted=True), stale)
    steps.on("complete_import", Completion(is_complete=False))
    async with steps.at_work(environment.client):
        assert (await (await start(environment.client)).result()).stage is ImportStage.COMPLETE
    assert [steps.calls.count(step) for step in ("fetch_metadata", "fetch_captions", "complete_import")] == [1, 2, 2]


class FailingBatch(ScriptedBatch):
    """Its local activities fail so many times."""

    def __init__(self, *, advances: int = 0, ends: int = 0, pages: Sequence[object] = ()) -> None:
        super().__init__(pages=pages)
        self.failing_advances, self.failing_ends = advances, ends

    @activity.defn
    async def advance_batch(self, advance: AdvanceBatchInput) -> BatchSnapshot:
        self.failing_advances -= 1
        if self.failing_advances >= 0:
            raise internal_error()
        return await super().advance_batch(advance)

    @activity.defn
    async def fail_listing(self, failure: FailListing) -> None:
        self.failing_ends -= 1
        if self.failing_ends >= 0:
            raise internal_error()
        await super().fail_listing(failure)


async def test_a_page_that_cannot_be_saved_fails_the_listing(environment: WorkflowEnvironment) -> None:
    batch = FailingBatch(pages=internal_errors(ATTEMPTS), ends=10)
    async with batch.at_work(environment.client):
        await (await start_batch_script(environment.client)).result()
    assert (batch.listing_calls, batch.failed_with) == (ATTEMPTS, ErrorType.INTERNAL_ERROR)


async def test_a_batch_that_fails_to_advance_keeps_its_changes(environment: WorkflowEnvironment) -> None:
    batch = FailingBatch(advances=10, pages=[LAST_PAGE])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await handle.signal(ImportBatch.pause)
        await handle.signal(ImportBatch.resume)
        await handle.result()
    changes = [change for advance in batch.advances for change in advance.changes]
    assert (changes, batch.listing_calls) == ([BatchChange.PAUSE, BatchChange.RESUME], 1)


async def test_a_batch_advances_as_soon_as_its_delay_is_over(environment: WorkflowEnvironment) -> None:
    """And not after what it would wait without anything to do, which are ten minutes."""
    batch = FailingBatch(advances=1)
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await handle.result()
        history = await handle.fetch_history()
    began, ended = history.events[0].event_time.ToDatetime(), history.events[-1].event_time.ToDatetime()
    assert THROTTLED_BACKOFF.initial <= ended - began < 2 * THROTTLED_BACKOFF.initial


async def test_a_change_ends_the_delay_of_a_batch_that_fails_to_advance(environment: WorkflowEnvironment) -> None:
    batch = FailingBatch(advances=1)

    async def has_failed() -> bool:
        return batch.failing_advances == 0

    async def has_advanced() -> bool:
        return bool(batch.advances)

    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await eventually(has_failed)
        await handle.signal(ImportBatch.cancel)
        await eventually(has_advanced)  # no time is skipped meanwhile: the delay lasts longer than this
        await handle.result()
    assert batch.advances[0].changes == [BatchChange.CANCEL]


async def test_a_failing_video_does_not_stop_the_recheck_of_others(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on(
        "find_caption_upgrade_candidates",
        CaptionUpgradeCandidates(youtube_ids=["abcdefghij1", "abcdefghij2", "abcdefghij3"]),
    )
    steps.on("fetch_captions", internal_error())
    steps.on("mark_captions_rechecked", None, internal_error())
    async with steps.at_work(environment.client):
        upgrade = environment.client.execute_workflow(UpgradeCaptions.run, id="now", task_queue=TaskQueue.IMPORTS)
        assert await upgrade == 3
    assert steps.calls.count("fetch_captions") == 3


async def test_a_preview_says_that_the_fault_is_ours(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=internal_errors(1))
    async with batch.at_work(environment.client):
        with pytest.raises(UpstreamError) as refusal:
            await preview_source(environment.client, "https://www.youtube.com/playlist?list=PL", USER_ID, seconds=30)
    assert refusal.value.error_type is ErrorType.INTERNAL_ERROR


async def at_attempt(
    handle: WorkflowHandle[ImportVideo, ImportVideoResult], attempt: int, reason: ErrorType = ErrorType.INTERNAL_ERROR
) -> ImportStatus:
    """The status of an import that waits for this attempt."""
    status = await handle.query(ImportVideo.progress)
    assert (status.attempt, status.waiting_for) == (attempt, reason)
    return status


async def is_called(steps: ScriptedSteps, step: str, times: int = 1) -> bool:
    return steps.calls.count(step) >= times
