"""The steps that ask YouTube: a blocking adapter on a thread, then one transaction, then the feed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from services.worker.adapters.models import ExtractedVideo, Transcript, YoutubeError
from shared.contracts.imports import CaptionsResult, FetchCaptionsInput, VideoMetadata, VideoRef, YoutubeFailure
from shared.contracts.messages import FeedItem
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsSource, CaptionTrack
from shared.db import enrichments, import_progress
from shared.db.driver import transaction
from shared.db.models import VideoEnrichment
from workflows.activities import YoutubeSteps

Publish = Callable[[Iterable[FeedItem]], None]
T = TypeVar("T")
HEARTBEAT_SECONDS = 5


class MetadataSource(Protocol):
    """Where metadata comes from: `services.worker.adapters.metadata.MetadataAdapter`."""

    def extract(self, youtube_id: str) -> ExtractedVideo:
        """Everything YouTube says about the video. Raises YoutubeError; blocks."""


class CaptionsSourceAdapter(Protocol):
    """Where captions come from: `services.worker.adapters.captions.CaptionsAdapter`."""

    def fetch(self, youtube_id: str, track: CaptionTrack | None) -> Transcript:
        """The captions of the video. Raises YoutubeError; blocks."""


class YoutubeActivities(YoutubeSteps):
    """`YoutubeSteps` on the real YouTube."""

    def __init__(
        self,
        engine: AsyncEngine,
        publish: Publish,
        *,
        metadata: MetadataSource,
        captions: CaptionsSourceAdapter,
        threads: Executor,
    ) -> None:
        self._engine = engine
        self._publish = publish
        self._metadata = metadata
        self._captions = captions
        self._threads = threads

    @activity.defn
    async def fetch_metadata(self, video: VideoRef) -> VideoMetadata:
        """Reach `metadata`: two requests to YouTube."""
        found = await self._ask(lambda: self._metadata.extract(video.youtube_id))
        async with transaction(self._engine) as connection:
            await enrichments.save_metadata(connection, _enrichment(found))
            items = await import_progress.advance(connection, video.youtube_id, ImportStage.METADATA)
        self._publish(items)
        return VideoMetadata(title=found.title, caption_track=found.caption_track)

    @activity.defn
    async def fetch_captions(self, wanted: FetchCaptionsInput) -> CaptionsResult:
        """Reach `captions`: one request where the caption track is known."""
        found = await self._ask(lambda: self._captions.fetch(wanted.youtube_id, wanted.caption_track))
        async with transaction(self._engine) as connection:
            await enrichments.save_captions(
                connection,
                wanted.youtube_id,
                language=found.language,
                kind=found.kind,
                lines=[(line.start_seconds, line.end_seconds, line.text) for line in found.lines],
            )
            items = await import_progress.advance(connection, wanted.youtube_id, ImportStage.CAPTIONS)
        self._publish(items)
        return CaptionsResult(
            captions_source=CaptionsSource.YOUTUBE, language=found.language, segment_count=len(found.lines)
        )

    async def _ask(self, ask: Callable[[], T]) -> T:
        async with _heartbeats():
            try:
                return await asyncio.get_running_loop().run_in_executor(self._threads, ask)
            except YoutubeError as error:
                failure = YoutubeFailure(retry_after_seconds=error.retry_after_seconds, not_before=error.not_before)
                raise ApplicationError(
                    error.detail,
                    failure,
                    type=error.error_type,
                    non_retryable=True,
                    category=ApplicationErrorCategory.BENIGN,  # expected: no stack trace in the worker's log
                ) from None


@asynccontextmanager
async def _heartbeats() -> AsyncIterator[None]:
    """Heartbeat while the adapter blocks its thread; its own timeouts bound how long that can be."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            activity.heartbeat()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _enrichment(found: ExtractedVideo) -> VideoEnrichment:
    return VideoEnrichment(
        youtube_id=found.youtube_id,
        title=found.title,
        channel=found.channel,
        channel_id=found.channel_id,
        duration_seconds=found.duration_seconds,
        published_at=found.published_at,
        description=found.description,
        tags=found.tags,
        categories=found.categories,
        view_count=found.view_count,
        like_count=found.like_count,
        language=found.language,
        live_status=found.live_status,
        youtube_chapters=[
            {"title": chapter.title, "start_seconds": chapter.start_seconds, "end_seconds": chapter.end_seconds}
            for chapter in found.chapters
        ],
    )
