"""List entries of a user: reading, retrying, deleting. Every statement is filtered by the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.messages import ImportFeedItem
from shared.db.events import import_feed_item, insert_events_sql
from shared.db.facts import FACTS, join_facts
from shared.db.lists import FIRST_PAGE, NOT_DELETED, PageStart


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRecord:
    """A list's entry with the most important of what is known about its video."""

    id: UUID
    list_id: UUID
    youtube_id: str
    thumbnail_url: str
    import_stage: str
    import_progress: int
    error_code: str | None
    waiting_for: str | None
    """What the import waits for (`ErrorType`)."""
    retry_at: datetime | None
    attempt: int
    created_at: datetime
    title: str | None
    channel: str | None
    duration_seconds: int | None
    published_at: datetime | None
    starts_at: datetime | None
    """When a live stream or premiere starts, until it has metadata."""
    captions_source: str | None
    captions_language: str | None
    captions_missing: str | None
    """Why there are none (`ErrorType`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDetails(VideoRecord):
    """A list's entry with everything that is known about its video."""

    captions_kind: str | None
    description: str | None
    tags: list[str]
    categories: list[str]
    view_count: int | None
    like_count: int | None
    transcribed_seconds: float | None
    """Seconds of audio that were transcribed, and their cost; None: none."""
    estimated_usd: float | None


@dataclass(frozen=True, slots=True)
class ChangedVideo:
    """An entry after an attempt to change it. `event` is None where nothing changed."""

    video: VideoRecord
    event: ImportFeedItem | None


@dataclass(frozen=True, slots=True)
class DeletedVideo:
    """What was deleted: `waiting_for` is the YouTube id whose import it was waiting for, if it was."""

    waiting_for: str | None


RECORD_COLUMNS = (
    "v.id, v.list_id, v.youtube_id, v.thumbnail_url, v.import_stage, v.import_progress, v.error_code, "
    "v.waiting_for, v.retry_at, v.attempt, v.created_at, "
    f"{FACTS}, e.captions_language"
)
_DETAILS = (
    f"{RECORD_COLUMNS}, e.captions_kind, e.description, coalesce(e.tags, '{{}}') AS tags, "
    "coalesce(e.categories, '{}') AS categories, e.view_count, e.like_count, c.transcribed_seconds, c.estimated_usd"
)
_VIDEOS = f"videos v {join_facts('v')}"
CHANGED_COLUMNS = f"{RECORD_COLUMNS}, v.user_id, v.batch_id, event.seq, event.prev_seq, event.at"

_RETRY = text(
    f"""
    WITH changed AS (
        UPDATE videos SET import_stage = 'created', import_progress = 0, error_code = NULL,
                          batch_slot = nullif(batch_slot, 'queued')  -- it begins now, whatever its batch does
        WHERE id = :video_id AND user_id = :user_id AND {NOT_DELETED} AND import_stage = 'error'
        RETURNING *
    ), event AS ({insert_events_sql()}), entry AS (
        SELECT * FROM changed
        UNION ALL
        SELECT * FROM videos
        WHERE id = :video_id AND user_id = :user_id AND {NOT_DELETED} AND NOT EXISTS (SELECT FROM changed)
    )
    SELECT {CHANGED_COLUMNS}
    FROM entry v LEFT JOIN event ON true {join_facts("v")}
    """  # noqa: S608 - constants
)
_GET = text(
    f"""
    SELECT {_DETAILS} FROM {_VIDEOS}, LATERAL (
        SELECT sum(audio_seconds) AS transcribed_seconds, sum(estimated_usd) AS estimated_usd
        FROM transcription_calls WHERE youtube_id = v.youtube_id
    ) c
    WHERE v.id = :video_id AND v.user_id = :user_id AND v.{NOT_DELETED}
    """  # noqa: S608 - constants
)
_IN_ORDER = "ORDER BY v.created_at DESC, v.id DESC"
_PAGE = text(
    f"""
    SELECT {RECORD_COLUMNS} FROM {_VIDEOS}
    WHERE v.list_id = :list_id AND v.user_id = :user_id AND v.{NOT_DELETED}
      AND (v.created_at, v.id) < (:created_at, :id)
    {_IN_ORDER} LIMIT :limit
    """  # noqa: S608 - constants
)
_DELETE = text(
    f"""
    DELETE FROM videos WHERE id = :video_id AND user_id = :user_id AND {NOT_DELETED}
    RETURNING CASE WHEN import_stage NOT IN ('complete', 'error') THEN youtube_id END AS waiting
    """  # noqa: S608 - a constant
)
_RECORD_FIELDS = tuple(field.name for field in fields(VideoRecord))


async def retry_video(connection: AsyncConnection, user_id: UUID, video_id: UUID) -> ChangedVideo | None:
    """Take an entry from `error` back to `created`, with its event; an entry in any other stage stays as it is.

    None where the user has no video with this id.
    """
    rows = await connection.execute(_RETRY, {"user_id": user_id, "video_id": video_id})
    row = rows.mappings().one_or_none()
    return changed_video(row) if row else None


async def get_video(connection: AsyncConnection, user_id: UUID, video_id: UUID) -> VideoDetails | None:
    """One entry, None where the user has none with this id."""
    rows = await connection.execute(_GET, {"user_id": user_id, "video_id": video_id})
    row = rows.mappings().one_or_none()
    return VideoDetails(**row) if row else None


async def page_of_videos(
    connection: AsyncConnection, user_id: UUID, list_id: UUID, *, after: PageStart = FIRST_PAGE, limit: int
) -> Sequence[VideoRecord]:
    """The entries of a list, newest first, at most `limit` of them."""
    values = {"user_id": user_id, "list_id": list_id, "limit": limit, **after._asdict()}
    rows = await connection.execute(_PAGE, values)
    return [VideoRecord(**row) for row in rows.mappings()]


async def delete_video(connection: AsyncConnection, user_id: UUID, video_id: UUID) -> DeletedVideo | None:
    """Take a video off its list. None where the user has no video with this id."""
    rows = await connection.execute(_DELETE, {"user_id": user_id, "video_id": video_id})
    row = rows.one_or_none()
    return DeletedVideo(waiting_for=row.waiting) if row else None


def changed_video(row: RowMapping | Mapping[str, Any]) -> ChangedVideo:
    """An entry and its event, from a row of CHANGED_COLUMNS."""
    video = VideoRecord(**{name: row[name] for name in _RECORD_FIELDS})
    return ChangedVideo(video=video, event=_event(row) if row["seq"] is not None else None)


def _event(row: RowMapping | Mapping[str, Any]) -> ImportFeedItem:
    event: dict[str, Any] = {
        **row,
        "video_id": row["id"],
        "stage": row["import_stage"],
        "progress": row["import_progress"],
        "message": None,
    }
    return import_feed_item(event)
