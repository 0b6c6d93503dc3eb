"""The live feed: what publishers hand over reaches every reader, in order and across runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Worker

from services.stack.temporal import EmbeddedTemporal
from shared.contracts.messages import FeedItem, ImportProgress
from shared.contracts.stages import ImportStage
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.errors import is_temporal_unavailable
from shared.temporal.feed import FeedPublisher, ensure_feed, subscribe
from shared.temporal.names import TaskQueue, progress_feed_id
from tests.support.servers import free_port, server
from tests.support.waiting import eventually
from workflows.progress_feed import ProgressFeed


@pytest.fixture
async def feed_worker(client: Client) -> AsyncIterator[None]:
    async with Worker(client, task_queue=TaskQueue.IMPORTS, workflows=[ProgressFeed]):
        yield


def feed_item(user_id: UUID, seq: int) -> FeedItem:
    message = ImportProgress(
        video_id=uuid4(), youtube_id="aaaaaaaaaaa", stage=ImportStage.METADATA, progress=25, seq=seq
    )
    return FeedItem(user_id=user_id, prev_seq=seq - 1, message=message)


@asynccontextmanager
async def reader(client: Client) -> AsyncIterator[list[FeedItem]]:
    """What one notifier receives, from now on."""
    received: list[FeedItem] = []

    async def read() -> None:
        async for item in subscribe(client, 0):
            received.append(item)

    await ensure_feed(client, 0)
    polls_before = await _polls(client)
    task = asyncio.create_task(read())

    async def polls() -> bool:
        return await _polls(client) > polls_before

    await eventually(polls)
    yield received
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _polls(client: Client) -> int:
    """How many long polls have reached the feed's present run."""
    history = await client.get_workflow_handle(progress_feed_id(0)).fetch_history()
    return sum(event.HasField("workflow_execution_update_accepted_event_attributes") for event in history.events)


async def received_all(received: list[FeedItem], items: list[FeedItem]) -> bool:
    assert [item.message.seq for item in received] == [item.message.seq for item in items]
    return received == items


async def test_every_reader_gets_every_item_in_order(client: Client, local_user_id: UUID, feed_worker: None) -> None:
    items = [feed_item(local_user_id, seq) for seq in range(1, 41)]
    async with reader(client) as one, reader(client) as other, FeedPublisher(client, 1) as publisher:
        publisher.publish(items[:15])
        publisher.publish(items[15:])
        await eventually(lambda: received_all(one, items))
        await eventually(lambda: received_all(other, items))


@pytest.mark.usefixtures("fully_drained")
async def test_a_publisher_starts_a_feed_that_does_not_run(
    client: Client, local_user_id: UUID, feed_worker: None
) -> None:
    async with FeedPublisher(client, 1) as publisher:
        publisher.publish([feed_item(local_user_id, 1)])
    description = await client.get_workflow_handle(progress_feed_id(0)).describe()
    assert description.status is WorkflowExecutionStatus.RUNNING


@pytest.mark.usefixtures("fully_drained")
async def test_a_publisher_that_closes_sends_what_is_left(
    client: Client, local_user_id: UUID, feed_worker: None
) -> None:
    items = [feed_item(local_user_id, seq) for seq in range(1, 4)]
    async with reader(client) as received:
        async with FeedPublisher(client, 1) as publisher:
            publisher.publish(items)
        await eventually(lambda: received_all(received, items))


async def test_readers_follow_the_feed_through_its_runs(client_with_short_runs: Client, local_user_id: UUID) -> None:
    client = client_with_short_runs
    async with (
        Worker(client, task_queue=TaskQueue.IMPORTS, workflows=[ProgressFeed]),
        reader(client) as received,
        FeedPublisher(client, 1) as publisher,
    ):
        sent: list[FeedItem] = []

        async def has_had_three_runs() -> bool:
            item = feed_item(local_user_id, len(sent) + 1)
            sent.append(item)
            publisher.publish([item])
            runs = [run async for run in client.list_workflows(f"WorkflowId = '{progress_feed_id(0)}'")]
            return len(runs) >= 3

        await eventually(has_had_three_runs)
        await eventually(lambda: received_all(received, sent))


async def test_a_publisher_survives_an_outage_longer_than_its_patience(
    local_user_id: UUID, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    port = free_port()
    client = await connect(Settings(temporal_address=f"127.0.0.1:{port}"))

    async def has_given_up() -> bool:
        return "Pending batch dropped" in caplog.text

    async def feed_runs() -> bool:
        try:
            description = await client.get_workflow_handle(progress_feed_id(0)).describe()
        except Exception as error:
            if not is_temporal_unavailable(error):
                raise
            return False
        return description.status is WorkflowExecutionStatus.RUNNING

    async with FeedPublisher(client, 1, give_up_after=timedelta()) as publisher:
        publisher.publish([feed_item(local_user_id, 1)])
        await eventually(has_given_up)
        with server(EmbeddedTemporal(port).argv(), tmp_path / "temporal.log"):
            publisher.publish([feed_item(local_user_id, 2)])
            await eventually(feed_runs)
