"""The activities of `CheckSubscription` before its batch runs."""

import asyncio
from concurrent.futures import Executor
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client

from services.worker.activities.support.heartbeats import heartbeats
from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ERROR_RULES, Throttle
from shared.contracts.subscriptions import CheckPlan, CheckStarted, FeedRef, StartCheckInput, SubscriptionRef
from shared.db import feeds, subscriptions
from shared.db.connection import transaction
from shared.logs import get_logger
from shared.temporal import schedules
from workflows.subscriptions import activities as contract

logger = get_logger(__name__)


class FeedClient(Protocol):
    """Reads feeds: `services.worker.adapters.youtube.feed.FeedAdapter`."""

    def latest(self, feed_id: str) -> list[str]:
        """Return the ids of the first videos of a playlist. Raises YoutubeError; blocks."""


class SubscriptionActivities(contract.SubscriptionActivities):
    """The contract on PostgreSQL and Temporal."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def plan_check(self, subscription: SubscriptionRef) -> CheckPlan:
        """Decide whether the feed is asked."""
        async with transaction(self._engine) as connection:
            return await subscriptions.plan_check(connection, subscription.subscription_id)

    @activity.defn
    async def start_check(self, given: StartCheckInput) -> CheckStarted:
        """Create the batch of a check, unless an earlier check is still running or nothing is new."""
        async with transaction(self._engine) as connection:
            return await subscriptions.start_check(connection, given.subscription_id, given.batch_id)

    @activity.defn
    async def sync_schedule(self, subscription: SubscriptionRef) -> None:
        """Make the schedule agree with the row; without a row there is no schedule."""
        async with transaction(self._engine) as connection:
            await schedules.sync_schedule(connection, self._client, subscription.subscription_id)


class FeedActivities(contract.FeedActivities):
    """The contract on the real YouTube."""

    def __init__(self, engine: AsyncEngine, *, source: FeedClient, threads: Executor) -> None:
        self._engine = engine
        self._source = source
        self._threads = threads

    @activity.defn
    async def read_feed(self, feed: FeedRef) -> None:
        """Save what the feed shows; no answer is no information, and a refusal pauses all feeds."""
        async with heartbeats():
            async with transaction(self._engine) as connection:  # it may have waited in the queue for long
                may_be_asked = await feeds.may_be_asked(connection, feed.feed_id)
            if may_be_asked:
                await self._ask(feed.feed_id)

    async def _ask(self, feed_id: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            youtube_ids = await loop.run_in_executor(self._threads, self._source.latest, feed_id)
        except YoutubeError as error:
            await self._save_failure(feed_id, error)
            return
        async with transaction(self._engine) as connection:
            await feeds.save_answer(connection, feed_id, youtube_ids)

    async def _save_failure(self, feed_id: str, error: YoutubeError) -> None:
        is_refusal = ERROR_RULES[error.error_type].throttle is not Throttle.NO
        async with transaction(self._engine) as connection:
            if is_refusal:
                until = await feeds.save_refusal(connection, feed_id, error.retry_after_seconds)
                logger.warning("feeds_paused", until=until, error_type=error.error_type, detail=error.detail)
            else:
                await feeds.save_silence(connection, feed_id)
                logger.info("feed_silent", feed_id=feed_id, error_type=error.error_type, detail=error.detail)
