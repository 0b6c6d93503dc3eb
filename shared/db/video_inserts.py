"""Adds videos to lists, in one statement for many: the hot path of `POST /api/videos`, on asyncpg alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.youtube import thumbnail_url
from shared.db.connection import AsyncpgConnection
from shared.db.events import insert_events_sql
from shared.db.facts import join_facts
from shared.db.videos import CHANGED_COLUMNS, ChangedVideo, changed_video


@dataclass(frozen=True, slots=True)
class NewVideo:
    """A video that a user wants on a list."""

    user_id: UUID
    list_id: UUID
    youtube_id: str


@dataclass(frozen=True, slots=True)
class LostRace:
    """Another transaction added the video while the statement ran: the next statement finds or adds it."""


# One round trip and one transaction. What a statement inserts is not visible to its other parts, so an entry comes
# either from the insertion or, where the list had it already, from the table. Lists are locked as the foreign key
# would lock them, so that one that is being deleted is "no such list" and not an error. Everything is ordered, so
# that two of these statements cannot wait for each other in a circle.
_ADD = f"""
    WITH wanted AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY
            AS w (user_id, list_id, youtube_id, thumbnail_url, position)
    ), list AS (
        SELECT id, user_id FROM lists
        WHERE (id, user_id) IN (SELECT list_id, user_id FROM wanted) AND deleted_at IS NULL
        ORDER BY id FOR KEY SHARE
    ), changed AS (
        INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url)
        SELECT gen_random_uuid(), list_id, user_id, youtube_id, thumbnail_url
        FROM wanted WHERE (list_id, user_id) IN (SELECT id, user_id FROM list)
        ORDER BY list_id, youtube_id
        ON CONFLICT (list_id, youtube_id) DO NOTHING
        RETURNING *
    ), event AS ({insert_events_sql()}), entry AS (
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
    {join_facts("v")}
    ORDER BY w.position
    """  # noqa: S608 - constants


async def add_videos(connection: AsyncpgConnection, wanted: Sequence[NewVideo]) -> list[ChangedVideo | LostRace | None]:
    """Add videos to lists, each with its first event; without an event where the list has the video already.

    One result for each, in order: None where the user has no such list. One statement: all or nothing is written.
    """
    rows = await connection.fetch(
        _ADD,
        [new.user_id for new in wanted],
        [new.list_id for new in wanted],
        [new.youtube_id for new in wanted],
        [thumbnail_url(new.youtube_id) for new in wanted],
    )
    seen: set[UUID] = set()
    results: list[ChangedVideo | LostRace | None] = []
    for row in rows:
        if not row["has_list"]:
            results.append(None)
        elif row["id"] is None:
            results.append(LostRace())
        else:
            changed = changed_video(row)
            results.append(changed if changed.video.id not in seen else ChangedVideo(changed.video, None))
            seen.add(changed.video.id)
    return results


async def add_video(
    connection: AsyncpgConnection, user_id: UUID, list_id: UUID, youtube_id: str
) -> ChangedVideo | None:
    """Add one video to a list, as `add_videos` does, and try again while another transaction is faster."""
    while True:
        [added] = await add_videos(connection, [NewVideo(user_id, list_id, youtube_id)])
        if not isinstance(added, LostRace):
            return added
