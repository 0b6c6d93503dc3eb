"""Captions from speech, against scripted steps and a server that skips time."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.imports import ImportState, ImportVideoResult
from shared.contracts.speech import KeptSpeech, SpeechPlan
from shared.contracts.stages import ImportStage, transcription_progress
from shared.contracts.upstreams import Upstream
from tests.support.waiting import eventually
from tests.workflows.speech_script import WANTED, pieces
from tests.workflows.steps import ScriptedSteps, refused, start
from workflows.import_video import ImportVideo
from workflows.policies import AUDIO_ATTEMPTS, CAPTION_ATTEMPTS, NO_ROOM

Handle = WorkflowHandle[ImportVideo, ImportVideoResult]
FROM_SPEECH = ["plan_speech_to_text", "extract_audio", "split_audio"]
THREE_PIECES = pieces((0, 600), (590, 1190), (1180, 1500)).chunks
HELPED = [ErrorType.CAPTIONS_NONE, ErrorType.CAPTIONS_DISABLED]
AFTER_ATTEMPTS = [ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.LINK_EXPIRED, ErrorType.UNEXPECTED_ANSWER]
NOT_HELPED = [
    error_type for error_type, rule in ERROR_RULES.items() if rule.retry is Retry.SKIP and not rule.speech_to_text
]
SPOILED = [
    ErrorType.AUDIO_UNAVAILABLE,
    ErrorType.AUDIO_STORE_FULL,
    ErrorType.TRANSCRIPTION_REFUSED,
    ErrorType.TRANSCRIPTION_MISCONFIGURED,
]


@pytest.fixture
def steps(steps: ScriptedSteps) -> ScriptedSteps:
    """Steps with speech-to-text, for a video that has no captions."""
    steps.on("plan_speech_to_text", WANTED)
    return steps


async def imported(environment: WorkflowEnvironment, steps: ScriptedSteps) -> ImportVideoResult:
    async with steps.at_work(environment.client):
        return await (await start(environment.client)).result()


@pytest.mark.parametrize("reason", HELPED)
async def test_captions_that_youtube_does_not_have_are_made_from_speech(
    environment: WorkflowEnvironment, steps: ScriptedSteps, reason: ErrorType
) -> None:
    steps.on("fetch_captions", refused(reason))
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.calls[2:] == [
        *("fetch_captions", *FROM_SPEECH, *["transcribe_chunk"] * 3),
        *("keep_speech", "discard_audio", "save_chapters", "complete_import"),
    ]
    assert steps.speech.kept == THREE_PIECES
    assert steps.speech.discards == 1


@pytest.mark.parametrize("reason", AFTER_ATTEMPTS)
async def test_speech_is_recognised_after_three_attempts_at_youtubes_captions(
    environment: WorkflowEnvironment, steps: ScriptedSteps, reason: ErrorType
) -> None:
    steps.on("fetch_captions", *[refused(reason)] * CAPTION_ATTEMPTS)
    await imported(environment, steps)
    assert steps.calls.count("fetch_captions") == CAPTION_ATTEMPTS
    assert "keep_speech" in steps.calls


@pytest.mark.parametrize("reason", NOT_HELPED)
async def test_captions_that_youtube_keeps_to_itself_cost_no_money(
    environment: WorkflowEnvironment, steps: ScriptedSteps, reason: ErrorType
) -> None:
    steps.on("fetch_captions", refused(reason))
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is reason
    assert "plan_speech_to_text" not in steps.calls


@pytest.mark.parametrize("block", [ErrorType.RATE_LIMITED, ErrorType.BOT_CHECK])
async def test_a_block_is_waited_for_and_never_paid_around(
    environment: WorkflowEnvironment, steps: ScriptedSteps, block: ErrorType
) -> None:
    steps.on("fetch_captions", *[refused(block)] * (CAPTION_ATTEMPTS + 2))
    await imported(environment, steps)
    assert steps.calls.count("fetch_captions") == CAPTION_ATTEMPTS + 3
    assert "plan_speech_to_text" not in steps.calls


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (SpeechPlan(is_wanted=False), ErrorType.CAPTIONS_NONE),
        (SpeechPlan(is_wanted=False, refusal=ErrorType.SPEECH_TOO_LONG), ErrorType.SPEECH_TOO_LONG),
    ],
)
async def test_without_speech_to_text_the_video_is_complete_and_says_why_it_has_no_captions(
    environment: WorkflowEnvironment, steps: ScriptedSteps, plan: SpeechPlan, reason: ErrorType
) -> None:
    steps.script.clear()
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("plan_speech_to_text", plan)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is reason
    assert "extract_audio" not in steps.calls


async def test_a_video_waits_until_there_is_room_for_its_sound(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.script.clear()
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("plan_speech_to_text", *[SpeechPlan(is_wanted=True, has_room=False)] * 2, WANTED)
    began = await environment.get_current_time()
    await imported(environment, steps)
    assert await environment.get_current_time() - began >= 2 * NO_ROOM
    assert steps.calls.count("plan_speech_to_text") == 3
    assert steps.speech.kept == THREE_PIECES
    assert steps.speech.planned_for_a_person == [True] * 3


async def test_sound_that_cannot_be_deleted_keeps_no_import(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("discard_audio", *[OSError("read only")] * 100)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.speech.kept == THREE_PIECES


@pytest.mark.parametrize("step", ["extract_audio", "split_audio", "transcribe_chunk"])
async def test_a_store_that_is_set_up_wrongly_is_a_video_without_captions(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str
) -> None:
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on(step, *[PermissionError("not allowed")] * 100)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.SPEECH_FAILED


async def test_nothing_said_is_no_captions(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("keep_speech", KeptSpeech(missing=ErrorType.SPEECH_NONE))
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.SPEECH_NONE
    assert steps.speech.discards == 1


@pytest.mark.parametrize("step", ["extract_audio", "split_audio", "transcribe_chunk"])
@pytest.mark.parametrize("reason", SPOILED)
async def test_whatever_goes_wrong_the_import_is_complete_and_no_sound_is_left(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str, reason: ErrorType
) -> None:
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on(step, refused(reason))
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is reason
    assert "keep_speech" not in steps.calls
    assert steps.speech.discards == 1


async def test_a_download_that_fails_is_taken_up_a_limited_number_of_times(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("extract_audio", *[refused(ErrorType.UPSTREAM_UNAVAILABLE)] * AUDIO_ATTEMPTS)
    await imported(environment, steps)
    assert steps.calls.count("extract_audio") == AUDIO_ATTEMPTS
    assert steps.skipped_because is ErrorType.UPSTREAM_UNAVAILABLE


@pytest.mark.parametrize("reason", [ErrorType.TRANSCRIPTION_UNAVAILABLE, ErrorType.TRANSCRIPTION_UNEXPECTED])
async def test_one_piece_that_fails_for_a_while_is_all_that_is_done_again(
    environment: WorkflowEnvironment, steps: ScriptedSteps, reason: ErrorType
) -> None:
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", refused(reason), refused(reason))
    await imported(environment, steps)
    assert steps.calls.count("transcribe_chunk") == 5
    assert steps.speech.kept == THREE_PIECES


async def test_a_server_that_never_answers_ends_in_a_video_without_captions(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    limit = ERROR_RULES[ErrorType.TRANSCRIPTION_UNAVAILABLE].max_attempts
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", *[refused(ErrorType.TRANSCRIPTION_UNAVAILABLE)] * limit)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.TRANSCRIPTION_UNAVAILABLE
    assert steps.calls.count("transcribe_chunk") == limit


async def test_a_limit_is_waited_for_however_long_it_takes(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", *[refused(ErrorType.TRANSCRIPTION_LIMITED)] * 30)
    began = await environment.get_current_time()
    await imported(environment, steps)
    assert await environment.get_current_time() - began > timedelta(minutes=30)
    assert steps.speech.kept == THREE_PIECES


async def test_a_piece_that_is_too_large_is_cut_in_two(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", refused(ErrorType.CHUNK_TOO_LARGE), refused(ErrorType.CHUNK_TOO_LARGE))
    await imported(environment, steps)
    assert steps.speech.kept == pieces((0, 157.5), (147.5, 305), (295, 600)).chunks


async def test_a_piece_that_is_too_large_however_small_ends_the_attempt(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.speech.chunks = pieces((0, 600))
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", *[refused(ErrorType.CHUNK_TOO_LARGE)] * 200)
    result = await imported(environment, steps)
    assert result.stage is ImportStage.COMPLETE
    assert steps.skipped_because is ErrorType.CHUNK_TOO_LARGE


async def test_the_status_tells_which_server_is_asked_and_how_far_it_is(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    downloading, recognising = asyncio.Event(), asyncio.Event()
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("extract_audio", downloading)
    steps.on("transcribe_chunk", recognising)
    async with steps.at_work(environment.client):
        handle = await start(environment.client)

        async def asks(upstream: Upstream, *progress: int) -> bool:
            status = await handle.query(ImportVideo.progress)
            assert status.stage is ImportStage.METADATA
            return status.asks is upstream and status.progress in progress

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
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("transcribe_chunk", called_off, called_off, refused(ErrorType.TRANSCRIPTION_REFUSED))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: _is_set(steps.cancelled))
        assert steps.speech.discards == 0  # they are still at work on the sound
        called_off.set()
        await handle.result()
    assert steps.skipped_because is ErrorType.TRANSCRIPTION_REFUSED
    assert steps.speech.discards == 1


@pytest.mark.parametrize("step", ["extract_audio", "transcribe_chunk"])
async def test_a_video_that_nobody_wants_any_more_leaves_no_sound(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str
) -> None:
    never = asyncio.Event()
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on(step, *[never] * 3)
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: _called(steps, step))
        steps.on("begin_import", *[ImportState(wanted=False)] * 5)
        await handle.signal(ImportVideo.cancel)
        await eventually(lambda: _is_set(steps.cancelled))
        never.set()
        await handle.result()
    assert steps.speech.discards == 1
    assert "skip_captions" not in steps.calls


async def _called(steps: ScriptedSteps, step: str) -> bool:
    return step in steps.calls


async def _is_set(event: asyncio.Event) -> bool:
    return event.is_set()
