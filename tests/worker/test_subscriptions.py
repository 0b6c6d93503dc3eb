"""Subscriptions by the production worker: real Temporal with its schedules, Postgres and yt-dlp."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, ScheduleDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from shared.contracts.batches import SourceKind
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ReconcileInput, ReconcileResult
from shared.db import subscriptions
from shared.db.driver import transaction
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
from tests.standin import Fault, Kind, Standin, StandinList, StandinVideo
from tests.support.subscriptions import CHANNEL_ID, PLAYLIST_ID, follow, look, now, remove_schedules, tell_temporal
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from workflows.reconcile_imports import ReconcileImports

OLD = ("oldvideo001", "oldvideo002", "oldvideo003")
NEW = "newvideo001"


@pytest.fixture(autouse=True)
async def worker(client: Client, settings: Settings, engine: AsyncEngine, standin: Standin) -> AsyncIterator[None]:
    """The production worker; afterwards no schedule is left."""
    async with worker_at_work(client, settings, engine, standin):
        yield
    await remove_schedules(engine, client)


def publish(standin: Standin, *youtube_ids: str) -> None:
    """Let the playlist and the channel have these videos, the newest first."""
    standin.library.add(*(StandinVideo(youtube_id) for youtube_id in youtube_ids))
    standin.library.lists.add(
        StandinList(PLAYLIST_ID, youtube_ids=youtube_ids), StandinList(CHANNEL_ID, youtube_ids=youtube_ids)
    )


@pytest.mark.parametrize("kind", SourceKind)
async def test_the_first_look_remembers_and_later_ones_bring_what_is_new(
    client: Client, engine: AsyncEngine, standin: Standin, kind: SourceKind
) -> None:
    publish(standin, *OLD)
    subscription = await follow(engine, kind)
    await look(client, subscription)
    first = await now(engine, subscription)
    assert (first.title, first.last_new, first.error_code) == ("A day at the harbour", 0, None)
    assert await videos(engine, subscription) == {}

    publish(standin, NEW, *OLD)
    await look(client, subscription)
    second = await now(engine, subscription)
    assert (second.last_new, second.is_checking) == (1, False)
    assert await videos(engine, subscription) == {NEW: "complete"}
    assert first.checked_at
    assert second.checked_at
    assert second.checked_at > first.checked_at


async def test_what_is_there_can_be_imported_and_what_somebody_deletes_does_not_come_back(
    client: Client, engine: AsyncEngine, standin: Standin
) -> None:
    publish(standin, *OLD)
    subscription = await follow(engine, import_existing=True)
    await look(client, subscription)
    assert await videos(engine, subscription) == dict.fromkeys(OLD, "complete")

    async with transaction(engine) as connection:
        await connection.execute("DELETE FROM videos WHERE youtube_id = $1", OLD[1])
    publish(standin, NEW, *OLD)
    await look(client, subscription)
    assert await videos(engine, subscription) == dict.fromkeys((NEW, OLD[0], OLD[2]), "complete")


async def test_a_list_that_is_not_there_is_told_and_looked_at_again(
    client: Client, engine: AsyncEngine, standin: Standin
) -> None:
    subscription = await follow(engine, import_existing=True)
    await look(client, subscription)
    given_up = await now(engine, subscription)
    assert (given_up.error_code, given_up.last_new) == (ErrorType.LIST_UNAVAILABLE, 0)
    assert given_up.checked_at is not None

    publish(standin, *OLD)
    await look(client, subscription)
    assert (await now(engine, subscription)).error_code is None
    assert await videos(engine, subscription) == dict.fromkeys(OLD, "complete")


async def test_the_schedule_says_what_the_row_says(client: Client, engine: AsyncEngine, standin: Standin) -> None:
    publish(standin, *OLD)
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await eventually(partial(was_looked_at, engine, subscription))  # the first look begins at once
    described = await schedule_of(client, subscription)
    assert described.schedule.spec.intervals[0].every == timedelta(hours=1)
    assert described.schedule.spec.jitter == timedelta(minutes=6)
    assert not described.schedule.state.paused
    assert described.info.next_action_times[0] > subscription.created_at + timedelta(minutes=59)
    assert (await now(engine, subscription)).is_scheduled

    async with transaction(engine) as connection:
        await subscriptions.set_paused(connection, LOCAL_USER_ID, subscription.id, is_paused=True)
        await subscriptions.change_interval(connection, LOCAL_USER_ID, subscription.id, 86_400)
    assert not (await now(engine, subscription)).is_scheduled
    await tell_temporal(engine, client, subscription)
    described = await schedule_of(client, subscription)
    assert described.schedule.state.paused
    assert described.schedule.spec.intervals[0].every == timedelta(days=1)
    assert described.schedule.spec.jitter == timedelta(minutes=10)
    assert described.info.num_actions == 1  # only what was never looked at is looked at when it is changed


async def test_a_paused_subscription_rests_but_can_be_looked_at(
    client: Client, engine: AsyncEngine, standin: Standin
) -> None:
    publish(standin, *OLD)
    subscription = await follow(engine)
    async with transaction(engine) as connection:
        await subscriptions.set_paused(connection, LOCAL_USER_ID, subscription.id, is_paused=True)
    await tell_temporal(engine, client, subscription)
    assert (await schedule_of(client, subscription)).info.num_actions == 0
    await tell_temporal(engine, client, subscription, look_now=True)
    await eventually(partial(was_looked_at, engine, subscription))
    assert (await schedule_of(client, subscription)).schedule.state.paused


async def test_a_look_is_skipped_while_the_one_before_goes_on(
    client: Client, engine: AsyncEngine, standin: Standin
) -> None:
    publish(standin, *OLD)
    throttled(standin)
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await eventually(partial(is_at_work, standin))
    assert (await now(engine, subscription)).is_checking
    await tell_temporal(engine, client, subscription, look_now=True)
    await eventually(partial(has_skipped, client, subscription))
    [batch_id] = await batch_ids(engine, subscription)
    described = await client.get_workflow_handle(import_batch_id(batch_id)).describe()
    priority = described.raw_description.workflow_execution_info.priority
    assert (priority.priority_key, priority.fairness_key) == (PRIORITY_BULK, str(LOCAL_USER_ID))
    assert described.typed_search_attributes[USER_ID] == [str(LOCAL_USER_ID)]


async def test_a_look_whose_workflow_died_goes_on_and_no_other_begins(
    client: Client, engine: AsyncEngine, standin: Standin
) -> None:
    publish(standin, *OLD)
    throttled(standin)
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await eventually(partial(is_at_work, standin))
    assert (await now(engine, subscription)).is_checking
    [running] = await looks_running(client, subscription)
    await client.get_workflow_handle(running).terminate("killed")

    assert (await look(client, subscription)).batch_id is None
    [batch_id] = await batch_ids(engine, subscription)
    described = await client.get_workflow_handle(import_batch_id(batch_id)).describe()
    assert described.status is WorkflowExecutionStatus.RUNNING


async def test_what_temporal_missed_is_made_up_for(client: Client, engine: AsyncEngine, standin: Standin) -> None:
    publish(standin, *OLD)
    subscription = await follow(engine)
    assert (await reconcile(client)).schedules_kept == 1
    assert (await now(engine, subscription)).is_scheduled
    await eventually(partial(was_looked_at, engine, subscription))
    assert (await reconcile(client)).schedules_kept == 0


@pytest.mark.parametrize("statement", ["DELETE FROM subscriptions", "DELETE FROM lists"])
async def test_a_schedule_without_a_subscription_deletes_itself(
    client: Client, engine: AsyncEngine, standin: Standin, statement: str
) -> None:
    publish(standin, *OLD)
    subscription = await follow(engine)
    await tell_temporal(engine, client, subscription)
    await eventually(partial(was_looked_at, engine, subscription))
    async with transaction(engine) as connection:
        await connection.execute(statement)
    assert not (await look(client, subscription)).is_followed
    await eventually(partial(is_unscheduled, client, subscription))
    await tell_temporal(engine, client, subscription)  # once more is no error


def throttled(standin: Standin) -> None:
    """Let YouTube ask for a pause whatever list it is asked for."""
    standin.faults.add(Fault(kind=Kind.BROWSE, status=429, times=-1))


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


async def is_at_work(standin: Standin) -> bool:
    """Whether the batch of a look has asked YouTube."""
    return standin.requests != []


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
    """The workflow ids of the looks that the schedule has under way."""
    running = (await schedule_of(client, subscription)).info.running_actions
    ids = [action.workflow_id for action in running]  # type: ignore[attr-defined]  # the only kind of action there is
    assert all(workflow_id.startswith(check_subscription_id(subscription.id)) for workflow_id in ids)
    return ids


async def reconcile(client: Client) -> ReconcileResult:
    return await client.execute_workflow(
        ReconcileImports.run, ReconcileInput(), id="reconcile-now", task_queue=TaskQueue.IMPORTS
    )
