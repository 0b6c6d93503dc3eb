"""Downloads audio from YouTube: one rate-limited call finds its address, then a long, resumable one downloads it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.activities.support.blocking_download import run_download
from services.worker.activities.support.errors import (
    Answer,
    find_stored_answer,
    raising_application_errors,
    save_answer,
)
from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.progress import ProgressReporter
from services.worker.activities.support.shielding import shield_from_cancellation
from services.worker.activities.support.youtube_calls import YoutubeCalls
from services.worker.adapters.audio.store import AudioStore, StoreFullError, is_full
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.audio import DownloadedAudio, Media
from services.worker.adapters.youtube.sent_requests import Call, calling
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ERROR_RULES, ErrorType, Throttle
from shared.contracts.imports import VideoRef
from shared.contracts.stages import download_progress
from shared.contracts.transcription import ExtractedAudio
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.contracts.youtube_requests import CallStage
from shared.db import audio_jobs
from shared.db.connection import AsyncpgConnection, transaction
from shared.db.upstream_answers import AnswerKey
from shared.db.upstreams import find_status
from shared.file_lock import try_lock
from workflows.imports import activities as contract

LOCK_NAME = "lock"
LOCK_RETRY_SECONDS = 0.5


class AudioClient(Protocol):
    """Finds and downloads audio: `services.worker.adapters.youtube.audio.AudioAdapter`."""

    def find(self, youtube_id: str) -> Media:
        """Return what a download of the video's audio needs. Raises YoutubeError; blocks."""

    def download(self, media: Media, folder: Path, on_progress: Callable[[float], None]) -> DownloadedAudio:
        """Download the audio to a file in `folder`. Raises YoutubeError, and OSError for a full disk; blocks."""


class DownloadActivities(contract.DownloadActivities):
    """The contract on the real YouTube."""

    def __init__(
        self,
        engine: AsyncEngine,
        progress: ProgressReporter,
        *,
        store: AudioStore,
        source: AudioClient,
        reporter: UpstreamReporter,
        threads: Executor,
        download_threads: Executor,
    ) -> None:
        """`threads` are for calls of seconds, `download_threads` for those of minutes to hours."""
        self._engine = engine
        self._progress = progress
        self._store = store
        self._source = source
        self._reporter = reporter
        self._calls = YoutubeCalls(reporter, threads)
        self._download_threads = download_threads

    @activity.defn
    async def find_audio(self, video: VideoRef) -> None:
        """Find the address of the video's audio, and save it: one request."""
        async with heartbeats():
            await shield_from_cancellation(self._find_audio(video.youtube_id))

    @activity.defn
    async def extract_audio(self, video: VideoRef) -> ExtractedAudio:
        """Download the video's audio to the audio store; each request transfers about 10 MB."""
        async with transaction(self._engine) as connection:
            youtube = await find_status(connection, Upstream.YOUTUBE)
            media = await audio_jobs.find_media(connection, video.youtube_id)
        with raising_application_errors():
            try:
                if media is None:
                    raise YoutubeError(ErrorType.LINK_EXPIRED, "the address of the audio is unknown")
                found = await self._download(video.youtube_id, media, youtube)
            except YoutubeError as error:
                self._report_throttle(youtube, video.youtube_id, error)
                raise
            finally:
                self._reporter.requests_sent(youtube)
            async with heartbeats():  # an upload to a remote store takes a while
                await self._store.upload(video.youtube_id, found.path.name)
        return ExtractedAudio(name=found.path.name, byte_count=found.byte_count)

    async def _find_audio(self, youtube_id: str) -> None:
        key = AnswerKey(youtube_id, "find_audio")
        async with transaction(self._engine) as connection:
            youtube = await find_status(connection, Upstream.YOUTUBE)
            stored = await find_stored_answer(connection, key)
        answer = stored or Answer(
            await self._calls.run(youtube, youtube_id, CallStage.AUDIO, lambda: self._source.find(youtube_id))
        )

        async def save(connection: AsyncpgConnection, media: Media) -> None:
            await audio_jobs.save_media(connection, youtube_id, media)

        await save_answer(self._engine, key, answer, lambda content: content, save)

    async def _download(self, youtube_id: str, media: Media, youtube: UpstreamStatus | None) -> DownloadedAudio:
        def download(on_progress: Callable[[float], None]) -> DownloadedAudio:
            folder = self._store.workspace(youtube_id)
            call = Call(youtube_id, CallStage.AUDIO)
            with _exclusive_download(folder, on_progress), calling(call):
                try:
                    return self._source.download(media, folder, on_progress)
                except YoutubeError as error:
                    if call.route is not None:
                        call.route.report(error.error_type)
                    raise

        async def report(fraction: float) -> None:
            self._reporter.requests_sent(youtube)
            await self._progress.report(youtube_id, download_progress(fraction))

        try:
            return await run_download(self._download_threads, download, report)
        except OSError as error:
            if is_full(error):
                raise StoreFullError(error.strerror) from None
            raise

    def _report_throttle(self, status: UpstreamStatus | None, youtube_id: str, error: YoutubeError) -> None:
        """Report a throttle to the governor. `find_audio` has reported that YouTube answers."""
        if ERROR_RULES[error.error_type].throttle in {Throttle.COUNTS, Throttle.PAUSES}:
            self._reporter.call_finished(
                status, youtube_id, error.error_type, retry_after_seconds=error.retry_after_seconds
            )


@contextmanager
def _exclusive_download(folder: Path, on_progress: Callable[[float], None]) -> Iterator[None]:
    """Wait until no other attempt downloads to this folder. `on_progress` may end the wait by raising.

    After an outage of Temporal, an attempt that timed out runs until it learns of that: both would write to one file.
    """
    with (folder / LOCK_NAME).open("w") as file:
        while not try_lock(file):
            on_progress(0.0)
            time.sleep(LOCK_RETRY_SECONDS)
        yield
