"""Import events: written with the rows that they describe, read by clients that missed them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.messages import Change, ChangeType, FeedItem, ImportFeedItem, ImportProgress
from shared.contracts.stages import ImportStage, stage_under_way
from shared.db.facts import FACT_FIELDS, FACTS, join_facts
from shared.db.lists import NOT_DELETED

_EVENT_COLUMNS = (
    "type, seq, prev_seq, user_id, video_id, list_id, batch_id, youtube_id, stage, progress, message, error_code, "
    "waiting_for, retry_at, attempt, at"
)


def insert_events_sql(message: str = "NULL", *, reaches_stage: bool = True) -> str:
    """SQL that writes the event of every row of a CTE `changed` (rows of `videos`) and returns the events.

    It belongs into the statement that changes the rows. Users are taken in one order everywhere, so that two writers
    never wait for each other in a circle. `message` is an SQL expression; without `reaches_stage`, a wait within the
    stage has begun or ended.
    """
    return f"""
    INSERT INTO import_events (user_id, video_id, list_id, batch_id, youtube_id, stage, progress, message, error_code,
                               waiting_for, retry_at, attempt, reaches_stage)
    SELECT user_id, id, list_id, batch_id, youtube_id, import_stage, import_progress, {message}, error_code,
           waiting_for, retry_at, attempt, {reaches_stage}
    FROM changed ORDER BY user_id, id
    RETURNING {_EVENT_COLUMNS}
    """  # noqa: S608 - constants


def changed_events_sql(message: str = "NULL", *, reaches_stage: bool = True) -> str:
    """As `insert_events_sql`, as the last CTE of a statement and its result: the events, for `feed_item`."""
    return f"""
    , event AS ({insert_events_sql(message, reaches_stage=reaches_stage)})
    SELECT event.*, {FACTS} FROM event {join_facts("event")} ORDER BY event.seq
    """  # noqa: S608 - constants


_SINCE = text(
    f"""
    SELECT event.*, {FACTS} FROM import_events event {join_facts("event")}
    WHERE user_id = :user_id AND seq > :after AND seq <= :up_to AND (type = 'list_deleted' OR {NOT_DELETED})
    ORDER BY seq LIMIT :limit
    """  # noqa: S608 - constants
)
_NEWEST = text(
    f"""
    SELECT event.*, {FACTS} FROM import_events event {join_facts("event")}
    WHERE user_id = :user_id ORDER BY seq DESC LIMIT 1
    """  # noqa: S608 - constants
)
_LATEST = text("SELECT max(seq) FROM import_events WHERE user_id = :user_id")
_LATEST_OF_USERS = text(
    """
    SELECT u.id, e.seq FROM unnest(CAST(:user_ids AS uuid[])) AS u(id)
    CROSS JOIN LATERAL (SELECT max(seq) AS seq FROM import_events WHERE user_id = u.id) e
    WHERE e.seq IS NOT NULL
    """
)
_STAGE_TIMES = text(
    """
    SELECT stage, max(at) AS at FROM import_events
    WHERE video_id = :video_id AND reaches_stage AND seq >= coalesce((
        SELECT max(seq) FROM import_events WHERE video_id = :video_id AND stage = 'created' AND reaches_stage
    ), 0)
    GROUP BY stage ORDER BY max(seq)
    """
)
NO_UPPER_BOUND = 2**63 - 1


def feed_item(row: Mapping[str, Any] | RowMapping) -> FeedItem:
    """The feed's form of an `import_events` row, with what is known about its video."""
    if row["type"] == "import_progress":
        return import_feed_item(row)
    return FeedItem(user_id=row["user_id"], prev_seq=row["prev_seq"], message=_change(row))


def import_feed_item(row: Mapping[str, Any] | RowMapping) -> ImportFeedItem:
    """As `feed_item`, for an event of an import."""
    values = {name: row[name] for name in _MESSAGE_FIELDS}
    values["stage"] = stage_under_way(ImportStage(row["stage"]), row["progress"])
    values["error_code"] = row["error_code"] or row["waiting_for"]
    return ImportFeedItem(
        user_id=row["user_id"], prev_seq=row["prev_seq"], message=ImportProgress.model_validate(values)
    )


def _change(row: Mapping[str, Any] | RowMapping) -> Change:
    change_type = ChangeType(row["type"])
    subject = "video_id" if change_type is ChangeType.VIDEO_DELETED else "subscription_id"
    values = {name: row[name] for name in ("seq", "at", "list_id", "name", "youtube_id", "batch_id")}
    return Change.model_validate({**values, "type": change_type, subject: row["subject_id"]})


_MESSAGE_FIELDS = (
    "video_id",
    "youtube_id",
    "stage",
    "progress",
    "message",
    "seq",
    "at",
    "list_id",
    "batch_id",
    "waiting_for",
    "retry_at",
    "attempt",
    *FACT_FIELDS,
)


async def events_since(
    connection: AsyncConnection, user_id: UUID, after: int, *, up_to: int = NO_UPPER_BOUND, limit: int = 1000
) -> list[FeedItem]:
    """The user's events with `after` < seq <= `up_to`, oldest first, at most `limit`."""
    rows = await connection.execute(_SINCE, {"user_id": user_id, "after": after, "up_to": up_to, "limit": limit})
    return [feed_item(row) for row in rows.mappings()]


async def newest_event(connection: AsyncConnection, user_id: UUID) -> FeedItem | None:
    """The user's newest event; a reader of the feed that has not seen it looks for all that it missed."""
    row = (await connection.execute(_NEWEST, {"user_id": user_id})).mappings().one_or_none()
    return feed_item(row) if row else None


async def stage_times(connection: AsyncConnection, video_id: UUID) -> dict[ImportStage, datetime]:
    """When the entry reached each stage since its import last began; without stages that have no event."""
    rows = await connection.execute(_STAGE_TIMES, {"video_id": video_id})
    return {ImportStage(row.stage): row.at for row in rows}


async def latest_seq(connection: AsyncConnection, user_id: UUID) -> int:
    """The seq of the user's newest event, 0 where there is none."""
    return (await connection.execute(_LATEST, {"user_id": user_id})).scalar() or 0


async def latest_seqs(connection: AsyncConnection, user_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The seq of each user's newest event; users without events are left out."""
    rows = await connection.execute(_LATEST_OF_USERS, {"user_ids": list(user_ids)})
    return {row.id: row.seq for row in rows}
