"""What the notifier reads from PostgreSQL. Every failure is one exception: `DatabaseUnavailableError`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.batches import BatchSummary
from shared.contracts.messages import FeedItem
from shared.db import events
from shared.db.batches import batches_of_users
from shared.db.connection import raw_connection, snapshot
from shared.db.engine import ping
from shared.db.errors import is_database_unavailable
from shared.db.facts import FACTS, join_facts
from shared.db.lists import NOT_DELETED
from shared.db.upstreams import UpstreamRow, all_upstreams
from shared.deadlines import responsive_timeout
from shared.logs import get_logger

READ_SECONDS = 5.0
"""How long one read may take, waiting for a connection included."""
CHECK_SECONDS = 2.0
"""The same for a health check, whose client waits for 4 s."""
PAGE_EVENTS = 200
"""About 140 kB as messages, and below MAX_BACKLOG_BYTES of a connection even with the longest titles."""

logger = get_logger(__name__)

_VIDEO_COLUMNS = (
    "v.id, v.list_id, v.batch_id, v.youtube_id, v.import_stage, v.import_progress, v.error_code, v.waiting_for, "
    f"v.retry_at, v.attempt, {FACTS}"
)
_IN_FLIGHT = text(
    f"""
    SELECT {_VIDEO_COLUMNS} FROM videos v {join_facts("v")}
    WHERE v.user_id = :user_id AND v.import_stage NOT IN ('complete', 'error') AND v.{NOT_DELETED}
    ORDER BY v.created_at DESC, v.id LIMIT :limit
    """  # noqa: S608 - constants
)
_OF_IDS = text(
    f"""
    SELECT {_VIDEO_COLUMNS} FROM videos v {join_facts("v")}
    WHERE v.user_id = :user_id AND v.id = ANY(:video_ids) AND v.{NOT_DELETED}
    ORDER BY v.created_at DESC, v.id
    """  # noqa: S608 - constants
)
_ENDED_BATCHES = text(
    """
    SELECT id FROM import_batches
    WHERE user_id = ANY(:user_ids) AND completed_at > now() - make_interval(secs => :within_seconds)
    """
)


class DatabaseUnavailableError(Exception):
    """PostgreSQL did not answer, or not in time."""


@dataclass(frozen=True)
class VideoRow:
    """A row of `videos`, as far as progress goes, and what is known about its video."""

    id: UUID
    list_id: UUID
    batch_id: UUID | None
    youtube_id: str
    import_stage: str
    import_progress: int
    error_code: str | None
    waiting_for: str | None
    retry_at: datetime | None
    attempt: int
    title: str | None
    channel: str | None
    duration_seconds: int | None
    published_at: datetime | None
    starts_at: datetime | None
    captions_source: str | None
    captions_missing: str | None


@dataclass(frozen=True)
class VideoRows:
    """Videos as they were when the user's newest event was `seq`."""

    seq: int
    videos: list[VideoRow]


class Store:
    """Reads of one notifier; each is one short transaction that sees one moment."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def check(self) -> None:
        """Raise `DatabaseUnavailableError` unless PostgreSQL answers, in time for a health check."""
        async with _in_time(CHECK_SECONDS):
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
        """The status of every upstream."""
        async with self._connection() as connection:
            return await all_upstreams(raw_connection(connection))

    async def batches(
        self, user_ids: Sequence[UUID], also: Sequence[UUID], ended_within_seconds: float
    ) -> list[tuple[UUID, BatchSummary]]:
        """Batches of some users, each with its user: in progress, ended so many seconds ago at most, or in `also`."""
        values = {"user_ids": list(user_ids), "within_seconds": ended_within_seconds}
        async with self._connection() as connection:
            ended = (await connection.execute(_ENDED_BATCHES, values)).scalars()
            return await batches_of_users(raw_connection(connection), user_ids, [*also, *ended])

    async def videos_in_flight(self, user_id: UUID, limit: int) -> VideoRows:
        """The user's newest videos whose import is not over."""
        return await self._videos(_IN_FLIGHT, {"user_id": user_id, "limit": limit})

    async def videos_of_ids(self, user_id: UUID, video_ids: Sequence[UUID]) -> VideoRows:
        """These videos; unknown ones and those of other users are left out."""
        return await self._videos(_OF_IDS, {"user_id": user_id, "video_ids": list(video_ids)})

    async def _videos(self, statement: Any, values: dict[str, Any]) -> VideoRows:
        async with self._connection() as connection:
            seq = await events.latest_seq(connection, values["user_id"])
            rows = await connection.execute(statement, values)
            return VideoRows(seq, [VideoRow(**row) for row in rows.mappings()])

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        async with _in_time(READ_SECONDS), snapshot(self._engine) as connection:
            yield connection


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    try:
        async with responsive_timeout(seconds):
            yield
    except Exception as error:
        if not is_database_unavailable(error):  # a bug, which must not end the task that serves other clients
            logger.exception("read_failed")
        raise DatabaseUnavailableError(str(error) or type(error).__name__) from error
