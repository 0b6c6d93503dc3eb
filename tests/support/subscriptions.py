"""Subscriptions as the API would have written them, and looks at them."""

from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from shared.contracts.batches import SourceKind
from shared.contracts.subscriptions import CheckStarted, SubscriptionRef
from shared.db import subscriptions
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID
from shared.db.subscriptions import NewSubscription, SubscriptionRecord
from shared.temporal.names import TaskQueue
from shared.temporal.schedules import delete_schedule, sync_schedule
from tests.support.batches import add_list
from workflows.subscriptions.workflow import CheckSubscription

PLAYLIST_ID, CHANNEL_ID = "PLharbourmornings0001", "UCharbourmornings0000001"
ADDRESSES = {
    SourceKind.PLAYLIST: f"https://www.youtube.com/playlist?list={PLAYLIST_ID}",
    SourceKind.CHANNEL: f"https://www.youtube.com/channel/{CHANNEL_ID}/videos",
}


async def follow(
    engine: AsyncEngine,
    kind: SourceKind = SourceKind.PLAYLIST,
    *,
    import_existing: bool = False,
    list_id: UUID | None = None,
) -> SubscriptionRecord:
    """A subscription on a list of its own, unless `list_id` names one; Temporal is not told."""
    new = NewSubscription(
        user_id=LOCAL_USER_ID,
        list_id=list_id or await add_list(engine),
        kind=kind,
        source=ADDRESSES[kind],
        interval_seconds=3600,
        import_existing=import_existing,
    )
    async with transaction(engine) as connection:
        added = await subscriptions.add_subscription(connection, new)
    assert added is not None
    assert added.is_new
    return added.subscription


async def now(engine: AsyncEngine, subscription: SubscriptionRecord) -> SubscriptionRecord:
    """The subscription as it is now."""
    async with transaction(engine) as connection:
        found = await subscriptions.get_subscription(connection, LOCAL_USER_ID, subscription.id)
    assert found is not None
    return found


async def look(client: Client, subscription: SubscriptionRecord) -> CheckStarted:
    """One look from its beginning to its end, without the schedule."""
    return await client.execute_workflow(
        CheckSubscription.run,
        SubscriptionRef(subscription_id=subscription.id),
        id=f"look-now:{uuid4()}",
        task_queue=TaskQueue.IMPORTS,
    )


async def tell_temporal(engine: AsyncEngine, client: Client, subscription: SubscriptionRecord) -> None:
    """Bring the schedule to what the row says."""
    async with transaction(engine) as connection:
        await sync_schedule(connection, client, subscription.id)


async def check_now(engine: AsyncEngine, client: Client, subscription: SubscriptionRecord) -> None:
    """Request a check, and have Temporal begin it."""
    async with transaction(engine) as connection:
        await subscriptions.request_check(connection, LOCAL_USER_ID, subscription.id)
    await tell_temporal(engine, client, subscription)


async def remove_schedules(engine: AsyncEngine, client: Client) -> None:
    """Leave no schedule to the next test."""
    async with transaction(engine) as connection:
        rows = await connection.fetch("SELECT id FROM subscriptions")
    for row in rows:
        await delete_schedule(client, row["id"])
