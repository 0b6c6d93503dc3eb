"""What was learned about a YouTube video: metadata, captions, chapters. Every write is safe to repeat.

Lock order of every transaction that writes several tables: `video_enrichments`, then `videos` by id, then `users` (an
event's trigger locks its user). So no two writers wait for each other in a circle.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsAnswer, CaptionsKind, CaptionsSource, CaptionTrack
from shared.db.connection import AsyncpgConnection
from shared.db.lists import NOT_DELETED
from shared.db.models import Chapter, EarlyMetadata, VideoEnrichment
from shared.text import sanitize_text

_LAST_FETCHED = "SELECT max(fetched_at) FROM video_enrichments"
_KNOWN = f"""
    SELECT e.title, e.captions_source, e.captions_missing, e.captions_stale, e.completed_at, EXISTS (
        SELECT FROM videos v
        WHERE v.youtube_id = $1 AND v.import_stage NOT IN ('complete', 'error') AND v.{NOT_DELETED}
    ) AS waiting
    FROM (SELECT) one LEFT JOIN video_enrichments e ON e.youtube_id = $1
    """  # noqa: S608 - a constant
_PASSING = {error_type for error_type, rule in ERROR_RULES.items() if rule.is_transient}
_HELPED_BY_SPEECH = {error_type for error_type, rule in ERROR_RULES.items() if rule.allows_transcription}
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
    "captions_answers",
)
"""The columns that the metadata stage fills."""
_SAVE_METADATA = f"""
    INSERT INTO video_enrichments ({", ".join(_FOUND)})
    VALUES ({", ".join(f"${number}" for number in range(1, len(_FOUND) + 1))})
    ON CONFLICT (youtube_id)
    DO UPDATE SET fetched_at = now(), {", ".join(f"{name} = excluded.{name}" for name in _FOUND)}
    """  # noqa: S608 - constants
_SAVE_EARLY_METADATA = """
    INSERT INTO early_metadata (youtube_id, title, channel, starts_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (youtube_id) DO UPDATE SET title = excluded.title, channel = excluded.channel,
                                           starts_at = excluded.starts_at
    """
_FORGET_EARLY_METADATA = "DELETE FROM early_metadata WHERE youtube_id = $1"
_KNOWN_CAPTIONS = "SELECT caption_track, captions_answers, channel_id FROM video_enrichments WHERE youtube_id = $1"
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
        captions_answers = '{}', captions_at = now(), captions_stale = false
    WHERE youtube_id = $1
    """
_KEEP_CAPTIONS = """
    UPDATE video_enrichments SET caption_track = NULL, captions_answers = '{}', captions_stale = false
    WHERE youtube_id = $1 AND captions_stale AND captions_source <> 'none'
    RETURNING captions_source
    """
_MARK_COMPLETE = """
    UPDATE video_enrichments SET completed_at = coalesce(completed_at, now())
    WHERE youtube_id = $1 AND NOT captions_stale
    RETURNING true
    """
_HOLD_COMPLETE = """
    SELECT true FROM video_enrichments WHERE youtube_id = $1 AND completed_at IS NOT NULL FOR SHARE
    """
UNDETERMINED = "und"
"""ISO 639-2's code for an undetermined language."""


@dataclass(frozen=True)
class StartingPoint:
    """How far a video's import has come before, and whether some list waits for it."""

    title: str | None
    reached: ImportStage
    waiting: bool


async def last_fetched_at(connection: AsyncpgConnection) -> datetime | None:
    """When YouTube told a video's metadata last; None: never."""
    found: datetime | None = await connection.fetchval(_LAST_FETCHED)
    return found


async def find_starting_point(
    connection: AsyncpgConnection, youtube_id: str, *, has_speech_to_text: bool
) -> StartingPoint:
    """What an import can build on. Captions that could not be had for a passing reason are looked for again.

    So are those that nobody could make from speech at the time, where there is speech-to-text by now.
    """
    [row] = await connection.fetch(_KNOWN, youtube_id)
    may_be_had_now = _PASSING | (_HELPED_BY_SPEECH if has_speech_to_text else set())
    if row["title"] is None:
        reached = ImportStage.CREATED
    elif row["captions_stale"]:
        reached = ImportStage.METADATA
    elif row["completed_at"] and row["captions_missing"] not in may_be_had_now:
        reached = ImportStage.COMPLETE
    elif row["captions_source"] and not row["completed_at"]:
        reached = ImportStage.CAPTIONS
    else:
        reached = ImportStage.METADATA
    return StartingPoint(row["title"], reached, row["waiting"])


async def find_enrichment(connection: AsyncpgConnection, youtube_id: str) -> VideoEnrichment | None:
    """Everything that is known of a video, None before its metadata."""
    row = await connection.fetchrow("SELECT * FROM video_enrichments WHERE youtube_id = $1", youtube_id)
    return VideoEnrichment.model_validate(dict(row)) if row else None


async def save_metadata(connection: AsyncpgConnection, found: VideoEnrichment) -> None:
    """Write what the metadata stage found, over what an earlier attempt found."""
    values = {name: sanitize_text(value) for name, value in found.model_dump(include=set(_FOUND)).items()}
    for name in ("youtube_chapters", "caption_track", "captions_answers"):
        # SQLAlchemy configures its connections to take JSON as text and to return it decoded.
        values[name] = json.dumps(values[name]) if values[name] is not None else None
    await connection.execute(_SAVE_METADATA, *(values[name] for name in _FOUND))
    await connection.execute(_FORGET_EARLY_METADATA, found.youtube_id)


async def save_early_metadata(connection: AsyncpgConnection, found: EarlyMetadata) -> None:
    """Write what YouTube says about a video that it does not play."""
    title, channel = sanitize_text(found.title), sanitize_text(found.channel)
    await connection.execute(_SAVE_EARLY_METADATA, found.youtube_id, title, channel, found.starts_at)


@dataclass(frozen=True)
class KnownCaptions:
    """What YouTube said with the metadata that the search for captions needs."""

    track: CaptionTrack | None
    answers: dict[str, CaptionsAnswer]
    """By client."""
    channel_id: str | None


async def known_captions(connection: AsyncpgConnection, youtube_id: str) -> KnownCaptions:
    """What the metadata stage learned about captions; nothing once they were looked for."""
    row = await connection.fetchrow(_KNOWN_CAPTIONS, youtube_id)
    if row is None:
        return KnownCaptions(None, {}, None)
    return KnownCaptions(
        CaptionTrack.model_validate(row["caption_track"]) if row["caption_track"] else None,
        {client: CaptionsAnswer(answer) for client, answer in row["captions_answers"].items()},
        row["channel_id"],
    )


async def save_captions(
    connection: AsyncpgConnection,
    youtube_id: str,
    *,
    language: str | None,
    kind: CaptionsKind,
    lines: Sequence[tuple[float, float, str]],
    source: CaptionsSource = CaptionsSource.YOUTUBE,
) -> None:
    """Replace the video's transcript (start and end in seconds, text) and record its source."""
    await connection.execute("DELETE FROM transcript_segments WHERE youtube_id = $1", youtube_id)
    await connection.execute(_SAVE_SEGMENTS, youtube_id, language or UNDETERMINED, *_columns(lines, 3))
    await connection.execute(_SET_CAPTIONS, youtube_id, source, language, kind, None)


async def save_missing_captions(connection: AsyncpgConnection, youtube_id: str, reason: ErrorType) -> None:
    """Say that there are no captions to be had, and why. Those of an earlier import stay."""
    if await connection.fetchval(_KEEP_CAPTIONS, youtube_id):
        return
    await connection.execute("DELETE FROM transcript_segments WHERE youtube_id = $1", youtube_id)
    await connection.execute(_SET_CAPTIONS, youtube_id, CaptionsSource.NONE, None, None, reason)


async def save_chapters(connection: AsyncpgConnection, youtube_id: str, chapters: Sequence[Chapter]) -> None:
    """Replace the video's chapters."""
    await connection.execute("DELETE FROM chapters WHERE youtube_id = $1", youtube_id)
    if chapters:
        rows = [(chapter.title, chapter.start_seconds, chapter.end_seconds) for chapter in chapters]
        await connection.execute(_SAVE_CHAPTERS, youtube_id, *_columns(rows, 3))


async def mark_complete(connection: AsyncpgConnection, youtube_id: str) -> bool:
    """Say that every stage is done; False where a reimport was asked for meanwhile, so that captions are not."""
    return bool(await connection.fetchval(_MARK_COMPLETE, youtube_id))


async def hold_complete(connection: AsyncpgConnection, youtube_id: str) -> bool:
    """Whether every stage is done; it stays so until the transaction ends."""
    return bool(await connection.fetchval(_HOLD_COMPLETE, youtube_id))


def _columns(rows: Sequence[tuple[object, ...]], count: int) -> list[list[object]]:
    """`count` columns out of rows, as `unnest` takes them."""
    return [[sanitize_text(row[index]) for row in rows] for index in range(count)]
