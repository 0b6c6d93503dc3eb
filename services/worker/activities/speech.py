"""Captions from speech, as far as Postgres is concerned: each step is one transaction."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.adapters.models import TranscriptLine
from services.worker.audio.store import AudioStore
from services.worker.speech.merging import ChunkTranscript, merge
from shared.contracts.errors import ErrorType
from shared.contracts.imports import VideoRef
from shared.contracts.messages import FeedItem
from shared.contracts.speech import KeepSpeechInput, KeptSpeech, PlanSpeechInput, SpeechPlan, UpgradableVideos
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason, Upstream
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db import enrichments, import_progress, speech
from shared.db.driver import DriverConnection, transaction
from shared.db.speech import RecognisedChunk
from shared.db.upstreams import find_status
from shared.settings import Settings
from shared.temporal.feed import Publish
from workflows.activities import SpeechSteps

UPGRADE_AFTER = timedelta(days=7)
"""YouTube makes automatic captions within hours or days, if it makes any."""
UPGRADES_AT_ONCE = 50
MAX_VIDEOS_WITH_SOUND = 20
"""Of an hour each: about half a gigabyte. A video that somebody waits for is let in all the same."""


class SpeechActivities(SpeechSteps):
    """`SpeechSteps` on Postgres."""

    def __init__(self, engine: AsyncEngine, publish: Publish, settings: Settings, store: AudioStore) -> None:
        self._engine = engine
        self._publish = publish
        self._settings = settings
        self._store = store

    @activity.defn
    async def plan_speech_to_text(self, video: PlanSpeechInput) -> SpeechPlan:
        """Say whether captions are to be made from the video's speech."""
        if self._settings.transcription_off:
            return SpeechPlan(is_wanted=False)
        async with transaction(self._engine) as connection:
            known = await enrichments.find_enrichment(connection, video.youtube_id)
            status = await find_status(connection, Upstream.TRANSCRIPTION)
        refusal = self._refusal(known.duration_seconds if known else None)
        if status and status.reason is PauseReason.TRANSCRIPTION_MISCONFIGURED and not status.may_be_mended:
            refusal = ErrorType.TRANSCRIPTION_MISCONFIGURED
        has_room = video.is_waiting or await self._has_room(video.youtube_id)
        return SpeechPlan(is_wanted=refusal is None, refusal=refusal, has_room=has_room)

    @activity.defn
    async def keep_speech(self, kept: KeepSpeechInput) -> KeptSpeech:
        """Put the recognised pieces together and reach `captions`, unless nothing was said."""
        async with transaction(self._engine) as connection:
            result, items = await _keep(connection, kept)
        self._publish(items)
        return result

    @activity.defn
    async def find_upgradable_videos(self) -> UpgradableVideos:
        """Some videos whose captions are a week old and made from speech, and that were not looked at again."""
        async with transaction(self._engine) as connection:
            found = await speech.upgradable_videos(connection, older_than=UPGRADE_AFTER, limit=UPGRADES_AT_ONCE)
        return UpgradableVideos(youtube_ids=list(found))

    @activity.defn
    async def note_looked_again(self, video: VideoRef) -> None:
        """Remember that YouTube was asked once more whether it has captions."""
        async with transaction(self._engine) as connection:
            await speech.note_looked_again(connection, video.youtube_id)

    async def _has_room(self, youtube_id: str) -> bool:
        """Whether so few videos have sound here that one more may: YouTube is often faster than who listens."""
        present = await self._store.videos()
        return youtube_id in present or len(present) < MAX_VIDEOS_WITH_SOUND

    def _refusal(self, duration_seconds: int | None) -> ErrorType | None:
        if not duration_seconds:
            return ErrorType.AUDIO_UNAVAILABLE  # a stream without an end has no sound that could be fetched
        is_too_long = duration_seconds > self._settings.transcription_max_minutes * 60
        return ErrorType.SPEECH_TOO_LONG if is_too_long else None


async def _keep(connection: DriverConnection, kept: KeepSpeechInput) -> tuple[KeptSpeech, list[FeedItem]]:
    """What becomes of the pieces, and the events that tell of new captions."""
    wanted = {chunk.name for chunk in kept.chunks}
    recognised = await speech.recognised_chunks(connection, kept.youtube_id)
    pieces = [piece for piece in recognised if piece.chunk.name in wanted]
    known = await enrichments.find_enrichment(connection, kept.youtube_id)
    if not pieces and known and known.captions_source == CaptionsSource.WHISPER:
        return KeptSpeech(), []  # an attempt that was not heard of has done it
    if len(pieces) < len(wanted):
        return KeptSpeech(missing=ErrorType.SPEECH_FAILED), []
    lines = await asyncio.to_thread(_merged, pieces)
    if not lines:
        return KeptSpeech(missing=ErrorType.SPEECH_NONE), []  # the pieces stay, should nobody have heard of it
    await speech.forget_chunks(connection, kept.youtube_id)
    await enrichments.save_captions(
        connection,
        kept.youtube_id,
        language=_language(pieces),
        kind=CaptionsKind.AUTOMATIC,
        lines=[(line.start_seconds, line.end_seconds, line.text) for line in lines],
        source=CaptionsSource.WHISPER,
    )
    return KeptSpeech(), await import_progress.advance(connection, kept.youtube_id, ImportStage.CAPTIONS)


def _merged(pieces: Sequence[RecognisedChunk]) -> list[TranscriptLine]:
    return merge(
        [
            ChunkTranscript(
                piece.chunk.start_seconds, piece.chunk.end_seconds, [TranscriptLine(*line) for line in piece.lines]
            )
            for piece in pieces
        ]
    )


def _language(pieces: Sequence[RecognisedChunk]) -> str | None:
    """That of most of the text: a piece with little speech is easily taken for another language."""
    heard: Counter[str] = Counter()
    for piece in pieces:
        if piece.language:
            heard[piece.language] += sum(len(said) for _, _, said in piece.lines)
    return heard.most_common(1)[0][0] if heard else None
