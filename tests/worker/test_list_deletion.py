"""Deleted lists with the production worker: their imports are cancelled and their rows removed, also after crashes."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from fakes.youtube import FakeYoutube, Fault, Kind
from services.stack.plan import WORKER_COMMAND, python_environment
from services.worker.activities import list_deletion
from services.worker.activities.list_deletion import ListDeletionActivities
from shared.contracts.imports import ImportVideoResult, ListRef, ReconcileInput
from shared.contracts.stages import ImportStage
from shared.db.connection import AsyncpgConnection
from shared.db.list_deletion import Piece, delete_piece
from shared.db.lists import delete_list
from shared.db.models import LOCAL_USER_ID
from shared.settings import Settings
from shared.temporal.names import TaskQueue, import_video_id, subscription_schedule_id
from tests.rate_limits.processes import Restartable
from tests.support.batches import add_batch, add_list
from tests.support.entries import add_video
from tests.support.servers import free_port
from tests.support.subscriptions import follow, tell_temporal
from tests.support.waiting import eventually
from tests.support.worker import permit_workers, worker_at_work
from workflows.batches.client import start_batch
from workflows.imports.client import start_import
from workflows.lists.client import start_list_deletion
from workflows.maintenance.workflows import ReconcileImports

IDS = ["abcdefghij1", "abcdefghij2", "abcdefghij3"]
MANY = 50_000


async def delete(engine: AsyncEngine, list_id: UUID) -> None:
    """What the API does."""
    async with engine.begin() as connection:
        assert await delete_list(connection, LOCAL_USER_ID, list_id)


async def count(engine: AsyncEngine, table: str, list_id: UUID) -> int:
    """How many rows of a list there are."""
    column = "id" if table == "lists" else "list_id"
    query = text(f"SELECT count(*) FROM {table} WHERE {column} = :id")
    async with engine.connect() as connection:
        return int((await connection.execute(query, {"id": list_id})).scalar_one())


async def long_list(engine: AsyncEngine, videos: int) -> UUID:
    """A list of complete videos."""
    list_id = await add_list(engine)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url, import_stage) "
                "SELECT gen_random_uuid(), id, user_id, 'many' || lpad(n::text, 7, '0'), '', 'complete' "
                "FROM lists, generate_series(1, :videos) n WHERE id = :id"
            ),
            {"id": list_id, "videos": videos},
        )
    return list_id


async def test_imports_of_no_other_list_are_cancelled(
    client: Client, engine: AsyncEngine, settings: Settings, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.generate = True
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, status=429, times=-1))  # they wait for as long as that takes
    gone, shared, kept = [await add_video(engine, youtube_id) for youtube_id in (IDS[0], IDS[1], IDS[1])]
    async with worker_at_work(client, settings, engine, fake_youtube):
        alone, together, _ = [
            await start_import(client, video.youtube_id, video.user_id) for video in (gone, shared, kept)
        ]
        for youtube_id in IDS[:2]:
            await eventually(partial(_runs, client, youtube_id))
        for video in (gone, shared):
            await delete(engine, video.list_id)
            await (await start_list_deletion(client, video.list_id)).result()
            assert await count(engine, "lists", video.list_id) == 0

        assert await alone.result() == ImportVideoResult(stage=ImportStage.CREATED)
        assert (await together.describe()).status is WorkflowExecutionStatus.RUNNING
    fake_youtube.library.generate = False


async def test_a_batch_begins_no_more_of_its_videos(
    client: Client, engine: AsyncEngine, settings: Settings, fake_youtube: FakeYoutube
) -> None:
    list_id = await add_list(engine)
    batch_id = await add_batch(engine, IDS, list_id=list_id)
    await delete(engine, list_id)
    async with worker_at_work(client, settings, engine, fake_youtube):
        result = await (await start_batch(client, batch_id, LOCAL_USER_ID)).result()
    assert result.summary is None
    assert fake_youtube.requests == []


async def test_the_schedules_of_its_subscriptions_go(
    client: Client, engine: AsyncEngine, settings: Settings, fake_youtube: FakeYoutube
) -> None:
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await delete(engine, subscription.list_id)
    async with worker_at_work(client, settings, engine, fake_youtube):
        await (await start_list_deletion(client, subscription.list_id)).result()
    with pytest.raises(RPCError) as refused:
        await client.get_schedule_handle(subscription_schedule_id(subscription.id)).describe()
    assert refused.value.status is RPCStatusCode.NOT_FOUND


async def test_a_missing_deletion_is_started(
    client: Client, engine: AsyncEngine, settings: Settings, fake_youtube: FakeYoutube
) -> None:
    lists = [await long_list(engine, 10) for _ in range(2)]
    await delete(engine, lists[0])
    async with worker_at_work(client, settings, engine, fake_youtube):
        result = await client.execute_workflow(
            ReconcileImports.run,
            ReconcileInput(older_than_seconds=0),
            id="reconcile-now",
            task_queue=TaskQueue.IMPORTS,
        )
        assert result.deletions == 1

        async def is_gone() -> bool:
            return await count(engine, "lists", lists[0]) == 0

        await eventually(is_gone)
    assert await count(engine, "videos", lists[1]) == 10


async def test_it_ends_in_time_and_goes_on_where_it_stopped(
    client: Client, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = await long_list(engine, 5)
    await delete(engine, list_id)
    activities = ListDeletionActivities(engine, client, rows_per_transaction=2)
    environment = ActivityEnvironment()
    monkeypatch.setattr(list_deletion, "RUN_SECONDS", 0)
    assert not await environment.run(activities.delete_rows, ListRef(list_id=list_id))
    assert await count(engine, "videos", list_id) == 5

    monkeypatch.undo()
    for _ in range(2):  # a repetition finds nothing to do
        assert await environment.run(activities.delete_rows, ListRef(list_id=list_id))
    assert await count(engine, "videos", list_id) == await count(engine, "lists", list_id) == 0


async def test_half_of_the_time_belongs_to_others_however_many_lists_are_deleted(
    client: Client, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deletions: list[tuple[float, float]] = []

    async def slow_piece(connection: AsyncpgConnection, list_id: UUID, size: int) -> Piece:
        begun = time.monotonic()
        await asyncio.sleep(0.05)
        deletion = await delete_piece(connection, list_id, size)
        deletions.append((begun, time.monotonic()))
        return deletion

    monkeypatch.setattr("shared.db.list_deletion.delete_piece", slow_piece)
    lists = [await long_list(engine, 3) for _ in range(2)]
    activities = ListDeletionActivities(engine, client, rows_per_transaction=1)
    for list_id in lists:
        await delete(engine, list_id)
    await asyncio.gather(
        *(ActivityEnvironment().run(activities.delete_rows, ListRef(list_id=list_id)) for list_id in lists)
    )
    assert len(deletions) == 8
    for (begun, ended), (next_begun, _) in pairwise(deletions):
        assert next_begun - ended >= ended - begun


async def test_it_waits_for_who_began_to_add_before_the_deletion(client: Client, engine: AsyncEngine) -> None:
    list_id = await long_list(engine, 1)
    activities = ListDeletionActivities(engine, client)
    async with engine.begin() as adding:
        await adding.execute(text("SELECT FROM lists WHERE id = :id FOR KEY SHARE"), {"id": list_id})
        await delete(engine, list_id)
        removal = asyncio.create_task(ActivityEnvironment().run(activities.delete_rows, ListRef(list_id=list_id)))
        await eventually(partial(_somebody_waits_for_a_lock, engine))
        await adding.execute(
            text(
                "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url) "
                "VALUES (gen_random_uuid(), :list_id, :user_id, :youtube_id, '')"
            ),
            {"list_id": list_id, "user_id": LOCAL_USER_ID, "youtube_id": IDS[0]},
        )
    assert await removal
    assert await count(engine, "videos", list_id) == 0


async def test_a_killed_worker_takes_nothing_with_it(
    client: Client, engine: AsyncEngine, settings: Settings, fake_youtube: FakeYoutube, tmp_path: Path
) -> None:
    list_id, other = await long_list(engine, MANY), await long_list(engine, 10)
    await delete(engine, list_id)

    async def some_are_gone() -> bool:
        return 0 < await count(engine, "videos", list_id) < MANY

    async with worker_process(settings, fake_youtube, tmp_path / "worker.log") as worker:
        removal = await start_list_deletion(client, list_id)
        await eventually(some_are_gone)
        worker.kill()
        assert await some_are_gone()
        worker.start()
        await asyncio.wait_for(removal.result(), timeout=120)
    assert await count(engine, "videos", list_id) == await count(engine, "lists", list_id) == 0
    assert await count(engine, "videos", other) == 10


async def _somebody_waits_for_a_lock(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool((await connection.execute(waiting)).scalar())


@asynccontextmanager
async def worker_process(settings: Settings, fake_youtube: FakeYoutube, log: Path) -> AsyncIterator[Restartable]:
    """The production worker as a process."""
    await permit_workers(settings)
    environment = {
        **python_environment(),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "VIDFERRY_WORKER_HEALTH_PORT": str(free_port()),
        "YOUTUBE_PROXY": fake_youtube.proxy_url,
        "YOUTUBE_CA_FILE": str(fake_youtube.ca_file),
    }
    process = Restartable([sys.executable, *WORKER_COMMAND], log, environment)
    process.start()
    try:
        yield process
    finally:
        process.kill()


async def _runs(client: Client, youtube_id: str) -> bool:
    description = await client.get_workflow_handle(import_video_id(youtube_id)).describe()
    return description.status is WorkflowExecutionStatus.RUNNING
