"""The activities of a transcription that use PostgreSQL only: each is one transaction."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.adapters.models import TranscriptLine
from services.worker.background.batch_notifications import WakeBatches
from services.worker.transcripts.merging import ChunkTranscript, merge
from shared.contracts.errors import ErrorType
from shared.contracts.imports import VideoRef
from shared.contracts.messages import ImportFeedItem
from shared.contracts.stages import ImportStage
from shared.contracts.transcription import (
    CaptionUpgradeCandidates,
    PlanTranscriptionInput,
    SaveTranscriptInput,
    SaveTranscriptResult,
    TranscriptionPlan,
)
from shared.contracts.upstreams import PauseReason, Upstream
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db import audio_jobs, batch_window, enrichments, imports, transcription
from shared.db.connection import AsyncpgConnection, transaction
from shared.db.transcription import TranscribedChunk
from shared.db.upstreams import find_status
from shared.settings import Settings
from shared.temporal.feed import Publish
from workflows.imports import activities as contract

UPGRADE_AFTER = timedelta(days=7)
"""YouTube creates automatic captions within hours or days, if at all."""
UPGRADE_BATCH_SIZE = 50


class TranscriptActivities(contract.TranscriptActivities):
    """The contract on PostgreSQL."""

    def __init__(
        self,
        engine: AsyncEngine,
        publish: Publish,
        settings: Settings,
        *,
        wake_batches: WakeBatches,
    ) -> None:
        self._engine = engine
        self._publish = publish
        self._settings = settings
        self._wake_batches = wake_batches

    @activity.defn
    async def plan_transcription(self, video: PlanTranscriptionInput) -> TranscriptionPlan:
        """Decide whether the video is transcribed, and register it if so.

        A registered video takes no slot of its batches' windows: transcription may take days.
        """
        if self._settings.transcription_off:
            return TranscriptionPlan(is_wanted=False)
        async with transaction(self._engine) as connection:
            if refusal := await self._refusal(connection, video.youtube_id):
                return TranscriptionPlan(is_wanted=False, refusal=refusal)
            has_room = await audio_jobs.join(connection, video.youtube_id, is_interactive=video.is_interactive)
            batches = await batch_window.free_slots(connection, video.youtube_id)
        self._wake_batches(batches)
        return TranscriptionPlan(is_wanted=True, has_room=has_room)

    @activity.defn
    async def save_transcript(self, given: SaveTranscriptInput) -> SaveTranscriptResult:
        """Merge the transcribed chunks and reach `captions`, unless there is no speech."""
        async with transaction(self._engine) as connection:
            result, items = await _save(connection, given)
        self._publish(items)
        return result

    @activity.defn
    async def find_caption_upgrade_candidates(self) -> CaptionUpgradeCandidates:
        """Return some videos whose captions are due to be rechecked."""
        async with transaction(self._engine) as connection:
            found = await transcription.upgradable_videos(
                connection, older_than=UPGRADE_AFTER, limit=UPGRADE_BATCH_SIZE
            )
        return CaptionUpgradeCandidates(youtube_ids=list(found))

    @activity.defn
    async def mark_captions_rechecked(self, video: VideoRef) -> None:
        """Record that YouTube was asked again for captions."""
        async with transaction(self._engine) as connection:
            await transcription.mark_captions_rechecked(connection, video.youtube_id)

    async def _refusal(self, connection: AsyncpgConnection, youtube_id: str) -> ErrorType | None:
        status = await find_status(connection, Upstream.TRANSCRIPTION)
        if status and status.reason is PauseReason.TRANSCRIPTION_MISCONFIGURED and not status.is_retrying_bad_config:
            return ErrorType.TRANSCRIPTION_MISCONFIGURED
        known = await enrichments.find_enrichment(connection, youtube_id)
        if known is None or not known.duration_seconds:
            return ErrorType.AUDIO_UNAVAILABLE  # the audio of an endless stream cannot be downloaded
        is_too_long = known.duration_seconds > self._settings.transcription_max_minutes * 60
        return ErrorType.SPEECH_TOO_LONG if is_too_long else None


async def _save(
    connection: AsyncpgConnection, given: SaveTranscriptInput
) -> tuple[SaveTranscriptResult, list[ImportFeedItem]]:
    """Save the merged transcript; returns the outcome and the events of new captions."""
    wanted = {chunk.name for chunk in given.chunks}
    transcribed = await transcription.transcribed_chunks(connection, given.youtube_id)
    chunks = [chunk for chunk in transcribed if chunk.chunk.name in wanted]
    known = await enrichments.find_enrichment(connection, given.youtube_id)
    if not chunks and known and known.captions_source == CaptionsSource.WHISPER:
        return SaveTranscriptResult(), []  # done by an earlier attempt whose answer was lost
    if len(chunks) < len(wanted):
        return SaveTranscriptResult(missing=ErrorType.SPEECH_FAILED), []
    lines = await asyncio.to_thread(_merged, chunks)
    if not lines:
        # The chunks stay, in case this answer is lost.
        return SaveTranscriptResult(missing=ErrorType.SPEECH_NONE), []
    await transcription.forget_chunks(connection, given.youtube_id)
    await enrichments.save_captions(
        connection,
        given.youtube_id,
        language=_language(chunks),
        kind=CaptionsKind.AUTOMATIC,
        lines=[(line.start_seconds, line.end_seconds, line.text) for line in lines],
        source=CaptionsSource.WHISPER,
    )
    return SaveTranscriptResult(), await imports.advance(connection, given.youtube_id, ImportStage.CAPTIONS)


def _merged(chunks: Sequence[TranscribedChunk]) -> list[TranscriptLine]:
    return merge(
        [
            ChunkTranscript(
                chunk.chunk.start_seconds, chunk.chunk.end_seconds, [TranscriptLine(*line) for line in chunk.lines]
            )
            for chunk in chunks
        ]
    )


def _language(chunks: Sequence[TranscribedChunk]) -> str | None:
    """The language of most of the text: a chunk with little speech is easily taken for another language."""
    characters: Counter[str] = Counter()
    for chunk in chunks:
        if chunk.language:
            characters[chunk.language] += sum(len(text) for _, _, text in chunk.lines)
    return characters.most_common(1)[0][0] if characters else None
