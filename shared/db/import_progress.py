"""The stages of an import as rows: each function is one step of one transaction and safe to repeat.

An import belongs to a YouTube id, not to a row: every list's entry for that id moves together, and an entry that
came late is brought to where the import is. Rows never move backwards, so repeating a step writes nothing twice.
"""

from itertools import pairwise

from shared.contracts.errors import ErrorType
from shared.contracts.messages import FeedItem, ImportProgress
from shared.contracts.stages import STAGE_PROGRESS, ImportStage
from shared.contracts.texts import import_error_text
from shared.db.driver import DriverConnection
from shared.db.events import feed_item, tell_changed

# The rows are locked in one order, so that two steps of the same import cannot block each other in a circle.
_MOVE = f"""
    WITH behind AS (
        SELECT id FROM videos
        WHERE youtube_id = $1 AND import_stage NOT IN ('complete', 'error')
          AND ($3::int IS NULL OR import_progress < $3)
        ORDER BY id FOR UPDATE
    ), changed AS (
        UPDATE videos SET import_stage = $2, import_progress = coalesce($3, import_progress),
                          error_code = $4::text
        FROM behind WHERE videos.id = behind.id
        RETURNING videos.*
    )
    {tell_changed("$5::text")}
    """  # noqa: S608 - constants
_STEP = """
    WITH behind AS (
        SELECT id FROM videos WHERE youtube_id = $1 AND import_stage = $2 AND import_progress < $3
        ORDER BY id FOR UPDATE
    )
    UPDATE videos SET import_progress = $3 FROM behind WHERE videos.id = behind.id RETURNING videos.*
    """
_WANTED = """
    SELECT EXISTS (SELECT FROM videos WHERE youtube_id = $1 AND import_stage NOT IN ('complete', 'error'))
    """


async def advance(connection: DriverConnection, youtube_id: str, stage: ImportStage) -> list[FeedItem]:
    """Bring every waiting entry of the video to `stage`; returns the events that tell of it."""
    if stage is ImportStage.CREATED:
        return []  # where every entry begins
    return await _move(connection, youtube_id, stage, progress=STAGE_PROGRESS[stage], error_code=None)


async def step(connection: DriverConnection, youtube_id: str, under_way: ImportStage, progress: int) -> list[FeedItem]:
    """Bring every entry that waits for the stage under way to a percentage before it.

    That is told, but no event that somebody who missed it catches up with: the next one says more.
    """
    reached = _BEFORE[under_way]
    rows = await connection.fetch(_STEP, youtube_id, reached, progress)
    return [
        FeedItem(
            user_id=row["user_id"],
            message=ImportProgress(
                video_id=row["id"],
                youtube_id=youtube_id,
                stage=under_way,
                progress=progress,
                list_id=row["list_id"],
                batch_id=row["batch_id"],
            ),
        )
        for row in rows
    ]


_BEFORE = {stage: reached for reached, stage in pairwise(STAGE_PROGRESS)}


async def fail(connection: DriverConnection, youtube_id: str, error_code: ErrorType) -> list[FeedItem]:
    """End every waiting entry of the video in `error`, at the percentage it had."""
    return await _move(connection, youtube_id, ImportStage.ERROR, progress=None, error_code=error_code)


async def is_wanted(connection: DriverConnection, youtube_id: str) -> bool:
    """Whether some list still waits for the video."""
    return bool(await connection.fetchval(_WANTED, youtube_id))


async def _move(
    connection: DriverConnection,
    youtube_id: str,
    stage: ImportStage,
    *,
    progress: int | None,
    error_code: ErrorType | None,
) -> list[FeedItem]:
    message = import_error_text(error_code) if error_code else None
    rows = await connection.fetch(_MOVE, youtube_id, stage, progress, error_code, message)
    return [feed_item(row) for row in rows]
