"""An import's rows: stages, progress, failure, and which imports have no workflow."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportWait
from shared.contracts.messages import ImportFeedItem, ImportProgress
from shared.contracts.stages import STAGE_PROGRESS, ImportStage
from shared.db.connection import AsyncpgConnection
from shared.db.events import changed_events_sql, import_feed_item
from shared.db.lists import NOT_DELETED
from shared.i18n.messages import import_error_text

# The rows are locked in one order, so that two steps of the same import cannot block each other in a circle.
_MOVE = f"""
    WITH behind AS (
        SELECT id FROM videos
        WHERE youtube_id = $1 AND import_stage NOT IN ('complete', 'error') AND {NOT_DELETED}
          AND ($3::int IS NULL OR import_progress < $3)
        ORDER BY id FOR UPDATE
    ), changed AS (
        UPDATE videos SET import_stage = $2, import_progress = coalesce($3, import_progress),
                          error_code = $4::text, waiting_for = NULL, retry_at = NULL, attempt = 1
        FROM behind WHERE videos.id = behind.id
        RETURNING videos.*
    )
    {changed_events_sql("$5::text")}
    """  # noqa: S608 - constants
# An attempt that has begun keeps its number until the next stage is reached.
_WAIT = f"""
    WITH others AS (
        SELECT id FROM videos
        WHERE youtube_id = $1 AND import_stage NOT IN ('complete', 'error') AND {NOT_DELETED}
          AND (waiting_for, retry_at) IS DISTINCT FROM ($2::text, $3::timestamptz)
        ORDER BY id FOR UPDATE
    ), changed AS (
        UPDATE videos SET waiting_for = $2, retry_at = $3, attempt = coalesce($4, attempt)
        FROM others WHERE videos.id = others.id
        RETURNING videos.*
    )
    {changed_events_sql(reaches_stage=False)}
    """  # noqa: S608 - constants
_STEP = f"""
    WITH behind AS (
        SELECT id FROM videos WHERE youtube_id = $1 AND import_stage = $2 AND import_progress < $3 AND {NOT_DELETED}
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET import_progress = $3 FROM behind WHERE videos.id = behind.id
    RETURNING videos.id, user_id, list_id, batch_id
    """  # noqa: S608 - a constant
_WANTED = f"""
    SELECT DISTINCT youtube_id FROM videos
    WHERE youtube_id = ANY($1::text[]) AND import_stage NOT IN ('complete', 'error') AND {NOT_DELETED}
    """  # noqa: S608 - a constant


async def advance(connection: AsyncpgConnection, youtube_id: str, stage: ImportStage) -> list[ImportFeedItem]:
    """Bring every waiting entry of the video to `stage`; returns the events."""
    if stage is ImportStage.CREATED:
        return []  # where every entry begins
    return await _move(connection, youtube_id, stage, progress=STAGE_PROGRESS[stage], error_code=None)


async def set_subprogress(
    connection: AsyncpgConnection, youtube_id: str, under_way: ImportStage, progress: int
) -> list[ImportFeedItem]:
    """Bring every entry that waits for the stage under way to a percentage before it.

    Clients are notified, but no event is stored: the next stage makes up for a missed message.
    """
    reached = _BEFORE[under_way]
    rows = await connection.fetch(_STEP, youtube_id, reached, progress)
    return [
        ImportFeedItem(
            user_id=row["user_id"],
            message=ImportProgress(
                video_id=row["id"],
                youtube_id=youtube_id,
                stage=under_way,
                progress=progress,
                list_id=row["list_id"],
                batch_id=row["batch_id"],
            ),
        )
        for row in rows
    ]


_BEFORE = {stage: reached for reached, stage in pairwise(STAGE_PROGRESS)}


async def fail(connection: AsyncpgConnection, youtube_id: str, error_code: ErrorType) -> list[ImportFeedItem]:
    """End every waiting entry of the video in `error`, at the percentage it had."""
    return await _move(connection, youtube_id, ImportStage.ERROR, progress=None, error_code=error_code)


async def set_wait(connection: AsyncpgConnection, youtube_id: str, wait: ImportWait | None) -> list[ImportFeedItem]:
    """Show what the import waits for, if it does, on every waiting entry of the video; returns the events."""
    values = (wait.reason, wait.retry_at, wait.attempt) if wait else (None, None, None)
    return [import_feed_item(row) for row in await connection.fetch(_WAIT, youtube_id, *values)]


async def wanted(connection: AsyncpgConnection, youtube_ids: Sequence[str]) -> set[str]:
    """Those of some videos that some list still waits for."""
    return {row["youtube_id"] for row in await connection.fetch(_WANTED, list(youtube_ids))}


async def _move(
    connection: AsyncpgConnection,
    youtube_id: str,
    stage: ImportStage,
    *,
    progress: int | None,
    error_code: ErrorType | None,
) -> list[ImportFeedItem]:
    message = import_error_text(error_code) if error_code else None
    rows = await connection.fetch(_MOVE, youtube_id, stage, progress, error_code, message)
    return [import_feed_item(row) for row in rows]


_WAITING = f"""
    SELECT youtube_id, user_id, bool_and(batch_id IS NOT NULL) AS bulk
    FROM videos
    WHERE import_stage NOT IN ('complete', 'error') AND {NOT_DELETED}
      AND created_at < now() - make_interval(secs => $1)
      AND youtube_id <> ALL($2::text[]) AND batch_slot IS DISTINCT FROM 'queued'
    GROUP BY youtube_id, user_id ORDER BY min(created_at) LIMIT $3
    """  # noqa: S608 - a constant
_BATCHES = f"""
    SELECT id AS batch_id, user_id FROM import_batches
    WHERE completed_at IS NULL AND {NOT_DELETED} AND created_at < now() - make_interval(secs => $1)
    ORDER BY created_at
    """  # noqa: S608 - a constant


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


async def unstarted_videos(
    connection: AsyncpgConnection, *, older_than_seconds: float, except_ids: Collection[str], limit: int
) -> list[WaitingVideo]:
    """Videos that wait, longest first, without those in `except_ids` and those that a batch has yet to begin."""
    rows = await connection.fetch(_WAITING, older_than_seconds, list(except_ids), limit)
    return [WaitingVideo(**row) for row in rows]


async def open_batches(connection: AsyncpgConnection, *, older_than_seconds: float) -> list[WaitingBatch]:
    """Batches that are not over, oldest first."""
    return [WaitingBatch(**row) for row in await connection.fetch(_BATCHES, older_than_seconds)]
