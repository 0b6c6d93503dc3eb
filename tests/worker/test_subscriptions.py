"""Subscriptions by the production worker: real Temporal with its schedules, PostgreSQL and yt-dlp."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, ScheduleDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from fakes.youtube import FakeList, FakeVideo, FakeYoutube, Fault, Kind
from shared.contracts.batches import SourceKind
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ReconcileInput, ReconcileResult
from shared.db import subscriptions
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID
from shared.db.subscriptions import SubscriptionRecord
from shared.settings import Settings
from shared.temporal.names import (
    PRIORITY_BULK,
    USER_ID,
    TaskQueue,
    check_subscription_id,
    import_batch_id,
    subscription_schedule_id,
)
from tests.support.subscriptions import (
    CHANNEL_ID,
    PLAYLIST_ID,
    check_now,
    follow,
    look,
    now,
    remove_schedules,
    tell_temporal,
)
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from workflows.maintenance.workflows import ReconcileImports

OLD = ("oldvideo001", "oldvideo002", "oldvideo003")
NEW = "newvideo001"


@pytest.fixture(autouse=True)
async def worker(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    """The production worker; afterwards no schedule is left."""
    async with worker_at_work(client, settings, engine, fake_youtube):
        yield
    await remove_schedules(engine, client)


def publish(fake_youtube: FakeYoutube, *youtube_ids: str) -> None:
    """Let the playlist and the channel have these videos, the newest first."""
    fake_youtube.library.add(*(FakeVideo(youtube_id) for youtube_id in youtube_ids))
    fake_youtube.library.lists.add(
        FakeList(PLAYLIST_ID, youtube_ids=youtube_ids), FakeList(CHANNEL_ID, youtube_ids=youtube_ids)
    )


@pytest.mark.parametrize("kind", SourceKind)
async def test_the_first_check_is_the_baseline_and_later_ones_add_new_videos(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, kind: SourceKind
) -> None:
    publish(fake_youtube, *OLD)
    subscription = await follow(engine, kind)
    await look(client, subscription)
    first = await now(engine, subscription)
    assert (first.title, first.last_new, first.error_code) == ("A day at the harbour", 0, None)
    assert await videos(engine, subscription) == {}

    publish(fake_youtube, NEW, *OLD)
    await look(client, subscription)
    second = await now(engine, subscription)
    assert (second.last_new, second.is_checking) == (1, False)
    assert await videos(engine, subscription) == {NEW: "complete"}
    assert first.checked_at
    assert second.checked_at
    assert second.checked_at > first.checked_at


@pytest.mark.parametrize(("feed_status", "found"), [(200, {NEW: "complete"}), (404, {}), (429, {}), (500, {})])
async def test_later_checks_of_a_channel_ask_its_feed_and_nothing_else(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, feed_status: int, found: dict[str, str]
) -> None:
    publish(fake_youtube, *OLD)
    subscription = await follow(engine, SourceKind.CHANNEL)
    await look(client, subscription)
    fake_youtube.library.add(FakeVideo(NEW))
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, youtube_ids=(NEW, *OLD), feed_status=feed_status))
    before = len(fake_youtube.requests)
    await look(client, subscription)
    assert await videos(engine, subscription) == found
    kinds = {request.kind for request in fake_youtube.requests[before:]}
    assert Kind.FEED in kinds
    assert not kinds & {Kind.RESOLVE, Kind.BROWSE}


async def test_existing_videos_can_be_imported_and_deleted_ones_stay_deleted(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    publish(fake_youtube, *OLD)
    subscription = await follow(engine, import_existing=True)
    await look(client, subscription)
    assert await videos(engine, subscription) == dict.fromkeys(OLD, "complete")

    async with transaction(engine) as connection:
        await connection.execute("DELETE FROM videos WHERE youtube_id = $1", OLD[1])
    publish(fake_youtube, NEW, *OLD)
    await look(client, subscription)
    assert await videos(engine, subscription) == dict.fromkeys((NEW, OLD[0], OLD[2]), "complete")


async def test_an_unavailable_playlist_is_reported_and_checked_again(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    subscription = await follow(engine, import_existing=True)
    await look(client, subscription)
    given_up = await now(engine, subscription)
    assert (given_up.error_code, given_up.last_new) == (ErrorType.LIST_UNAVAILABLE, 0)
    assert given_up.checked_at is not None

    publish(fake_youtube, *OLD)
    await look(client, subscription)
    assert (await now(engine, subscription)).error_code is None
    assert await videos(engine, subscription) == dict.fromkeys(OLD, "complete")


async def test_the_schedule_agrees_with_the_row(client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube) -> None:
    publish(fake_youtube, *OLD)
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await eventually(partial(was_looked_at, engine, subscription))  # the first look begins at once
    described = await schedule_of(client, subscription)
    assert described.schedule.spec.intervals[0].every == timedelta(hours=1)
    assert described.schedule.spec.jitter == timedelta(minutes=6)
    assert (described.schedule.policy.catchup_window or timedelta()) >= timedelta(minutes=66)
    assert not described.schedule.state.paused
    assert described.info.next_action_times[0] > subscription.created_at + timedelta(minutes=59)
    assert (await now(engine, subscription)).schedule_in_sync

    async with transaction(engine) as connection:
        await subscriptions.set_paused(connection, LOCAL_USER_ID, subscription.id, is_paused=True)
        await subscriptions.change_interval(connection, LOCAL_USER_ID, subscription.id, 86_400)
    assert not (await now(engine, subscription)).schedule_in_sync
    await tell_temporal(engine, client, subscription)
    described = await schedule_of(client, subscription)
    assert described.schedule.state.paused
    assert described.schedule.spec.intervals[0].every == timedelta(days=1)
    assert described.schedule.spec.jitter == timedelta(minutes=10)
    assert (described.schedule.policy.catchup_window or timedelta()) >= timedelta(days=1, minutes=10)
    assert described.info.num_actions == 1  # only what was never looked at is looked at when it is changed


async def test_a_missed_check_is_made_up_for_once(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    """The machine was off for a night; set-up has every schedule synced again."""
    publish(fake_youtube, *OLD)
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await eventually(partial(was_looked_at, engine, subscription))
    await eventually(partial(no_look_runs, client, subscription))
    last_look = await make_overdue(engine, subscription)
    await tell_temporal(engine, client, subscription)

    async def is_looked_at_again() -> bool:
        found = await now(engine, subscription)
        return found.checked_at is not None and found.checked_at > last_look and not found.is_checking

    await eventually(is_looked_at_again)
    async with transaction(engine) as connection:
        await subscriptions.mark_schedules_stale(connection)
    await tell_temporal(engine, client, subscription)
    assert (await schedule_of(client, subscription)).info.num_actions == 2


async def test_a_paused_subscription_makes_up_for_nothing(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    publish(fake_youtube, *OLD)
    subscription = await follow(engine)
    await make_overdue(engine, subscription)
    async with transaction(engine) as connection:
        await subscriptions.set_paused(connection, LOCAL_USER_ID, subscription.id, is_paused=True)
    await tell_temporal(engine, client, subscription)
    assert (await schedule_of(client, subscription)).info.num_actions == 0


async def make_overdue(engine: AsyncEngine, subscription: SubscriptionRecord) -> datetime:
    """Move the last check a night back and have the schedule synced; returns the time of that check."""
    async with transaction(engine) as connection:
        last_look = await connection.fetchval(
            "UPDATE subscriptions SET checked_at = now() - interval '9 hours', schedule_in_sync = false WHERE id = $1 "
            "RETURNING checked_at",
            subscription.id,
        )
    assert isinstance(last_look, datetime)
    return last_look


async def test_a_paused_subscription_can_be_checked_on_request(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    publish(fake_youtube, *OLD)
    subscription = await follow(engine)
    async with transaction(engine) as connection:
        await subscriptions.set_paused(connection, LOCAL_USER_ID, subscription.id, is_paused=True)
    await tell_temporal(engine, client, subscription)
    assert (await schedule_of(client, subscription)).info.num_actions == 0
    await check_now(engine, client, subscription)
    await eventually(partial(was_looked_at, engine, subscription))
    assert (await schedule_of(client, subscription)).schedule.state.paused


async def test_a_check_is_skipped_while_an_earlier_one_runs(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    publish(fake_youtube, *OLD)
    throttled(fake_youtube)
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await eventually(partial(is_at_work, fake_youtube))
    assert (await now(engine, subscription)).is_checking
    await check_now(engine, client, subscription)
    await eventually(partial(has_skipped, client, subscription))
    [batch_id] = await batch_ids(engine, subscription)
    described = await client.get_workflow_handle(import_batch_id(batch_id)).describe()
    priority = described.raw_description.workflow_execution_info.priority
    assert (priority.priority_key, priority.fairness_key) == (PRIORITY_BULK, str(LOCAL_USER_ID))
    assert described.typed_search_attributes[USER_ID] == [str(LOCAL_USER_ID)]


async def test_a_check_whose_workflow_died_continues_and_no_other_starts(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    publish(fake_youtube, *OLD)
    throttled(fake_youtube)
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await eventually(partial(is_at_work, fake_youtube))
    assert (await now(engine, subscription)).is_checking
    [running] = await looks_running(client, subscription)
    await client.get_workflow_handle(running).terminate("killed")

    assert (await look(client, subscription)).batch_id is None
    [batch_id] = await batch_ids(engine, subscription)
    described = await client.get_workflow_handle(import_batch_id(batch_id)).describe()
    assert described.status is WorkflowExecutionStatus.RUNNING


async def test_a_schedule_that_temporal_missed_is_synced(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    publish(fake_youtube, *OLD)
    subscription = await follow(engine)
    assert (await reconcile(client)).schedules_synced == 1
    assert (await now(engine, subscription)).schedule_in_sync
    await eventually(partial(was_looked_at, engine, subscription))
    assert (await reconcile(client)).schedules_synced == 0


@pytest.mark.parametrize("statement", ["DELETE FROM subscriptions", "UPDATE lists SET deleted_at = now()"])
async def test_a_schedule_without_a_subscription_deletes_itself(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, statement: str
) -> None:
    publish(fake_youtube, *OLD)
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await eventually(partial(was_looked_at, engine, subscription))
    async with transaction(engine) as connection:
        await connection.execute(statement)
    assert not (await look(client, subscription)).is_subscribed
    await eventually(partial(is_unscheduled, client, subscription))
    await tell_temporal(engine, client, subscription)  # once more is no error


def throttled(fake_youtube: FakeYoutube) -> None:
    """Make YouTube throttle every request for a list."""
    fake_youtube.faults.add(Fault(kind=Kind.BROWSE, status=429, times=-1))


async def videos(engine: AsyncEngine, subscription: SubscriptionRecord) -> dict[str, str]:
    """The stages of the list's videos."""
    async with transaction(engine) as connection:
        rows = await connection.fetch(
            "SELECT youtube_id, import_stage FROM videos WHERE list_id = $1", subscription.list_id
        )
    return {row["youtube_id"]: row["import_stage"] for row in rows}


