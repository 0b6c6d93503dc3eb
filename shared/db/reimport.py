"""Importing a complete video once more: its captions and chapters are fetched again.

A reimport only marks the captions as stale. They are replaced, in one transaction, when the import has others
(`shared.db.enrichments.save_captions`), so that nothing that runs meanwhile finds the video without them.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.events import insert_events_sql
from shared.db.facts import join_facts
from shared.db.lists import NOT_DELETED
from shared.db.videos import CHANGED_COLUMNS, ChangedVideo, changed_video

# The first part takes the lock that the lock order (see `shared.db.enrichments`) wants first; the second one reads it
# for no other reason. Other lists' entries stay complete.
_REIMPORT = text(
    f"""
    WITH known AS (
        SELECT e.youtube_id FROM video_enrichments e JOIN videos v USING (youtube_id)
        WHERE v.id = :video_id AND v.user_id = :user_id AND v.import_stage = 'complete'
        FOR NO KEY UPDATE OF e
    ), changed AS (
        UPDATE videos SET import_stage = 'created', import_progress = 0,
                          batch_slot = nullif(batch_slot, 'queued')  -- it begins now, whatever its batch does
        WHERE id = :video_id AND user_id = :user_id AND {NOT_DELETED} AND import_stage = 'complete'
          AND (SELECT count(*) FROM known) >= 0
        RETURNING *
    ), marked AS (
        UPDATE video_enrichments e SET completed_at = NULL, captions_stale = true
        FROM changed WHERE e.youtube_id = changed.youtube_id
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


async def reimport_video(connection: AsyncConnection, user_id: UUID, video_id: UUID) -> ChangedVideo | None:
    """Take an entry from `complete` back to `created`, with its event; an entry in any other stage stays as it is.

    None where the user has no video with this id.
    """
    rows = await connection.execute(_REIMPORT, {"user_id": user_id, "video_id": video_id})
    row = rows.mappings().one_or_none()
    return changed_video(row) if row else None
