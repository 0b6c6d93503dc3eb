"""What was learned about a YouTube video: metadata, captions, chapters. Every write is safe to repeat."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsKind, CaptionsSource, CaptionTrack
from shared.db.driver import DriverConnection, storable
from shared.db.models import Chapter, VideoEnrichment

_KNOWN = """
    SELECT e.title, e.captions_source, e.captions_missing, e.completed_at, EXISTS (
        SELECT FROM videos v WHERE v.youtube_id = $1 AND v.import_stage NOT IN ('complete', 'error')
    ) AS waiting
    FROM (SELECT) one LEFT JOIN video_enrichments e ON e.youtube_id = $1
    """
_PASSING = {error_type for error_type, rule in ERROR_RULES.items() if rule.is_passing}
_HELPED_BY_SPEECH = {error_type for error_type, rule in ERROR_RULES.items() if rule.speech_to_text}
_FOUND = (
    "youtube_id",
    "title",
    "channel",
    "channel_id",
    "duration_seconds",
    "published_at",
    "description",
    "tags",
    "categories",
    "view_count",
    "like_count",
    "language",
    "live_status",
    "youtube_chapters",
    "caption_track",
)
"""The columns that the metadata stage fills."""
_SAVE_METADATA = f"""
    INSERT INTO video_enrichments ({", ".join(_FOUND)})
    VALUES ({", ".join(f"${number}" for number in range(1, len(_FOUND) + 1))})
    ON CONFLICT (youtube_id)
    DO UPDATE SET fetched_at = now(), {", ".join(f"{name} = excluded.{name}" for name in _FOUND)}
    """  # noqa: S608 - constants
_SAVE_SEGMENTS = """
    INSERT INTO transcript_segments (youtube_id, position, language, start_seconds, end_seconds, text)
    SELECT $1, position - 1, $2, start_seconds, end_seconds, text
    FROM unnest($3::float8[], $4::float8[], $5::text[])
        WITH ORDINALITY AS line (start_seconds, end_seconds, text, position)
    """
_SAVE_CHAPTERS = """
    INSERT INTO chapters (youtube_id, position, title, start_seconds, end_seconds)
    SELECT $1, position - 1, title, start_seconds, end_seconds
    FROM unnest($2::text[], $3::float8[], $4::float8[])
        WITH ORDINALITY AS chapter (title, start_seconds, end_seconds, position)
    """
_SET_CAPTIONS = """
    UPDATE video_enrichments
    SET captions_source = $2, captions_language = $3, captions_kind = $4, captions_missing = $5, caption_track = NULL,
        captions_at = now(), previous_captions_source = NULL
    WHERE youtube_id = $1
    """
_KEEP_CAPTIONS = """
    UPDATE video_enrichments
    SET captions_source = previous_captions_source, caption_track = NULL, previous_captions_source = NULL
    WHERE youtube_id = $1 AND previous_captions_source <> 'none'
    RETURNING captions_source
    """
UNDETERMINED = "und"
"""ISO 639-2's word for a language that nobody has named."""


@dataclass(frozen=True)
class KnownVideo:
    """How far a video's import has come before, and whether some list waits for it."""

    title: str | None
    reached: ImportStage
    waiting: bool


async def known_video(connection: DriverConnection, youtube_id: str, *, has_speech_to_text: bool) -> KnownVideo:
    """What an import can build on. Captions that could not be had for a passing reason are looked for again.

    So are those that nobody could make from speech at the time, where there is speech-to-text by now.
    """
    [row] = await connection.fetch(_KNOWN, youtube_id)
    may_be_had_now = _PASSING | (_HELPED_BY_SPEECH if has_speech_to_text else set())
    if row["title"] is None:
        reached = ImportStage.CREATED
    elif row["completed_at"] and row["captions_missing"] not in may_be_had_now:
        reached = ImportStage.COMPLETE
    elif row["captions_source"] and not row["completed_at"]:
        reached = ImportStage.CAPTIONS
    else:
        reached = ImportStage.METADATA
    return KnownVideo(row["title"], reached, row["waiting"])


async def find_enrichment(connection: DriverConnection, youtube_id: str) -> VideoEnrichment | None:
    """Everything that is known of a video, None before its metadata."""
    row = await connection.fetchrow("SELECT * FROM video_enrichments WHERE youtube_id = $1", youtube_id)
    return VideoEnrichment.model_validate(dict(row)) if row else None


async def save_metadata(connection: DriverConnection, found: VideoEnrichment) -> None:
    """Write what the metadata stage found, over what an earlier attempt found."""
    values = {name: storable(value) for name, value in found.model_dump(include=set(_FOUND)).items()}
    for name in ("youtube_chapters", "caption_track"):
        # SQLAlchemy has told its connections to take JSON as text and to return it decoded.
        values[name] = json.dumps(values[name]) if values[name] is not None else None
    await connection.execute(_SAVE_METADATA, *(values[name] for name in _FOUND))


async def known_track(connection: DriverConnection, youtube_id: str) -> CaptionTrack | None:
    """The caption track that YouTube named with the metadata, if it did."""
    track = await connection.fetchval("SELECT caption_track FROM video_enrichments WHERE youtube_id = $1", youtube_id)
    return CaptionTrack.model_validate(track) if track else None


async def save_captions(
    connection: DriverConnection,
    youtube_id: str,
    *,
    language: str | None,
    kind: CaptionsKind,
    lines: Sequence[tuple[float, float, str]],
    source: CaptionsSource = CaptionsSource.YOUTUBE,
) -> None:
    """Replace the video's transcript (start and end in seconds, text) and say where it came from."""
    await connection.execute("DELETE FROM transcript_segments WHERE youtube_id = $1", youtube_id)
    await connection.execute(_SAVE_SEGMENTS, youtube_id, language or UNDETERMINED, *_columns(lines, 3))
    await connection.execute(_SET_CAPTIONS, youtube_id, source, language, kind, None)


async def save_no_captions(connection: DriverConnection, youtube_id: str, reason: ErrorType) -> None:
    """Say that there are no captions to be had, and why. Those of an earlier import stay."""
    if await connection.fetchval(_KEEP_CAPTIONS, youtube_id):
        return
    await connection.execute("DELETE FROM transcript_segments WHERE youtube_id = $1", youtube_id)
    await connection.execute(_SET_CAPTIONS, youtube_id, CaptionsSource.NONE, None, None, reason)


async def save_chapters(connection: DriverConnection, youtube_id: str, chapters: Sequence[Chapter]) -> None:
    """Replace the video's chapters."""
    await connection.execute("DELETE FROM chapters WHERE youtube_id = $1", youtube_id)
    if chapters:
        rows = [(chapter.title, chapter.start_seconds, chapter.end_seconds) for chapter in chapters]
        await connection.execute(_SAVE_CHAPTERS, youtube_id, *_columns(rows, 3))


async def mark_complete(connection: DriverConnection, youtube_id: str) -> None:
    """Say that every stage is done."""
    await connection.execute(
        "UPDATE video_enrichments SET completed_at = now() WHERE youtube_id = $1 AND completed_at IS NULL", youtube_id
    )


def _columns(rows: Sequence[tuple[object, ...]], count: int) -> list[list[object]]:
    """`count` columns out of rows, as `unnest` takes them."""
    return [[storable(row[index]) for row in rows] for index in range(count)]
