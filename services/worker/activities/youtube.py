"""The steps that ask YouTube: a blocking adapter on a thread, then one transaction, then the feed."""

from concurrent.futures import Executor
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.activities.answers import keep_answer
from services.worker.activities.cancellation import to_the_end
from services.worker.activities.heartbeats import heartbeats
from services.worker.activities.youtube_calls import YoutubeCalls
from services.worker.adapters.models import ExtractedVideo, Transcript
from services.worker.reporting import UpstreamReporter
from shared.contracts.imports import VideoMetadata, VideoRef
from shared.contracts.messages import FeedItem
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import Upstream
from shared.contracts.youtube import CaptionTrack
from shared.db import enrichments, import_progress
from shared.db.driver import DriverConnection, transaction
from shared.db.models import VideoEnrichment
from shared.db.upstreams import find_status
from shared.temporal.feed import Publish
from workflows.activities import YoutubeSteps


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
        reporter: UpstreamReporter,
        threads: Executor,
    ) -> None:
        self._engine = engine
        self._publish = publish
        self._calls = YoutubeCalls(reporter, threads)
        self._metadata = metadata
        self._captions = captions

    @activity.defn
    async def fetch_metadata(self, video: VideoRef) -> VideoMetadata:
        """Reach `metadata`: two requests to YouTube."""
        async with heartbeats():
            return await to_the_end(self._fetch_metadata(video.youtube_id))

    @activity.defn
    async def fetch_captions(self, video: VideoRef) -> None:
        """Reach `captions`: one request where the caption track is known."""
        async with heartbeats():
            await to_the_end(self._fetch_captions(video.youtube_id))

    async def _fetch_metadata(self, youtube_id: str) -> VideoMetadata:
        async with transaction(self._engine) as connection:  # an answer that cannot be kept is not asked for
            youtube = await find_status(connection, Upstream.YOUTUBE)
        found = await self._calls.ask(youtube, youtube_id, lambda: self._metadata.extract(youtube_id))

        async def save(connection: DriverConnection) -> list[FeedItem]:
            await enrichments.save_metadata(connection, _enrichment(found))
            return await import_progress.advance(connection, youtube_id, ImportStage.METADATA)

        self._publish(await keep_answer(self._engine, save))
        return VideoMetadata(title=found.title)

    async def _fetch_captions(self, youtube_id: str) -> None:
        async with transaction(self._engine) as connection:
            youtube = await find_status(connection, Upstream.YOUTUBE)
            track = await enrichments.known_track(connection, youtube_id)
        found = await self._calls.ask(youtube, youtube_id, lambda: self._captions.fetch(youtube_id, track))
        lines = [(line.start_seconds, line.end_seconds, line.text) for line in found.lines]

        async def save(connection: DriverConnection) -> list[FeedItem]:
            await enrichments.save_captions(
                connection, youtube_id, language=found.language, kind=found.kind, lines=lines
            )
            return await import_progress.advance(connection, youtube_id, ImportStage.CAPTIONS)

        self._publish(await keep_answer(self._engine, save))


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
        caption_track=found.caption_track.model_dump(mode="json") if found.caption_track else None,
        youtube_chapters=[
            {"title": chapter.title, "start_seconds": chapter.start_seconds, "end_seconds": chapter.end_seconds}
            for chapter in found.chapters
        ],
    )
