"""Transcription, where YouTube has no captions: the last part of an import's captions stage."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from shared.contracts.errors import ErrorType
    from shared.contracts.imports import ImportStatus, VideoRef
    from shared.contracts.stages import SPEECH_DOWNLOADED, transcription_progress
    from shared.contracts.transcription import (
        AudioChunk,
        PlanTranscriptionInput,
        SaveTranscriptInput,
        SplitAudioInput,
        SplitChunkInput,
        TranscribeChunkInput,
        TranscriptionPlan,
    )
    from shared.temporal.names import PRIORITY_PERSON
    from workflows.common import execution
    from workflows.common.errors import UpstreamError
    from workflows.common.retry import AUDIO_ATTEMPTS, AUDIO_CAPACITY_POLL_INTERVAL
    from workflows.imports.activities import (
        AudioActivities,
        DownloadActivities,
        TranscriptActivities,
        TranscriptionActivities,
    )
    from workflows.imports.upstream_call import RetryState, UpstreamCall
    from workflows.imports.upstream_calls import UpstreamCalls

P = TypeVar("P")
R = TypeVar("R")
MAX_QUEUED_CHUNKS = 200
"""Of one video, in the queue at once; the server takes no more than 2,000 activities of a workflow."""
SHORTEST_CHUNK_SECONDS = 20
"""A server that rejects so short a chunk as too large will reject half of it as well."""


class Transcription:
    """Downloads the audio, transcribes it in chunks, and deletes it."""

    def __init__(self, video: VideoRef, calls: UpstreamCalls, status: ImportStatus) -> None:
        self._video = video
        self._calls = calls
        self._status = status
        self._video_ms = 0
        self._transcribed_ms = 0
        self._queue_room = asyncio.Semaphore(MAX_QUEUED_CHUNKS)

    async def run(self, reason: ErrorType) -> ErrorType | None:
        """Transcribe the video; `reason` is why YouTube has no captions.

        Returns:
            None when there are captions now, otherwise why there are none.

        Raises:
            ImportAbandonedError: no list waits for the video any more.
        """
        try:
            plan = await self._plan()
        except UpstreamError as error:
            return error.error_type
        if not plan.is_wanted:
            return plan.refusal or reason
        try:
            return await self._transcribe()
        except UpstreamError as error:
            return error.error_type
        finally:
            await self._delete_audio()

    async def _plan(self) -> TranscriptionPlan:
        """Decide whether to transcribe; wait until the audio store has room for one more video."""
        for poll in count(1):
            # Read first: both may change while the plan is made.
            retry_requests, is_bulk = self._calls.retry_requests, self._calls.is_bulk
            plan = await self._calls.run_local(
                TranscriptActivities.plan_transcription,
                PlanTranscriptionInput(youtube_id=self._video.youtube_id, is_interactive=not is_bulk),
            )
            if plan.has_room or not plan.is_wanted:
                break
            await self._calls.back_off(
                AUDIO_CAPACITY_POLL_INTERVAL.delay(poll),
                ErrorType.TRANSCRIPTION_LIMITED,
                is_over=partial(self._is_worth_polling, retry_requests, is_bulk=is_bulk),
            )
        return plan

    def _is_worth_polling(self, retry_requests: int, *, is_bulk: bool) -> bool:
        """Whether there may be room by now; there always is for an interactive import."""
        return self._calls.retry_requests != retry_requests or self._calls.is_bulk is not is_bulk

    async def _transcribe(self) -> ErrorType | None:
        chunks = await self._download()
        self._video_ms = chunks[-1].end_ms
        transcribed = await self._transcribe_all(chunks)
        saved = await self._calls.run_local(
            TranscriptActivities.save_transcript,
            SaveTranscriptInput(youtube_id=self._video.youtube_id, chunks=transcribed),
        )
        return saved.missing

    async def _download(self) -> list[AudioChunk]:
        audio = await self._run(
            DownloadActivities.extract_audio,
            self._video,
            prerequisite=UpstreamCall(DownloadActivities.find_audio, self._video),
            max_attempts=AUDIO_ATTEMPTS,
        )
        self._status.progress = SPEECH_DOWNLOADED
        split = SplitAudioInput(youtube_id=self._video.youtube_id, audio=audio)
        return (await self._run(AudioActivities.split_audio, split)).chunks

    async def _transcribe_all(self, chunks: list[AudioChunk]) -> list[AudioChunk]:
        """Transcribe all chunks concurrently; the first error ends all. Returns them as they were transcribed."""
        tasks = [asyncio.create_task(self._transcribe_chunk(chunk)) for chunk in chunks]
        try:
            done, _ = await workflow.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            with self._calls.aborting():
                await workflow.wait(tasks)
        await asyncio.gather(*done)  # raises the first error, and not ImportAbandonedError of the other chunks
        return [chunk for task in tasks for chunk in task.result()]

    async def _transcribe_chunk(self, chunk: AudioChunk) -> list[AudioChunk]:
        """Transcribe the chunk, or the smaller ones that it has to be split into."""
        transcribe = TranscribeChunkInput(youtube_id=self._video.youtube_id, chunk=chunk, video_ms=self._video_ms)
        try:
            async with self._queue_room:
                await self._run(
                    TranscriptionActivities.transcribe_chunk, transcribe, summary=f"Transcribe {_span(chunk)}"
                )
        except UpstreamError as error:
            is_too_large = error.error_type is ErrorType.CHUNK_TOO_LARGE
            if not is_too_large or chunk.duration_seconds < 2 * SHORTEST_CHUNK_SECONDS:
                raise
            return await self._transcribe_halves(chunk)
        self._transcribed_ms += chunk.end_ms - chunk.start_ms
        self._status.progress = transcription_progress(self._transcribed_ms / self._video_ms)
        return [chunk]

    async def _transcribe_halves(self, chunk: AudioChunk) -> list[AudioChunk]:
        split = SplitChunkInput(youtube_id=self._video.youtube_id, chunk=chunk)
        halves = await self._run(AudioActivities.split_chunk, split, summary=f"Split {_span(chunk)}")
        return [part for half in halves.chunks for part in await self._transcribe_chunk(half)]

    async def _run(
        self,
        activity: Callable[[Any, P], Awaitable[R]],
        argument: P,
        *,
        summary: str | None = None,
        prerequisite: UpstreamCall[Any, None] | None = None,
        max_attempts: int | None = None,
    ) -> R:
        """Run an activity with a retry state of its own: a new run would start with the download again."""
        return await self._calls.run(
            UpstreamCall(
                activity,
                argument,
                summary=summary,
                prerequisite=prerequisite,
                max_attempts=max_attempts,
                fallback_error=ErrorType.SPEECH_FAILED,
                retry_state=RetryState(),
            )
        )

    async def _delete_audio(self) -> None:
        """Delete the audio before any other audio is split, which makes room; `SweepAudio` repeats what fails."""
        with suppress(ActivityError):
            await execution.start(
                AudioActivities.discard_audio, self._video, priority=Priority(priority_key=PRIORITY_PERSON)
            )


def _span(chunk: AudioChunk) -> str:
    return f"{chunk.start_seconds:.0f}-{chunk.end_seconds:.0f} s"
