"""The window of a batch: which of its videos are being imported, and which are next.

A transaction that changes the state of a batch or assigns slots locks the batch first, so that two of them never
overlap. Giving up a slot needs no lock.
"""

from collections.abc import Sequence
from uuid import UUID

from shared.contracts.batches import BatchChange
from shared.contracts.errors import ERROR_RULES, Retry
from shared.db.connection import AsyncpgConnection
from shared.db.lists import NOT_DELETED

# The list comes first, as in its deletion: locked the other way round, the two would wait for each other.
_LOCK = """
    SELECT b.user_id FROM import_batches b JOIN lists l ON l.id = b.list_id
    WHERE b.id = $1 AND l.deleted_at IS NULL FOR KEY SHARE OF l FOR UPDATE OF b
    """
_SLOT_HOLDERS = """
    SELECT youtube_id FROM videos
    WHERE batch_id = $1 AND batch_slot = 'running' AND import_stage NOT IN ('complete', 'error')
    """
_WAITING_FOR_AVAILABILITY = f"{_SLOT_HOLDERS} AND waiting_for = ANY($2::text[])"
_AVAILABLE_LATER = [error_type for error_type, rule in ERROR_RULES.items() if rule.retry is Retry.WHEN_AVAILABLE]
# In the order of the list, newest first; locked by id, as everywhere.
_CLAIM_NEXT = """
    WITH next AS (
        SELECT v.id FROM videos v JOIN import_batches b ON b.id = v.batch_id
        WHERE b.id = $1 AND b.state = 'open' AND v.batch_slot = 'queued'
          AND v.import_stage NOT IN ('complete', 'error')
        ORDER BY v.created_at DESC, v.id DESC LIMIT $2
    ), locked AS (
        SELECT id FROM videos
        WHERE id IN (SELECT id FROM next) AND batch_slot = 'queued' AND import_stage NOT IN ('complete', 'error')
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET batch_slot = 'running' FROM locked WHERE videos.id = locked.id RETURNING videos.youtube_id
    """
_ENDED = """
    SELECT youtube_id FROM videos
    WHERE batch_id = $1 AND youtube_id = ANY($2::text[]) AND import_stage IN ('complete', 'error')
    """
_PARK = """
    WITH parked AS (
        SELECT id FROM videos
        WHERE batch_id = $1 AND youtube_id = ANY($2::text[]) AND batch_slot = 'running'
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET batch_slot = 'parked' FROM parked WHERE videos.id = parked.id
    """
# In every batch of the video.
_FREE_SLOTS = f"""
    WITH transcribing AS (
        SELECT v.id FROM videos v JOIN audio_jobs j USING (youtube_id)
        WHERE v.youtube_id = $1 AND v.batch_slot = 'running' AND v.batch_id IS NOT NULL
          AND v.import_stage NOT IN ('complete', 'error') AND v.{NOT_DELETED}
        ORDER BY v.id FOR UPDATE OF v
    )
    UPDATE videos SET batch_slot = 'transcribing' FROM transcribing WHERE videos.id = transcribing.id
    RETURNING videos.batch_id
    """  # noqa: S608 - a constant
