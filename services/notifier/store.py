"""What the notifier reads from Postgres. Every failure is one exception: `DatabaseAway`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.batches import BatchSummary
from shared.contracts.messages import FeedItem
from shared.db import events
from shared.db.batches import batches_of_users
from shared.db.driver import driver_of
from shared.db.engine import ping
from shared.db.upstreams import UpstreamRow, all_upstreams

READ_SECONDS = 5.0
"""How long one read may take, waiting for a connection included."""
PAGE_EVENTS = 500
"""About 200 kB as messages: well below what a connection may have waiting."""

_VIDEO_COLUMNS = "id, list_id, batch_id, youtube_id, import_stage, import_progress, error_code"
_IN_FLIGHT = text(
    f"""
    SELECT {_VIDEO_COLUMNS} FROM videos
    WHERE user_id = :user_id AND import_stage NOT IN ('complete', 'error')
    ORDER BY created_at DESC, id LIMIT :limit
    """  # noqa: S608 - a constant
)
_OF_IDS = text(
    f"""
    SELECT {_VIDEO_COLUMNS} FROM videos WHERE user_id = :user_id AND id = ANY(:video_ids)
    ORDER BY created_at DESC, id
    """  # noqa: S608 - a constant
)
_ENDED_BATCHES = text(
    """
    SELECT id FROM import_batches
    WHERE user_id = ANY(:user_ids) AND completed_at > now() - make_interval(secs => :within_seconds)
    """
)


class DatabaseAway(Exception):
    """Postgres did not answer, or not in time."""


_AWAY = (
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a socket that vanished while a statement was on its way
    OSError,
    TimeoutError,
)


@dataclass(frozen=True)
class VideoRow:
    """A row of `videos`, as far as progress goes."""

    id: UUID
    list_id: UUID
    batch_id: UUID | None
    youtube_id: str
    import_stage: str
    import_progress: int
    error_code: str | None


@dataclass(frozen=True)
class VideoRows:
    """Videos as they were when the user's newest event was `seq`."""

    seq: int
    videos: list[VideoRow]


class Store:
    """Reads of one notifier; each is one short transaction that sees one moment."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")

    async def check(self) -> None:
        """Raise `DatabaseAway` unless Postgres answers."""
        async with _in_time():
            await ping(self._engine)

    async def latest_seq(self, user_id: UUID) -> int:
        """The seq of the user's newest event, 0 where there is none."""
        async with self._connection() as connection:
            return await events.latest_seq(connection, user_id)

    async def latest_seqs(self, user_ids: Sequence[UUID]) -> dict[UUID, int]:
        """The seq of each user's newest event."""
        async with self._connection() as connection:
            return await events.latest_seqs(connection, user_ids)

    async def events_page(self, user_id: UUID, after: int, up_to: int = events.NO_UPPER_BOUND) -> list[FeedItem]:
        """The user's next events with `after` < seq <= `up_to`, oldest first, at most `PAGE_EVENTS`."""
        async with self._connection() as connection:
            return await events.events_since(connection, user_id, after, up_to=up_to, limit=PAGE_EVENTS)

    async def upstreams(self) -> list[UpstreamRow]:
        """How every upstream stands."""
        async with self._connection() as connection:
            return await all_upstreams(connection)

    async def batches(
        self, user_ids: Sequence[UUID], also: Sequence[UUID], ended_within_seconds: float
    ) -> list[tuple[UUID, BatchSummary]]:
        """Batches of some users, each with its user: not over, ended a while ago at most, or named in `also`."""
        values = {"user_ids": list(user_ids), "within_seconds": ended_within_seconds}
        async with self._connection() as connection:
            ended = (await connection.execute(_ENDED_BATCHES, values)).scalars()
            return await batches_of_users(driver_of(connection), user_ids, [*also, *ended])

    async def videos_in_flight(self, user_id: UUID, limit: int) -> VideoRows:
        """The user's newest videos whose import is not over."""
        return await self._videos(_IN_FLIGHT, {"user_id": user_id, "limit": limit})

    async def videos_of_ids(self, user_id: UUID, video_ids: Sequence[UUID]) -> VideoRows:
        """These videos; what is unknown or somebody else's is left out."""
        return await self._videos(_OF_IDS, {"user_id": user_id, "video_ids": list(video_ids)})

    async def _videos(self, statement: Any, values: dict[str, Any]) -> VideoRows:
        async with self._connection() as connection:
            seq = await events.latest_seq(connection, values["user_id"])
            rows = await connection.execute(statement, values)
            return VideoRows(seq, [VideoRow(**row) for row in rows.mappings()])

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        async with _in_time(), self._engine.connect() as connection:
            yield connection


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(READ_SECONDS):
            yield
    except _AWAY as error:
        raise DatabaseAway(str(error) or type(error).__name__) from error
