"""Videos of a user's lists: adding, reading, retrying, deleting. Every statement is filtered by the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.messages import FeedItem
from shared.contracts.youtube import thumbnail_url
from shared.db.driver import driver_of
from shared.db.events import feed_item, tell_changed
from shared.db.lists import FIRST_PAGE, PageStart


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
    created_at: datetime
    title: str | None
    channel: str | None
    duration_seconds: int | None
    published_at: datetime | None
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
    """How much of its speech was recognised, and what that cost, whatever came of it; None where nothing was."""
    estimated_usd: float | None


@dataclass(frozen=True, slots=True)
class NewVideo:
    """A video that a user wants on a list."""

    user_id: UUID
    list_id: UUID
    youtube_id: str


@dataclass(frozen=True, slots=True)
class ChangedVideo:
    """An entry after an attempt to change it. `event` is None where nothing changed."""

    video: VideoRecord
    event: FeedItem | None


@dataclass(frozen=True, slots=True)
class Outrun:
    """Somebody else added the video while the statement ran: the next one sees it, or adds it if it is gone again."""


@dataclass(frozen=True, slots=True)
class DeletedVideo:
    """What was deleted: `waiting_for` is the YouTube id whose import it was waiting for, if it was."""

    waiting_for: str | None


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """One timed line of a video's captions."""

    position: int
    start_seconds: float
    end_seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class ChapterRecord:
    """One chapter of a video."""

    title: str
    start_seconds: float
    end_seconds: float | None


_RECORD = (
    "v.id, v.list_id, v.youtube_id, v.thumbnail_url, v.import_stage, v.import_progress, v.error_code, v.created_at, "
    "e.title, e.channel, e.duration_seconds, e.published_at, e.captions_source, e.captions_language, "
    "e.captions_missing"
)
_DETAILS = (
    f"{_RECORD}, e.captions_kind, e.description, coalesce(e.tags, '{{}}') AS tags, "
    "coalesce(e.categories, '{}') AS categories, e.view_count, e.like_count, c.transcribed_seconds, c.estimated_usd"
)
_VIDEOS = "videos v LEFT JOIN video_enrichments e USING (youtube_id)"
CHANGED_COLUMNS = f"{_RECORD}, v.user_id, v.batch_id, event.seq, event.prev_seq, event.at"

# One round trip and one transaction. What a statement inserts is not visible to its other parts, so an entry comes
# either from the insertion or, where the list had it already, from the table. Lists are locked as the foreign key
# would lock them, so that one that is being deleted is "no such list" and not an error. Everything is ordered, so
# that two of these statements cannot wait for each other in a circle.
_ADD = f"""
    WITH wanted AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY
            AS w (user_id, list_id, youtube_id, thumbnail_url, position)
    ), list AS (
        SELECT id, user_id FROM lists WHERE (id, user_id) IN (SELECT list_id, user_id FROM wanted)
        ORDER BY id FOR KEY SHARE
    ), changed AS (
        INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url)
        SELECT gen_random_uuid(), list_id, user_id, youtube_id, thumbnail_url
        FROM wanted WHERE (list_id, user_id) IN (SELECT id, user_id FROM list)
        ORDER BY list_id, youtube_id
        ON CONFLICT (list_id, youtube_id) DO NOTHING
        RETURNING *
    ), event AS ({tell_changed()}), entry AS (
        SELECT * FROM changed
        UNION ALL
        SELECT v.* FROM (SELECT DISTINCT list_id, youtube_id FROM wanted) w JOIN videos v USING (list_id, youtube_id)
        WHERE NOT EXISTS (SELECT FROM changed c WHERE c.list_id = v.list_id AND c.youtube_id = v.youtube_id)
    )
    SELECT {CHANGED_COLUMNS}, list.id IS NOT NULL AS has_list
    FROM wanted w
    LEFT JOIN list ON list.id = w.list_id AND list.user_id = w.user_id
    LEFT JOIN entry v ON v.list_id = list.id AND v.youtube_id = w.youtube_id
    LEFT JOIN event ON event.video_id = v.id
    LEFT JOIN video_enrichments e ON e.youtube_id = v.youtube_id
    ORDER BY w.position
    """  # noqa: S608 - constants
