"""How each step of making captions from speech is run."""

from contextlib import suppress

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError

from shared.contracts.imports import VideoRef
from shared.contracts.speech import (
    AudioChunk,
    AudioChunks,
    ExtractedAudio,
    HalveChunkInput,
    KeepSpeechInput,
    KeptSpeech,
    PlanSpeechInput,
    SpeechPlan,
    SplitAudioInput,
    TranscribeChunkInput,
)
from shared.temporal.names import PRIORITY_PERSON, TaskQueue
from workflows.activities import AudioSteps, DownloadSteps, SpeechSteps, TranscriptionSteps
from workflows.policies import DATABASE_STEP, DISCARD_STEP, DOWNLOAD_STEP, SPLIT_STEP, TRANSCRIBE_STEP


async def plan_speech_to_text(video: VideoRef, *, is_waiting: bool) -> SpeechPlan:
    """Whether captions are to be made from speech."""
    return await workflow.execute_local_activity_method(
        SpeechSteps.plan_speech_to_text,
        PlanSpeechInput(youtube_id=video.youtube_id, is_waiting=is_waiting),
        **DATABASE_STEP,
        summary="Is its speech to be recognised?",
    )


def extract_audio(video: VideoRef, priority: Priority) -> workflow.ActivityHandle[ExtractedAudio]:
    """Queue the download of the sound."""
    return workflow.start_activity_method(
        DownloadSteps.extract_audio,
        video,
        task_queue=TaskQueue.YOUTUBE,
        priority=priority,
        **DOWNLOAD_STEP,
        summary="Sound",
    )


def split_audio(video: VideoRef, audio: ExtractedAudio, priority: Priority) -> workflow.ActivityHandle[AudioChunks]:
    """Queue the cutting of the sound."""
    return workflow.start_activity_method(
        AudioSteps.split_audio,
        SplitAudioInput(youtube_id=video.youtube_id, audio=audio),
        task_queue=TaskQueue.AUDIO,
        priority=priority,
        **SPLIT_STEP,
        summary="Sound in pieces",
    )


def halve_chunk(video: VideoRef, chunk: AudioChunk, priority: Priority) -> workflow.ActivityHandle[AudioChunks]:
    """Queue the cutting of a piece."""
    return workflow.start_activity_method(
        AudioSteps.halve_chunk,
        HalveChunkInput(youtube_id=video.youtube_id, chunk=chunk),
        task_queue=TaskQueue.AUDIO,
        priority=priority,
        **SPLIT_STEP,
        summary=f"{_times(chunk)} in two",
    )


def transcribe_chunk(
    video: VideoRef, chunk: AudioChunk, video_ms: int, priority: Priority
) -> workflow.ActivityHandle[None]:
    """Queue a piece for recognition."""
    return workflow.start_activity_method(
        TranscriptionSteps.transcribe_chunk,
        TranscribeChunkInput(youtube_id=video.youtube_id, chunk=chunk, video_ms=video_ms),
        task_queue=TaskQueue.TRANSCRIPTION,
        priority=priority,
        **TRANSCRIBE_STEP,
        summary=f"Speech of {_times(chunk)}",
    )


async def keep_speech(video: VideoRef, chunks: list[AudioChunk]) -> KeptSpeech:
    """Reach `captions` with what was recognised, unless that is nothing."""
    return await workflow.execute_local_activity_method(
        SpeechSteps.keep_speech,
        KeepSpeechInput(youtube_id=video.youtube_id, chunks=chunks),
        **DATABASE_STEP,
        summary="Captions from speech",
    )


async def discard_audio(video: VideoRef) -> None:
    """Leave no sound behind; what cannot be deleted now is left to `SweepAudio`.

    Before any cutting: it makes room.
    """
    with suppress(ActivityError):
        await workflow.execute_activity_method(
            AudioSteps.discard_audio,
            video,
            task_queue=TaskQueue.AUDIO,
            priority=Priority(priority_key=PRIORITY_PERSON),
            **DISCARD_STEP,
            summary="No sound is kept",
        )


def _times(chunk: AudioChunk) -> str:
    return f"{chunk.start_seconds:.0f}-{chunk.end_seconds:.0f} s"
