"""Work on sound in the audio store: pieces that a server takes, and nothing left behind."""

import logging
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client

from services.worker.activities.answers import told_to_the_workflow
from services.worker.activities.heartbeats import heartbeats
from services.worker.audio.cutting import Span, cut, halves, plan_spans
from services.worker.audio.store import AudioStore, StoreBroken
from services.worker.running import running_imports
from shared.contracts.imports import VideoRef
from shared.contracts.speech import (
    OVERLAP_SECONDS,
    AudioChunk,
    AudioChunks,
    HalveChunkInput,
    SplitAudioInput,
    SweepResult,
    overlap_seconds,
)
from shared.db.driver import transaction
from shared.db.speech import forget_old_chunks
from workflows.activities import AudioSteps

LEFT_BEHIND_SECONDS = 3600
"""Sound that nobody has touched for so long is nobody's, unless its import runs."""

logger = logging.getLogger(__name__)


class AudioActivities(AudioSteps):
    """`AudioSteps` with ffmpeg."""

    def __init__(self, engine: AsyncEngine, client: Client, store: AudioStore, *, chunk_seconds: float) -> None:
        self._engine = engine
        self._client = client
        self._store = store
        self._chunk_seconds = chunk_seconds

    @activity.defn
    async def split_audio(self, split: SplitAudioInput) -> AudioChunks:
        """Cut the sound into pieces; those of an earlier attempt stay."""
        async with heartbeats():
            with told_to_the_workflow():
                source = await self._store.fetch(split.youtube_id, split.audio.name)
                spans = await self._plan(source)
                chunks = await self._cut(split.youtube_id, source, spans, offset_ms=0)
                await self._store.release(split.youtube_id, source.name)
        return AudioChunks(chunks=chunks)

    @activity.defn
    async def halve_chunk(self, halve: HalveChunkInput) -> AudioChunks:
        """Cut a piece in two."""
        whole = Span(0, halve.chunk.duration_seconds)
        async with heartbeats():
            with told_to_the_workflow():
                source = await self._store.fetch(halve.youtube_id, halve.chunk.name)
                chunks = await self._cut(
                    halve.youtube_id, source, halves(whole, OVERLAP_SECONDS), offset_ms=halve.chunk.start_ms
                )
                await self._store.release(halve.youtube_id, source.name)
        return AudioChunks(chunks=chunks)

    @activity.defn
    async def discard_audio(self, video: VideoRef) -> None:
        """Delete everything of the video."""
        async with heartbeats():
            await self._store.discard(video.youtube_id)

    @activity.defn
    async def sweep_audio(self) -> SweepResult:
        """Delete sound that was left behind: that of an import that somebody terminated, or that a server lost."""
        async with heartbeats():
            left = await self._store.leftovers(older_than_seconds=LEFT_BEHIND_SECONDS)
            running = await running_imports(self._client) if left else set()
            nobodys = [youtube_id for youtube_id in left if youtube_id not in running]
            discarded = [await self._sweep(youtube_id) for youtube_id in nobodys]
            async with transaction(self._engine) as connection:
                await forget_old_chunks(connection)
        return SweepResult(discarded=sum(discarded))

    async def _sweep(self, youtube_id: str) -> bool:
        """Whether it could be deleted; what cannot be keeps nothing else from it."""
        logger.info("discarding the sound of %s: its import is over", youtube_id)
        try:
            await self._store.discard(youtube_id)
        except (OSError, StoreBroken) as error:
            logger.error("the sound of %s cannot be deleted: %r", youtube_id, error)
            return False
        return True

    async def _plan(self, source: Path) -> list[Span]:
        overlap = overlap_seconds(self._chunk_seconds)
        return await plan_spans(source, chunk_seconds=self._chunk_seconds, overlap_seconds=overlap)

    async def _cut(self, youtube_id: str, source: Path, spans: Iterable[Span], *, offset_ms: int) -> list[AudioChunk]:
        """The pieces of `source`, which begins `offset_ms` into the video, as files of the store."""
        chunks = []
        for span in spans:
            chunk = AudioChunk(
                start_ms=offset_ms + round(span.start_seconds * 1000), end_ms=offset_ms + round(span.end_seconds * 1000)
            )
            await cut(source, span, source.with_name(chunk.name))
            await self._store.keep(youtube_id, chunk.name)
            chunks.append(chunk)
        return chunks
