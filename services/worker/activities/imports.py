"""The database steps of an import: each is one transaction, then the feed hears of it."""

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.adapters.models import ExtractedChapter
from services.worker.chapters import choose_chapters
from shared.contracts.imports import FailImportInput, ImportState, SkipCaptionsInput, VideoRef
from shared.contracts.stages import ImportStage
from shared.db import enrichments, import_progress
from shared.db.driver import transaction
from shared.db.models import Chapter, VideoEnrichment
from shared.temporal.feed import Publish
from workflows.activities import ImportSteps


class ImportActivities(ImportSteps):
    """`ImportSteps` on Postgres."""

    def __init__(self, engine: AsyncEngine, publish: Publish, *, has_speech_to_text: bool) -> None:
        self._engine = engine
        self._publish = publish
        self._has_speech_to_text = has_speech_to_text

    @activity.defn
    async def begin_import(self, video: VideoRef) -> ImportState:
        """Say what is known already, and bring waiting entries of the video that far."""
        async with transaction(self._engine) as connection:
            known = await enrichments.known_video(
                connection, video.youtube_id, has_speech_to_text=self._has_speech_to_text
            )
            items = await import_progress.advance(connection, video.youtube_id, known.reached)
        self._publish(items)
        # Who comes while this runs attaches, and is looked for once more.
        wanted = known.waiting and known.reached is not ImportStage.COMPLETE
        return ImportState(wanted=wanted, reached=known.reached, title=known.title)

    @activity.defn
    async def skip_captions(self, skip: SkipCaptionsInput) -> None:
        """Reach `captions` without any: there are none to be had."""
        async with transaction(self._engine) as connection:
            await enrichments.save_no_captions(connection, skip.youtube_id, skip.reason)
            items = await import_progress.advance(connection, skip.youtube_id, ImportStage.CAPTIONS)
        self._publish(items)

    @activity.defn
    async def save_chapters(self, video: VideoRef) -> None:
        """Reach `chapters`: YouTube's own, else those in the description."""
        async with transaction(self._engine) as connection:
            known = await enrichments.find_enrichment(connection, video.youtube_id)
            chapters = _chapters(known) if known else []
            await enrichments.save_chapters(connection, video.youtube_id, chapters)
            items = await import_progress.advance(connection, video.youtube_id, ImportStage.CHAPTERS)
        self._publish(items)

    @activity.defn
    async def complete_import(self, video: VideoRef) -> None:
        """Reach `complete`."""
        async with transaction(self._engine) as connection:
            await enrichments.mark_complete(connection, video.youtube_id)
            items = await import_progress.advance(connection, video.youtube_id, ImportStage.COMPLETE)
        self._publish(items)

    @activity.defn
    async def fail_import(self, failure: FailImportInput) -> None:
        """End every waiting entry in `error`."""
        async with transaction(self._engine) as connection:
            items = await import_progress.fail(connection, failure.youtube_id, failure.error_code)
        self._publish(items)


def _chapters(known: VideoEnrichment) -> list[Chapter]:
    youtube_chapters = [ExtractedChapter(**chapter) for chapter in known.youtube_chapters]
    chosen = choose_chapters(youtube_chapters, known.description, known.duration_seconds)
    return [
        Chapter(
            youtube_id=known.youtube_id,
            position=position,
            title=chapter.title,
            start_seconds=chapter.start_seconds,
            end_seconds=chapter.end_seconds,
        )
        for position, chapter in enumerate(chosen)
    ]
