"""Transcribes one chunk of a video's audio: one request, and its cost."""

from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.activities.support.errors import (
    Answer,
    application_error,
    find_stored_answer,
    raising_application_errors,
    save_answer,
)
from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.progress import ProgressReporter
from services.worker.activities.support.shielding import shield_from_cancellation
from services.worker.adapters.audio.store import AudioStore
from services.worker.adapters.models import TranscriptionError
from services.worker.adapters.transcription.client import Transcription
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.stages import transcription_progress
from shared.contracts.transcription import AudioChunk, TranscribeChunkInput, billed_seconds
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db import enrichments, transcription
from shared.db.connection import AsyncpgConnection, transaction
from shared.db.transcription import TranscribedChunk, TranscriptionCost
from shared.db.upstream_answers import AnswerKey
from shared.db.upstreams import find_status
from shared.logs import get_logger
from shared.settings import Settings
from workflows.imports import activities as contract

logger = get_logger(__name__)

_TRANSCRIPTION = TypeAdapter(Transcription)

NOT_BILLED = {
    ErrorType.CHUNK_TOO_LARGE,
    ErrorType.TRANSCRIPTION_LIMITED,
    ErrorType.TRANSCRIPTION_MISCONFIGURED,
    ErrorType.TRANSCRIPTION_REFUSED,
    ErrorType.TRANSCRIPTION_UNAVAILABLE,
}
"""The server has not processed the audio of such a call."""


class Transcriber(Protocol):
    """Transcribes audio: `services.worker.adapters.transcription.client.TranscriptionAdapter`."""

    async def transcribe(self, audio: Path, *, language: str | None, duration_seconds: float) -> Transcription:
        """Transcribe an audio file. Raises TranscriptionError."""


class TranscriptionActivities(contract.TranscriptionActivities):
    """The contract on the configured server."""

    def __init__(
        self,
        engine: AsyncEngine,
        progress: ProgressReporter,
        settings: Settings,
        *,
        store: AudioStore,
        transcriber: Transcriber,
        reporter: UpstreamReporter,
    ) -> None:
        self._engine = engine
        self._progress = progress
        self._settings = settings
        self._store = store
        self._transcriber = transcriber
        self._reporter = reporter

    @activity.defn
    async def transcribe_chunk(self, given: TranscribeChunkInput) -> None:
        """Transcribe a chunk: one request, or none where an earlier attempt has done it."""
        async with heartbeats():
            await shield_from_cancellation(self._transcribe(given))

    async def _transcribe(self, given: TranscribeChunkInput) -> None:
        async with transaction(self._engine) as connection:  # no request whose answer could not be saved
            status = await find_status(connection, Upstream.TRANSCRIPTION)
            done = await transcription.done_chunks(connection, given.youtube_id)
            known = await enrichments.find_enrichment(connection, given.youtube_id)
            key = AnswerKey(given.youtube_id, f"transcribe_chunk {given.chunk.name}")
            stored = await find_stored_answer(connection, key) if given.chunk not in done else None
        done_ms = sum(chunk.end_ms - chunk.start_ms for chunk in done)
        if given.chunk not in done:
            language = self._settings.transcription_language or (known.language if known else None)
            answer = stored or Answer(await self._call(status, given, language))
            await save_answer(
                self._engine,
                key,
                answer,
                _TRANSCRIPTION.validate_python,
                lambda connection, found: self._save(connection, given, found),
            )
            await self._store.delete_file(given.youtube_id, given.chunk.name)
            done_ms += given.chunk.end_ms - given.chunk.start_ms
        await self._progress.report(given.youtube_id, transcription_progress(done_ms / given.video_ms))

    async def _call(
        self, status: UpstreamStatus | None, given: TranscribeChunkInput, language: str | None
    ) -> Transcription:
        """Send one request, unless transcription was disabled after the call was queued."""
        if self._settings.transcription_off:
            raise application_error(TranscriptionError(ErrorType.SPEECH_FAILED, "transcription is disabled"))
        with raising_application_errors():
            return await self._request(status, given.youtube_id, given.chunk, language)

    async def _request(
        self, status: UpstreamStatus | None, youtube_id: str, chunk: AudioChunk, language: str | None
    ) -> Transcription:
        """Send one request, and report its outcome to the governor."""
        audio = await self._store.download(youtube_id, chunk.name)
        # Reported if the worker ends before the call.
        error_type: ErrorType | None = ErrorType.TRANSCRIPTION_UNAVAILABLE
        retry_after_seconds, refunded_audio_seconds = None, 0.0
        self._reporter.call_started(status, chunk.duration_seconds)
        try:
            transcript = await self._transcriber.transcribe(
                audio, language=language, duration_seconds=chunk.duration_seconds
            )
            error_type = None
        except TranscriptionError as error:
            error_type, retry_after_seconds = error.error_type, error.retry_after_seconds
            refunded_audio_seconds = chunk.duration_seconds if error_type in NOT_BILLED else 0
            logger.warning("transcription_failed", youtube_id=youtube_id, error_type=error_type, detail=error.detail)
            raise
        finally:
            self._reporter.call_finished(
                status,
                youtube_id,
                error_type,
                retry_after_seconds=retry_after_seconds,
                refunded_audio_seconds=refunded_audio_seconds,
            )
        return transcript

    async def _save(self, connection: AsyncpgConnection, given: TranscribeChunkInput, found: Transcription) -> None:
        lines = [(line.start_seconds, line.end_seconds, line.text) for line in found.lines]
        seconds = given.chunk.duration_seconds
        billed_hours = billed_seconds(seconds) / 3600
        await transcription.keep_chunk(
            connection,
            given.youtube_id,
            TranscribedChunk(given.chunk, found.language, lines),
            TranscriptionCost(
                self._settings.transcription_model, seconds, billed_hours * self._settings.transcription_usd_per_hour
            ),
        )
