"""One worker process of the product's first design: its rate limiter, and videos to be asked for under it.

`python -m benchmarks.seed_worker as-written|at-its-best <youtube id> …`. The limiter lives in the process: three at
once, 2 s of delay, a pause of 30 s after three failures. The product's own adapters ask, so that a call is the same
on both sides. A video that was throttled goes to the end of the line, as often as it takes.
"""

import asyncio
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol, TypeVar

from services.worker.adapters.captions import CaptionsAdapter
from services.worker.adapters.connection import Connection
from services.worker.adapters.metadata import MetadataAdapter
from services.worker.adapters.models import Transcript, YoutubeError
from shared.contracts.errors import ErrorType
from shared.settings import Settings

MAX_CONCURRENT = 3
DELAY_SECONDS = 2.0
FAILURES = 3
PAUSE_SECONDS = 30.0
JOBS = 10
"""Videos under way at once: the default of its job queue."""

T = TypeVar("T")


class Limiter(Protocol):
    """What stands before YouTube."""

    def acquire(self) -> AbstractAsyncContextManager[None]:
        """Wait for a turn and hold it."""

    def answered(self) -> None:
        """Note that YouTube put up with a call."""

    def throttled(self) -> None:
        """Note that it did not."""


class AsWritten:
    """The design's code: three places with a delay in each; failures are counted, but not in a row.

    Whoever waits for a place has passed the breaker already.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(MAX_CONCURRENT)
        self._failures = 0
        self._is_open = False

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[None]:
        """See `Limiter`."""
        if self._is_open:
            await asyncio.sleep(PAUSE_SECONDS)
            self._is_open = False
        async with self._places:
            await asyncio.sleep(DELAY_SECONDS)
            yield

    def answered(self) -> None:
        """See `Limiter`."""

    def throttled(self) -> None:
        """See `Limiter`."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._is_open = True
            self._failures = 0


class AtItsBest:
    """What the design means, read as kindly as possible: within a process, calls begin 2 s apart and a pause holds."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(MAX_CONCURRENT)
        self._line = asyncio.Lock()
        self._failures = 0
        self._next_at = 0.0

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[None]:
        """See `Limiter`."""
        async with self._places:
            async with self._line:
                while (wait := self._next_at - time.monotonic()) > 0:  # noqa: ASYNC110 - a failure may lengthen it
                    await asyncio.sleep(wait)
                self._next_at = time.monotonic() + DELAY_SECONDS
            yield

    def answered(self) -> None:
        """See `Limiter`."""
        self._failures = 0

    def throttled(self) -> None:
        """See `Limiter`."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._next_at = time.monotonic() + PAUSE_SECONDS
            self._failures = 0


class SeedWorker:
    """Asks for videos, several at once, until each has been answered."""

    def __init__(self, limiter: Limiter, waiting: list[str]) -> None:
        settings = Settings()
        proxy = settings.youtube_proxy.get_secret_value() if settings.youtube_proxy else None
        connection = Connection(proxy, settings.youtube_ca_file)
        self._metadata = MetadataAdapter(connection)
        self._captions = CaptionsAdapter(connection)
        self._limiter = limiter
        self._waiting = deque(waiting)

    async def run(self) -> None:
        """Until no video is left."""
        await asyncio.gather(*(self._job() for _ in range(JOBS)))

    async def _job(self) -> None:
        while self._waiting:
            youtube_id = self._waiting.popleft()
            try:
                await self._bring(youtube_id)
            except YoutubeError as error:
                if error.error_type is ErrorType.RATE_LIMITED:
                    self._waiting.append(youtube_id)

    async def _bring(self, youtube_id: str) -> None:
        """As the design has it, one turn is for a whole video; at its best, for a call."""
        if isinstance(self._limiter, AsWritten):
            await self._in_turn(lambda: self._whole(youtube_id))
        else:
            found = await self._in_turn(lambda: self._metadata.extract(youtube_id))
            await self._in_turn(lambda: self._captions.fetch(youtube_id, found.caption_track))

    def _whole(self, youtube_id: str) -> Transcript:
        return self._captions.fetch(youtube_id, self._metadata.extract(youtube_id).caption_track)

    async def _in_turn(self, ask: Callable[[], T]) -> T:
        async with self._limiter.acquire():
            try:
                answer = await asyncio.to_thread(ask)
            except YoutubeError as error:
                is_throttle = error.error_type is ErrorType.RATE_LIMITED
                (self._limiter.throttled if is_throttle else self._limiter.answered)()
                raise
            self._limiter.answered()
            return answer


READINGS: dict[str, type[AsWritten] | type[AtItsBest]] = {"as-written": AsWritten, "at-its-best": AtItsBest}

if __name__ == "__main__":
    _, reading, *youtube_ids = sys.argv
    with suppress(KeyboardInterrupt):
        asyncio.run(SeedWorker(READINGS[reading](), youtube_ids).run())
