"""A reimport at every moment of an import of the same video: captions are never lost, and nobody waits in a circle."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from services.worker.activities.imports import ImportActivities
from shared.contracts.errors import ErrorType
from shared.contracts.imports import WaitingVideo
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db import enrichments, imports
from shared.db.connection import AsyncpgConnection, transaction
from shared.db.models import Video, VideoEnrichment
from shared.db.reimport import reimport_video
from tests.support.entries import add_video, find_video
from tests.support.waiting import eventually

ID = "abcdefghijk"
VIDEO = WaitingVideo(youtube_id=ID)
Step = Callable[[AsyncpgConnection], Awaitable[object]]


async def save_metadata(connection: AsyncpgConnection) -> None:
    await enrichments.save_metadata(connection, VideoEnrichment(youtube_id=ID, title="Known"))
    await imports.advance(connection, ID, ImportStage.METADATA)


async def save_captions(connection: AsyncpgConnection, said: str = "New") -> None:
    lines = [(0.0, 1.0, said)]
    await enrichments.save_captions(connection, ID, language="en", kind=CaptionsKind.MANUAL, lines=lines)
    await imports.advance(connection, ID, ImportStage.CAPTIONS)


async def skip_captions(connection: AsyncpgConnection) -> None:
    await enrichments.save_missing_captions(connection, ID, ErrorType.CAPTIONS_NONE)
    await imports.advance(connection, ID, ImportStage.CAPTIONS)


async def save_chapters(connection: AsyncpgConnection) -> None:
    await enrichments.save_chapters(connection, ID, [])
    await imports.advance(connection, ID, ImportStage.CHAPTERS)


async def complete(connection: AsyncpgConnection) -> None:
    if await enrichments.mark_complete(connection, ID):
        await imports.advance(connection, ID, ImportStage.COMPLETE)


STEPS: list[Step] = [save_metadata, save_captions, save_chapters, complete]


@pytest.fixture
async def entry(engine: AsyncEngine) -> Video:
    """A complete entry with captions, and one on another list that has just been added."""
    video = await add_video(engine, ID)
    earlier: list[Step] = [save_metadata, partial(save_captions, said="Old"), save_chapters, complete]
    for step in earlier:
        async with transaction(engine) as connection:
            await step(connection)
    await add_video(engine, ID)
    return video


async def ask_for_reimport(engine: AsyncEngine, entry: Video) -> None:
    """As the API does: one statement that commits by itself."""
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await reimport_video(connection, entry.user_id, entry.id)


async def import_again(engine: AsyncEngine) -> None:
    """What the import does once it looks again."""
    begin = ImportActivities(
        engine, lambda _: None, has_speech_to_text=False, wake_batches=lambda _: None
    ).load_import_state
    state = await ActivityEnvironment().run(begin, VIDEO)
    if state.wanted:
        assert state.reached is ImportStage.METADATA
        steps: list[Step] = [partial(save_captions, said="Newest"), save_chapters, complete]
        for step in steps:
            async with transaction(engine) as connection:
                await step(connection)


async def waits_for_a_lock(engine: AsyncEngine) -> bool:
    async with transaction(engine) as connection:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(await connection.fetchval(waiting))


async def captions(engine: AsyncEngine) -> tuple[str | None, list[str], bool]:
    """Source, lines and whether the video is complete."""
    async with transaction(engine) as connection:
        known = await enrichments.find_enrichment(connection, ID)
        lines = await connection.fetch("SELECT text FROM transcript_segments WHERE youtube_id = $1", ID)
    assert known is not None
    return known.captions_source, [line["text"] for line in lines], known.completed_at is not None


async def assert_all_is_well(engine: AsyncEngine, entry: Video) -> None:
    await import_again(engine)
    assert (await find_video(engine, entry.id)).import_stage == ImportStage.COMPLETE
    source, lines, is_complete = await captions(engine)
    assert (source, is_complete) == (CaptionsSource.YOUTUBE, True)
    assert lines in (["New"], ["Newest"])


@pytest.mark.parametrize("before", range(len(STEPS) + 1))
async def test_between_any_two_steps(engine: AsyncEngine, entry: Video, before: int) -> None:
    for number, step in enumerate([*STEPS, None]):
        if number == before:
            await ask_for_reimport(engine, entry)
            assert (await captions(engine))[0] == CaptionsSource.YOUTUBE
        if step:
            async with transaction(engine) as connection:
                await step(connection)
    await assert_all_is_well(engine, entry)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("is_locked_first", [True, False])
async def test_while_a_step_is_in_its_transaction(
    engine: AsyncEngine, entry: Video, step: Step, is_locked_first: bool
) -> None:
    """The reimport comes after the step's first lock, or after its last; the step ends all the same."""
    for earlier in STEPS[: STEPS.index(step)]:
        async with transaction(engine) as connection:
            await earlier(connection)
    async with transaction(engine) as connection:
        if is_locked_first:
            await connection.execute("SELECT FROM video_enrichments WHERE youtube_id = $1 FOR NO KEY UPDATE", ID)
        else:
            await step(connection)
        asking = asyncio.create_task(ask_for_reimport(engine, entry))
        await eventually(partial(waits_for_a_lock, engine))
        await step(connection)  # every step may be repeated
    await asking
    for later in STEPS[STEPS.index(step) + 1 :]:
        async with transaction(engine) as connection:
            await later(connection)
    await assert_all_is_well(engine, entry)


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_comes_while_a_reimport_is_in_its_transaction(
    engine: AsyncEngine, entry: Video, step: Step
) -> None:
    for earlier in STEPS[: STEPS.index(step)]:
        async with transaction(engine) as connection:
            await earlier(connection)

    async def run() -> None:
        async with transaction(engine) as connection:
            await step(connection)

    async with engine.begin() as asking:
        await reimport_video(asking, entry.user_id, entry.id)
        running = asyncio.create_task(run())
        await eventually(partial(waits_for_a_lock, engine))
    await running
    for later in STEPS[STEPS.index(step) + 1 :]:
        async with transaction(engine) as connection:
            await later(connection)
    await assert_all_is_well(engine, entry)


async def test_a_reimport_right_after_the_look_at_what_is_known_is_not_taken_for_done(
    engine: AsyncEngine, entry: Video
) -> None:
    """The look has seen a complete video, and the reimport holds the lock before it can say so."""
    begin = ImportActivities(
        engine, lambda _: None, has_speech_to_text=False, wake_batches=lambda _: None
    ).load_import_state
    async with engine.begin() as asking:
        await reimport_video(asking, entry.user_id, entry.id)
        looking = asyncio.create_task(ActivityEnvironment().run(begin, VIDEO))
        await eventually(partial(waits_for_a_lock, engine))
    assert (await looking).wanted
    assert (await find_video(engine, entry.id)).import_stage == ImportStage.CREATED
    await import_again(engine)
    assert (await captions(engine))[1] == ["Newest"]


async def test_captions_that_are_there_outlive_a_reimport_that_finds_none(engine: AsyncEngine, entry: Video) -> None:
    await ask_for_reimport(engine, entry)
    for step in (skip_captions, save_chapters, complete):
        async with transaction(engine) as connection:
            await step(connection)
    assert await captions(engine) == (CaptionsSource.YOUTUBE, ["Old"], True)
