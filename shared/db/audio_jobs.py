"""Videos that are being transcribed, and those that wait until the audio store has room for them.

PostgreSQL counts them, so that neither an unreachable store nor a slow one decides about other imports.
"""

import json
from collections.abc import Collection
from typing import Any

from shared.db.connection import AsyncpgConnection
from shared.text import sanitize_text

MAX_ADMITTED = 20
"""Videos with audio in the store; of an hour each, about half a gigabyte."""

ADMISSION_LOCK = 7_233_002
"""Advisory lock: videos are admitted one after the other, so that each count sees the ones before."""

_LOCK = "SELECT pg_advisory_xact_lock($1)"
_JOIN = """
    INSERT INTO audio_jobs (youtube_id, admitted_at)
    SELECT $1, CASE WHEN $2 OR (SELECT count(*) FROM audio_jobs WHERE admitted_at IS NOT NULL) < $3 THEN now() END
    ON CONFLICT (youtube_id) DO UPDATE SET admitted_at = coalesce(audio_jobs.admitted_at, excluded.admitted_at)
    RETURNING admitted_at IS NOT NULL
    """
_IS_REGISTERED = "SELECT EXISTS (SELECT FROM audio_jobs WHERE youtube_id = $1)"
_SAVE_MEDIA = """
    INSERT INTO audio_jobs (youtube_id, admitted_at, media) VALUES ($1, now(), $2)
    ON CONFLICT (youtube_id) DO UPDATE SET media = excluded.media
    """
_FIND_MEDIA = "SELECT media FROM audio_jobs WHERE youtube_id = $1"
_LEAVE = "DELETE FROM audio_jobs WHERE youtube_id = $1"
_NEXT = """
    SELECT youtube_id FROM audio_jobs WHERE admitted_at IS NULL ORDER BY asked_at, youtube_id
    LIMIT greatest($1 - (SELECT count(*) FROM audio_jobs WHERE admitted_at IS NOT NULL), 0)
    """
_FORGET_ORPHANS = """
    DELETE FROM audio_jobs
    WHERE asked_at < now() - make_interval(secs => $1) AND youtube_id <> ALL($2::text[])
    """


async def join(connection: AsyncpgConnection, youtube_id: str, *, is_interactive: bool) -> bool:
    """Register a video for transcription; returns whether it may begin. Safe to repeat.

    A bulk video is admitted while fewer than `MAX_ADMITTED` are, an interactive one always.
    """
    await connection.execute(_LOCK, ADMISSION_LOCK)
    return bool(await connection.fetchval(_JOIN, youtube_id, is_interactive, MAX_ADMITTED))


async def is_registered(connection: AsyncpgConnection, youtube_id: str) -> bool:
    """Whether a video is being transcribed, or waits for that."""
    return bool(await connection.fetchval(_IS_REGISTERED, youtube_id))


async def save_media(connection: AsyncpgConnection, youtube_id: str, media: dict[str, Any]) -> None:
    """Keep what a download needs, in the adapter's words."""
    await connection.execute(_SAVE_MEDIA, youtube_id, json.dumps(sanitize_text(media)))


async def find_media(connection: AsyncpgConnection, youtube_id: str) -> dict[str, Any] | None:
    """The latest result of `find_audio` for the video; None: none."""
    media: dict[str, Any] | None = await connection.fetchval(_FIND_MEDIA, youtube_id)
    return media


async def leave(connection: AsyncpgConnection, youtube_id: str) -> None:
    """Transcription of a video is over, with or without captions."""
    await connection.execute(_LEAVE, youtube_id)


async def next_in_line(connection: AsyncpgConnection) -> list[str]:
    """The YouTube ids that there is room for now, those that have waited longest first."""
    return [row["youtube_id"] for row in await connection.fetch(_NEXT, MAX_ADMITTED)]


async def forget_orphans(
    connection: AsyncpgConnection, *, older_than_seconds: float, except_ids: Collection[str]
) -> None:
    """Delete the jobs of imports that were terminated; `except_ids` are running."""
    await connection.execute(_FORGET_ORPHANS, older_than_seconds, list(except_ids))
