"""What keeps the hub current: the live feed, which is fast, and polls of PostgreSQL, which miss nothing."""

import asyncio
import random
import time
from collections.abc import Coroutine
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus

from services.notifier.batches import Batches
from services.notifier.hub import Hub
from services.notifier.store import DatabaseUnavailableError, Store
from services.notifier.upstreams import UpstreamPauses
from shared.logs import get_logger
from shared.temporal.feed import ensure_feed, subscribe
from shared.temporal.names import progress_feed_id

POLL_SECONDS = 2.0
"""From one poll of PostgreSQL to the next."""
WATCH_SECONDS = 5.0
"""How often the workflow behind a shard is looked at."""
WATCH_TIMEOUT = timedelta(seconds=5)
FIRST_RETRY_SECONDS = 0.5
MAX_RETRY_SECONDS = 10.0

logger = get_logger(__name__)


class FeedReader:
    """One subscription per shard for the whole notifier, renewed for as long as it runs."""

    def __init__(self, client: Client, shards: int, hub: Hub, batches: Batches) -> None:
        self._client = client
        self._hub = hub
        self._batches = batches
        self._connected = dict.fromkeys(range(shards), False)

    @property
    def is_connected(self) -> bool:
        """Whether every shard is being read."""
        return all(self._connected.values())

    async def run(self) -> None:
        """Read every shard until cancelled."""
        await asyncio.gather(*(self._follow(shard) for shard in self._connected))

    async def _follow(self, shard: int) -> None:
        """Subscribe again whenever it ends; `poll_database` finds what is missed in between."""
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            started = time.monotonic()
            try:
                await ensure_feed(self._client, shard)
                await _first_of(self._listen(shard), self._watch(shard))
                logger.info("feed_ended", shard=shard)
            except Exception as error:  # polls continue meanwhile, and giving up would help no one
                logger.warning("feed_unavailable", shard=shard, error=error)
            self._connected[shard] = False
            if time.monotonic() - started > MAX_RETRY_SECONDS:  # it worked for a while
                retry_seconds = FIRST_RETRY_SECONDS
            await asyncio.sleep(retry_seconds * random.uniform(0.5, 1))  # noqa: S311 - spreads retries, no secret
            retry_seconds = min(2 * retry_seconds, MAX_RETRY_SECONDS)

    async def _listen(self, shard: int) -> None:
        async for item in subscribe(self._client, shard):
            self._hub.publish(item)
            self._batches.hint(item)

    async def _watch(self, shard: int) -> None:
        """Return when the feed that is being read has ended: a poll that waits in a terminated workflow never ends."""
        feed = self._client.get_workflow_handle(progress_feed_id(shard))
        first_run_ids = set[str]()
        while len(first_run_ids) <= 1:
            description = await feed.describe(rpc_timeout=WATCH_TIMEOUT)
            if description.status is not WorkflowExecutionStatus.RUNNING:
                return
            self._connected[shard] = True
            first_run_ids.add(description.raw_description.workflow_execution_info.first_run_id)
            await asyncio.sleep(WATCH_SECONDS)


async def _first_of(*coroutines: Coroutine[None, None, None]) -> None:
    """Run until one of them ends, however it ends."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def poll_database(store: Store, hub: Hub, pauses: UpstreamPauses) -> None:
    """Read what is new every `POLL_SECONDS`: one query for all connected users, one for the upstreams."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        try:
            if user_ids := hub.user_ids:
                hub.set_latest_seqs(await store.latest_seqs(user_ids))
                pauses.update(await store.upstreams())
        except DatabaseUnavailableError as error:
            logger.warning("database_unavailable", error=error)
        except Exception:  # without polls, no client hears of what the feed lost, nor of pauses
            logger.exception("poll_failed")
