"""Captions from speech, against scripted steps and a server that skips time."""

import asyncio
from datetime import timedelta
from functools import partial
from itertools import pairwise
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.imports import Attach, ImportState, ImportVideoResult
from shared.contracts.stages import ImportStage, transcription_progress
from shared.contracts.transcription import SaveTranscriptResult, TranscriptionPlan
from shared.contracts.upstreams import Upstream
from shared.temporal.names import PRIORITY_BULK
from tests.support.waiting import eventually
from tests.workflows.speech_script import WANTED, pieces
from tests.workflows.steps import YOUTUBE_ID, ScriptedSteps, application_error, start
from workflows.common.retry import AUDIO_ATTEMPTS, CAPTION_ATTEMPTS
from workflows.imports.client import start_import
from workflows.imports.workflow import ImportVideo

Handle = WorkflowHandle[ImportVideo, ImportVideoResult]
ATTEMPTS = ERROR_RULES[ErrorType.INTERNAL_ERROR].max_attempts
FROM_SPEECH = ["plan_transcription", "find_audio", "extract_audio", "split_audio"]
THREE_PIECES = pieces((0, 600), (590, 1190), (1180, 1500)).chunks
# One of each rule; `test_policies.py` has them all.
HELPED, AFTER_ATTEMPTS = ErrorType.CAPTIONS_NONE, ErrorType.UPSTREAM_UNAVAILABLE
NOT_HELPED = ErrorType.CAPTIONS_TOKEN_REQUIRED
SPOILED = [
    ("find_audio", ErrorType.TRANSCRIPTION_MISCONFIGURED),
    ("extract_audio", ErrorType.AUDIO_STORE_FULL),
    ("split_audio", ErrorType.AUDIO_UNAVAILABLE),
    ("transcribe_chunk", ErrorType.TRANSCRIPTION_REFUSED),
]


@pytest.fixture
def steps(steps: ScriptedSteps) -> ScriptedSteps:
    """Steps with speech-to-text, for a video that has no captions."""
    steps.on("plan_transcription", WANTED)
    return steps


async def imported(environment: WorkflowEnvironment, steps: ScriptedSteps) -> ImportVideoResult:
    async with steps.at_work(environment.client):
        return await (await start(environment.client)).result()


