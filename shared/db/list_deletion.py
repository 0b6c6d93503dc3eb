"""Removing the rows of deleted lists, in pieces: each is a short transaction that others hardly notice.

Every other statement ignores these rows (`shared.db.lists.NOT_DELETED`), so it does not matter when they go. A list
that is not deleted is left alone.
"""

from dataclasses import dataclass
from uuid import UUID

from shared.db.connection import AsyncpgConnection

_DELETED = "(SELECT id FROM lists WHERE id = $1 AND deleted_at IS NOT NULL)"
_DELETED_LISTS = """
    SELECT id FROM lists
    WHERE deleted_at IS NOT NULL AND deleted_at < now() - make_interval(secs => $1)
    ORDER BY deleted_at
    """
_SUBSCRIPTIONS = f"SELECT id FROM subscriptions WHERE list_id = {_DELETED}"  # noqa: S608 - a constant
# Conflicts with the lock that a writer holds on the list's row until it commits. Later writers see that the list is
# deleted.
_AWAIT_WRITERS = "SELECT id FROM lists WHERE id = $1 AND deleted_at IS NOT NULL FOR UPDATE"
# Locked by id, as everywhere. Their events go with them.
_DELETE_VIDEOS = f"""
    WITH locked AS (
        SELECT id FROM videos WHERE id IN (SELECT id FROM videos WHERE list_id = {_DELETED} LIMIT $2)
        ORDER BY id FOR UPDATE
    )
    DELETE FROM videos v USING locked WHERE v.id = locked.id
    RETURNING v.youtube_id,
        v.import_stage NOT IN ('complete', 'error') AND v.batch_slot IS DISTINCT FROM 'queued' AS is_under_way
    """  # noqa: S608 - a constant
_DELETE_BATCHES = f"""
    DELETE FROM import_batches
    WHERE id IN (SELECT id FROM import_batches WHERE list_id = {_DELETED} LIMIT $2) RETURNING id
    """  # noqa: S608 - a constant
_DELETE_SEEN_VIDEOS = f"""
    DELETE FROM subscription_videos WHERE (subscription_id, youtube_id) IN (
        SELECT v.subscription_id, v.youtube_id
        FROM subscription_videos v JOIN subscriptions s ON s.id = v.subscription_id
        WHERE s.list_id = {_DELETED} LIMIT $2
    ) RETURNING youtube_id
    """  # noqa: S608 - a constant
_DELETE_CHANGES = """
    DELETE FROM import_events WHERE list_id = $1 AND type NOT IN ('import_progress', 'list_deleted')
      AND list_id IN (SELECT id FROM lists WHERE deleted_at IS NOT NULL)
    """
_DELETE_LIST = "DELETE FROM lists WHERE id = $1 AND deleted_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Piece:
    """What was removed in one transaction."""

    is_last: bool
    under_way: list[str]
    """YouTube ids of removed videos whose import had begun and had not ended."""


async def deleted_lists(connection: AsyncpgConnection, *, older_than_seconds: float = 0) -> list[UUID]:
    """Lists that were deleted longer ago than that and whose rows are still there, oldest first."""
    return [row["id"] for row in await connection.fetch(_DELETED_LISTS, older_than_seconds)]


async def subscriptions_of(connection: AsyncpgConnection, list_id: UUID) -> list[UUID]:
    """What brought new videos onto a deleted list."""
    return [row["id"] for row in await connection.fetch(_SUBSCRIPTIONS, list_id)]


async def await_writers(connection: AsyncpgConnection, list_id: UUID) -> None:
    """Wait for the transactions that began to write to the list before it was deleted."""
    await connection.execute(_AWAIT_WRITERS, list_id)


async def delete_piece(connection: AsyncpgConnection, list_id: UUID, size: int) -> Piece:
    """Remove the next rows of a deleted list, at most `size` videos, batches or seen videos; at last the list."""
    if removed := await connection.fetch(_DELETE_VIDEOS, list_id, size):
        return Piece(is_last=False, under_way=[row["youtube_id"] for row in removed if row["is_under_way"]])
    for statement in (_DELETE_BATCHES, _DELETE_SEEN_VIDEOS):
        if await connection.fetch(statement, list_id, size):
            return Piece(is_last=False, under_way=[])
    await connection.execute(_DELETE_CHANGES, list_id)
    await connection.execute(_DELETE_LIST, list_id)
    return Piece(is_last=True, under_way=[])
