"""Captions from speech: recognised pieces, what they cost, and what is to be looked at again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.speech import AudioChunk
from shared.db.driver import DriverConnection, storable

KEEP_CHUNKS = timedelta(days=30)
"""Pieces of a video whose import never came to its end are paid for once if it is asked for again so soon."""

_FIND = "SELECT start_ms, end_ms, language, lines FROM transcribed_chunks WHERE youtube_id = $1"
_FIND_DONE = "SELECT start_ms, end_ms FROM transcribed_chunks WHERE youtube_id = $1"
# What is kept again, because nobody heard that it was, costs nothing more.
_KEEP = """
    WITH kept AS (
        INSERT INTO transcribed_chunks (youtube_id, start_ms, end_ms, language, lines) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING RETURNING youtube_id
    )
    INSERT INTO transcription_calls (youtube_id, model, audio_seconds, estimated_usd)
    SELECT youtube_id, $6, $7, $8 FROM kept
    """
# A video that somebody still waits for needs its pieces, however long its turn takes to come.
_FORGET_OLD = """
    DELETE FROM transcribed_chunks c WHERE at < now() - $1::interval AND NOT EXISTS (
        SELECT FROM videos v WHERE v.youtube_id = c.youtube_id AND v.import_stage NOT IN ('complete', 'error')
    )
    """
_UPGRADABLE = """
    SELECT youtube_id FROM video_enrichments
    WHERE captions_source = 'whisper' AND looked_again_at IS NULL AND captions_at < now() - $1::interval
    ORDER BY random() LIMIT $2
    """

Line = tuple[float, float, str]
"""Start and end in seconds from the beginning of the piece, and text."""


@dataclass(frozen=True, slots=True)
class RecognisedChunk:
    """What was said in a piece of a video."""

    chunk: AudioChunk
    language: str | None
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class TranscriptionCost:
    """What a piece cost."""

    model: str
    audio_seconds: float
    estimated_usd: float


async def recognised_chunks(connection: DriverConnection, youtube_id: str) -> list[RecognisedChunk]:
    """Every recognised piece of the video, in no order."""
    return [
        RecognisedChunk(
            AudioChunk(start_ms=row["start_ms"], end_ms=row["end_ms"]),
            row["language"],
            [(start, end, said) for start, end, said in row["lines"]],
        )
        for row in await connection.fetch(_FIND, youtube_id)
    ]


async def done_chunks(connection: DriverConnection, youtube_id: str) -> list[AudioChunk]:
    """Which pieces of the video are recognised, in no order and without what was said."""
    return [
        AudioChunk(start_ms=row["start_ms"], end_ms=row["end_ms"])
        for row in await connection.fetch(_FIND_DONE, youtube_id)
    ]


async def keep_chunk(
    connection: DriverConnection, youtube_id: str, found: RecognisedChunk, cost: TranscriptionCost
) -> None:
    """Write down what was said in a piece, and what that cost."""
    await connection.execute(
        _KEEP,
        youtube_id,
        found.chunk.start_ms,
        found.chunk.end_ms,
        found.language,
        json.dumps(storable(found.lines)),
        cost.model,
        cost.audio_seconds,
        cost.estimated_usd,
    )


async def forget_chunks(connection: DriverConnection, youtube_id: str) -> None:
    """Delete the pieces: they have become a transcript."""
    await connection.execute("DELETE FROM transcribed_chunks WHERE youtube_id = $1", youtube_id)


async def forget_old_chunks(connection: DriverConnection) -> None:
    """Delete the pieces that nobody has come back for."""
    await connection.execute(_FORGET_OLD, KEEP_CHUNKS)


async def upgradable_videos(connection: DriverConnection, *, older_than: timedelta, limit: int) -> Sequence[str]:
    """Videos with captions from speech that are old enough to be looked at again.

    In no order: one that YouTube never answers for must not be the first every time.
    """
    return [row["youtube_id"] for row in await connection.fetch(_UPGRADABLE, older_than, limit)]


async def note_looked_again(connection: DriverConnection, youtube_id: str) -> None:
    """Remember that YouTube was asked once more."""
    await connection.execute("UPDATE video_enrichments SET looked_again_at = now() WHERE youtube_id = $1", youtube_id)
