"""What `CheckSubscription` does before the look itself."""

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client

from shared.contracts.subscriptions import BeginLook, Look, SubscriptionRef
from shared.db import subscriptions
from shared.db.driver import transaction
from shared.temporal import subscriptions as schedules
from workflows.activities import SubscriptionSteps


class SubscriptionActivities(SubscriptionSteps):
    """`SubscriptionSteps` on Postgres and Temporal."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def begin_look(self, begin: BeginLook) -> Look:
        """Write the batch of a look, unless an earlier one is under way."""
        async with transaction(self._engine) as connection:
            return await subscriptions.begin_look(connection, begin.subscription_id, begin.batch_id)

    @activity.defn
    async def keep_schedule(self, subscription: SubscriptionRef) -> None:
        """Bring the schedule to what the row says; without a row there is none."""
        async with transaction(self._engine) as connection:
            await schedules.keep_schedule(connection, self._client, subscription.subscription_id)
