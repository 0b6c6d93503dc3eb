"""Whole batches by the production worker: real Temporal, PostgreSQL and yt-dlp."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind, VideoState, captions
from services.worker.activities.batches import BatchActivities
from shared.contracts.batches import AdvanceBatchInput, BatchState, ImportBatchResult
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ReconcileInput, ReconcileResult
from shared.db.batches import requeue_failed
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID
from shared.settings import Settings
from shared.temporal.names import IMPORT_VIDEO, TaskQueue, import_video_id
from tests.support.batches import add_batch, add_list, entries, how_it_stands, most_open_at_once, when_over
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from workflows.batches.client import start_batch
from workflows.batches.workflow import ImportBatch
from workflows.imports.client import start_import
from workflows.imports.workflow import ImportVideo
from workflows.maintenance.workflows import ReconcileImports

WINDOW = 3


@pytest.fixture(autouse=True)
async def worker(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    """A worker whose batches have a small window; no throttle makes its governor pause."""
    small = settings.model_copy(update={"batch_window": WINDOW, "youtube_throttles_to_pause": 1000})
    async with worker_at_work(client, small, engine, fake_youtube):
        yield


def ids(count: int) -> list[str]:
    return [f"batchvid{number:03d}" for number in range(count)]


def stock(fake_youtube: FakeYoutube, youtube_ids: Sequence[str], state: VideoState = VideoState.OK) -> None:
    track = captions("en", "Good morning, harbour")
    fake_youtube.library.add(*(FakeVideo(youtube_id, state=state, captions=(track,)) for youtube_id in youtube_ids))


async def begin(client: Client, batch_id: UUID) -> WorkflowHandle[ImportBatch, ImportBatchResult]:
    return await start_batch(client, batch_id, LOCAL_USER_ID)


def hold(fake_youtube: FakeYoutube) -> None:
    """Make YouTube throttle every request."""
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, status=429, times=-1))


async def test_all_videos_come_through_the_window(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    stock(fake_youtube, ids(11))
    fake_youtube.library.add(FakeVideo(ids(12)[-1]))
    stock(fake_youtube, ids(14)[12:], VideoState.PRIVATE)
    batch_id = await add_batch(engine, ids(14))
    began = datetime.now(UTC)
    handle = await begin(client, batch_id)
    result = await handle.result()
    assert result.summary == await how_it_stands(engine, batch_id)
    assert result.summary is not None
    assert (result.summary.state, result.summary.progress) == (BatchState.COMPLETE, 100)
    assert (result.summary.total, result.summary.imported, result.summary.failed) == (14, 12, 2)
    assert result.summary.without_captions == 1
    assert [youtube_id for youtube_id, _ in await entries(engine, batch_id)] == ids(14)
    assert 1 < await most_open_at_once(client, 14, began) <= WINDOW


async def test_a_paused_batch_begins_nothing_until_it_is_resumed(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    stock(fake_youtube, ids(8))
    hold(fake_youtube)
    batch_id = await add_batch(engine, ids(8))
    handle = await begin(client, batch_id)
    await eventually(partial(has, engine, batch_id, running=WINDOW))
    await handle.signal(ImportBatch.pause)
    await eventually(partial(has, engine, batch_id, state=BatchState.PAUSED))
    fake_youtube.faults.clear()
    await expedite(client, ids(WINDOW))
    await eventually(partial(has, engine, batch_id, imported=WINDOW, running=0, queued=8 - WINDOW))
    await eventually(partial(says_the_same, engine, handle, batch_id))
    await handle.signal(ImportBatch.resume)
    assert (await when_over(engine, batch_id)).imported == 8


async def test_cancelling_ends_what_is_queued_and_lets_the_rest_finish(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    stock(fake_youtube, ids(8))
    hold(fake_youtube)
    batch_id = await add_batch(engine, ids(8))
    handle = await begin(client, batch_id)
    await eventually(partial(has, engine, batch_id, running=WINDOW))
    await handle.signal(ImportBatch.cancel)
    await eventually(partial(has, engine, batch_id, state=BatchState.CANCELLED, cancelled=8 - WINDOW, running=WINDOW))
    fake_youtube.faults.clear()
    await expedite(client, ids(WINDOW))
    over = await when_over(engine, batch_id)
    assert (over.state, over.imported, over.cancelled, over.failed) == (BatchState.CANCELLED, WINDOW, 8 - WINDOW, 0)
    assert await error_codes(engine, batch_id) == {ErrorType.IMPORT_CANCELLED}
    await handle.result()


async def test_a_failed_video_is_retried(client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube) -> None:
    stock(fake_youtube, ids(5), VideoState.PRIVATE)
    batch_id = await add_batch(engine, ids(5))
    await (await begin(client, batch_id)).result()
    assert (await how_it_stands(engine, batch_id)).failed == 5
    stock(fake_youtube, ids(5))
    async with transaction(engine) as connection:
        assert await requeue_failed(connection, LOCAL_USER_ID, batch_id)
    assert (await how_it_stands(engine, batch_id)).queued == 5
    await (await begin(client, batch_id)).result()
    assert (await how_it_stands(engine, batch_id)).imported == 5


async def test_concurrent_activities_never_claim_more_than_the_slots(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    hold(fake_youtube)
    batch_id = await add_batch(engine, ids(20))
    batches = BatchActivities(engine, client, window=WINDOW)
    look = AdvanceBatchInput(batch_id=batch_id)
    views = await asyncio.gather(*(ActivityEnvironment().run(batches.advance_batch, look) for _ in range(6)))
    assert {len(view.slot_holders) for view in views} == {WINDOW}
    assert await has(engine, batch_id, running=WINDOW, queued=20 - WINDOW)


async def test_premieres_give_up_their_places(client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube) -> None:
    stock(fake_youtube, ids(6))
    stock(fake_youtube, ids(WINDOW), VideoState.PREMIERE)
    batch_id = await add_batch(engine, ids(6))
    await begin(client, batch_id)
    await eventually(partial(all_wait, engine, batch_id, WINDOW))
    batches = BatchActivities(engine, client, window=WINDOW)
    look = AdvanceBatchInput(batch_id=batch_id, slot_holders=ids(WINDOW))
    assert set((await ActivityEnvironment().run(batches.advance_batch, look)).slot_holders) <= set(ids(6)[WINDOW:])
    over = await when_over(engine, batch_id)
    assert (over.state, over.imported, over.waiting) == (BatchState.COMPLETE, 6 - WINDOW, WINDOW)


async def test_two_batches_share_a_video(client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube) -> None:
    stock(fake_youtube, ids(4))
    first, second = await add_batch(engine, ids(4)), await add_batch(engine, ids(4)[1:])
    await begin(client, first)
    await begin(client, second)
    assert (await when_over(engine, first)).imported == 4
    assert (await when_over(engine, second)).imported == 3
    slot_holders = [request.youtube_id for request in fake_youtube.requests if request.kind is Kind.WATCH]
    assert (len(slot_holders), set(slot_holders)) == (4, set(ids(4)))


async def test_a_batch_goes_with_its_list(client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube) -> None:
    hold(fake_youtube)
    list_id = await add_list(engine)
    batch_id = await add_batch(engine, ids(5), list_id=list_id)
    handle = await begin(client, batch_id)
    await eventually(partial(has, engine, batch_id, running=WINDOW))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE lists SET deleted_at = now() WHERE id = :id"), {"id": list_id})
    await handle.signal(ImportBatch.wake)
    assert (await handle.result()).summary is None


async def test_missing_batches_are_started_and_queued_videos_left_to_them(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    stock(fake_youtube, ids(8))
    hold(fake_youtube)
    batch_id = await add_batch(engine, ids(8))
    assert await reconcile(client) == ReconcileResult(running=0, started=0, batches_started=1)
    await eventually(partial(has, engine, batch_id, running=WINDOW))
    await eventually(partial(imports_listed, client, WINDOW))
    assert await reconcile(client) == ReconcileResult(running=WINDOW, started=0, batches_started=0)
    assert (await how_it_stands(engine, batch_id)).queued == 8 - WINDOW


async def test_a_queued_video_that_somebody_adds_singly_does_not_wait_for_the_batch(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    stock(fake_youtube, ids(8))
    hold(fake_youtube)
    batch_id = await add_batch(engine, ids(8))
    await begin(client, batch_id)
    await eventually(partial(has, engine, batch_id, running=WINDOW))
    fake_youtube.faults.clear()
    await start_import(client, ids(8)[-1], LOCAL_USER_ID)
    await eventually(partial(is_complete, engine, batch_id, ids(8)[-1]))
    await expedite(client, ids(WINDOW))
    assert (await when_over(engine, batch_id)).imported == 8


async def has(engine: AsyncEngine, batch_id: UUID, **figures: object) -> bool:
    summary = await how_it_stands(engine, batch_id)
    assert {name: getattr(summary, name) for name in figures} == figures
    return True


async def says_the_same(engine: AsyncEngine, handle: WorkflowHandle[ImportBatch, ImportBatchResult], of: UUID) -> bool:
    return await handle.query(ImportBatch.summary) == await how_it_stands(engine, of)


async def all_wait(engine: AsyncEngine, batch_id: UUID, count: int) -> bool:
    async with engine.connect() as connection:
        statement = text("SELECT count(*) FROM videos WHERE batch_id = :id AND waiting_for = 'upcoming'")
        return (await connection.execute(statement, {"id": batch_id})).scalar() == count


async def expedite(client: Client, youtube_ids: Sequence[str]) -> None:
    """Let imports that wait try again now; some have done so already."""
    for youtube_id in youtube_ids:
        with suppress(RPCError):
            await client.get_workflow_handle(import_video_id(youtube_id)).signal(ImportVideo.retry_now)


async def error_codes(engine: AsyncEngine, batch_id: UUID) -> set[str]:
    async with engine.connect() as connection:
        statement = text("SELECT DISTINCT error_code FROM videos WHERE batch_id = :id AND import_stage = 'error'")
        return set((await connection.execute(statement, {"id": batch_id})).scalars())


async def is_complete(engine: AsyncEngine, batch_id: UUID, youtube_id: str) -> bool:
    return (youtube_id, "complete") in await entries(engine, batch_id)


async def reconcile(client: Client) -> ReconcileResult:
    return await client.execute_workflow(
        ReconcileImports.run,
        ReconcileInput(older_than_seconds=-1),
        id="reconcile-now",
        task_queue=TaskQueue.IMPORTS,
    )


async def imports_listed(client: Client, count: int) -> bool:
    query = f"WorkflowType = '{IMPORT_VIDEO}' AND ExecutionStatus = 'Running'"
    return len([execution async for execution in client.list_workflows(query)]) == count
