"""Transcribed chunks: kept once, paid for once, and forgotten in time."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.errors import ErrorType
from shared.contracts.transcription import AudioChunk
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db import enrichments, transcription
from shared.db.connection import transaction
from shared.db.models import VideoEnrichment
from shared.db.transcription import TranscribedChunk, TranscriptionCost

YOUTUBE_ID = "abcdefghijk"
WEEK = timedelta(days=7)
COST = TranscriptionCost("whisper-large-v3", 600.0, 0.0185)


def heard(end_ms: int = 600_000, said: str = "This lens weighs four tons.") -> TranscribedChunk:
    return TranscribedChunk(AudioChunk(start_ms=0, end_ms=end_ms), "en", [(0.5, 3.25, said)])


async def keep(engine: AsyncEngine, *found: TranscribedChunk, youtube_id: str = YOUTUBE_ID) -> None:
    for one in found:
        async with transaction(engine) as connection:
            await transcription.keep_chunk(connection, youtube_id, one, COST)


async def saved(engine: AsyncEngine, youtube_id: str = YOUTUBE_ID) -> list[TranscribedChunk]:
    async with transaction(engine) as connection:
        return await transcription.transcribed_chunks(connection, youtube_id)


async def calls(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT youtube_id, model, audio_seconds, estimated_usd FROM transcription_calls ORDER BY id")
        )
        return [tuple(row) for row in rows]


async def change(engine: AsyncEngine, statement: str, **values: Any) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)


async def test_a_transcribed_chunk_is_found_with_its_video(engine: AsyncEngine) -> None:
    silence = TranscribedChunk(AudioChunk(start_ms=590_000, end_ms=1_190_000), None, [])
    await keep(engine, heard(), silence)
    await keep(engine, heard(said="Another lens."), youtube_id="another0001")

    found = await saved(engine)

    assert sorted(found, key=lambda piece: piece.chunk.start_ms) == [heard(), silence]
    assert await saved(engine, "another0001") == [heard(said="Another lens.")]
    assert await saved(engine, "unknown0001") == []


async def test_which_pieces_are_done_is_known_without_their_lines(engine: AsyncEngine) -> None:
    silence = TranscribedChunk(AudioChunk(start_ms=590_000, end_ms=1_190_000), None, [])
    await keep(engine, heard(), silence)
    await keep(engine, heard(300_000), youtube_id="another0001")

    async with transaction(engine) as connection:
        done = await transcription.done_chunks(connection, YOUTUBE_ID)
        unknown = await transcription.done_chunks(connection, "unknown0001")

    assert sorted(done, key=lambda chunk: chunk.start_ms) == [heard().chunk, silence.chunk]
    assert unknown == []


async def test_a_half_is_another_piece_than_the_whole(engine: AsyncEngine) -> None:
    await keep(engine, heard(300_000), heard(600_000))

    assert {piece.chunk.end_ms for piece in await saved(engine)} == {300_000, 600_000}
    assert len(await calls(engine)) == 2


async def test_a_piece_that_is_kept_again_changes_nothing_and_costs_nothing_more(engine: AsyncEngine) -> None:
    await keep(engine, heard(), heard(said="This lens weighs for tons."), heard())

    assert await saved(engine) == [heard()]
    assert await calls(engine) == [(YOUTUBE_ID, "whisper-large-v3", 600.0, 0.0185)]


async def test_what_became_a_transcript_is_forgotten_but_not_what_it_cost(engine: AsyncEngine) -> None:
    await keep(engine, heard())
    await keep(engine, heard(), youtube_id="another0001")

    for _ in range(2):
        async with transaction(engine) as connection:
            await transcription.forget_chunks(connection, YOUTUBE_ID)

    assert (await saved(engine), await saved(engine, "another0001")) == ([], [heard()])
    assert [youtube_id for youtube_id, *_ in await calls(engine)] == [YOUTUBE_ID, "another0001"]


async def test_pieces_that_nobody_came_back_for_are_forgotten_after_a_month(engine: AsyncEngine) -> None:
    await keep(engine, heard(300_000), heard(600_000))
    await change(engine, "UPDATE transcribed_chunks SET at = now() - interval '30 days 1 second' WHERE end_ms = 300000")
    await change(engine, "UPDATE transcribed_chunks SET at = now() - interval '29 days' WHERE end_ms = 600000")

    async with transaction(engine) as connection:
        await transcription.forget_old_chunks(connection)

    assert await saved(engine) == [heard(600_000)]
    assert len(await calls(engine)) == 2


async def add_captions(engine: AsyncEngine, youtube_id: str, source: CaptionsSource, age: timedelta) -> None:
    """A video whose captions were looked for so long ago."""
    async with transaction(engine) as connection:
        await enrichments.save_metadata(connection, VideoEnrichment(youtube_id=youtube_id, title="A lens"))
        if source is CaptionsSource.NONE:
            await enrichments.save_missing_captions(connection, youtube_id, ErrorType.CAPTIONS_NONE)
        else:
            lines = [(0.0, 3.2, "This lens weighs four tons.")]
            await enrichments.save_captions(
                connection, youtube_id, language=None, kind=CaptionsKind.AUTOMATIC, lines=lines, source=source
            )
    statement = "UPDATE video_enrichments SET captions_at = now() - CAST(:age AS interval) WHERE youtube_id = :id"
    await change(engine, statement, age=age, id=youtube_id)


async def due(engine: AsyncEngine, limit: int = 10) -> list[str]:
    async with transaction(engine) as connection:
        return list(await transcription.upgradable_videos(connection, older_than=WEEK, limit=limit))


async def test_captions_from_speech_are_due_when_they_are_old(engine: AsyncEngine) -> None:
    hour = timedelta(hours=1)
    for number, age in enumerate((WEEK + hour, WEEK + 3 * hour, WEEK + 2 * hour, WEEK - hour)):
        await add_captions(engine, f"whisper000{number}", CaptionsSource.WHISPER, age)
    await add_captions(engine, "youtube0001", CaptionsSource.YOUTUBE, 2 * WEEK)
    await add_captions(engine, "nothing0001", CaptionsSource.NONE, 2 * WEEK)

    assert sorted(await due(engine)) == ["whisper0000", "whisper0001", "whisper0002"]
    assert len(await due(engine, limit=2)) == 2


async def test_a_video_is_looked_at_again_once(engine: AsyncEngine) -> None:
    for youtube_id in ("whisper0001", "whisper0002"):
        await add_captions(engine, youtube_id, CaptionsSource.WHISPER, 2 * WEEK)

    for _ in range(2):
        async with transaction(engine) as connection:
            await transcription.mark_captions_rechecked(connection, "whisper0001")

    assert await due(engine) == ["whisper0002"]
