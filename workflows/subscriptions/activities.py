"""The activities of a subscription's check: their contract."""

from abc import ABC, abstractmethod
from datetime import timedelta

from shared.contracts.subscriptions import CheckPlan, CheckStarted, FeedRef, StartCheckInput, SubscriptionRef
from shared.temporal.names import TaskQueue
from workflows.common.activity_options import local_activity, queued_activity

FEED_TIMEOUT = timedelta(minutes=2)
"""One small request, which may be stuck for 20 s several times, and the database write."""


class SubscriptionActivities(ABC):
    """A subscription in the database and its schedule in Temporal."""

    @local_activity("The feed or the list?")
    @abstractmethod
    async def plan_check(self, subscription: SubscriptionRef) -> CheckPlan:
        """Decide whether the feed is asked."""

    @local_activity("A batch for this check")
    @abstractmethod
    async def start_check(self, start: StartCheckInput) -> CheckStarted:
        """Save the batch of a check, unless an earlier check still runs or the feed has nothing new."""

    @local_activity("The subscription is deleted: no further checks")
    @abstractmethod
    async def sync_schedule(self, subscription: SubscriptionRef) -> None:
        """Make the schedule match the subscription's row; without a row, delete it."""


class FeedActivities(ABC):
    """Feeds: requests to YouTube that count against no budget and have a rate of their own."""

    @queued_activity(TaskQueue.FEEDS, "The feed", timeout=FEED_TIMEOUT)
    @abstractmethod
    async def read_feed(self, feed: FeedRef) -> None:
        """Save what the feed shows, unless it was asked a moment ago. That it says nothing is no error."""
