"""Batches of imports: creating, counting, changing. Every statement of a request is filtered by the user.

The videos of a batch stand in the list in the order of their source, the first one on top: each is taken to have been
created a microsecond before the one above it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from shared.contracts.batches import BatchKind, BatchSummary, ListingState, VideoFilter
from shared.contracts.youtube import thumbnail_url
from shared.db import counts
from shared.db.batch_window import lock
from shared.db.connection import AsyncpgConnection
from shared.db.facts import join_facts
from shared.db.lists import FIRST_PAGE, NOT_DELETED, PageStart
from shared.db.videos import RECORD_COLUMNS, VideoRecord
from shared.text import sanitize_text


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    """Videos that a user wants on a list, or the address that YouTube lists them at."""

    user_id: UUID
    list_id: UUID
    kind: BatchKind
    source: str = ""
    youtube_ids: Sequence[str] = ()
    """Each once, in the order in which they are to stand in the list. Empty where YouTube lists them."""
    repeated: int = 0
    """Rows that named one of them once more."""
    invalid: int = 0
    title: str | None = None
    """Of the playlist or channel, where it is known before its list is read."""
    filter: VideoFilter | None = None
    """For what is listed."""
    is_whole: bool = True
    """Whether its list is read below what a subscription has seen."""


@dataclass(frozen=True, slots=True)
class CreatedBatch:
    """What was written. `batch_id` is None where there was nothing to be imported: then nothing was."""

    batch_id: UUID | None
    created: dict[str, UUID]
    """The new entries' ids by YouTube id."""
    present: dict[str, UUID]
    """The ids of entries that the list had already."""


# The list is locked as the foreign key would lock it: one that is being deleted is "no such list" and not an error.
_LOCK_LIST = "SELECT id FROM lists WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL FOR KEY SHARE"
_CREATE = """
    INSERT INTO import_batches (
        id, user_id, list_id, kind, source, listing, listed, invalid, subscription_id, title, is_whole, filter
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb)
    """
# Rows are written in one order, so that two of these statements cannot wait for each other in a circle.
_PUT = """
    INSERT INTO videos (id, list_id, user_id, batch_id, batch_slot, youtube_id, thumbnail_url, created_at)
    SELECT gen_random_uuid(), b.list_id, b.user_id, b.id, 'queued', w.youtube_id, w.thumbnail_url,
           b.created_at - ($4::int + w.position) * interval '1 microsecond'
    FROM import_batches b, unnest($2::text[], $3::text[]) WITH ORDINALITY AS w (youtube_id, thumbnail_url, position)
    WHERE b.id = $1
    ORDER BY w.youtube_id, w.position
    ON CONFLICT (list_id, youtube_id) DO NOTHING
    RETURNING youtube_id, id
    """
_PRESENT = "SELECT youtube_id, id FROM videos WHERE list_id = $1 AND youtube_id = ANY($2::text[])"
_VIDEOS = f"""
    SELECT {RECORD_COLUMNS} FROM videos v {join_facts("v")}
    WHERE v.batch_id = $1 ORDER BY v.created_at DESC, v.id DESC
    """  # noqa: S608 - constants
_NOTE_CREATED = "UPDATE import_batches SET created = created + $2 WHERE id = $1"
_SUMMARY = f"""
    SELECT b.id AS batch_id, b.user_id, b.list_id, b.kind, b.source, b.title, b.state, b.listing, b.announced,
           b.error_code, b.invalid, b.unavailable, b.members_only, b.filtered, b.created_at, b.completed_at,
           CASE WHEN b.subscription_id IS NULL THEN greatest(b.listed - b.created, 0) ELSE 0 END AS duplicates,
           v.*
    FROM import_batches b, LATERAL ({counts.IN_BATCH.format(batch_id="b.id")}) v
    WHERE b.{NOT_DELETED}
    """  # noqa: S608 - a constant
# Checks of subscriptions that have found nothing are hidden.
_PAGE = f"""
    {_SUMMARY}
      AND b.user_id = $1 AND (b.created_at, b.id) < ($2, $3) AND (b.subscription_id IS NULL OR b.created > 0)
      AND ($4::uuid IS NULL OR b.list_id = $4)
    ORDER BY b.created_at DESC, b.id DESC LIMIT $5
    """
_FOR_USERS = f"""
    {_SUMMARY}
      AND b.user_id = ANY($1::uuid[]) AND (b.completed_at IS NULL OR b.id = ANY($2::uuid[]))
      AND (b.subscription_id IS NULL OR b.created > 0)
    ORDER BY b.created_at
    """
_REQUEUE_FAILED = """
    WITH failed AS (
        SELECT id FROM videos WHERE batch_id = $1 AND import_stage = 'error' ORDER BY id FOR UPDATE
    ), queued AS (
        UPDATE videos SET import_stage = 'created', import_progress = 0, error_code = NULL, batch_slot = 'queued'
        FROM failed WHERE videos.id = failed.id RETURNING videos.id
    )
    UPDATE import_batches
    SET state = CASE WHEN completed_at IS NULL AND state = 'paused' THEN state ELSE 'open' END, completed_at = NULL,
        listing = CASE WHEN listing = 'cancelled' THEN 'under_way' ELSE listing END
    WHERE id = $1 AND (listing = 'cancelled' OR EXISTS (SELECT FROM queued))
    """


