"""What was learned about a YouTube video: metadata, captions, chapters. Every write is safe to repeat."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db.models import Chapter, TranscriptSegment, VideoEnrichment


@dataclass(frozen=True)
class KnownVideo:
    """How far a video's import has come before, and whether some list waits for it."""

    title: str | None
    reached: ImportStage
    waiting: bool


_KNOWN = text(
    """
    SELECT e.title, e.captions_source, e.completed_at, EXISTS (
        SELECT FROM videos v WHERE v.youtube_id = :youtube_id AND v.import_stage NOT IN ('complete', 'error')
    ) AS waiting
    FROM (SELECT 1) one LEFT JOIN video_enrichments e ON e.youtube_id = :youtube_id
    """
)
_SAVE_SEGMENTS = text(
    """
    INSERT INTO transcript_segments (youtube_id, position, language, start_seconds, end_seconds, text)
    SELECT :youtube_id, position - 1, :language, start_seconds, end_seconds, text
    FROM unnest(CAST(:starts AS float8[]), CAST(:ends AS float8[]), CAST(:texts AS text[]))
        WITH ORDINALITY AS line (start_seconds, end_seconds, text, position)
    """
)


async def known_video(connection: AsyncConnection, youtube_id: str) -> KnownVideo:
    """What an import can build on."""
    row = (await connection.execute(_KNOWN, {"youtube_id": youtube_id})).one()
    if row.title is None:
        reached = ImportStage.CREATED
    elif row.completed_at:
        reached = ImportStage.COMPLETE
    else:
        reached = ImportStage.CAPTIONS if row.captions_source else ImportStage.METADATA
    return KnownVideo(row.title, reached, row.waiting)


async def find_enrichment(connection: AsyncConnection, youtube_id: str) -> VideoEnrichment | None:
    """What is known of a video, None before its metadata."""
    rows = await connection.execute(select(VideoEnrichment).where(col(VideoEnrichment.youtube_id) == youtube_id))
    row = rows.mappings().first()
    return VideoEnrichment.model_validate(dict(row)) if row else None


async def save_metadata(connection: AsyncConnection, enrichment: VideoEnrichment) -> None:
    """Write what the metadata stage found, over what an earlier attempt found."""
    values = enrichment.model_dump(exclude={"fetched_at", "captions_source", "captions_language", "captions_kind"})
    fresh = {name: value for name, value in values.items() if name != "youtube_id"}
    await connection.execute(
        upsert(VideoEnrichment)
        .values(values)
        .on_conflict_do_update(index_elements=["youtube_id"], set_={**fresh, "fetched_at": func.now()})
    )


async def save_captions(
    connection: AsyncConnection,
    youtube_id: str,
    *,
    language: str,
    kind: CaptionsKind,
    lines: Sequence[tuple[float, float, str]],
) -> None:
    """Replace the video's transcript (start and end in seconds, text) and say where it came from."""
    await connection.execute(delete(TranscriptSegment).where(col(TranscriptSegment.youtube_id) == youtube_id))
    starts, ends, texts = zip(*lines, strict=True) if lines else ((), (), ())
    await connection.execute(
        _SAVE_SEGMENTS,
        {"youtube_id": youtube_id, "language": language, "starts": starts, "ends": ends, "texts": texts},
    )
    await _set_captions(connection, youtube_id, CaptionsSource.YOUTUBE, language, kind)


async def save_no_captions(connection: AsyncConnection, youtube_id: str) -> None:
    """Say that there are no captions to be had."""
    await connection.execute(delete(TranscriptSegment).where(col(TranscriptSegment.youtube_id) == youtube_id))
    await _set_captions(connection, youtube_id, CaptionsSource.NONE, None, None)


async def save_chapters(connection: AsyncConnection, youtube_id: str, chapters: Sequence[Chapter]) -> None:
    """Replace the video's chapters."""
    await connection.execute(delete(Chapter).where(col(Chapter.youtube_id) == youtube_id))
    if chapters:
        await connection.execute(insert(Chapter), [chapter.model_dump() for chapter in chapters])


async def mark_complete(connection: AsyncConnection, youtube_id: str) -> None:
    """Say that every stage is done."""
    await connection.execute(
        update(VideoEnrichment)
        .where(col(VideoEnrichment.youtube_id) == youtube_id, col(VideoEnrichment.completed_at).is_(None))
        .values(completed_at=func.now())
    )


async def _set_captions(
    connection: AsyncConnection,
    youtube_id: str,
    source: CaptionsSource,
    language: str | None,
    kind: CaptionsKind | None,
) -> None:
    await connection.execute(
        update(VideoEnrichment)
        .where(col(VideoEnrichment.youtube_id) == youtube_id)
        .values(captions_source=source, captions_language=language, captions_kind=kind)
    )
