"""Between two stages: percentages, only for those who wait for the next one, only forwards, and no events; waits."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportWait
from shared.contracts.messages import ImportFeedItem
from shared.contracts.stages import (
    SPEECH_DOWNLOADED,
    STAGE_PROGRESS,
    ImportStage,
    download_progress,
    transcription_progress,
)
from shared.db import imports
from shared.db.connection import transaction
from shared.db.events import stage_times
from shared.db.models import Video
from tests.support.entries import add_user, add_video, events_of, find_video
from tests.support.waiting import eventually

ID, OTHER_ID = "abcdefghijk", "lmnopqrstuv"


async def advance(engine: AsyncEngine, stage: ImportStage, youtube_id: str = ID) -> list[ImportFeedItem]:
    async with transaction(engine) as connection:
        return await imports.advance(connection, youtube_id, stage)


async def step(engine: AsyncEngine, progress: int) -> list[ImportFeedItem]:
    async with transaction(engine) as connection:
        return await imports.set_subprogress(connection, ID, ImportStage.CAPTIONS, progress)


async def reached(engine: AsyncEngine, video: Video) -> tuple[str, int]:
    found = await find_video(engine, video.id)
    return found.import_stage, found.import_progress


async def test_everybody_who_waits_for_the_stage_is_told(engine: AsyncEngine) -> None:
    mine, theirs, elsewhere = (
        await add_video(engine, ID),
        await add_video(engine, ID, await add_user(engine)),
        await add_video(engine, OTHER_ID),
    )
    for youtube_id in (ID, OTHER_ID):
        await advance(engine, ImportStage.METADATA, youtube_id)
    late = await add_video(engine, ID)

    told = await step(engine, 32)

    assert {(item.user_id, item.message.video_id, item.message.list_id) for item in told} == {
        (entry.user_id, entry.id, entry.list_id) for entry in (mine, theirs)
    }
    assert {(item.message.stage, item.message.progress, item.message.seq) for item in told} == {
        (ImportStage.CAPTIONS, 32, None)
    }
    assert [await reached(engine, entry) for entry in (mine, theirs)] == [("metadata", 32)] * 2
    assert await reached(engine, late) == ("created", 0)
    assert await reached(engine, elsewhere) == ("metadata", 25)
    assert [event.progress for event in await events_of(engine, mine)] == [0, 25]


async def test_it_never_goes_back(engine: AsyncEngine) -> None:
    video = await add_video(engine, ID)
    await advance(engine, ImportStage.METADATA)
    assert [len(await step(engine, progress)) for progress in (25, 33, 33, 27, 34)] == [0, 1, 0, 0, 1]
    assert await reached(engine, video) == ("metadata", 34)
    assert await advance(engine, ImportStage.METADATA) == []  # a step that is repeated
    assert await reached(engine, video) == ("metadata", 34)


async def test_who_comes_late_is_brought_along(engine: AsyncEngine) -> None:
    early = await add_video(engine, ID)
    await advance(engine, ImportStage.METADATA)
    await step(engine, 40)
    late = await add_video(engine, ID)
    await advance(engine, ImportStage.METADATA)
    assert [item.message.video_id for item in await step(engine, 40)] == [late.id]
    assert await reached(engine, early) == await reached(engine, late) == ("metadata", 40)


@pytest.mark.parametrize("stage", [ImportStage.CAPTIONS, ImportStage.CHAPTERS, ImportStage.COMPLETE])
async def test_what_is_further_stays_where_it_is(engine: AsyncEngine, stage: ImportStage) -> None:
    video = await add_video(engine, ID)
    await advance(engine, stage)
    assert await step(engine, 59) == []
    assert await reached(engine, video) == (stage, STAGE_PROGRESS[stage])


async def test_a_failure_keeps_the_percentage_in_between(engine: AsyncEngine) -> None:
    video = await add_video(engine, ID)
    await advance(engine, ImportStage.METADATA)
    await step(engine, 47)
    async with transaction(engine) as connection:
        await imports.fail(connection, ID, ErrorType.UPSTREAM_UNAVAILABLE)
    assert await step(engine, 50) == []
    assert (await events_of(engine, video))[-1].progress == 47


async def test_steps_that_overtake_each_other(engine: AsyncEngine) -> None:
    """Pieces are done by several workers at once."""
    videos = [await add_video(engine, ID) for _ in range(5)]
    await advance(engine, ImportStage.METADATA)
    told = await asyncio.gather(*(step(engine, progress) for progress in (41, 55, 48, 52, 44)))
    assert {await reached(engine, video) for video in videos} == {("metadata", 55)}
    assert all(len(items) in (0, 5) for items in told)
    assert len(told[1]) == 5


async def test_a_step_that_is_late_does_not_undo_the_stage(engine: AsyncEngine) -> None:
    video = await add_video(engine, ID)
    await advance(engine, ImportStage.METADATA)
    async with transaction(engine) as connection:
        await imports.advance(connection, ID, ImportStage.CAPTIONS)
        late = asyncio.create_task(step(engine, 59))  # begins before the stage is reached for all to see
        await eventually(lambda: _somebody_waits(engine))
        assert not late.done()
    assert await late == []
    assert await reached(engine, video) == ("captions", 60)


async def _somebody_waits(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return bool(await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_the_bands() -> None:
    """Metadata is 25, captions are 60: in between the sound comes, then its text."""
    shares = [number / 1000 for number in range(1001)]
    here, said = [download_progress(share) for share in shares], [transcription_progress(share) for share in shares]
    assert (here[0], here[-1], said[0], said[-1]) == (25, SPEECH_DOWNLOADED, SPEECH_DOWNLOADED, 59)
    assert all(before <= after for before, after in pairwise(here + said))
    assert transcription_progress(1.7) == 59  # overlapping pieces are longer than the video


LIVE = ImportWait(reason=ErrorType.LIVE_NOW, retry_at=datetime(2040, 1, 2, tzinfo=UTC), attempt=3)


async def wait(engine: AsyncEngine, wait: ImportWait | None) -> list[ImportFeedItem]:
    async with transaction(engine) as connection:
        return await imports.set_wait(connection, ID, wait)


async def shown(engine: AsyncEngine, video: Video) -> tuple[str | None, datetime | None, int]:
    found = await find_video(engine, video.id)
    return found.waiting_for, found.retry_at, found.attempt


async def test_a_wait_is_an_event_when_it_begins_and_when_it_ends(engine: AsyncEngine) -> None:
    video, other, complete = await add_video(engine, ID), await add_video(engine, OTHER_ID), await add_video(engine, ID)
    await advance(engine, ImportStage.COMPLETE)
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE videos SET import_stage = 'metadata', import_progress = 33 WHERE id = :id"), {"id": video.id}
        )

    [begun] = await wait(engine, LIVE)

    assert await wait(engine, LIVE) == [], "a repeated activity writes nothing twice"
    assert (begun.message.video_id, begun.message.seq is None) == (video.id, False)
    assert (begun.message.stage, begun.message.progress) == (ImportStage.CAPTIONS, 33), "as sub-progress names it"
    assert (begun.message.waiting_for, begun.message.retry_at) == (LIVE.reason, LIVE.retry_at)
    assert (begun.message.error_code, begun.message.attempt) == (LIVE.reason, 3)
    assert await shown(engine, video) == (LIVE.reason, LIVE.retry_at, 3)
    [ended] = await wait(engine, None)
    assert await wait(engine, None) == []
    assert (ended.message.waiting_for, ended.message.retry_at, ended.message.error_code) == (None, None, None)
    assert await shown(engine, video) == (None, None, 3), "the attempt is under way"
    assert (await events_of(engine, video))[-2:] == [begun.message, ended.message]
    for untouched in (other, complete):
        assert await shown(engine, untouched) == (None, None, 1)


async def test_who_comes_during_a_wait_is_brought_along(engine: AsyncEngine) -> None:
    await add_video(engine, ID)
    await wait(engine, LIVE)
    late = await add_video(engine, ID, await add_user(engine))
    assert [item.message.video_id for item in await wait(engine, LIVE)] == [late.id]
    moved = LIVE.model_copy(update={"retry_at": LIVE.retry_at + timedelta(hours=1)})
    assert {item.message.retry_at for item in await wait(engine, moved)} == {moved.retry_at}


async def test_a_stage_ends_a_wait(engine: AsyncEngine) -> None:
    video, failing = await add_video(engine, ID), await add_video(engine, ID)
    await wait(engine, LIVE)
    told = await advance(engine, ImportStage.METADATA)
    assert {(item.message.waiting_for, item.message.retry_at, item.message.attempt) for item in told} == {
        (None, None, 1)
    }
    await wait(engine, LIVE)
    async with transaction(engine) as connection:
        [*_, failed] = await imports.fail(connection, ID, ErrorType.VIDEO_PRIVATE)
    assert (failed.message.waiting_for, failed.message.retry_at) == (None, None)
    for entry in (video, failing):
        assert await shown(engine, entry) == (None, None, 1)


async def test_stage_times_do_not_count_waits(engine: AsyncEngine) -> None:
    video = await add_video(engine, ID)
    async with engine.connect() as connection:
        before = await stage_times(connection, video.id)
    await wait(engine, LIVE)
    await wait(engine, None)
    async with engine.connect() as connection:
        assert await stage_times(connection, video.id) == before
