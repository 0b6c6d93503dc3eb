"""Schedules of subscriptions, and how a schedule catches up after a pause."""

from datetime import UTC, datetime, timedelta
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
from temporalio.service import RPCError

from shared.contracts.subscriptions import SubscriptionRef
from shared.db.connection import AsyncpgConnection, transaction
from shared.db.subscriptions import SubscriptionRecord, lock_schedule, mark_schedule_synced, subscription_ids
from shared.temporal.errors import is_not_found
from shared.temporal.names import (
    CHECK_SUBSCRIPTION,
    PRIORITY_BULK,
    USER_ID,
    WORKFLOW_TASK_TIMEOUT,
    TaskQueue,
    check_subscription_id,
    subscription_schedule_id,
)

JITTER = 1 / 10
"""Of the interval: what began at the same moment does not come back at the same moment for ever."""
MAX_JITTER = timedelta(minutes=10)


async def sync_schedule(connection: AsyncpgConnection, client: Client, subscription_id: UUID) -> None:
    """Bring the schedule to what the row says: make it, change it, or delete it where there is no such row.

    `connection` is in a transaction; no other transaction changes this schedule until it ends. A check that is due or
    requested begins, unless one is under way. Safe to repeat. Raises what the Temporal client raises.
    """
    subscription = await lock_schedule(connection, subscription_id)
    if subscription is None:
        await delete_schedule(client, subscription_id)
    elif not subscription.schedule_in_sync:
        await ensure_schedule(client, subscription)
        await mark_schedule_synced(connection, subscription)


async def ensure_schedule(client: Client, subscription: SubscriptionRecord) -> None:
    """Create or update a schedule, and begin a check that is requested, or due and not paused."""
    schedule, schedule_id = _schedule(subscription), subscription_schedule_id(subscription.id)
    handle = client.get_schedule_handle(schedule_id)
    try:
        await client.create_schedule(schedule_id, schedule)
    except ScheduleAlreadyRunningError:
        await handle.update(lambda _: ScheduleUpdate(schedule=schedule))
    if subscription.is_listing_requested or (not subscription.is_paused and _is_due(subscription)):
        await handle.trigger()


def _is_due(subscription: SubscriptionRecord) -> bool:
    """Whether a subscription was never checked or has missed a check."""
    every = timedelta(seconds=subscription.interval_seconds)
    return subscription.checked_at is None or is_overdue(subscription.checked_at, every, _jitter(every))


def _jitter(every: timedelta) -> timedelta:
    return min(every * JITTER, MAX_JITTER)


async def delete_schedule(client: Client, subscription_id: UUID) -> None:
    """Delete a schedule; one that is not there is no error."""
    try:
        await client.get_schedule_handle(subscription_schedule_id(subscription_id)).delete()
    except RPCError as error:
        if not is_not_found(error):
            raise


async def delete_orphaned_schedules(engine: AsyncEngine, client: Client) -> None:
    """Delete the schedules of deleted subscriptions: a paused schedule runs no workflow that would notice.

    The schedules are read first: each of them has its row by then. Raises what the Temporal client raises.
    """
    prefix = subscription_schedule_id("")
    found = {
        UUID(each.id.removeprefix(prefix)) async for each in await client.list_schedules() if each.id.startswith(prefix)
    }
    async with transaction(engine) as connection:
        gone = found - await subscription_ids(connection)
    for subscription_id in gone:
        await delete_schedule(client, subscription_id)


async def next_check(client: Client, subscription_id: UUID) -> datetime | None:
    """When the next check is; None where there is none. Raises what the Temporal client raises."""
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
            task_timeout=WORKFLOW_TASK_TIMEOUT,
            static_summary=f"Looks for new videos of {subscription.source}",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every, offset=offset)], jitter=_jitter(every)),
        policy=catch_up_once(every, _jitter(every)),
        state=ScheduleState(paused=subscription.is_paused),
    )


SLACK = timedelta(minutes=1)
"""How late a run may be for other reasons: a busy machine, a server that starts."""


def catch_up_once(interval: timedelta, jitter: timedelta = timedelta()) -> SchedulePolicy:
    """One run makes up for every run that was missed, however many these are: each run sees everything.

    The last one that was missed is at most an interval and its jitter ago. A wider window would only add older ones.
    """
    return SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=interval + jitter + SLACK)


def is_overdue(latest: datetime, interval: timedelta, jitter: timedelta = timedelta()) -> bool:
    """Whether a schedule should have run since `latest`.

    Temporal drops what a schedule missed when the schedule is updated, and set-up updates every schedule.
    """
    return datetime.now(UTC) - latest > interval + jitter + SLACK
