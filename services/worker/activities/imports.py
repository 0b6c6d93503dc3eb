"""The activities of an import that use PostgreSQL only: one transaction, then its events are published."""

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.adapters.models import ExtractedChapter
from services.worker.background.batch_notifications import WakeBatches
from services.worker.transcripts.chapters import choose_chapters
from shared.contracts.imports import (
    Completion,
    FailImportInput,
    ImportState,
    SkipCaptionsInput,
    VideoRef,
    WaitingVideo,
)
from shared.contracts.stages import ImportStage
from shared.db import audio_jobs, batch_window, enrichments, imports
from shared.db.connection import transaction
from shared.db.models import Chapter, VideoEnrichment
from shared.temporal.feed import Publish
from workflows.imports import activities as contract


class ImportActivities(contract.ImportActivities):
    """The contract on PostgreSQL."""

    def __init__(
        self,
        engine: AsyncEngine,
        publish: Publish,
        *,
        has_speech_to_text: bool,
        wake_batches: WakeBatches,
    ) -> None:
        self._engine = engine
        self._publish = publish
        self._wake_batches = wake_batches
        self._has_speech_to_text = has_speech_to_text

    @activity.defn
    async def load_import_state(self, video: WaitingVideo) -> ImportState:
        """Return what is known of the video, and bring its waiting list entries up to date."""
        async with transaction(self._engine) as connection:
            known = await enrichments.find_starting_point(
                connection, video.youtube_id, has_speech_to_text=self._has_speech_to_text
            )
            is_complete = known.reached is ImportStage.COMPLETE
            if is_complete and not await enrichments.hold_complete(connection, video.youtube_id):
                # A reimport came between the two statements: its list entry must not become complete.
                return ImportState(wanted=True, reached=ImportStage.METADATA, title=known.title)
            items = await imports.advance(connection, video.youtube_id, known.reached)
            items += await imports.set_wait(connection, video.youtube_id, video.wait)
            is_transcribed = await audio_jobs.is_registered(connection, video.youtube_id)
        self._publish(items)
        if is_transcribed:  # a list entry that was added meanwhile takes no slot either
            async with transaction(self._engine) as connection:
                batches = await batch_window.free_slots(connection, video.youtube_id)
            self._wake_batches(batches)
        # A list entry that is added while this runs attaches, and the state is loaded again.
        return ImportState(
            wanted=known.waiting and not is_complete,
            reached=known.reached,
            title=known.title,
            is_transcribed=is_transcribed,
        )

    @activity.defn
    async def record_wait(self, video: WaitingVideo) -> None:
        """Show what the import waits for on the video's waiting list entries."""
        async with transaction(self._engine) as connection:
            items = await imports.set_wait(connection, video.youtube_id, video.wait)
        self._publish(items)

    @activity.defn
    async def skip_captions(self, skip: SkipCaptionsInput) -> None:
        """Reach `captions` without captions: they are unavailable."""
        async with transaction(self._engine) as connection:
            await enrichments.save_missing_captions(connection, skip.youtube_id, skip.reason)
            items = await imports.advance(connection, skip.youtube_id, ImportStage.CAPTIONS)
        self._publish(items)

    @activity.defn
    async def save_chapters(self, video: VideoRef) -> None:
        """Reach `chapters`: YouTube's own, or those in the description."""
        async with transaction(self._engine) as connection:
            known = await enrichments.find_enrichment(connection, video.youtube_id)
            chapters = _chapters(known) if known else []
            await enrichments.save_chapters(connection, video.youtube_id, chapters)
            items = await imports.advance(connection, video.youtube_id, ImportStage.CHAPTERS)
        self._publish(items)

    @activity.defn
    async def complete_import(self, video: VideoRef) -> Completion:
        """Reach `complete`, unless a reimport was requested meanwhile."""
        async with transaction(self._engine) as connection:
            if not await enrichments.mark_complete(connection, video.youtube_id):
                return Completion(is_complete=False)
            items = await imports.advance(connection, video.youtube_id, ImportStage.COMPLETE)
        self._publish(items)
        return Completion()

    @activity.defn
    async def fail_import(self, failure: FailImportInput) -> None:
        """Move every waiting list entry to `error`."""
        async with transaction(self._engine) as connection:
            items = await imports.fail(connection, failure.youtube_id, failure.error_code)
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
