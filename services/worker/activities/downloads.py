"""Sound from YouTube: a long call that shows how far it is and can be taken up where it stopped."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.activities.answers import told_to_the_workflow
from services.worker.activities.heartbeats import heartbeats
from services.worker.activities.progress import ProgressTeller
from services.worker.activities.watching import watched
from services.worker.adapters.audio import DownloadedAudio
from services.worker.adapters.models import YoutubeError
from services.worker.audio.store import AudioStore, StoreFull, is_full
from services.worker.reporting import UpstreamReporter
from shared.contracts.errors import ERROR_RULES, ErrorType, Throttle
from shared.contracts.imports import VideoRef
from shared.contracts.speech import ExtractedAudio
from shared.contracts.stages import download_progress
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db.driver import transaction
from shared.db.upstreams import find_status
from shared.locks import try_lock
from workflows.activities import DownloadSteps

LOCK_NAME = "lock"
LOOK_AGAIN_SECONDS = 0.5


class AudioSource(Protocol):
    """Where sound comes from: `services.worker.adapters.audio.AudioAdapter`."""

    def download(self, youtube_id: str, folder: Path, on_progress: Callable[[float], None]) -> DownloadedAudio:
        """The video's sound as a file in `folder`. Raises YoutubeError, and OSError for a full disk; blocks."""


class DownloadActivities(DownloadSteps):
    """`DownloadSteps` on the real YouTube."""

    def __init__(
        self,
        engine: AsyncEngine,
        teller: ProgressTeller,
        *,
        store: AudioStore,
        source: AudioSource,
        reporter: UpstreamReporter,
        threads: Executor,
    ) -> None:
        self._engine = engine
        self._teller = teller
        self._store = store
        self._source = source
        self._reporter = reporter
        self._threads = threads

    @activity.defn
    async def extract_audio(self, video: VideoRef) -> ExtractedAudio:
        """Bring the video's sound into the audio store; every request fetches about 10 MB."""
        async with transaction(self._engine) as connection:
            youtube = await find_status(connection, Upstream.YOUTUBE)
        call = _DownloadCall(self._reporter, youtube, video.youtube_id)
        with told_to_the_workflow():
            try:
                found = await self._download(video.youtube_id, call)
                call.ended(None)
            except YoutubeError as error:
                call.ended(error.error_type, error.retry_after_seconds)
                raise
            except BaseException:
                call.ended(ErrorType.UPSTREAM_UNAVAILABLE)  # the worker ends, or nobody wants the video any more
                raise
            async with heartbeats():  # an upload to a remote store takes its time
                await self._store.keep(video.youtube_id, found.path.name)
        return ExtractedAudio(name=found.path.name, byte_count=found.byte_count)

    async def _download(self, youtube_id: str, call: "_DownloadCall") -> DownloadedAudio:
        folder = self._store.workspace(youtube_id)

        def download(on_progress: Callable[[float], None]) -> DownloadedAudio:
            with _alone_in(folder, on_progress):
                return self._source.download(youtube_id, folder, on_progress)

        async def tell(fraction: float) -> None:
            if fraction > 0:
                call.is_answered()
            await self._teller.tell(youtube_id, download_progress(fraction))

        try:
            return await watched(self._threads, download, tell)
        except OSError as error:
            if is_full(error):
                raise StoreFull(error.strerror) from None
            raise


class _DownloadCall:
    """What the governor hears of one download: an answer as soon as there is one, which may be long before its end."""

    def __init__(self, reporter: UpstreamReporter, began: UpstreamStatus | None, youtube_id: str) -> None:
        self._reporter = reporter
        self._began = began
        self._youtube_id = youtube_id
        self._has_answer = False

    def is_answered(self) -> None:
        """The first bytes are here."""
        if not self._has_answer:
            self._has_answer = True
            self._reporter.call_ended(self._began, self._youtube_id, None)

    def ended(self, error_type: ErrorType | None, retry_after_seconds: float | None = None) -> None:
        """Nothing more comes. After an answer, only that YouTube asks to slow down is news."""
        is_throttle = error_type is not None and ERROR_RULES[error_type].throttle is not Throttle.NO
        if is_throttle or not self._has_answer:
            self._reporter.call_ended(
                self._began, self._youtube_id, error_type, retry_after_seconds=retry_after_seconds
            )


@contextmanager
def _alone_in(folder: Path, on_progress: Callable[[float], None]) -> Iterator[None]:
    """Wait for the end of another attempt's download, which may end the waiting by what `on_progress` raises.

    After an outage of Temporal, one that was given up goes on until it hears of that: both would write into one file.
    """
    with (folder / LOCK_NAME).open("w") as file:
        while not try_lock(file):
            on_progress(0.0)
            time.sleep(LOOK_AGAIN_SECONDS)
        yield