async def test_captions_that_youtube_does_not_have_are_made_from_speech(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", application_error(HELPED))
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.calls[2:] == [
        *("fetch_captions", *FROM_SPEECH, *["transcribe_chunk"] * 3),
        *("save_transcript", "discard_audio", "save_chapters", "complete_import"),
    ]
    assert steps.speech.kept == THREE_PIECES
    assert steps.speech.discards == 1


async def test_speech_is_recognised_after_three_attempts_at_youtubes_captions(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", *[application_error(AFTER_ATTEMPTS)] * CAPTION_ATTEMPTS)
    await imported(environment, steps)
    assert steps.calls.count("fetch_captions") == CAPTION_ATTEMPTS
    assert "save_transcript" in steps.calls


async def test_captions_that_youtube_keeps_to_itself_cost_no_money(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", application_error(NOT_HELPED))
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is NOT_HELPED
    assert "plan_transcription" not in steps.calls


@pytest.mark.parametrize("block", [ErrorType.RATE_LIMITED, ErrorType.BOT_CHECK])
async def test_a_block_is_waited_for_and_never_paid_around(
    environment: WorkflowEnvironment, steps: ScriptedSteps, block: ErrorType
) -> None:
    steps.on("fetch_captions", *[application_error(block)] * (CAPTION_ATTEMPTS + 2))
    await imported(environment, steps)
    assert steps.calls.count("fetch_captions") == CAPTION_ATTEMPTS + 3
    assert "plan_transcription" not in steps.calls


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (TranscriptionPlan(is_wanted=False), ErrorType.CAPTIONS_NONE),
        (TranscriptionPlan(is_wanted=False, refusal=ErrorType.SPEECH_TOO_LONG), ErrorType.SPEECH_TOO_LONG),
    ],
)
async def test_without_speech_to_text_the_video_is_complete_and_says_why_it_has_no_captions(
    environment: WorkflowEnvironment, steps: ScriptedSteps, plan: TranscriptionPlan, reason: ErrorType
) -> None:
    steps.script.clear()
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("plan_transcription", plan)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is reason
    assert "extract_audio" not in steps.calls


async def test_a_video_waits_until_there_is_room_for_its_sound(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.script.clear()
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("plan_transcription", *[TranscriptionPlan(is_wanted=True, has_room=False)] * 4, WANTED)
    began = await environment.get_current_time()
    await imported(environment, steps)
    took = await environment.get_current_time() - began
    assert took >= timedelta(minutes=10 + 20 + 40 + 60)  # ever less often, but at least every hour
    assert steps.calls.count("plan_transcription") == 5
    assert steps.speech.kept == THREE_PIECES
    assert steps.speech.planned_for_a_person == [True] * 5


async def test_a_person_who_adds_the_video_does_not_wait_for_room(client: Client, steps: ScriptedSteps) -> None:
    steps.script.clear()
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("plan_transcription", TranscriptionPlan(is_wanted=True, has_room=False), WANTED)
    async with steps.at_work(client):
        handle = await start_import(client, YOUTUBE_ID, uuid4(), priority=PRIORITY_BULK)
        await eventually(lambda: _called(steps, "plan_transcription"))
        await start_import(client, YOUTUBE_ID, uuid4())
        await handle.result()
    assert steps.speech.planned_for_a_person == [False, True]


async def test_sound_that_cannot_be_deleted_keeps_no_import(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("discard_audio", *[OSError("read only")] * 100)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.speech.kept == THREE_PIECES


@pytest.mark.parametrize("step", ["find_audio", "extract_audio", "split_audio", "transcribe_chunk"])
async def test_a_store_that_is_set_up_wrongly_is_a_video_without_captions(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str
) -> None:
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on(step, *[PermissionError("not allowed")] * 100)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.SPEECH_FAILED


async def test_nothing_said_is_no_captions(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("save_transcript", SaveTranscriptResult(missing=ErrorType.SPEECH_NONE))
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.SPEECH_NONE
    assert steps.speech.discards == 1


@pytest.mark.parametrize(("step", "reason"), SPOILED)
async def test_whatever_goes_wrong_the_import_is_complete_and_no_sound_is_left(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str, reason: ErrorType
) -> None:
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on(step, application_error(reason))
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is reason
    assert "save_transcript" not in steps.calls
    assert steps.speech.discards == 1


@pytest.mark.parametrize("step", ["find_audio", "extract_audio"])
async def test_a_download_that_fails_is_taken_up_a_limited_number_of_times(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str
) -> None:
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on(step, *[application_error(ErrorType.UPSTREAM_UNAVAILABLE)] * AUDIO_ATTEMPTS)
    await imported(environment, steps)
    assert steps.calls.count("find_audio") == AUDIO_ATTEMPTS  # each time, it is asked where the sound is
    assert steps.skipped_because is ErrorType.UPSTREAM_UNAVAILABLE


async def test_an_internal_error_after_youtubes_answer_asks_it_no_second_time(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("extract_audio", *[application_error(ErrorType.INTERNAL_ERROR)] * 2)
    await imported(environment, steps)
    assert (steps.calls.count("find_audio"), steps.calls.count("extract_audio")) == (1, 3)
    assert steps.speech.kept == THREE_PIECES


@pytest.mark.parametrize("reason", [ErrorType.TRANSCRIPTION_UNAVAILABLE, ErrorType.TRANSCRIPTION_UNEXPECTED])
async def test_one_piece_that_fails_for_a_while_is_all_that_is_done_again(
    environment: WorkflowEnvironment, steps: ScriptedSteps, reason: ErrorType
) -> None:
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", application_error(reason), application_error(reason))
    await imported(environment, steps)
    assert steps.calls.count("transcribe_chunk") == 5
    assert steps.speech.kept == THREE_PIECES


async def test_pieces_that_wait_together_are_one_wait(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.speech.chunks = pieces(*((20 * number, 20 * number + 20) for number in range(30)))
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", *[application_error(ErrorType.TRANSCRIPTION_UNAVAILABLE)] * 60)
    await imported(environment, steps)
    changes = [wait for before, wait in pairwise(steps.waits) if wait != before]
    assert changes[-1] is None
    # A piece may fail three times where another does so once: a second, two, four.
    assert len(changes) < 30


async def test_a_server_that_never_answers_ends_in_a_video_without_captions(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    limit = ERROR_RULES[ErrorType.TRANSCRIPTION_UNAVAILABLE].max_attempts
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", *[application_error(ErrorType.TRANSCRIPTION_UNAVAILABLE)] * limit)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.TRANSCRIPTION_UNAVAILABLE
    assert steps.calls.count("transcribe_chunk") == limit


async def test_a_limit_is_waited_for_however_long_it_takes(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", *[application_error(ErrorType.TRANSCRIPTION_LIMITED)] * 30)
    began = await environment.get_current_time()
    await imported(environment, steps)
    assert await environment.get_current_time() - began > timedelta(minutes=30)
    assert steps.speech.kept == THREE_PIECES


async def test_a_piece_that_is_too_large_is_cut_in_two(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on(
        "transcribe_chunk", application_error(ErrorType.CHUNK_TOO_LARGE), application_error(ErrorType.CHUNK_TOO_LARGE)
    )
    await imported(environment, steps)
    assert steps.speech.kept == pieces((0, 157.5), (147.5, 305), (295, 600)).chunks


async def test_a_piece_that_is_too_large_however_small_ends_the_attempt(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", *[application_error(ErrorType.CHUNK_TOO_LARGE)] * 200)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.CHUNK_TOO_LARGE


async def test_the_status_tells_which_server_is_asked_and_how_far_it_is(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    downloading, recognising = asyncio.Event(), asyncio.Event()
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("extract_audio", downloading)
    steps.on("transcribe_chunk", recognising)
    async with steps.at_work(environment.client):
        handle = await start(environment.client)

        async def asks(upstream: Upstream, *progress: int) -> bool:
            status = await handle.query(ImportVideo.progress)
            assert status.stage is ImportStage.METADATA
            return status.upstream is upstream and status.progress in progress

        await eventually(lambda: asks(Upstream.YOUTUBE, 25))
        downloading.set()
        two_of_three = {transcription_progress((1520 - waits) / 1500) for waits in (600, 320)}
        await eventually(lambda: asks(Upstream.TRANSCRIPTION, *two_of_three))
        recognising.set()
        await handle.result()


async def test_a_refusal_of_one_piece_calls_the_others_off(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    called_off = asyncio.Event()
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", called_off, called_off, application_error(ErrorType.TRANSCRIPTION_REFUSED))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: _is_set(steps.cancelled))
        assert steps.speech.discards == 0  # they are still at work on the sound
        called_off.set()
        await handle.result()
    assert steps.skipped_because is ErrorType.TRANSCRIPTION_REFUSED
    assert steps.speech.discards == 1


async def test_a_refusal_of_one_piece_cuts_off_no_database_step_of_another(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    refusing = asyncio.Event()
    steps.speech.chunks = pieces((0, 600), (590, 1190))
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", application_error(ErrorType.TRANSCRIPTION_UNAVAILABLE))
    steps.on("transcribe_chunk", refusing, application_error(ErrorType.TRANSCRIPTION_REFUSED))
    away = ApplicationError("the database is away", next_retry_delay=timedelta(seconds=30))
    steps.on("load_import_state", ImportState(wanted=True), away)
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: _called(steps, "load_import_state", times=2))
        refusing.set()
        await handle.result()
    assert steps.skipped_because is ErrorType.TRANSCRIPTION_REFUSED
    assert steps.calls.count("load_import_state") == 3
    assert steps.calls.index("discard_audio") > len(steps.calls) - 1 - steps.calls[::-1].index("load_import_state")


@pytest.mark.usefixtures("long_backoff")
async def test_a_piece_may_fail_at_the_moment_when_it_is_called_off(client: Client, steps: ScriptedSteps) -> None:
    """Against the real server: the one that skips time breaks the history (see `environment.py`)."""
    looking, failing = asyncio.Event(), asyncio.Event()
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", *[failing] * 3, *[_internal_error() for _ in range(3)])
    steps.on("load_import_state", ImportState(wanted=True), *[_internal_error() for _ in range(ATTEMPTS - 1)])
    steps.on("load_import_state", looking, _internal_error())
    async with steps.at_work(client):
        handle = await start(client)
        await eventually(lambda: _called(steps, "transcribe_chunk", times=3))
        await handle.signal(ImportVideo.attach, Attach(user_id=uuid4()))
        for attempt in range(2, ATTEMPTS + 1):
            await eventually(partial(_called, steps, "load_import_state", times=attempt))
            await eventually(partial(_waits_for_attempt, handle, attempt))
            await handle.signal(ImportVideo.retry_now)
        # The last attempt keeps its workflow task open. What fails meanwhile is heard of afterwards.
        await eventually(lambda: _called(steps, "load_import_state", times=ATTEMPTS + 1))
        failing.set()
        await eventually(lambda: _nothing_is_pending(handle))
        looking.set()
        assert (await handle.result()).stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.INTERNAL_ERROR


@pytest.mark.parametrize("step", ["extract_audio", "transcribe_chunk"])
async def test_a_video_that_nobody_wants_any_more_leaves_no_sound(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str
) -> None:
    never = asyncio.Event()
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on(step, *[never] * 3)
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: _called(steps, step))
        steps.on("load_import_state", *[ImportState(wanted=False)] * 5)
        await handle.signal(ImportVideo.cancel)
        await eventually(lambda: _is_set(steps.cancelled))
        never.set()
        await handle.result()
    assert steps.speech.discards == 1
    assert "skip_captions" not in steps.calls


async def test_who_attaches_while_speech_is_recognised_is_looked_for_once(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    """However many pieces wait for their turn."""
    recognising = asyncio.Event()
    steps.speech.chunks = pieces(*[(start, start + 60) for start in range(0, 3000, 60)])
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", *[recognising] * 50)
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: _called(steps, "transcribe_chunk"))
        looks = steps.calls.count("load_import_state")
        await handle.signal(ImportVideo.attach, Attach(user_id=uuid4()))

        async def is_looked_for() -> bool:
            return steps.calls.count("load_import_state") > looks

        await eventually(is_looked_for)
        recognising.set()
        await handle.result()
    # Once for who attached, and once before the end, because somebody did.
    assert steps.calls.count("load_import_state") == looks + 2


async def _called(steps: ScriptedSteps, step: str, *, times: int = 1) -> bool:
    return steps.calls.count(step) >= times


def _internal_error() -> ApplicationError:
    return ApplicationError("as scripted", type=ErrorType.INTERNAL_ERROR, non_retryable=True)


async def _waits_for_attempt(handle: Handle, attempt: int) -> bool:
    status = await handle.query(ImportVideo.progress)
    return (status.attempt, status.waiting_for) == (attempt, ErrorType.INTERNAL_ERROR)


async def _nothing_is_pending(handle: Handle) -> bool:
    return not (await handle.describe()).raw_description.pending_activities


async def _is_set(event: asyncio.Event) -> bool:
    return event.is_set()
