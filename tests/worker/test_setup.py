"""The one-shot before the services start."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, ScheduleOverlapPolicy, WorkflowExecutionStatus, WorkflowHandle

from fakes.youtube import FakeVideo, FakeYoutube
from services.stack.postgres import EmbeddedPostgres
from services.worker.setup import set_up
from services.worker.workers import WORKFLOWS
from shared.contracts.imports import ReconcileInput
from shared.contracts.stages import ImportStage
from shared.db import subscriptions
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.installation import claim_start_canary, find_generation, save_generation
from shared.db.models import LOCAL_USER_ID, Video
from shared.db.schema import is_compatible
from shared.settings import Settings
from shared.temporal.names import (
    RECONCILE_SCHEDULE_ID,
    SWEEP_AUDIO_SCHEDULE_ID,
    UPGRADE_CAPTIONS_SCHEDULE_ID,
    WORKFLOW_GENERATION,
    WORKFLOW_TYPES,
    TaskQueue,
    subscription_schedule_id,
)
from shared.temporal.namespace import set_up_namespace
from shared.temporal.schedules import delete_schedule, sync_schedule
from tests.support.entries import add_video, find_video
from tests.support.subscriptions import follow
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from workflows.imports.client import start_import
from workflows.maintenance.workflows import ReconcileImports

ID = "abcdefghijk"


async def test_it_may_run_several_times_at_once(postgres: EmbeddedPostgres, client: Client, settings: Settings) -> None:
    admin = create_engine(Settings(database_url=SecretStr(postgres.url("postgres"))), pool_size=1)
    async with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("CREATE DATABASE set_up"))
        try:
            own = settings.model_copy(
                update={"database_url": SecretStr(postgres.url("set_up")), "reconcile_interval_seconds": 3600}
            )
            await asyncio.gather(set_up(own), set_up(own))
            engine = create_engine(own, pool_size=1)
            assert await is_compatible(engine)
            await engine.dispose()
        finally:
            await connection.execute(text("DROP DATABASE set_up WITH (FORCE)"))
    await admin.dispose()
    assert (await client.get_schedule_handle(RECONCILE_SCHEDULE_ID).describe()).id == RECONCILE_SCHEDULE_ID


async def test_set_up_marks_schedules_for_another_sync(settings: Settings, engine: AsyncEngine) -> None:
    """It may be another Temporal than before, or one that has lost its data."""
    subscription = await follow(engine)
    async with transaction(engine) as connection:
        await subscriptions.mark_schedule_synced(connection, subscription)
        assert await subscriptions.stale_schedules(connection) == []
    await set_up(settings)
    async with transaction(engine) as connection:
        assert await subscriptions.stale_schedules(connection) == [subscription.id]


async def test_each_start_of_the_installation_lets_one_worker_ask_for_the_canary(
    settings: Settings, engine: AsyncEngine
) -> None:
    for _ in range(2):
        await set_up(settings)
        async with transaction(engine) as connection:
            assert [await claim_start_canary(connection) for _ in range(2)] == [True, False]


async def test_a_missed_schedule_runs_once_afterwards(settings: Settings, client: Client) -> None:
    await set_up_namespace(client, reconcile_interval_seconds=3600)
    for schedule_id in (RECONCILE_SCHEDULE_ID, UPGRADE_CAPTIONS_SCHEDULE_ID, SWEEP_AUDIO_SCHEDULE_ID):
        before = await client.get_schedule_handle(schedule_id).describe()
        await set_up_namespace(client, reconcile_interval_seconds=3600)
        described = await client.get_schedule_handle(schedule_id).describe()
        assert described.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
        assert (described.schedule.policy.catchup_window or timedelta()) > timedelta(hours=1)
        assert described.info.num_actions == before.info.num_actions, "nothing is overdue"


async def test_schedules_of_deleted_subscriptions_are_deleted(
    settings: Settings, engine: AsyncEngine, client: Client
) -> None:
    kept, gone = await follow(engine), await follow(engine)
    async with transaction(engine) as connection:
        for subscription in (kept, gone):
            await subscriptions.set_paused(connection, subscription.user_id, subscription.id, is_paused=True)
            await sync_schedule(connection, client, subscription.id)
        await subscriptions.delete_subscription(connection, gone.user_id, gone.id)

    async def only_one_is_left() -> bool:
        await set_up(settings)
        listed = {each.id async for each in await client.list_schedules()}  # the list lags a moment behind
        assert subscription_schedule_id(gone.id) not in listed
        return subscription_schedule_id(kept.id) in listed

    await eventually(only_one_is_left)
    await delete_schedule(client, kept.id)


async def test_an_import_of_another_generation_is_started_anew(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID))
    video = await add_video(engine, ID)
    older = await start_import(client, ID, LOCAL_USER_ID)
    async with transaction(engine) as connection:
        await save_generation(connection, WORKFLOW_GENERATION - 1)
    await set_up(settings)
    assert (await older.describe()).status is WorkflowExecutionStatus.TERMINATED
    async with worker_at_work(client, settings, engine, fake_youtube):
        result = await client.execute_workflow(
            ReconcileImports.run,
            ReconcileInput(older_than_seconds=-1),
            id="reconcile-now",
            task_queue=TaskQueue.IMPORTS,
        )
        assert result.started == 1
        await eventually(partial(_is_complete, engine, video))


async def test_an_import_of_this_generation_goes_on(client: Client, settings: Settings, engine: AsyncEngine) -> None:
    await set_up(settings)
    running = await start_import(client, ID, LOCAL_USER_ID)
    await set_up(settings)
    assert (await running.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_ending_another_generation_may_be_interrupted(
    client: Client, settings: Settings, engine: AsyncEngine
) -> None:
    older = [await start_import(client, f"generation{number}", LOCAL_USER_ID) for number in range(5)]
    interrupted = asyncio.create_task(set_up(settings))
    await eventually(partial(_are_terminated, older[:1]))
    interrupted.cancel()
    await asyncio.wait([interrupted])
    await set_up(settings)
    assert await _are_terminated(older)
    async with transaction(engine) as connection:
        assert await find_generation(connection) == WORKFLOW_GENERATION


def test_every_workflow_belongs_to_the_generation() -> None:
    assert {workflow.__name__ for workflow in WORKFLOWS} == set(WORKFLOW_TYPES)


async def _are_terminated(handles: Sequence[WorkflowHandle[Any, Any]]) -> bool:
    return all([(await handle.describe()).status is WorkflowExecutionStatus.TERMINATED for handle in handles])


async def _is_complete(engine: AsyncEngine, video: Video) -> bool:
    return (await find_video(engine, video.id)).import_stage == ImportStage.COMPLETE


def test_a_wrong_database_url_is_one_sentence(temporal_address: str, postgres: EmbeddedPostgres) -> None:
    url = f"postgresql://vidferry:wrong@127.0.0.1:{postgres.port}/vidferry"
    environment = os.environ | {
        "DATABASE_URL": url,
        "TEMPORAL_ADDRESS": temporal_address,
        "VIDFERRY_SETUP_SECONDS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "services.worker.setup"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "password" in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong" not in done.stderr
