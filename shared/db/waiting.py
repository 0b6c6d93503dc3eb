"""Entries and batches that wait for a workflow, whether one runs or not."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WAITING = text(
    """
    SELECT youtube_id, user_id, bool_and(batch_id IS NOT NULL) AS bulk
    FROM videos
    WHERE import_stage NOT IN ('complete', 'error')
      AND created_at < now() - make_interval(secs => :older_than_seconds)
      AND youtube_id <> ALL(:except_ids) AND batch_place IS DISTINCT FROM 'queued'
    GROUP BY youtube_id, user_id ORDER BY min(created_at) LIMIT :limit
    """
)
_BATCHES = text(
    """
    SELECT id AS batch_id, user_id FROM import_batches
    WHERE completed_at IS NULL AND created_at < now() - make_interval(secs => :older_than_seconds)
    ORDER BY created_at
    """
)


@dataclass(frozen=True)
class WaitingVideo:
    """A video that a user waits for; `bulk` when only batches asked for it."""

    youtube_id: str
    user_id: UUID
    bulk: bool


@dataclass(frozen=True)
class WaitingBatch:
    """A batch that is not over."""

    batch_id: UUID
    user_id: UUID


async def waiting_videos(
    connection: AsyncConnection, *, older_than_seconds: float, except_ids: Collection[str], limit: int
) -> list[WaitingVideo]:
    """Videos that wait, longest first, without those in `except_ids` and those that a batch has yet to begin."""
    rows = await connection.execute(
        _WAITING, {"older_than_seconds": older_than_seconds, "except_ids": list(except_ids), "limit": limit}
    )
    return [WaitingVideo(row.youtube_id, row.user_id, row.bulk) for row in rows]


async def batches_under_way(connection: AsyncConnection, *, older_than_seconds: float) -> list[WaitingBatch]:
    """Batches that are not over, oldest first."""
    rows = await connection.execute(_BATCHES, {"older_than_seconds": older_than_seconds})
    return [WaitingBatch(**row) for row in rows.mappings()]