def as_json(wanted: VideoFilter | None) -> str | None:
    """The filter as it is stored; None for one that leaves nothing out."""
    stored = wanted.model_dump_json(exclude_defaults=True) if wanted else "{}"
    return None if stored == "{}" else stored


_READ_ALREADY = {BatchKind.PLAYLIST: ListingState.DONE, BatchKind.CHANNEL: ListingState.DONE}
"""A batch whose videos are known although YouTube lists them: its feed has named them."""


async def create_batch(
    connection: AsyncpgConnection,
    new: NewBatch,
    *,
    subscription_id: UUID | None = None,
    batch_id: UUID | None = None,
) -> CreatedBatch | None:
    """Write a batch and its videos; None where the user has no such list. The caller's transaction is all or nothing.

    Videos get no events: clients are notified of the batch.
    """
    if await connection.fetchval(_LOCK_LIST, new.list_id, new.user_id) is None:
        return None
    batch_id, is_listed = batch_id or uuid4(), not new.youtube_ids
    listing = ListingState.UNDER_WAY if is_listed else _READ_ALREADY.get(new.kind)
    listed = len(new.youtube_ids) + new.repeated
    source, owner = sanitize_text(new.source), (new.user_id, new.list_id)
    values = (batch_id, *owner, new.kind, source, listing, listed, new.invalid, subscription_id)
    await connection.execute(_CREATE, *values, new.title, new.is_whole, as_json(new.filter))
    created = await enqueue_videos(connection, batch_id, new.youtube_ids)
    missing = [youtube_id for youtube_id in new.youtube_ids if youtube_id not in created]
    present = {row["youtube_id"]: row["id"] for row in await connection.fetch(_PRESENT, new.list_id, missing)}
    if created or is_listed:
        return CreatedBatch(batch_id, created, present)
    await connection.execute("DELETE FROM import_batches WHERE id = $1", batch_id)
    return CreatedBatch(None, created, present)


async def enqueue_videos(
    connection: AsyncpgConnection, batch_id: UUID, youtube_ids: Sequence[str], *, above: int = 0
) -> dict[str, UUID]:
    """Queue videos below the `above` entries of the batch that were listed before; returns those that are new."""
    if not youtube_ids:
        return {}
    thumbnails = [thumbnail_url(youtube_id) for youtube_id in youtube_ids]
    rows = await connection.fetch(_PUT, batch_id, list(youtube_ids), thumbnails, above)
    await connection.execute(_NOTE_CREATED, batch_id, len(rows))
    return {row["youtube_id"]: row["id"] for row in rows}


async def videos_of(connection: AsyncpgConnection, batch_id: UUID) -> list[VideoRecord]:
    """The list entries of a batch that the caller has created, in the order of the list."""
    return [VideoRecord(**row) for row in await connection.fetch(_VIDEOS, batch_id)]


async def get_summary(connection: AsyncpgConnection, user_id: UUID, batch_id: UUID) -> BatchSummary | None:
    """The summary of a batch; None where the user has none with this id."""
    row = await connection.fetchrow(f"{_SUMMARY} AND b.id = $1 AND b.user_id = $2", batch_id, user_id)
    return _summary(row) if row else None


async def summary_of(connection: AsyncpgConnection, batch_id: UUID) -> BatchSummary | None:
    """The summary of a batch of any user."""
    row = await connection.fetchrow(f"{_SUMMARY} AND b.id = $1", batch_id)
    return _summary(row) if row else None


async def page_of_batches(
    connection: AsyncpgConnection,
    user_id: UUID,
    *,
    list_id: UUID | None = None,
    after: PageStart = FIRST_PAGE,
    limit: int,
) -> list[BatchSummary]:
    """The user's batches, all or those of one list, newest first, at most `limit` of them."""
    rows = await connection.fetch(_PAGE, user_id, after.created_at, after.id, list_id, limit)
    return [_summary(row) for row in rows]


async def requeue_failed(connection: AsyncpgConnection, user_id: UUID, batch_id: UUID) -> bool:
    """Queue every failed and cancelled video of a batch once more, and read on a list that was cancelled.

    False where there is nothing of that, or no such batch.
    """
    if await lock(connection, batch_id) != user_id:
        return False
    # In a statement of its own: it sees what the one before has waited for.
    return await connection.execute(_REQUEUE_FAILED, batch_id) != "UPDATE 0"


async def batches_of_users(
    connection: AsyncpgConnection, user_ids: Sequence[UUID], also: Sequence[UUID] = ()
) -> list[tuple[UUID, BatchSummary]]:
    """The batches of some users that are not over, and those named in `also`, each with its user, oldest first."""
    rows = await connection.fetch(_FOR_USERS, list(user_ids), list(also))
    return [(row["user_id"], _summary(row)) for row in rows]


def _summary(row: Mapping[str, Any]) -> BatchSummary:
    return BatchSummary.model_validate(dict(row))
