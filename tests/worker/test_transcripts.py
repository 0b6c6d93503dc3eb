"""Captions from speech in PostgreSQL: whether they are to be made, and what becomes of the transcribed chunks."""

import asyncio
from itertools import pairwise
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from services.worker.activities.transcripts import TranscriptActivities
from shared.contracts.batches import BatchState
from shared.contracts.errors import ErrorType
from shared.contracts.imports import VideoRef
from shared.contracts.messages import FeedItem
from shared.contracts.stages import ImportStage
from shared.contracts.transcription import (
    AudioChunk,
    PlanTranscriptionInput,
    SaveTranscriptInput,
    SaveTranscriptResult,
    TranscriptionPlan,
)
from shared.contracts.upstreams import PauseReason, UpstreamState, UpstreamStatus
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db import audio_jobs, batch_window, imports, transcription
from shared.db.audio_jobs import MAX_ADMITTED
from shared.db.connection import transaction
from shared.db.enrichments import find_enrichment, save_metadata
from shared.db.models import Video, VideoEnrichment
from shared.db.transcription import Line, TranscribedChunk, TranscriptionCost
from shared.settings import Settings
from tests.support.batches import add_batch, how_it_stands
from tests.support.entries import add_user, add_video, events_of, find_video, messages_of
from tests.support.upstreams import SPEECH_GOING, paused, write_down

