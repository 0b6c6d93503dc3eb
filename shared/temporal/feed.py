"""Both ends of the live feed: publishing in batches, and one subscription per shard.

The feed is fast and may lose events (a crash between commit and publish, a truncated backlog). PostgreSQL is the
truth: a reader detects a gap by `prev_seq` and reads `import_events`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.workflow_streams import TopicHandle, WorkflowStreamClient
from temporalio.service import RPCError

from shared.background import BackgroundTask
from shared.contracts.messages import FeedItem
from shared.temporal.errors import is_not_found
from shared.temporal.names import PROGRESS_FEED, PROGRESS_TOPIC, WORKFLOW_TASK_TIMEOUT, TaskQueue, progress_feed_id

BATCH_SECONDS = 0.05
"""How long a publisher collects between two signals. The first event after a quiet time is sent at once."""
POLL_COOLDOWN = timedelta(milliseconds=20)
MAX_BATCH_ITEMS = 300
"""About 250 kB of a signal's 2 MB, and 1.5 MB with the longest titles."""
MAX_WAITING_ITEMS = 10_000
"""Kept while Temporal is unavailable; readers that miss older items read them from PostgreSQL."""
RETRY_SECONDS = 1.0
GIVE_UP_AFTER = timedelta(minutes=10)
"""How long one batch is retried before it is dropped; then the feed may forget this publisher."""
MAX_REFUSALS = 5
"""Consecutive refused polls before the subscription ends: about a second."""

Publish = Callable[[Iterable[FeedItem]], None]
"""Queues committed events for the feed; returns at once and never fails."""


def shard_of(user_id: UUID, shards: int) -> int:
    """Return the shard of a user's events."""
    return user_id.int % shards


async def ensure_feed(client: Client, shard: int) -> None:
    """Start the shard's `ProgressFeed` unless it is running."""
    await client.start_workflow(
        PROGRESS_FEED,
        id=progress_feed_id(shard),
        task_queue=TaskQueue.IMPORTS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        task_timeout=WORKFLOW_TASK_TIMEOUT,
        static_summary=f"Live progress, shard {shard}",
    )


class _ShardPublisher:
    """The waiting items of one shard and the stream they go to."""

    def __init__(self, client: Client, shard: int, give_up_after: timedelta) -> None:
        self._client = client
        self._shard = shard
        self._stream = WorkflowStreamClient.create(client, progress_feed_id(shard), max_retry_duration=give_up_after)
        self._topic: TopicHandle[FeedItem] = self._stream.topic(PROGRESS_TOPIC, type=FeedItem)
        self.waiting: deque[FeedItem] = deque(maxlen=MAX_WAITING_ITEMS)

    async def flush(self) -> None:
        """Send everything that waits right now. Raises what the Temporal client raises."""
        await self._send()  # what an earlier failure left behind
        left = len(self.waiting)  # what comes meanwhile goes with the next batch
        while left > 0:
            for _ in range(min(left, len(self.waiting), MAX_BATCH_ITEMS)):
                self._topic.publish(self.waiting.popleft())
            left -= MAX_BATCH_ITEMS
            await self._send()

    async def _send(self) -> None:
        try:
            await self._stream.flush()
        except RPCError as error:
            if not is_not_found(error):
                raise
            await ensure_feed(self._client, self._shard)
            await self._stream.flush()


class FeedPublisher(BackgroundTask):
    """Publishes feed items in the background; leaving the context sends what is left."""

    def __init__(self, client: Client, shards: int, *, give_up_after: timedelta = GIVE_UP_AFTER) -> None:
        """`give_up_after`: how long one batch is retried."""
        super().__init__("feed_publisher", pause_seconds=BATCH_SECONDS, retry_seconds=RETRY_SECONDS)
        self._shards = [_ShardPublisher(client, shard, give_up_after) for shard in range(shards)]

    def publish(self, items: Iterable[FeedItem]) -> None:
        """Queue items; returns at once and never fails."""
        for item in items:
            self._shards[shard_of(item.user_id, len(self._shards))].waiting.append(item)
            self.wake()

    async def run_once(self) -> None:
        """Send the waiting items of all shards."""
        results = await asyncio.gather(*(shard.flush() for shard in self._shards), return_exceptions=True)
        for failure in results:  # once every shard has ended: none is flushed twice at the same time
            if isinstance(failure, BaseException):
                raise failure


async def subscribe(client: Client, shard: int) -> AsyncIterator[FeedItem]:
    """Yield new items of a shard, from now on and through every run of the feed.

    Raises what the Temporal client raises; the caller subscribes again and fills the gap from PostgreSQL.
    """
    await ensure_feed(client, shard)
    stream = WorkflowStreamClient.create(client, progress_feed_id(shard))
    offset = await stream.get_offset()
    refusals = 0
    while True:
        try:
            async for item in stream.subscribe(
                [PROGRESS_TOPIC], from_offset=offset, result_type=FeedItem, poll_cooldown=POLL_COOLDOWN
            ):
                yield item.data
                offset = item.offset + 1
                refusals = 0
        except RPCError:
            # Between two runs the server refuses polls in several ways; the next run knows the offset.
            refusals += 1
            if refusals > MAX_REFUSALS:
                raise
        await asyncio.sleep(POLL_COOLDOWN.total_seconds() * 2**refusals)
