"""A committed video is imported even if its import was never started."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind
from services.worker.activities import reconcile as reconcile_activities
from shared.contracts.batches import SourceKind
from shared.contracts.imports import ReconcileInput, ReconcileResult
from shared.contracts.stages import ImportStage
from shared.db.connection import transaction
from shared.db.models import Video
from shared.temporal.names import RECONCILE_SCHEDULE_ID, TaskQueue, import_video_id
from shared.temporal.namespace import set_up_namespace
from shared.temporal.schedules import delete_schedule
from tests.support.batches import add_batch, add_list
from tests.support.entries import add_video, find_video
from tests.support.subscriptions import follow
from tests.support.waiting import eventually
from workflows.imports.client import start_import
from workflows.maintenance.workflows import ReconcileImports

pytestmark = pytest.mark.usefixtures("worker")

IDS = ["abcdefghij1", "abcdefghij2", "abcdefghij3"]


async def reconcile(client: Client, older_than_seconds: float = 0) -> ReconcileResult:
    return await client.execute_workflow(
        ReconcileImports.run,
        ReconcileInput(older_than_seconds=older_than_seconds),
        id="reconcile-now",
        task_queue=TaskQueue.IMPORTS,
    )


async def is_complete(engine: AsyncEngine, video: Video) -> bool:
    return (await find_video(engine, video.id)).import_stage == ImportStage.COMPLETE


async def test_list_entries_without_an_import_start(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(*(FakeVideo(youtube_id) for youtube_id in IDS))
    videos = [await add_video(engine, youtube_id) for youtube_id in IDS]
    assert await reconcile(client) == ReconcileResult(running=0, started=3)
    for video in videos:
        await eventually(partial(is_complete, engine, video))


async def test_counts_are_folded(client: Client, engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    for youtube_id in IDS:
        await add_batch(engine, [youtube_id], list_id=list_id)
    await reconcile(client, older_than_seconds=3600)
    async with transaction(engine) as connection:
        rows = await connection.fetch("SELECT videos FROM video_counts WHERE owner_id = $1", list_id)
    assert [row["videos"] for row in rows] == [len(IDS)]


async def test_running_and_closed_imports_are_left_alone(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(*(FakeVideo(youtube_id) for youtube_id in IDS))
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, youtube_id=IDS[0], status=429, times=-1))
    running, complete = await add_video(engine, IDS[0]), await add_video(engine, IDS[1])
    await (await start_import(client, IDS[1], complete.user_id)).result()
    await start_import(client, IDS[0], running.user_id)

    async def is_listed() -> bool:
        query = f"WorkflowId = '{import_video_id(IDS[0])}' AND ExecutionStatus = 'Running'"
        return [execution async for execution in client.list_workflows(query)] != []

    await eventually(is_listed)
    assert await reconcile(client) == ReconcileResult(running=1, started=0)


async def test_entries_that_the_api_is_starting_right_now_are_left_to_it(client: Client, engine: AsyncEngine) -> None:
    await add_video(engine, IDS[0])
    assert await reconcile(client, older_than_seconds=60) == ReconcileResult(running=0, started=0)


async def test_more_than_a_page_is_started(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_activities, "PAGE", 5)
    fake_youtube.library.generate = True
    video = await add_video(engine, IDS[0])
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url) "
                "SELECT gen_random_uuid(), list_id, user_id, 'many' || lpad(n::text, 7, '0'), '' "
                "FROM videos, generate_series(1, 11) n WHERE id = :id"
            ),
            {"id": video.id},
        )
    assert await reconcile(client) == ReconcileResult(running=0, started=12)
    fake_youtube.library.generate = False


async def test_a_failed_start_does_not_affect_others(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    """A video and a subscription whose rows make no sense, each before one that does."""
    fake_youtube.library.add(FakeVideo(IDS[0]))
    poisoned, video = await add_video(engine, IDS[1]), await add_video(engine, IDS[0])
    bad, good = await follow(engine, SourceKind.PLAYLIST), await follow(engine, SourceKind.CHANNEL)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE videos SET youtube_id = 'no id' WHERE id = :id"), {"id": poisoned.id})
        await connection.execute(
            text("UPDATE subscriptions SET interval_seconds = -1, created_at = '2020-01-01' WHERE id = :id"),
            {"id": bad.id},
        )
    try:
        found = await reconcile(client)
        assert (found.started, found.schedules_synced) == (1, 1)
        await eventually(partial(is_complete, engine, video))
        assert not await is_complete(engine, poisoned)
    finally:
        await delete_schedule(client, good.id)


async def test_the_schedule_runs_it(client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(IDS[0]))
    video = await add_video(engine, IDS[0])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE videos SET created_at = now() - interval '1 minute'"))
    schedule = client.get_schedule_handle(RECONCILE_SCHEDULE_ID)
    await schedule.trigger()
    await eventually(partial(is_complete, engine, video))


async def test_setting_up_again_changes_the_interval_and_keeps_a_pause(client: Client) -> None:
    schedule = client.get_schedule_handle(RECONCILE_SCHEDULE_ID)
    await schedule.pause(note="operator")
    try:
        await set_up_namespace(client, reconcile_interval_seconds=1800)
        description = await schedule.describe()
        assert description.schedule.state.paused
        assert description.schedule.spec.intervals[0].every == timedelta(seconds=1800)
    finally:
        await schedule.unpause()
        await set_up_namespace(client, reconcile_interval_seconds=3600)
