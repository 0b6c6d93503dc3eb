"""Writes the log of requests to YouTube: many rows at a time, and never in the way of a call."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import asdict
from types import TracebackType

from sqlalchemy.ext.asyncio import AsyncEngine

from services.worker.adapters.models import TrackCounts
from services.worker.adapters.youtube.request_records import RecordedRequest, RequestPairing
from services.worker.adapters.youtube.version import extractor_version
from shared.background import BackgroundTask
from shared.contracts.youtube_requests import SentRequest
from shared.db import youtube_requests
from shared.db.connection import transaction
from shared.logs import get_logger

COLLECT_SECONDS = 5.0
WRITE_SECONDS = 5.0
MAX_WAITING = 5000
"""More than five seconds can bring; while the database hangs, the oldest are dropped."""
DRAIN_SECONDS = 2.0

logger = get_logger(__name__)


class RequestLog(BackgroundTask):
    """Collects the requests of one worker; rows that cannot be written are dropped.

    `request_sent` and `tracks_named` are called on the threads that send the requests; they return at once.
    """

    def __init__(self, engine: AsyncEngine, worker: str) -> None:
        super().__init__("request_log", pause_seconds=COLLECT_SECONDS, drain_seconds=DRAIN_SECONDS)
        self._engine = engine
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[RecordedRequest] = deque(maxlen=MAX_WAITING)
        self._pairing = RequestPairing()

    def request_sent(self, request: SentRequest) -> None:
        """Log a request. Never fails."""
        logger.debug("youtube_request", **{name: value for name, value in asdict(request).items() if value is not None})
        self._waiting.append(self._pairing.add(request))
        with suppress(RuntimeError):  # the loop is closed: this thread has outlived the worker
            self._loop.call_soon_threadsafe(self.wake, COLLECT_SECONDS)

    def tracks_named(self, tracks: TrackCounts) -> None:
        """Add the caption tracks to this thread's last request of a client, unless that is written already."""
        self._pairing.add_tracks(tracks)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._waiting:  # a wake-up of another thread may not have come yet
            self.wake()
        await super().__aexit__(kind, error, trace)

    async def run_once(self) -> None:
        """Write what waits, in one statement."""
        requests = [self._waiting.popleft().record for _ in range(len(self._waiting))]
        async with asyncio.timeout(WRITE_SECONDS), transaction(self._engine) as connection:
            await youtube_requests.record(connection, requests, yt_dlp_version=extractor_version(), worker=self._worker)