_RETRY = text(
    f"""
    WITH changed AS (
        UPDATE videos SET import_stage = 'created', import_progress = 0, error_code = NULL,
                          batch_place = nullif(batch_place, 'queued')  -- it begins now, whatever its batch does
        WHERE id = :video_id AND user_id = :user_id AND import_stage = 'error'
        RETURNING *
    ), event AS ({tell_changed()}), entry AS (
        SELECT * FROM changed
        UNION ALL
        SELECT * FROM videos WHERE id = :video_id AND user_id = :user_id AND NOT EXISTS (SELECT FROM changed)
    )
    SELECT {CHANGED_COLUMNS}
    FROM entry v LEFT JOIN event ON true LEFT JOIN video_enrichments e ON e.youtube_id = v.youtube_id
    """  # noqa: S608 - constants
)
_GET = text(
    f"""
    SELECT {_DETAILS} FROM {_VIDEOS}, LATERAL (
        SELECT sum(audio_seconds) AS transcribed_seconds, sum(estimated_usd) AS estimated_usd
        FROM transcription_calls WHERE youtube_id = v.youtube_id
    ) c
    WHERE v.id = :video_id AND v.user_id = :user_id
    """  # noqa: S608 - constants
)
_IN_ORDER = "ORDER BY v.created_at DESC, v.id DESC"
_PAGE = text(
    f"""
    SELECT {_RECORD} FROM {_VIDEOS}
    WHERE v.list_id = :list_id AND v.user_id = :user_id AND (v.created_at, v.id) < (:created_at, :id)
    {_IN_ORDER} LIMIT :limit
    """  # noqa: S608 - constants
)
_BY_IDS = f"SELECT {_RECORD} FROM {_VIDEOS} WHERE v.user_id = $1 AND v.id = ANY($2) {_IN_ORDER}"  # noqa: S608 - constants
_DELETE = text(
    """
    DELETE FROM videos WHERE id = :video_id AND user_id = :user_id
    RETURNING CASE WHEN import_stage NOT IN ('complete', 'error') THEN youtube_id END AS waiting
    """
)
_SEGMENTS = text(
    """
    SELECT position, start_seconds, end_seconds, text FROM transcript_segments
    WHERE youtube_id = :youtube_id AND position > :after ORDER BY position LIMIT :limit
    """
)
_CHAPTERS = text(
    "SELECT title, start_seconds, end_seconds FROM chapters WHERE youtube_id = :youtube_id ORDER BY position"
)
_RECORD_FIELDS = tuple(field.name for field in fields(VideoRecord))


async def add_videos(connection: AsyncConnection, wanted: Sequence[NewVideo]) -> list[ChangedVideo | Outrun | None]:
    """Put videos on lists, each with its first event; without an event where the list has the video already.

    One result for each, in order: None where the user has no such list. One statement: all or nothing is written.
    People wait for this one, and asyncpg alone takes half the time; see `driver_of` for what that means for
    transactions.
    """
    rows = await driver_of(connection).fetch(
        _ADD,
        [new.user_id for new in wanted],
        [new.list_id for new in wanted],
        [new.youtube_id for new in wanted],
        [thumbnail_url(new.youtube_id) for new in wanted],
    )
    told: set[UUID] = set()
    results: list[ChangedVideo | Outrun | None] = []
    for row in rows:
        if not row["has_list"]:
            results.append(None)
        elif row["id"] is None:
            results.append(Outrun())
        else:
            changed = changed_video(row)
            results.append(changed if changed.video.id not in told else ChangedVideo(changed.video, None))
            told.add(changed.video.id)
    return results


async def add_video(connection: AsyncConnection, user_id: UUID, list_id: UUID, youtube_id: str) -> ChangedVideo | None:
    """Put one video on a list, as `add_videos` does, again while somebody else is faster."""
    while True:
        [added] = await add_videos(connection, [NewVideo(user_id, list_id, youtube_id)])
        if not isinstance(added, Outrun):
            return added


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


async def videos_by_ids(connection: AsyncConnection, user_id: UUID, ids: Sequence[UUID]) -> list[VideoRecord]:
    """Those of some entries that are still there, newest first."""
    return [VideoRecord(**row) for row in await driver_of(connection).fetch(_BY_IDS, user_id, ids)]


async def delete_video(connection: AsyncConnection, user_id: UUID, video_id: UUID) -> DeletedVideo | None:
    """Take a video off its list. None where the user has no video with this id."""
    rows = await connection.execute(_DELETE, {"user_id": user_id, "video_id": video_id})
    row = rows.one_or_none()
    return DeletedVideo(waiting_for=row.waiting) if row else None


async def transcript_segments(
    connection: AsyncConnection, youtube_id: str, *, after: int, limit: int
) -> Sequence[SegmentRecord]:
    """The timed lines of a video's captions with a position above `after`, in order, at most `limit`."""
    rows = await connection.execute(_SEGMENTS, {"youtube_id": youtube_id, "after": after, "limit": limit})
    return [SegmentRecord(**row) for row in rows.mappings()]


async def chapters(connection: AsyncConnection, youtube_id: str) -> Sequence[ChapterRecord]:
    """The chapters of a video, in order."""
    rows = await connection.execute(_CHAPTERS, {"youtube_id": youtube_id})
    return [ChapterRecord(**row) for row in rows.mappings()]


def changed_video(row: RowMapping | Mapping[str, Any]) -> ChangedVideo:
    """An entry and its event, from a row of CHANGED_COLUMNS."""
    video = VideoRecord(**{name: row[name] for name in _RECORD_FIELDS})
    return ChangedVideo(video=video, event=_event(row) if row["seq"] is not None else None)


def _event(row: RowMapping | Mapping[str, Any]) -> FeedItem:
    event: dict[str, Any] = {
        **row,
        "video_id": row["id"],
        "stage": row["import_stage"],
        "progress": row["import_progress"],
        "message": None,
    }
    return feed_item(event)
