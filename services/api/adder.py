"""Group commit for added videos: whatever arrives while one statement runs goes into the next one together.

The events of a user form a chain, so two transactions that add to it commit one after the other, each waiting for
the disk. Under load the API would wait for nothing else. A lone request waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

import asyncpg

from services.api.database import Database
from shared.db.videos import ChangedVideo, NewVideo, Outrun, add_videos

MAX_BATCH = 200

Waiting = tuple[NewVideo, "asyncio.Future[ChangedVideo | None]"]


class VideoAdder:
    """Adds videos for all requests of this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def add(self, new: NewVideo) -> ChangedVideo | None:
        """Put a video on a list and return when it is committed; see `shared.db.videos.add_videos`.

        Raises Problem (503) when Postgres is away.
        """
        added: asyncio.Future[ChangedVideo | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((new, added))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all(), name="video-adder")
        return await added

    async def _write_all(self) -> None:
        while self._waiting:
            await self._write([self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))])
        self._writer = None

    async def _write(self, batch: list[Waiting]) -> None:
        try:
            results = await self._add([new for new, _ in batch])
        except Exception as error:
            for _, added in batch:
                if not added.done():
                    added.set_exception(error)
            return
        for (new, added), result in zip(batch, results, strict=True):
            if isinstance(result, Outrun):
                self._waiting.append((new, added))
            elif not added.done():  # the request may have been cancelled
                added.set_result(result)

    async def _add(self, wanted: Sequence[NewVideo]) -> list[ChangedVideo | Outrun | None]:
        async with self._database.connection() as connection:
            try:
                return await add_videos(connection, wanted)
            except asyncpg.DeadlockDetectedError:  # nothing of it was written, and the other one may go on now
                return await add_videos(connection, wanted)
