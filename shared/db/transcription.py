"""Rows of a video's transcription: chunks, the transcript, and what was billed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.contracts.errors import ERROR_RULES
from shared.contracts.transcription import AudioChunk
from shared.db.connection import AsyncpgConnection
from shared.db.lists import FIRST_PAGE, NOT_DELETED, PageStart
from shared.text import sanitize_text

KEEP_CHUNKS = timedelta(days=30)
"""How long chunks of an unfinished import are kept: a video that is added again by then is not paid for twice."""

_FIND = "SELECT start_ms, end_ms, language, lines FROM transcribed_chunks WHERE youtube_id = $1"
_FIND_DONE = "SELECT start_ms, end_ms FROM transcribed_chunks WHERE youtube_id = $1"
# A chunk that is saved twice, because the first answer was lost, is billed once.
_KEEP = """
    WITH kept AS (
        INSERT INTO transcribed_chunks (youtube_id, start_ms, end_ms, language, lines) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING RETURNING youtube_id
    )
    INSERT INTO transcription_calls (youtube_id, model, audio_seconds, estimated_usd)
    SELECT youtube_id, $6, $7, $8 FROM kept
    """
# Chunks of a video that a list still waits for are kept, however long it is queued.
_FORGET_OLD = f"""
    DELETE FROM transcribed_chunks c WHERE at < now() - $1::interval AND NOT EXISTS (
        SELECT FROM videos v
        WHERE v.youtube_id = c.youtube_id AND v.import_stage NOT IN ('complete', 'error') AND v.{NOT_DELETED}
    )
    """  # noqa: S608 - a constant
_UPGRADABLE = """
    SELECT youtube_id FROM video_enrichments
    WHERE captions_source = 'whisper' AND captions_rechecked_at IS NULL AND captions_at < now() - $1::interval
        OR captions_source = 'none' AND captions_missing = ANY($3::text[]) AND completed_at IS NOT NULL
        AND greatest(captions_at, captions_rechecked_at) < (
            SELECT CAST(CAST(value AS json) ->> 'since' AS timestamptz) FROM installation WHERE name = 'extractor'
        )
    ORDER BY random() LIMIT $2
    """
_PASSING = [error_type.value for error_type, rule in ERROR_RULES.items() if rule.is_transient]

Line = tuple[float, float, str]
"""Start and end in seconds from the beginning of the chunk, and text."""


@dataclass(frozen=True, slots=True)
class TranscribedChunk:
    """The transcript of a chunk."""

    chunk: AudioChunk
    language: str | None
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class TranscriptionCost:
    """The cost of a chunk."""

    model: str
    audio_seconds: float
    estimated_usd: float


async def transcribed_chunks(connection: AsyncpgConnection, youtube_id: str) -> list[TranscribedChunk]:
    """Every transcribed chunk of the video, in no order."""
    return [
        TranscribedChunk(
            AudioChunk(start_ms=row["start_ms"], end_ms=row["end_ms"]),
            row["language"],
            [(start, end, said) for start, end, said in row["lines"]],
        )
        for row in await connection.fetch(_FIND, youtube_id)
    ]


async def done_chunks(connection: AsyncpgConnection, youtube_id: str) -> list[AudioChunk]:
    """The transcribed chunks of the video, in no order and without their text."""
    return [
        AudioChunk(start_ms=row["start_ms"], end_ms=row["end_ms"])
        for row in await connection.fetch(_FIND_DONE, youtube_id)
    ]


async def keep_chunk(
    connection: AsyncpgConnection, youtube_id: str, found: TranscribedChunk, cost: TranscriptionCost
) -> None:
    """Save the transcript of a chunk, and its cost."""
    await connection.execute(
        _KEEP,
        youtube_id,
        found.chunk.start_ms,
        found.chunk.end_ms,
        found.language,
        json.dumps(sanitize_text(found.lines)),
        cost.model,
        cost.audio_seconds,
        cost.estimated_usd,
    )


async def forget_chunks(connection: AsyncpgConnection, youtube_id: str) -> None:
    """Delete the chunks: they have become a transcript."""
    await connection.execute("DELETE FROM transcribed_chunks WHERE youtube_id = $1", youtube_id)


async def forget_old_chunks(connection: AsyncpgConnection) -> None:
    """Delete chunks that were abandoned."""
    await connection.execute(_FORGET_OLD, KEEP_CHUNKS)


async def upgradable_videos(connection: AsyncpgConnection, *, older_than: timedelta, limit: int) -> Sequence[str]:
    """Videos with captions from speech that are old enough to be looked at again.

    And those without captions for a reason that passes, once for each version of the extractor that runs later.

    In no order: one that YouTube never answers for must not be the first every time.
    """
    return [row["youtube_id"] for row in await connection.fetch(_UPGRADABLE, older_than, limit, _PASSING)]


async def mark_captions_rechecked(connection: AsyncpgConnection, youtube_id: str) -> None:
    """Remember that YouTube was asked once more."""
    await connection.execute(
        "UPDATE video_enrichments SET captions_rechecked_at = now() WHERE youtube_id = $1", youtube_id
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Transcribed audio, and its cost."""

    requests: int
    audio_seconds: float
    estimated_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTotals:
    """The whole installation's usage."""

    last_hour: Usage
    last_24_hours: Usage
    this_month: Usage
    """A month begins at midnight UTC."""
    total: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUsage(Usage):
    """One video's usage."""

    id: UUID
    """Of its newest call: with `last_at` it is the cursor of the next page."""
    youtube_id: str
    title: str | None
    last_at: datetime