async def batch_ids(engine: AsyncEngine, subscription: SubscriptionRecord) -> list[str]:
    async with transaction(engine) as connection:
        rows = await connection.fetch("SELECT id FROM import_batches WHERE subscription_id = $1", subscription.id)
    return [str(row["id"]) for row in rows]


async def was_looked_at(engine: AsyncEngine, subscription: SubscriptionRecord) -> bool:
    found = await now(engine, subscription)
    return found.checked_at is not None and not found.is_checking


async def is_at_work(fake_youtube: FakeYoutube) -> bool:
    """Whether the batch of a check has sent a request."""
    return fake_youtube.requests != []


async def schedule_of(client: Client, subscription: SubscriptionRecord) -> ScheduleDescription:
    return await client.get_schedule_handle(subscription_schedule_id(subscription.id)).describe()


async def has_skipped(client: Client, subscription: SubscriptionRecord) -> bool:
    info = (await schedule_of(client, subscription)).info
    return (info.num_actions, info.num_actions_skipped_overlap) == (1, 1)


async def is_unscheduled(client: Client, subscription: SubscriptionRecord) -> bool:
    try:
        await schedule_of(client, subscription)
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    return False


async def looks_running(client: Client, subscription: SubscriptionRecord) -> Iterable[str]:
    """The workflow ids of the checks that the schedule has under way."""
    running = (await schedule_of(client, subscription)).info.running_actions
    ids = [action.workflow_id for action in running]  # type: ignore[attr-defined]  # the only kind of action there is
    assert all(workflow_id.startswith(check_subscription_id(subscription.id)) for workflow_id in ids)
    return ids


async def no_look_runs(client: Client, subscription: SubscriptionRecord) -> bool:
    """Whether the schedule knows that its check has ended."""
    return not await looks_running(client, subscription)


async def reconcile(client: Client) -> ReconcileResult:
    return await client.execute_workflow(
        ReconcileImports.run, ReconcileInput(), id="reconcile-now", task_queue=TaskQueue.IMPORTS
    )
