"""Speech to text: one piece of a video, one request, and what it cost."""

import logging
from pathlib import Path
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.activities.answers import keep_answer, refused, told_to_the_workflow
from services.worker.activities.cancellation import to_the_end
from services.worker.activities.heartbeats import heartbeats
from services.worker.activities.progress import ProgressTeller
from services.worker.adapters.models import TranscriptionError
from services.worker.adapters.transcription import Transcription
from services.worker.audio.store import AudioStore
from services.worker.reporting import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.speech import AudioChunk, TranscribeChunkInput, billed_seconds
from shared.contracts.stages import transcription_progress
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db import enrichments, speech
from shared.db.driver import DriverConnection, transaction
from shared.db.speech import RecognisedChunk, TranscriptionCost
from shared.db.upstreams import find_status
from shared.settings import Settings
from workflows.activities import TranscriptionSteps

logger = logging.getLogger(__name__)

_UNHEARD = {
    ErrorType.CHUNK_TOO_LARGE,
    ErrorType.TRANSCRIPTION_LIMITED,
    ErrorType.TRANSCRIPTION_MISCONFIGURED,
    ErrorType.TRANSCRIPTION_REFUSED,
    ErrorType.TRANSCRIPTION_UNAVAILABLE,
}
"""Nobody has listened to the sound of such a call."""


class SpeechRecogniser(Protocol):
    """Who recognises speech: `services.worker.adapters.transcription.TranscriptionAdapter`."""

    async def transcribe(self, audio: Path, *, language: str | None, duration_seconds: float) -> Transcription:
        """What is said in a file. Raises TranscriptionError."""


class TranscriptionActivities(TranscriptionSteps):
    """`TranscriptionSteps` on the configured server."""

    def __init__(
        self,
        engine: AsyncEngine,
        teller: ProgressTeller,
        settings: Settings,
        *,
        store: AudioStore,
        recogniser: SpeechRecogniser,
        reporter: UpstreamReporter,
    ) -> None:
        self._engine = engine
        self._teller = teller
        self._settings = settings
        self._store = store
        self._recogniser = recogniser
        self._reporter = reporter

    @activity.defn
    async def transcribe_chunk(self, piece: TranscribeChunkInput) -> None:
        """Have the speech of a piece recognised: one request, none where it was done before."""
        async with heartbeats():
            await to_the_end(self._transcribe(piece))

    async def _transcribe(self, piece: TranscribeChunkInput) -> None:
        async with transaction(self._engine) as connection:  # an answer that cannot be kept is not asked for
            status = await find_status(connection, Upstream.TRANSCRIPTION)
            done = await speech.done_chunks(connection, piece.youtube_id)
            known = await enrichments.find_enrichment(connection, piece.youtube_id)
        done_ms = sum(chunk.end_ms - chunk.start_ms for chunk in done)
        if piece.chunk not in done:
            self._refuse_if_off()
            language = self._settings.transcription_language or (known.language if known else None)
            with told_to_the_workflow():
                heard = await self._recognise(status, piece.youtube_id, piece.chunk, language)
            await keep_answer(self._engine, lambda connection: self._keep(connection, piece, heard))
            await self._store.forget(piece.youtube_id, piece.chunk.name)
            done_ms += piece.chunk.end_ms - piece.chunk.start_ms
        await self._teller.tell(piece.youtube_id, transcription_progress(done_ms / piece.video_ms))

    def _refuse_if_off(self) -> None:
        """What was queued before it was switched off costs no money afterwards."""
        if self._settings.transcription_off:
            raise refused(TranscriptionError(ErrorType.SPEECH_FAILED, "speech-to-text is off"))

    async def _recognise(
        self, status: UpstreamStatus | None, youtube_id: str, chunk: AudioChunk, language: str | None
    ) -> Transcription:
        """One request; whatever comes of it, the governor hears of it."""
        sound = await self._store.fetch(youtube_id, chunk.name)
        # What one counts as that ends with the worker.
        error_type: ErrorType | None = ErrorType.TRANSCRIPTION_UNAVAILABLE
        retry_after_seconds, unheard_seconds = None, 0.0
        self._reporter.call_began(status, chunk.duration_seconds)
        try:
            heard = await self._recogniser.transcribe(sound, language=language, duration_seconds=chunk.duration_seconds)
            error_type = None
        except TranscriptionError as error:
            error_type, retry_after_seconds = error.error_type, error.retry_after_seconds
            unheard_seconds = chunk.duration_seconds if error_type in _UNHEARD else 0
            logger.warning("speech of %s was not recognised: %s: %s", youtube_id, error_type, error.detail)
            raise
        finally:
            self._reporter.call_ended(
                status,
                youtube_id,
                error_type,
                retry_after_seconds=retry_after_seconds,
                unheard_seconds=unheard_seconds,
            )
        return heard

    async def _keep(self, connection: DriverConnection, piece: TranscribeChunkInput, heard: Transcription) -> None:
        lines = [(line.start_seconds, line.end_seconds, line.text) for line in heard.lines]
        seconds = piece.chunk.duration_seconds
        billed_hours = billed_seconds(seconds) / 3600
        await speech.keep_chunk(
            connection,
            piece.youtube_id,
            RecognisedChunk(piece.chunk, heard.language, lines),
            TranscriptionCost(
                self._settings.transcription_model, seconds, billed_hours * self._settings.transcription_usd_per_hour
            ),
        )
