"""What imports have brought of a video, for readers: captions and chapters. They belong to no user."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


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


_SEGMENTS = text(
    """
    SELECT position, start_seconds, end_seconds, text FROM transcript_segments
    WHERE youtube_id = :youtube_id AND position > :after ORDER BY position LIMIT :limit
    """
)
_CHAPTERS = text(
    "SELECT title, start_seconds, end_seconds FROM chapters WHERE youtube_id = :youtube_id ORDER BY position"
)


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
