"""The Temporal Schedule of one subscription: it says what the subscription's row says."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
)
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from shared.contracts.subscriptions import SubscriptionRef
from shared.db.driver import DriverConnection, transaction
from shared.db.subscriptions import SubscriptionRecord, lock_schedule, note_scheduled, subscription_ids
from shared.temporal.names import (
    CHECK_SUBSCRIPTION,
    PRIORITY_BULK,
    USER_ID,
    TaskQueue,
    check_subscription_id,
    subscription_schedule_id,
)

JITTER = 1 / 10
"""Of the interval: what began at the same moment does not come back at the same moment for ever."""
MAX_JITTER = timedelta(minutes=10)


async def keep_schedule(
    connection: DriverConnection, client: Client, subscription_id: UUID, *, look_now: bool = False
) -> None:
    """Bring the schedule to what the row says: make it, change it, or delete it where there is no such row.

    `connection` is in a transaction; nobody else works on this schedule until that ends. With `look_now`, a look
    begins, unless one is under way. Safe to repeat. Raises one of TEMPORAL_AWAY when it is.
    """
    subscription = await lock_schedule(connection, subscription_id)
    if subscription is None:
        await delete_schedule(client, subscription_id)
    elif look_now or not subscription.is_scheduled:
        await ensure_schedule(client, subscription, look_now=look_now)
        await note_scheduled(connection, subscription)


async def ensure_schedule(client: Client, subscription: SubscriptionRecord, *, look_now: bool = False) -> None:
    """Make or change a schedule; what was never looked at, and is not paused, is looked at now."""
    schedule, schedule_id = _schedule(subscription), subscription_schedule_id(subscription.id)
    handle = client.get_schedule_handle(schedule_id)
    try:
        await client.create_schedule(schedule_id, schedule)
    except ScheduleAlreadyRunningError:
        await handle.update(lambda _: ScheduleUpdate(schedule=schedule))
    if look_now or not (subscription.checked_at or subscription.is_paused):
        await handle.trigger()


async def delete_schedule(client: Client, subscription_id: UUID) -> None:
    """Delete a schedule; one that is not there is no error."""
    try:
        await client.get_schedule_handle(subscription_schedule_id(subscription_id)).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def sweep_schedules(engine: AsyncEngine, client: Client) -> None:
    """Delete the schedules of subscriptions that are gone: one that is paused never finds out by itself.

    The schedules are read first: whoever has one by then has its row as well. Raises one of TEMPORAL_AWAY when it is.
    """
    prefix = subscription_schedule_id("")
    found = {
        UUID(each.id.removeprefix(prefix)) async for each in await client.list_schedules() if each.id.startswith(prefix)
    }
    async with transaction(engine) as connection:
        gone = found - await subscription_ids(connection)
    for subscription_id in gone:
        await delete_schedule(client, subscription_id)


async def next_look(client: Client, subscription_id: UUID) -> datetime | None:
    """When the schedule looks next; None where it does not. Raises one of TEMPORAL_AWAY when it is."""
    described = await client.get_schedule_handle(subscription_schedule_id(subscription_id)).describe()
    return next(iter(described.info.next_action_times), None)


def _schedule(subscription: SubscriptionRecord) -> Schedule:
    every = timedelta(seconds=subscription.interval_seconds)
    # Counted from when it was followed: so they come one by one, and not all of them on the hour.
    offset = timedelta(seconds=int(subscription.created_at.timestamp()) % subscription.interval_seconds)
    return Schedule(
        action=ScheduleActionStartWorkflow(
            CHECK_SUBSCRIPTION,
            SubscriptionRef(subscription_id=subscription.id),
            id=check_subscription_id(subscription.id),
            task_queue=TaskQueue.IMPORTS,
            priority=Priority(priority_key=PRIORITY_BULK, fairness_key=str(subscription.user_id)),
            typed_search_attributes=TypedSearchAttributes([SearchAttributePair(USER_ID, [str(subscription.user_id)])]),
            static_summary=f"Looks for new videos of {subscription.source}",
        ),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=every, offset=offset)], jitter=min(every * JITTER, MAX_JITTER)
        ),
        # What was missed while Temporal was away needs no catching up: one look sees everything.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
        state=ScheduleState(paused=subscription.is_paused),
    )