_PAUSE = "UPDATE import_batches SET state = 'paused' WHERE id = $1 AND state = 'open'"
_RESUME = "UPDATE import_batches SET state = 'open' WHERE id = $1 AND state = 'paused'"
_CANCEL = "UPDATE import_batches SET state = 'cancelled' WHERE id = $1 AND completed_at IS NULL"
# The cursor stays: a retry continues to read the list. Videos that a subscription has not seen may be below those that
# it has seen.
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
        WHERE batch_id = $1 AND batch_slot = 'queued' AND import_stage = 'created'
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET import_stage = 'error', error_code = 'import_cancelled', waiting_for = NULL, retry_at = NULL
    FROM queued WHERE videos.id = queued.id
    """
# Other lists have started these imports: the batch waits for their end as well.
_ASSIGN_STARTED = """
    WITH begun AS (
        SELECT id FROM videos
        WHERE batch_id = $1 AND batch_slot = 'queued' AND import_stage NOT IN ('created', 'complete', 'error')
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET batch_slot = 'running' FROM begun WHERE videos.id = begun.id
    """
_COMPLETE = """
    UPDATE import_batches
    SET state = CASE WHEN state = 'cancelled' THEN state ELSE 'complete' END, completed_at = now()
    WHERE id = $1 AND completed_at IS NULL AND listing IS DISTINCT FROM 'under_way' AND NOT EXISTS (
        SELECT FROM videos
        WHERE batch_id = $1 AND batch_slot IN ('queued', 'running', 'transcribing')
          AND import_stage NOT IN ('complete', 'error')
    )
    """
_DELETE_EMPTY_CHECK = """
    DELETE FROM import_batches
    WHERE id = $1 AND completed_at IS NOT NULL AND subscription_id IS NOT NULL AND created = 0
    """
_CHANGES = {
    BatchChange.PAUSE: (_PAUSE,),
    BatchChange.RESUME: (_RESUME,),
    BatchChange.CANCEL: (_CANCEL, _CANCEL_LISTING, _CANCEL_QUEUED, _ASSIGN_STARTED),
}
"""The others run only if the first statement changes the batch."""


async def lock(connection: AsyncpgConnection, batch_id: UUID) -> UUID | None:
    """Lock the batch until the transaction ends; returns its user, None where there is no such batch."""
    user_id: UUID | None = await connection.fetchval(_LOCK, batch_id)
    return user_id


async def slot_holders(connection: AsyncpgConnection, batch_id: UUID) -> set[str]:
    """The YouTube ids of the batch that hold a slot: their imports are running."""
    return {row["youtube_id"] for row in await connection.fetch(_SLOT_HOLDERS, batch_id)}


async def waiting_for_availability(connection: AsyncpgConnection, batch_id: UUID) -> set[str]:
    """The YouTube ids of the batch that hold a slot and wait for an event of their own, such as a premiere."""
    rows = await connection.fetch(_WAITING_FOR_AVAILABILITY, batch_id, _AVAILABLE_LATER)
    return {row["youtube_id"] for row in rows}


async def ended(connection: AsyncpgConnection, batch_id: UUID, youtube_ids: Sequence[str]) -> set[str]:
    """Those of the YouTube ids whose import has ended in this batch."""
    return {row["youtube_id"] for row in await connection.fetch(_ENDED, batch_id, list(youtube_ids))}


async def claim_next(connection: AsyncpgConnection, batch_id: UUID, count: int) -> list[str]:
    """Assign `count` slots to queued videos unless the batch is paused; returns the YouTube ids to start."""
    if count <= 0:
        return []
    return [row["youtube_id"] for row in await connection.fetch(_CLAIM_NEXT, batch_id, count)]


async def park(connection: AsyncpgConnection, batch_id: UUID, youtube_ids: Sequence[str]) -> None:
    """Free the slots of videos that wait for something of their own, such as a premiere."""
    await connection.execute(_PARK, batch_id, list(youtube_ids))


async def free_slots(connection: AsyncpgConnection, youtube_id: str) -> set[UUID]:
    """Free the slots of a video that is being transcribed or waits for it; returns the batches that get one.

    These batches still wait for its end.
    """
    return {row["batch_id"] for row in await connection.fetch(_FREE_SLOTS, youtube_id)}


async def change(connection: AsyncpgConnection, batch_id: UUID, wanted: BatchChange) -> None:
    """Pause, resume or cancel the batch; does nothing in a state that does not allow it."""
    first, *others = _CHANGES[wanted]
    if await connection.execute(first, batch_id) != "UPDATE 0":
        for statement in others:
            await connection.execute(statement, batch_id)


async def complete_if_done(connection: AsyncpgConnection, batch_id: UUID) -> None:
    """Mark the batch as complete if nothing is queued or running. Parked videos do not count.

    A check of a subscription that has found nothing is deleted.
    """
    await connection.execute(_COMPLETE, batch_id)
    await connection.execute(_DELETE_EMPTY_CHECK, batch_id)
