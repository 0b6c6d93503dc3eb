"""From a committed stage to the browser: the lag of live progress at 5 and at 50 events per second.

Everything on the way is real and a process of its own: PostgreSQL (durable), Temporal, the worker that hosts the
feed, the notifier. This process writes stages as a worker's activities do, and receives as a browser does; a lag is
the time between a transaction's commit and its message on the WebSocket, both on one clock.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.machine import Machine, answers, machine, milliseconds, percentile, print_machine
from benchmarks.videos import add_entries
from shared.contracts.stages import ImportStage
from shared.db import imports
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.temporal.client import connect as connect_temporal
from shared.temporal.feed import FeedPublisher
from shared.temporal.names import RECONCILE_SCHEDULE_ID

STAGES = (ImportStage.METADATA, ImportStage.CAPTIONS, ImportStage.CHAPTERS, ImportStage.COMPLETE)
WARM_UP = (20, 100)
LOADS = ((5, 300), (50, 2000))
"""Events per second, and how many."""
AIM_SECONDS = 0.15
SWEEP_SECONDS = 1.0
"""Beyond this a message came with the notifier's sweep of Postgres, not with the feed."""
PATIENCE_SECONDS = 15
"""How long after the last commit a message counts as lost: several sweeps."""


@dataclass
class Lags:
    """When events were committed and when they were received, by their seq, in seconds of one clock."""

    committed: dict[int, float] = field(default_factory=dict)
    received: dict[int, float] = field(default_factory=dict)

    @property
    def lost(self) -> set[int]:
        """What has not been received (yet)."""
        return self.committed.keys() - self.received.keys()

    @property
    def seconds(self) -> list[float]:
        """The lag of every received event."""
        return [self.received[seq] - at for seq, at in self.committed.items() if seq in self.received]


@dataclass(frozen=True)
class Writer:
    """Does what an activity does when a stage is reached."""

    engine: AsyncEngine
    feed: FeedPublisher
    lags: Lags

    async def write(self, youtube_id: str, stage: ImportStage) -> None:
        """One transaction, then the feed hears of it."""
        async with transaction(self.engine) as connection:
            items = await imports.advance(connection, youtube_id, stage)
        now = time.perf_counter()
        self.lags.committed.update({item.message.seq or 0: now for item in items})
        self.feed.publish(items)

    async def write_all(self, youtube_ids: list[str], per_second: int) -> None:
        """Every stage of every video at an even pace, however long a write takes; one video's far apart."""
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as writes:
            for number, (stage, youtube_id) in enumerate((s, y) for s in STAGES for y in youtube_ids):
                await asyncio.sleep(begun + number / per_second - time.perf_counter())
                writes.create_task(self.write(youtube_id, stage))


@asynccontextmanager
async def receiving(url: str, lags: Lags) -> AsyncIterator[None]:
    """A browser that notes when each event arrives."""

    async def receive(socket: ClientConnection) -> None:
        async for data in socket:
            now = time.perf_counter()
            message = json.loads(data)
            if message["type"] == "import_progress":
                lags.received[message["seq"]] = now

    async with connect(url, proxy=None, max_size=None) as socket:
        await socket.recv()  # the snapshot
        task = asyncio.create_task(receive(socket))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def measure(running: Machine, engine: AsyncEngine, feed: FeedPublisher, per_second: int, count: int) -> Lags:
    """One load from its first commit until everything was received, or should have been."""
    lags = Lags()
    youtube_ids = await add_entries(engine, count // len(STAGES))
    async with receiving(running.settings.websocket_url(), lags):
        await Writer(engine, feed, lags).write_all(youtube_ids, per_second)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while lags.lost:  # noqa: ASYNC110 - the receiver is a loop of its own
                    await asyncio.sleep(0.05)
    return lags


@asynccontextmanager
async def publisher(running: Machine) -> AsyncIterator[FeedPublisher]:
    """The way into the feed; nothing but this benchmark moves its videos."""
    client = await connect_temporal(running.settings, lazy=False)
    await client.get_schedule_handle(RECONCILE_SCHEDULE_ID).pause()
    async with FeedPublisher(client, running.settings.feed_shards) as feed:
        yield feed


def print_lags(per_second: int, lags: Lags) -> None:
    """One line for one load."""
    swept = sum(lag > SWEEP_SECONDS for lag in lags.seconds)
    print(
        f"{per_second:2} events/s: {milliseconds(lags.seconds)}, longest {max(lags.seconds) * 1000:.0f} ms; "
        f"{len(lags.committed)} events, {len(lags.lost)} lost, {swept} by the sweep"
    )


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with machine() as running, publisher(running) as feed:
        engine = create_engine(running.settings)
        with running.process("services.worker"), running.process("services.notifier"):
            await answers(running.settings.notifier_port)
            await measure(running, engine, feed, *WARM_UP)
            for per_second, count in LOADS:
                lags = await measure(running, engine, feed, per_second, count)
                print_lags(per_second, lags)
        await engine.dispose()
    verdict = "is" if percentile(lags.seconds, 99) < AIM_SECONDS else "is NOT"
    print(f"p99 at {per_second} events/s {verdict} under {AIM_SECONDS * 1000:.0f} ms")


if __name__ == "__main__":
    asyncio.run(main())
