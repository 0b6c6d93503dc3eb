"""Splits audio into chunks that a transcription server accepts, and deletes audio that is no longer needed."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from services.worker.activities.support.errors import raising_application_errors
from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.visibility import list_running_imports
from services.worker.adapters.audio.cutting import Span, cut, halves, plan_spans
from services.worker.adapters.audio.store import AudioStore, StoreError
from shared.contracts.imports import VideoRef
from shared.contracts.transcription import (
    OVERLAP_SECONDS,
    AudioChunk,
    AudioChunks,
    SplitAudioInput,
    SplitChunkInput,
    SweepResult,
    overlap_seconds,
)
from shared.db import audio_jobs, event_retention, upstream_answers, youtube_requests
from shared.db.connection import transaction
from shared.db.transcription import forget_old_chunks
from shared.logs import get_logger
from shared.temporal.errors import is_not_found
from shared.temporal.names import import_video_id
from workflows.imports import activities as contract
from workflows.imports.workflow import ImportVideo

ORPHAN_AFTER_SECONDS = 3600
"""Audio that has not changed for so long is an orphan, unless its import runs."""

logger = get_logger(__name__)


class AudioActivities(contract.AudioActivities):
    """The contract with ffmpeg."""

    def __init__(self, engine: AsyncEngine, client: Client, store: AudioStore, *, chunk_seconds: float) -> None:
        self._engine = engine
        self._client = client
        self._store = store
        self._chunk_seconds = chunk_seconds

    @activity.defn
    async def split_audio(self, split: SplitAudioInput) -> AudioChunks:
        """Split the audio into chunks; those of an earlier attempt are reused."""
        async with heartbeats():
            with raising_application_errors():
                source = await self._store.download(split.youtube_id, split.audio.name)
                spans = await self._plan(source)
                chunks = await self._cut(split.youtube_id, source, spans, offset_ms=0)
                await self._store.evict(split.youtube_id, source.name)
        return AudioChunks(chunks=chunks)

    @activity.defn
    async def split_chunk(self, split: SplitChunkInput) -> AudioChunks:
        """Split a chunk in two."""
        whole = Span(0, split.chunk.duration_seconds)
        async with heartbeats():
            with raising_application_errors():
                source = await self._store.download(split.youtube_id, split.chunk.name)
                chunks = await self._cut(
                    split.youtube_id, source, halves(whole, OVERLAP_SECONDS), offset_ms=split.chunk.start_ms
                )
                await self._store.evict(split.youtube_id, source.name)
        return AudioChunks(chunks=chunks)

    @activity.defn
    async def discard_audio(self, video: VideoRef) -> None:
        """Delete the video's audio, and let the next video start."""
        async with heartbeats():
            try:
                await self._store.delete_video(video.youtube_id)
            finally:  # a store that fails to delete must not block other videos
                await self._free_capacity(video.youtube_id)

    @activity.defn
    async def sweep_audio(self) -> SweepResult:
        """Delete what terminated imports and crashed processes have left behind, and rows that are too old.

        The rows go first: a store that fails must not prevent that.
        """
        async with heartbeats():
            await self._sweep_rows()
            unchanged = await self._store.find_orphans(older_than_seconds=ORPHAN_AFTER_SECONDS)
            running = await list_running_imports(self._client)  # last, so that an import that has just started is seen
            orphans = [youtube_id for youtube_id in unchanged if youtube_id not in running]
            discarded = [await self._sweep(youtube_id) for youtube_id in orphans]
        return SweepResult(discarded=sum(discarded))

    async def _sweep_rows(self) -> None:
        running = await list_running_imports(self._client)
        async with transaction(self._engine) as connection:
            await forget_old_chunks(connection)
            await audio_jobs.forget_orphans(connection, older_than_seconds=ORPHAN_AFTER_SECONDS, except_ids=running)
            await upstream_answers.forget_old(connection)
            await youtube_requests.forget_old(connection)
            await event_retention.forget_old_changes(connection)

    async def _sweep(self, youtube_id: str) -> bool:
        """Delete a video's audio; returns whether that succeeded, so that a failure does not affect other videos."""
        logger.info("orphaned_audio_deleted", youtube_id=youtube_id)
        try:
            await self._store.delete_video(youtube_id)
        except (OSError, StoreError) as error:
            logger.error("audio_not_deleted", youtube_id=youtube_id, error=error)
            return False
        return True

    async def _free_capacity(self, youtube_id: str) -> None:
        """Remove a video from those that are transcribed, and wake the next ones."""
        finished = {youtube_id}
        while finished:
            async with transaction(self._engine) as connection:
                for each in sorted(finished):
                    await audio_jobs.leave(connection, each)
                waiting = await audio_jobs.next_in_line(connection)
            finished = {each for each in waiting if not await self._wake(each)}

    async def _wake(self, youtube_id: str) -> bool:
        """Signal an import; returns whether it may still run. One that misses the signal polls."""
        try:
            await self._client.get_workflow_handle(import_video_id(youtube_id)).signal(ImportVideo.retry_now)
        except RPCError as error:
            if is_not_found(error):
                return False
            logger.warning("import_not_notified", youtube_id=youtube_id, error=error)
        return True

    async def _plan(self, source: Path) -> list[Span]:
        overlap = overlap_seconds(self._chunk_seconds)
        return await plan_spans(source, chunk_seconds=self._chunk_seconds, overlap_seconds=overlap)

    async def _cut(self, youtube_id: str, source: Path, spans: Iterable[Span], *, offset_ms: int) -> list[AudioChunk]:
        """Cut `source`, which begins `offset_ms` into the video, into chunks in the store."""
        chunks = []
        for span in spans:
            chunk = AudioChunk(
                start_ms=offset_ms + round(span.start_seconds * 1000), end_ms=offset_ms + round(span.end_seconds * 1000)
            )
            await cut(source, span, source.with_name(chunk.name))
            await self._store.upload(youtube_id, chunk.name)
            chunks.append(chunk)
        return chunks
