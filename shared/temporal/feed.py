"""Both ends of the live feed: publishing in batches, and one subscription per shard.

The feed is fast and may lose something (a crash between commit and publish, a truncated backlog). Postgres is the
truth: a reader sees by `prev_seq` that it missed something and reads `import_events`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from types import TracebackType
from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.workflow_streams import TopicHandle, WorkflowStreamClient
from temporalio.service import RPCError, RPCStatusCode

from shared.contracts.messages import FeedItem
from shared.temporal.client import TEMPORAL_AWAY
from shared.temporal.names import PROGRESS_FEED, PROGRESS_TOPIC, TaskQueue, progress_feed_id

BATCH_SECONDS = 0.05
"""How long a publisher collects after a signal, before the next one. The first event of a quiet time goes at once."""
POLL_COOLDOWN = timedelta(milliseconds=20)
MAX_BATCH_ITEMS = 500
"""About 400 kB of a signal's 2 MB."""
MAX_WAITING_ITEMS = 10_000
"""What a publisher keeps while Temporal is away; older items are read from Postgres by whoever misses them."""
RETRY_SECONDS = 1.0
GIVE_UP_AFTER = timedelta(minutes=10)
"""How long one batch is tried; then it is dropped, and the feed's memory of publishers may forget this one."""
CLOSING_SECONDS = 5
MAX_REFUSALS = 5
"""How often in a row a poll may be refused before the subscription ends: about a second."""

Publish = Callable[[Iterable[FeedItem]], None]
"""Hands committed events to the feed; returns at once and never fails."""

logger = logging.getLogger(__name__)


def shard_of(user_id: UUID, shards: int) -> int:
    """The shard that carries a user's events."""
    return user_id.int % shards


async def ensure_feed(client: Client, shard: int) -> None:
    """Start the shard's `ProgressFeed` unless it runs."""
    await client.start_workflow(
        PROGRESS_FEED,
        id=progress_feed_id(shard),
        task_queue=TaskQueue.IMPORTS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
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
        """Send everything that waits right now. Raises one of TEMPORAL_AWAY when it is."""
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
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            await ensure_feed(self._client, self._shard)
            await self._stream.flush()


class FeedPublisher(AbstractAsyncContextManager["FeedPublisher"]):
    """Publishes feed items in the background; leaving the context sends what is left."""

    def __init__(self, client: Client, shards: int, *, give_up_after: timedelta = GIVE_UP_AFTER) -> None:
        self._shards = [_ShardPublisher(client, shard, give_up_after) for shard in range(shards)]
        self._something_waits = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def publish(self, items: Iterable[FeedItem]) -> None:
        """Hand items over; returns at once and never fails."""
        for item in items:
            self._shards[shard_of(item.user_id, len(self._shards))].waiting.append(item)
            self._something_waits.set()

    async def __aenter__(self) -> "FeedPublisher":
        self._task = asyncio.create_task(self._run(), name="feed-publisher")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(TimeoutError, *TEMPORAL_AWAY):
            await asyncio.wait_for(self._flush_all(), timeout=CLOSING_SECONDS)

    async def _run(self) -> None:
        while True:
            await self._something_waits.wait()
            self._something_waits.clear()
            try:
                await self._flush_all()
                await asyncio.sleep(BATCH_SECONDS)
            except Exception as error:  # whatever it was: Postgres has the events, and the next ones are to be live
                logger.warning("the live feed cannot be reached, trying again: %s", error)
                self._something_waits.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _flush_all(self) -> None:
        await asyncio.gather(*(shard.flush() for shard in self._shards))


async def subscribe(client: Client, shard: int) -> AsyncIterator[FeedItem]:
    """New items of a shard, from now on and through every run of the feed.

    Raises one of TEMPORAL_AWAY when it is; the caller subscribes again and fills the gap from Postgres.
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
