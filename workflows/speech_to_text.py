"""Captions from a video's speech, where YouTube has none: the last part of an import's captions stage."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.common import Priority

with workflow.unsafe.imports_passed_through():
    from shared.contracts.errors import ErrorType
    from shared.contracts.imports import ImportStatus, VideoRef
    from shared.contracts.speech import AudioChunk, SpeechPlan
    from shared.contracts.stages import SPEECH_DOWNLOADED, transcription_progress
    from shared.contracts.upstreams import Upstream
    from workflows import speech_steps
    from workflows.calls import Call, ImportCalls, Patience
    from workflows.policies import AUDIO_ATTEMPTS, NO_ROOM
    from workflows.refusals import Refused

T = TypeVar("T")
MAX_PIECES_IN_LINE = 200
"""Of one video, in the queue at once; the server takes no more than 2,000 activities of a workflow."""
SHORTEST_CHUNK_SECONDS = 20
"""A server that does not take in so little will not take in half of it either."""


class SpeechToText:
    """Downloads the sound, has the speech of its pieces recognised, and leaves no sound behind."""

    def __init__(self, video: VideoRef, calls: ImportCalls, status: ImportStatus) -> None:
        self._video = video
        self._calls = calls
        self._status = status
        self._video_ms = 0
        self._recognised_ms = 0
        self._in_line = asyncio.Semaphore(MAX_PIECES_IN_LINE)

    async def make_captions(self, reason: ErrorType) -> ErrorType | None:
        """None: there are captions now. Otherwise why there are none; `reason` is why YouTube has none.

        Raises NobodyWaits when the video is wanted no more.
        """
        plan = await self._plan()
        if not plan.is_wanted:
            return plan.refusal or reason
        try:
            return await self._make_captions()
        except Refused as refused:
            return refused.error_type
        finally:
            await speech_steps.discard_audio(self._video)

    async def _plan(self) -> SpeechPlan:
        """What is to be done, once there is room for one more video's sound."""
        while True:
            plan = await speech_steps.plan_speech_to_text(self._video, is_waiting=not self._calls.is_in_bulk)
            if plan.has_room or not plan.is_wanted:
                return plan
            await self._calls.wait(NO_ROOM, ErrorType.TRANSCRIPTION_LIMITED)

    async def _make_captions(self) -> ErrorType | None:
        chunks = await self._extract_chunks()
        self._video_ms = chunks[-1].end_ms
        recognised = await self._transcribe_all(chunks)
        kept = await speech_steps.keep_speech(self._video, recognised)
        return kept.missing

    async def _extract_chunks(self) -> list[AudioChunk]:
        audio = await self._ask(
            lambda priority: speech_steps.extract_audio(self._video, priority),
            Upstream.YOUTUBE,
            max_attempts=AUDIO_ATTEMPTS,
        )
        self._status.progress = SPEECH_DOWNLOADED
        split = await self._ask(lambda priority: speech_steps.split_audio(self._video, audio, priority))
        return split.chunks

    async def _transcribe_all(self, chunks: list[AudioChunk]) -> list[AudioChunk]:
        """The pieces whose speech was recognised, all at once as far as the queue lets them; one refusal ends all."""
        tasks = [asyncio.create_task(self._transcribe(chunk)) for chunk in chunks]
        try:
            return [chunk for chunks in await asyncio.gather(*tasks) for chunk in chunks]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _transcribe(self, chunk: AudioChunk) -> list[AudioChunk]:
        """The piece, or the smaller ones that it had to be cut into."""
        try:
            async with self._in_line:
                await self._ask(
                    lambda priority: speech_steps.transcribe_chunk(self._video, chunk, self._video_ms, priority),
                    Upstream.TRANSCRIPTION,
                )
        except Refused as refused:
            is_too_large = refused.error_type is ErrorType.CHUNK_TOO_LARGE
            if not is_too_large or chunk.duration_seconds < 2 * SHORTEST_CHUNK_SECONDS:
                raise
            return await self._transcribe_halves(chunk)
        self._recognised_ms += chunk.end_ms - chunk.start_ms
        self._status.progress = transcription_progress(self._recognised_ms / self._video_ms)
        return [chunk]

    async def _transcribe_halves(self, chunk: AudioChunk) -> list[AudioChunk]:
        halves = await self._ask(lambda priority: speech_steps.halve_chunk(self._video, chunk, priority))
        return [piece for half in halves.chunks for piece in await self._transcribe(half)]

    async def _ask(
        self,
        start: Callable[[Priority], workflow.ActivityHandle[T]],
        upstream: Upstream | None = None,
        max_attempts: int | None = None,
    ) -> T:
        """With a patience of its own: a new run of the import would have to begin with the sound again."""
        call = Call(start, upstream, max_attempts=max_attempts, failure=ErrorType.SPEECH_FAILED, patience=Patience())
        return await self._calls.ask(call)
