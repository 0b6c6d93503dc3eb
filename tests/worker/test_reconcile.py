"""Nothing that was committed is lost, whoever died before starting its import."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from shared.contracts.imports import ReconcileInput, ReconcileResult
from shared.contracts.stages import ImportStage
from shared.db.models import Video
from shared.temporal.names import RECONCILE_SCHEDULE_ID, TaskQueue, import_video_id
from shared.temporal.setup import set_up_namespace
from tests.standin import Fault, Kind, Standin, StandinVideo
from tests.support.entries import add_video, find_video
from tests.support.waiting import eventually
from workflows.reconcile_imports import ReconcileImports
from workflows.start import start_import

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


async def test_entries_that_nobody_started_are_imported(client: Client, engine: AsyncEngine, standin: Standin) -> None:
    standin.library.add(*(StandinVideo(youtube_id) for youtube_id in IDS))
    videos = [await add_video(engine, youtube_id) for youtube_id in IDS]
    assert await reconcile(client) == ReconcileResult(running=0, started=3)
    for video in videos:
        await eventually(partial(is_complete, engine, video))


async def test_running_and_closed_imports_are_left_alone(client: Client, engine: AsyncEngine, standin: Standin) -> None:
    standin.library.add(*(StandinVideo(youtube_id) for youtube_id in IDS))
    standin.faults.add(Fault(kind=Kind.WATCH, youtube_id=IDS[0], status=429, times=-1))
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


async def test_more_than_a_page_is_started(client: Client, engine: AsyncEngine, standin: Standin) -> None:
    standin.library.generate = True
    video = await add_video(engine, IDS[0])
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url) "
                "SELECT gen_random_uuid(), list_id, user_id, 'many' || lpad(n::text, 7, '0'), '' "
                "FROM videos, generate_series(1, 600) n WHERE id = :id"
            ),
            {"id": video.id},
        )
    assert await reconcile(client) == ReconcileResult(running=0, started=601)
    standin.library.generate = False


async def test_the_schedule_runs_it(client: Client, engine: AsyncEngine, standin: Standin) -> None:
    standin.library.add(StandinVideo(IDS[0]))
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
