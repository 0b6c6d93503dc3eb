"""What keeps the hub current: the live feed, which is fast, and the sweep, which is sure."""

import asyncio
import logging
import random

from temporalio.client import Client

from services.notifier.hub import Hub
from services.notifier.store import DatabaseAway, Store
from shared.temporal.feed import ensure_feed, subscribe

SWEEP_SECONDS = 2.0
FIRST_RETRY_SECONDS = 0.5
MAX_RETRY_SECONDS = 10.0

logger = logging.getLogger(__name__)


class FeedReader:
    """One subscription per shard for the whole notifier, renewed for as long as it runs."""

    def __init__(self, client: Client, shards: int, hub: Hub) -> None:
        self._client = client
        self._hub = hub
        self._connected = dict.fromkeys(range(shards), False)

    @property
    def is_connected(self) -> bool:
        """Whether every shard is being read."""
        return all(self._connected.values())

    async def run(self) -> None:
        """Read every shard until cancelled."""
        await asyncio.gather(*(self._follow(shard) for shard in self._connected))

    async def _follow(self, shard: int) -> None:
        """Subscribe again whenever it ends; what is missed in between, the sweep finds."""
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            try:
                await ensure_feed(self._client, shard)
                self._connected[shard] = True
                async for item in subscribe(self._client, shard):
                    retry_seconds = FIRST_RETRY_SECONDS
                    self._hub.offer(item)
                logger.info("shard %d of the live feed ended, subscribing again", shard)
            except Exception as error:  # whatever it was: the sweep carries on meanwhile, and giving up helps nobody
                logger.warning("shard %d of the live feed cannot be read, trying again: %s", shard, error)
            self._connected[shard] = False
            await asyncio.sleep(retry_seconds * random.uniform(0.5, 1))  # noqa: S311 - spreads retries, no secret
            retry_seconds = min(2 * retry_seconds, MAX_RETRY_SECONDS)


async def sweep(store: Store, hub: Hub) -> None:
    """Tell the hub every `SWEEP_SECONDS` what Postgres has: one query for all users who are connected."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            if user_ids := hub.user_ids:
                hub.announce(await store.latest_seqs(user_ids))
        except DatabaseAway as error:
            logger.warning("Postgres cannot be read, trying again: %s", error)