ID, OTHER_ID = "abcdefghijk", "lmnopqrstuv"
VIDEO = VideoRef(youtube_id=ID)
FIRST, SECOND, THIRD = (AudioChunk(start_ms=start, end_ms=start + 60_000) for start in (0, 50_000, 100_000))
MISCONFIGURED = paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With speech-to-text, for videos of at most two hours."""
    return settings.model_copy(update={"transcription_api_key": SecretStr("gsk_key"), "transcription_max_minutes": 120})


@pytest.fixture
def published() -> list[FeedItem]:
    return []


@pytest.fixture
def woken() -> set[UUID]:
    """The batches that were woken for a free slot."""
    return set()


@pytest.fixture
def activities(
    engine: AsyncEngine, settings: Settings, published: list[FeedItem], woken: set[UUID]
) -> TranscriptActivities:
    return TranscriptActivities(engine, published.extend, settings, wake_batches=woken.update)


@pytest.fixture
async def video(engine: AsyncEngine) -> Video:
    """An entry whose import is at its captions."""
    entry = await add_video(engine, ID)
    await know(engine, 150)
    async with transaction(engine) as connection:
        await imports.advance(connection, ID, ImportStage.METADATA)
    return entry


async def know(engine: AsyncEngine, duration_seconds: int | None) -> None:
    enrichment = VideoEnrichment(youtube_id=ID, title="A lens", duration_seconds=duration_seconds)
    async with transaction(engine) as connection:
        await save_metadata(connection, enrichment)


async def plan(activities: TranscriptActivities, *, is_interactive: bool = True) -> TranscriptionPlan:
    asked = PlanTranscriptionInput(youtube_id=ID, is_interactive=is_interactive)
    return await ActivityEnvironment().run(activities.plan_transcription, asked)


@pytest.mark.parametrize("off", [{"transcription_enabled": False}, {"transcription_api_key": None}])
async def test_without_transcription_the_reason_is_youtubes(
    engine: AsyncEngine, settings: Settings, off: dict[str, object]
) -> None:
    await know(engine, None)
    switched_off = TranscriptActivities(
        engine, lambda _: None, settings.model_copy(update=off), wake_batches=lambda _: None
    )
    assert await plan(switched_off) == TranscriptionPlan(is_wanted=False)


@pytest.mark.parametrize(
    ("duration_seconds", "refusal"),
    [
        (1, None),
        (7200, None),
        (7201, ErrorType.SPEECH_TOO_LONG),
        (0, ErrorType.AUDIO_UNAVAILABLE),
        (None, ErrorType.AUDIO_UNAVAILABLE),
    ],
)
async def test_a_video_has_to_have_a_length_that_is_not_too_great(
    activities: TranscriptActivities, engine: AsyncEngine, duration_seconds: int | None, refusal: ErrorType | None
) -> None:
    await know(engine, duration_seconds)
    assert await plan(activities) == TranscriptionPlan(is_wanted=refusal is None, refusal=refusal)


async def test_bulk_videos_wait_while_the_store_is_full(activities: TranscriptActivities, engine: AsyncEngine) -> None:
    await know(engine, 60)
    async with transaction(engine) as connection:
        for number in range(MAX_ADMITTED - 1):
            assert await audio_jobs.join(connection, f"other{number:06}", is_interactive=False)
        assert await audio_jobs.join(connection, OTHER_ID, is_interactive=False)
    assert not (await plan(activities, is_interactive=False)).has_room
    assert (await plan(activities, is_interactive=True)).has_room
    assert (await plan(activities, is_interactive=False)).has_room  # its own is no reason to wait


async def test_a_video_that_is_to_be_transcribed_takes_no_slot_of_its_batches(
    activities: TranscriptActivities, engine: AsyncEngine, woken: set[UUID]
) -> None:
    await know(engine, 60)
    batches = {await add_batch(engine, [ID, OTHER_ID]), await add_batch(engine, [ID])}
    for batch_id in batches:
        await release(engine, batch_id)
    assert (await plan(activities, is_interactive=False)).is_wanted
    assert woken == batches
    async with transaction(engine) as connection:
        assert {frozenset(await batch_window.slot_holders(connection, batch_id)) for batch_id in batches} == {
            frozenset([OTHER_ID]),
            frozenset(),
        }
        for batch_id in batches:
            await batch_window.complete_if_done(connection, batch_id)
    for batch_id in batches:
        stands = await how_it_stands(engine, batch_id)
        assert (stands.state, stands.running) == (BatchState.OPEN, stands.total)


async def test_a_video_that_is_not_transcribed_keeps_its_slot(
    activities: TranscriptActivities, engine: AsyncEngine, woken: set[UUID]
) -> None:
    await know(engine, None)
    batch_id = await add_batch(engine, [ID])
    await release(engine, batch_id)
    assert not (await plan(activities, is_interactive=False)).is_wanted
    assert woken == set()
    async with transaction(engine) as connection:
        assert await batch_window.slot_holders(connection, batch_id) == {ID}


async def release(engine: AsyncEngine, batch_id: UUID) -> None:
    """Give every video of a batch a slot."""
    async with transaction(engine) as connection:
        await batch_window.claim_next(connection, batch_id, 10)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (SPEECH_GOING, None),
        (paused(PauseReason.TRANSCRIPTION_ALLOWANCE, UpstreamState.CLOSED, of=SPEECH_GOING), None),
        (paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=SPEECH_GOING), None),
        (MISCONFIGURED, ErrorType.TRANSCRIPTION_MISCONFIGURED),
        (MISCONFIGURED.model_copy(update={"state": UpstreamState.HALF_OPEN}), None),  # other settings are to be tried
        (paused(PauseReason.BOT_CHECK), None),  # YouTube's, which is waited for
    ],
)
async def test_a_wrong_key_is_not_waited_for(
    activities: TranscriptActivities, engine: AsyncEngine, status: UpstreamStatus, refusal: ErrorType | None
) -> None:
    await know(engine, 60)
    await write_down(engine, status)
    assert await plan(activities) == TranscriptionPlan(is_wanted=refusal is None, refusal=refusal)


async def transcribed(
    engine: AsyncEngine, chunk: AudioChunk, *lines: Line, language: str | None = "en", youtube_id: str = ID
) -> None:
    """What a step before this one has written."""
    found = TranscribedChunk(chunk, language, list(lines))
    async with transaction(engine) as connection:
        await transcription.keep_chunk(connection, youtube_id, found, TranscriptionCost("whisper", 60, 0.002))


async def keep(activities: TranscriptActivities, *chunks: AudioChunk) -> SaveTranscriptResult:
    return await ActivityEnvironment().run(
        activities.save_transcript, SaveTranscriptInput(youtube_id=ID, chunks=list(chunks))
    )


async def transcript(engine: AsyncEngine) -> list[tuple[float, float, str]]:
    statement = "SELECT start_seconds, end_seconds, text FROM transcript_segments ORDER BY position"
    async with engine.connect() as connection:
        return [(row.start_seconds, row.end_seconds, row.text) for row in await connection.execute(text(statement))]


async def left(engine: AsyncEngine, youtube_id: str = ID) -> int:
    async with transaction(engine) as connection:
        return len(await transcription.transcribed_chunks(connection, youtube_id))


async def known(engine: AsyncEngine) -> VideoEnrichment:
    async with transaction(engine) as connection:
        found = await find_enrichment(connection, ID)
    assert found is not None
    return found


async def transcribed_three(engine: AsyncEngine) -> None:
    """Out of order, with a line in two chunks; two chunks with few words were taken for Welsh."""
    await transcribed(engine, THIRD, (20, 21, "hm"), language="cy")
    await transcribed(engine, SECOND, (2, 5, "Es schwimmt."), (30, 31, "hm"), language="cy")
    await transcribed(engine, FIRST, (1, 4, "Diese Linse wiegt vier Tonnen."), (52, 55, "Es schwimmt."), language="de")


async def test_chunks_become_one_transcript(
    activities: TranscriptActivities, engine: AsyncEngine, video: Video, published: list[FeedItem]
) -> None:
    await transcribed_three(engine)
    assert await keep(activities, FIRST, SECOND, THIRD) == SaveTranscriptResult()
    assert await transcript(engine) == [
        (1, 4, "Diese Linse wiegt vier Tonnen."),
        (52, 55, "Es schwimmt."),
        (80, 81, "hm"),
        (120, 121, "hm"),
    ]
    found = await known(engine)
    assert (found.captions_source, found.captions_kind) == (CaptionsSource.WHISPER, CaptionsKind.AUTOMATIC)
    assert (found.captions_language, found.captions_missing) == ("de", None)
    assert await left(engine) == 0
    [told] = published
    [message] = messages_of([told])
    assert (message.stage, message.progress) == (ImportStage.CAPTIONS, 60)


async def test_everybody_who_waits_hears_of_it_once_however_often_it_is_done(
    activities: TranscriptActivities, engine: AsyncEngine, video: Video, published: list[FeedItem]
) -> None:
    theirs = await add_video(engine, ID, await add_user(engine))
    over = await add_video(engine, ID)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE videos SET import_stage = 'error' WHERE id = :id"), {"id": over.id})
    await transcribed_three(engine)
    await asyncio.gather(*(keep(activities, FIRST, SECOND, THIRD) for _ in range(2)))  # one was not heard of
    written = await transcript(engine)
    assert await keep(activities, FIRST, SECOND, THIRD) == SaveTranscriptResult()
    assert await transcript(engine) == written
    assert len(written) == 4
    assert {item.message.video_id for item in published} == {video.id, theirs.id}
    for entry, stages in ((video, ["created", "metadata", "captions"]), (theirs, ["created", "captions"])):
        assert [event.stage for event in await events_of(engine, entry)] == stages
    assert (await find_video(engine, over.id)).import_stage == ImportStage.ERROR


async def test_only_the_chunks_of_this_import_count(
    activities: TranscriptActivities, engine: AsyncEngine, video: Video
) -> None:
    """A chunk that was too large is there as halves; another setting, another video may have left others behind."""
    halves = [AudioChunk(start_ms=0, end_ms=35_000), AudioChunk(start_ms=25_000, end_ms=60_000)]
    await transcribed(engine, FIRST, (1, 4, "An answer that came late."))
    await transcribed(engine, halves[0], (1, 4, "This lens weighs four tons."))
    await transcribed(engine, halves[1], (20, 22, "It floats."))
    await transcribed(engine, halves[0], (1, 4, "Somebody else's words."), youtube_id=OTHER_ID)
    await keep(activities, *halves)
    assert await transcript(engine) == [(1, 4, "This lens weighs four tons."), (45, 47, "It floats.")]
    assert (await left(engine), await left(engine, OTHER_ID)) == (0, 1)


async def test_a_missing_chunk_means_no_captions(
    activities: TranscriptActivities, engine: AsyncEngine, video: Video, published: list[FeedItem]
) -> None:
    await transcribed(engine, FIRST, (1, 4, "This lens weighs four tons."))
    assert await keep(activities, FIRST, SECOND) == SaveTranscriptResult(missing=ErrorType.SPEECH_FAILED)
    assert (await transcript(engine), published) == ([], [])
    assert await left(engine) == 1, "it is paid for, and somebody may ask again"


async def test_nothing_said_is_no_captions_and_is_not_paid_for_again(
    activities: TranscriptActivities, engine: AsyncEngine, video: Video, published: list[FeedItem]
) -> None:
    await transcribed(engine, FIRST, language=None)
    for _ in range(2):
        assert await keep(activities, FIRST) == SaveTranscriptResult(missing=ErrorType.SPEECH_NONE)
    assert (await known(engine)).captions_source is None  # the step that follows says why there are none
    assert (await find_video(engine, video.id)).import_stage == ImportStage.METADATA
    assert published == []


async def test_a_server_that_names_no_language(
    activities: TranscriptActivities, engine: AsyncEngine, video: Video
) -> None:
    await transcribed(engine, FIRST, (1, 4, "This lens weighs four tons."), language=None)
    assert await keep(activities, FIRST) == SaveTranscriptResult()
    assert (await known(engine)).captions_language is None


async def test_hours_of_speech_are_in_order(
    activities: TranscriptActivities, engine: AsyncEngine, video: Video
) -> None:
    chunks = [AudioChunk(start_ms=number * 590_000, end_ms=number * 590_000 + 600_000) for number in range(24)]
    for number, chunk in enumerate(chunks):
        await transcribed(engine, chunk, *((at, at + 4.0, f"{number} {at}") for at in range(12, 585, 6)))
    await keep(activities, *reversed(chunks))
    written = await transcript(engine)
    assert len(written) == 24 * len(range(12, 585, 6))
    assert all(before[0] < after[0] for before, after in pairwise(written))
