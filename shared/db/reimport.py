"""Importing a complete video once more: its captions and chapters are fetched anew."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.events import tell_changed
from shared.db.videos import CHANGED_COLUMNS, ChangedVideo, changed_video

# What is there stays until, and unless, the import has something better; other lists' entries stay complete.
_REIMPORT = text(
    f"""
    WITH changed AS (
        UPDATE videos SET import_stage = 'created', import_progress = 0,
                          batch_place = nullif(batch_place, 'queued')  -- it begins now, whatever its batch does
        WHERE id = :video_id AND user_id = :user_id AND import_stage = 'complete'
        RETURNING *
    ), forgotten AS (
        UPDATE video_enrichments e
        SET completed_at = NULL, captions_missing = NULL, caption_track = NULL,
            captions_source = NULL, previous_captions_source = coalesce(captions_source, previous_captions_source)
        FROM changed WHERE e.youtube_id = changed.youtube_id
    ), event AS ({tell_changed()}), entry AS (
        SELECT * FROM changed
        UNION ALL
        SELECT * FROM videos WHERE id = :video_id AND user_id = :user_id AND NOT EXISTS (SELECT FROM changed)
    )
    SELECT {CHANGED_COLUMNS}
    FROM entry v LEFT JOIN event ON true LEFT JOIN video_enrichments e ON e.youtube_id = v.youtube_id
    """  # noqa: S608 - constants
)


async def reimport_video(connection: AsyncConnection, user_id: UUID, video_id: UUID) -> ChangedVideo | None:
    """Take an entry from `complete` back to `created`, with its event; an entry in any other stage stays as it is.

    None where the user has no video with this id.
    """
    rows = await connection.execute(_REIMPORT, {"user_id": user_id, "video_id": video_id})
    row = rows.mappings().one_or_none()
    return changed_video(row) if row else None
