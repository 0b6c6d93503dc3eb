"""The window of a batch: which of its videos are being imported, and which are next.

Whoever changes the state or the window of a batch locks it first, so that two looks at it never overlap.
"""

from collections.abc import Sequence
from uuid import UUID

from shared.contracts.batches import BatchChange
from shared.db.driver import DriverConnection

# The list comes first, as in its deletion: locked the other way round, the two would wait for each other.
_LOCK = """
    SELECT b.user_id FROM import_batches b JOIN lists l ON l.id = b.list_id
    WHERE b.id = $1 FOR KEY SHARE OF l FOR UPDATE OF b
    """
_IN_WINDOW = """
    SELECT youtube_id FROM videos
    WHERE batch_id = $1 AND batch_place = 'window' AND import_stage NOT IN ('complete', 'error')
    """
# In the order of the list, newest first; locked by id, as everywhere.
_RELEASE = """
    WITH next AS (
        SELECT v.id FROM videos v JOIN import_batches b ON b.id = v.batch_id
        WHERE b.id = $1 AND b.state = 'open' AND v.batch_place = 'queued'
          AND v.import_stage NOT IN ('complete', 'error')
        ORDER BY v.created_at DESC, v.id DESC LIMIT $2
    ), locked AS (
        SELECT id FROM videos
        WHERE id IN (SELECT id FROM next) AND batch_place = 'queued' AND import_stage NOT IN ('complete', 'error')
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET batch_place = 'window' FROM locked WHERE videos.id = locked.id RETURNING videos.youtube_id
    """
_CLOSED = """
    SELECT youtube_id FROM videos
    WHERE batch_id = $1 AND youtube_id = ANY($2::text[]) AND import_stage IN ('complete', 'error')
    """
_SET_ASIDE = """
    WITH aside AS (
        SELECT id FROM videos
        WHERE batch_id = $1 AND youtube_id = ANY($2::text[]) AND batch_place = 'window'
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET batch_place = 'aside' FROM aside WHERE videos.id = aside.id
    """
_PAUSE = "UPDATE import_batches SET state = 'paused' WHERE id = $1 AND state = 'open'"
_RESUME = "UPDATE import_batches SET state = 'open' WHERE id = $1 AND state = 'paused'"
_CANCEL = "UPDATE import_batches SET state = 'cancelled' WHERE id = $1 AND completed_at IS NULL"
# The cursor stays: who tries again what was cancelled has the list read on. What a subscription has not seen by now
# may lie below what it has seen.
_CANCEL_LISTING = """
    WITH b AS (
        UPDATE import_batches SET listing = 'cancelled' WHERE id = $1 AND listing = 'under_way' RETURNING *
    )
    UPDATE subscriptions s SET checked_at = now(), last_new = b.created, error_code = 'import_cancelled'
    FROM b WHERE s.id = b.subscription_id
    """
_CANCEL_QUEUED = """
    WITH queued AS (
        SELECT id FROM videos
        WHERE batch_id = $1 AND batch_place = 'queued' AND import_stage = 'created'
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET import_stage = 'error', error_code = 'import_cancelled'
    FROM queued WHERE videos.id = queued.id
    """
# Somebody else has begun these: the batch waits for their end, as it does for what it has begun itself.
_KEEP_BEGUN = """
    WITH begun AS (
        SELECT id FROM videos
        WHERE batch_id = $1 AND batch_place = 'queued' AND import_stage NOT IN ('created', 'complete', 'error')
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET batch_place = 'window' FROM begun WHERE videos.id = begun.id
    """
_CLOSE = """
    UPDATE import_batches
    SET state = CASE WHEN state = 'cancelled' THEN state ELSE 'complete' END, completed_at = now()
    WHERE id = $1 AND completed_at IS NULL AND listing IS DISTINCT FROM 'under_way' AND NOT EXISTS (
        SELECT FROM videos
        WHERE batch_id = $1 AND batch_place IN ('queued', 'window') AND import_stage NOT IN ('complete', 'error')
    )
    """
_FORGET_FRUITLESS_LOOK = """
    DELETE FROM import_batches
    WHERE id = $1 AND completed_at IS NOT NULL AND subscription_id IS NOT NULL AND created = 0
    """
_CHANGES = {
    BatchChange.PAUSE: (_PAUSE,),
    BatchChange.RESUME: (_RESUME,),
    BatchChange.CANCEL: (_CANCEL, _CANCEL_LISTING, _CANCEL_QUEUED, _KEEP_BEGUN),
}
"""The first statement says whether the others make sense."""


async def lock(connection: DriverConnection, batch_id: UUID) -> UUID | None:
    """Keep every other look at the batch waiting; returns whose it is, None where there is none."""
    user_id: UUID | None = await connection.fetchval(_LOCK, batch_id)
    return user_id


async def in_window(connection: DriverConnection, batch_id: UUID) -> set[str]:
    """The YouTube ids whose import was begun and is not over."""
    return {row["youtube_id"] for row in await connection.fetch(_IN_WINDOW, batch_id)}


async def closed(connection: DriverConnection, batch_id: UUID, youtube_ids: Sequence[str]) -> set[str]:
    """Those of some YouTube ids whose import is over, as far as this batch goes."""
    return {row["youtube_id"] for row in await connection.fetch(_CLOSED, batch_id, list(youtube_ids))}


async def release(connection: DriverConnection, batch_id: UUID, places: int) -> list[str]:
    """Give free places to queued videos, unless the batch is paused; returns the YouTube ids that are to begin."""
    if places <= 0:
        return []
    return [row["youtube_id"] for row in await connection.fetch(_RELEASE, batch_id, places)]


async def set_aside(connection: DriverConnection, batch_id: UUID, youtube_ids: Sequence[str]) -> None:
    """Take the places of videos that wait for something of their own."""
    await connection.execute(_SET_ASIDE, batch_id, list(youtube_ids))


async def change(connection: DriverConnection, batch_id: UUID, wanted: BatchChange) -> None:
    """Pause, resume or cancel; where that makes no sense (any more), nothing happens."""
    first, *others = _CHANGES[wanted]
    if await connection.execute(first, batch_id) != "UPDATE 0":
        for statement in others:
            await connection.execute(statement, batch_id)


async def close_if_over(connection: DriverConnection, batch_id: UUID) -> None:
    """Note that nothing is left to begin or under way, if so. What stands aside ends by itself.

    A subscription's look that brought nothing leaves nothing behind.
    """
    await connection.execute(_CLOSE, batch_id)
    await connection.execute(_FORGET_FRUITLESS_LOOK, batch_id)
