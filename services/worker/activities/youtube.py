"""Activities that call YouTube: a blocking adapter on a thread, then one transaction, then its events are published."""

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any, Protocol

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from services.worker.activities.support.errors import Answer, find_stored_answer, save_answer
from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.shielding import shield_from_cancellation
from services.worker.activities.support.youtube_calls import YoutubeCalls
from services.worker.adapters.models import EarlyMetadata, ExtractedVideo, Transcript, YoutubeError
from services.worker.adapters.youtube.metadata import read_metadata
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.imports import VideoMetadata, VideoRef
from shared.contracts.messages import ImportFeedItem
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.contracts.youtube import CaptionsAnswer, CaptionTrack
from shared.contracts.youtube_requests import CallStage
from shared.db import enrichments, imports, models
from shared.db.connection import AsyncpgConnection, transaction
from shared.db.models import VideoEnrichment
from shared.db.upstream_answers import AnswerKey
from shared.db.upstreams import find_status
from shared.logs import get_logger
from shared.temporal.feed import Publish
from workflows.imports import activities as contract

logger = get_logger(__name__)

_TRANSCRIPT = TypeAdapter(Transcript)


class MetadataClient(Protocol):
    """Fetches metadata: `services.worker.adapters.youtube.metadata.MetadataAdapter`."""

    def ask(self, youtube_id: str) -> dict[str, Any]:
        """Return YouTube's answer about the video, as JSON for `read_metadata`. Raises YoutubeError; blocks."""


class CaptionClient(Protocol):
    """Fetches captions: `services.worker.adapters.youtube.captions.CaptionsAdapter`."""

    def fetch(self, youtube_id: str, track: CaptionTrack | None, answers: Mapping[str, CaptionsAnswer]) -> Transcript:
        """Return the captions of the video. Raises YoutubeError; blocks."""


class YoutubeActivities(contract.YoutubeActivities):
    """The contract on the real YouTube."""

    def __init__(
        self,
        engine: AsyncEngine,
        publish: Publish,
        *,
        metadata: MetadataClient,
        captions: CaptionClient,
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
        """Reach `metadata`: one or two requests to YouTube, one more for each client that it refuses."""
        async with heartbeats():
            return await shield_from_cancellation(self._fetch_metadata(video.youtube_id))

    @activity.defn
    async def fetch_captions(self, video: VideoRef) -> None:
        """Reach `captions`: one request where a track is known, none where clients agree that there is none."""
        async with heartbeats():
            await shield_from_cancellation(self._fetch_captions(video.youtube_id))

    async def _fetch_metadata(self, youtube_id: str) -> VideoMetadata:
        key = AnswerKey(youtube_id, "fetch_metadata")
        async with transaction(self._engine) as connection:  # no request whose answer could not be saved
            youtube = await find_status(connection, Upstream.YOUTUBE)
            stored = await find_stored_answer(connection, key)
        answer = stored or Answer(await self._ask_for_metadata(youtube, youtube_id))

        async def save(connection: AsyncpgConnection, found: ExtractedVideo) -> tuple[str, list[ImportFeedItem]]:
            await enrichments.save_metadata(connection, _enrichment(found))
            return found.title, await imports.advance(connection, youtube_id, ImportStage.METADATA)

        title, items = await save_answer(
            self._engine, key, answer, lambda content: read_metadata(youtube_id, content), save
        )
        self._publish(items)
        return VideoMetadata(title=title)

    async def _ask_for_metadata(self, youtube: UpstreamStatus | None, youtube_id: str) -> dict[str, Any]:
        early_metadata: EarlyMetadata | None = None

        def ask() -> dict[str, Any]:
            nonlocal early_metadata
            try:
                return self._metadata.ask(youtube_id)
            except YoutubeError as error:
                early_metadata = error.early_metadata
                raise

        try:
            return await self._calls.run(youtube, youtube_id, CallStage.METADATA, ask)
        except ApplicationError:
            if early_metadata is not None:
                await self._save_early_metadata(youtube_id, early_metadata)
            raise

    async def _save_early_metadata(self, youtube_id: str, found: EarlyMetadata) -> None:
        """Never fails: how the import goes on matters more than its title. Its events say it, which follow."""
        row = models.EarlyMetadata(
            youtube_id=youtube_id, title=found.title, channel=found.channel, starts_at=found.starts_at
        )
        try:
            async with transaction(self._engine) as connection:
                await enrichments.save_early_metadata(connection, row)
        except Exception as error:
            logger.warning("early_metadata_not_saved", youtube_id=youtube_id, error=error)

    async def _fetch_captions(self, youtube_id: str) -> None:
        key = AnswerKey(youtube_id, "fetch_captions")
        async with transaction(self._engine) as connection:
            youtube = await find_status(connection, Upstream.YOUTUBE)
            known = await enrichments.known_captions(connection, youtube_id)
            stored = await find_stored_answer(connection, key)
        answer = stored or Answer(
            await self._calls.run(
                youtube,
                youtube_id,
                CallStage.CAPTIONS,
                lambda: self._captions.fetch(youtube_id, known.track, known.answers),
                channel_id=known.channel_id,
            )
        )

        async def save(connection: AsyncpgConnection, found: Transcript) -> list[ImportFeedItem]:
            lines = [(line.start_seconds, line.end_seconds, line.text) for line in found.lines]
            await enrichments.save_captions(
                connection, youtube_id, language=found.language, kind=found.kind, lines=lines
            )
            return await imports.advance(connection, youtube_id, ImportStage.CAPTIONS)

        self._publish(await save_answer(self._engine, key, answer, _TRANSCRIPT.validate_python, save))


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
        captions_answers=dict(found.captions_answers),
        youtube_chapters=[
            {"title": chapter.title, "start_seconds": chapter.start_seconds, "end_seconds": chapter.end_seconds}
            for chapter in found.chapters
        ],
    )