# Hours, not a day: the session's time zone may have days of 23 or 25 hours.
_PERIODS = {
    "last_hour": "at >= now() - interval '1 hour'",
    "last_24_hours": "at >= now() - interval '24 hours'",
    "this_month": "at >= date_trunc('month', now(), 'UTC')",
    "total": "true",
}
# One query for each: the short periods read only their rows, and to sum up all rows is fast without further conditions.
_TOTALS = " UNION ALL ".join(
    f"SELECT '{period}' AS period, count(*) AS requests, coalesce(sum(audio_seconds), 0) AS audio_seconds, "  # noqa: S608 - constants
    f"coalesce(sum(estimated_usd), 0) AS estimated_usd FROM transcription_calls WHERE {condition}"
    for period, condition in _PERIODS.items()
)
# A call's number in the form of a UUID: so that pages continue as those of all other lists.
_NUMBER = "CAST(lpad(to_hex(c.id), 32, '0') AS uuid)"
# The newest call of each video, by the index of times: only the calls of the page's videos are read.
_PAGE = f"""
    SELECT {_NUMBER} AS id, c.youtube_id, c.at AS last_at, e.title, usage.*
    FROM transcription_calls c LEFT JOIN video_enrichments e USING (youtube_id), LATERAL (
        SELECT count(*) AS requests, sum(audio_seconds) AS audio_seconds, sum(estimated_usd) AS estimated_usd
        FROM transcription_calls WHERE youtube_id = c.youtube_id
    ) usage
    WHERE c.at <= $1 AND (c.at, {_NUMBER}) < ($1::timestamptz, $2::uuid) AND NOT EXISTS (
        SELECT FROM transcription_calls newer
        WHERE newer.youtube_id = c.youtube_id AND (newer.at, newer.id) > (c.at, c.id)
    )
    ORDER BY c.at DESC, c.id DESC LIMIT $3
    """  # noqa: S608 - constants


async def usage_totals(connection: AsyncpgConnection) -> UsageTotals:
    """The whole installation's usage; zeros where nothing was transcribed."""
    usage = {
        row["period"]: Usage(
            requests=row["requests"], audio_seconds=row["audio_seconds"], estimated_usd=row["estimated_usd"]
        )
        for row in await connection.fetch(_TOTALS)
    }
    return UsageTotals(**usage)


async def page_of_video_usage(
    connection: AsyncpgConnection, *, after: PageStart = FIRST_PAGE, limit: int
) -> Sequence[VideoUsage]:
    """The transcribed videos, the one with the newest call first, at most `limit` of them."""
    rows = await connection.fetch(_PAGE, after.created_at, after.id, limit)
    return [VideoUsage(**row) for row in rows]
