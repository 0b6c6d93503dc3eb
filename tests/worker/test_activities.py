"""Every activity may run again, at any moment, without doing anything twice."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from services.worker.activities.imports import ImportActivities
from shared.contracts.errors import ErrorType
from shared.contracts.imports import FailImportInput, VideoRef
from shared.contracts.messages import FeedItem
from shared.contracts.stages import ImportStage
from shared.db.driver import transaction
from shared.db.enrichments import save_metadata
from shared.db.models import VideoEnrichment
from tests.support.entries import add_user, add_video, events_of, find_video

ID = "abcdefghijk"
VIDEO = VideoRef(youtube_id=ID)


@pytest.fixture
def published() -> list[FeedItem]:
    return []


@pytest.fixture
def activities(engine: AsyncEngine, published: list[FeedItem]) -> ImportActivities:
    return ImportActivities(engine, published.extend)


@pytest.fixture
async def known(engine: AsyncEngine) -> None:
    """The metadata stage has been here."""
    async with transaction(engine) as connection:
        await save_metadata(connection, VideoEnrichment(youtube_id=ID, title="Known"))


@pytest.mark.usefixtures("known")
async def test_repeated_steps_tell_of_each_stage_once(
    engine: AsyncEngine, activities: ImportActivities, published: list[FeedItem]
) -> None:
    video = await add_video(engine, ID)
    run = ActivityEnvironment().run
    for step in (activities.begin_import, activities.skip_captions, activities.save_chapters):
        await run(step, VIDEO)
        await run(step, VIDEO)
    await run(activities.complete_import, VIDEO)
    await run(activities.complete_import, VIDEO)
    events = await events_of(engine, video)
    assert [event.progress for event in events] == [0, 25, 60, 90, 100]
    assert [item.message for item in published] == events[1:]


async def test_a_failure_keeps_the_percentage_and_is_told_once(
    engine: AsyncEngine, activities: ImportActivities
) -> None:
    video = await add_video(engine, ID)
    failure = FailImportInput(youtube_id=ID, error_code=ErrorType.GEO_BLOCKED)
    await ActivityEnvironment().run(activities.fail_import, failure)
    await ActivityEnvironment().run(activities.fail_import, failure)
    *_, last = await events_of(engine, video)
    assert [event.stage for event in await events_of(engine, video)] == [ImportStage.CREATED, ImportStage.ERROR]
    assert last.message == "YouTube does not show this video in your country."


@pytest.mark.usefixtures("known")
async def test_rows_never_move_backwards(engine: AsyncEngine, activities: ImportActivities) -> None:
    video = await add_video(engine, ID)
    await ActivityEnvironment().run(activities.complete_import, VIDEO)
    await ActivityEnvironment().run(activities.save_chapters, VIDEO)
    await ActivityEnvironment().run(
        activities.fail_import, FailImportInput(youtube_id=ID, error_code=ErrorType.GEO_BLOCKED)
    )
    assert (await find_video(engine, video.id)).import_stage == ImportStage.COMPLETE


async def test_only_a_waiting_entry_makes_a_video_wanted(engine: AsyncEngine, activities: ImportActivities) -> None:
    assert not (await ActivityEnvironment().run(activities.begin_import, VIDEO)).wanted
    await add_video(engine, ID)
    assert (await ActivityEnvironment().run(activities.begin_import, VIDEO)).wanted
    assert not (await ActivityEnvironment().run(activities.begin_import, VideoRef(youtube_id="another_one"))).wanted


async def test_a_step_moves_every_users_entries_and_each_hears_of_its_own(
    engine: AsyncEngine, activities: ImportActivities, published: list[FeedItem]
) -> None:
    somebody = await add_user(engine)
    videos = [await add_video(engine, ID), await add_video(engine, ID), await add_video(engine, ID, somebody)]
    await ActivityEnvironment().run(activities.skip_captions, VIDEO)
    assert sorted((item.user_id, item.message.video_id) for item in published) == sorted(
        (video.user_id, video.id) for video in videos
    )
