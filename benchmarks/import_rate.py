"""Imports per second with instant adapters, as a ratio to a bare workflow with as many no-op activities.

Database, feed and workflow are real; both sides run in turn, in one process, on the same Temporal server.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from benchmarks.bare_workflow import BareWorkflow, no_op
from benchmarks.machine import Machine, machine, print_machine
from benchmarks.videos import add_entries
from services.worker.adapters.models import Transcript, TranscriptLine
from services.worker.background.governors import configure_governors
from services.worker.dependencies import dependencies
from services.worker.workers import DATABASE_ACTIVITIES, build_workers
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsAnswer, CaptionsKind, CaptionTrack
from shared.db.engine import create_engine
from shared.db.models import LOCAL_USER_ID
from shared.temporal.client import connect
from shared.temporal.feed import ensure_feed
from workflows.imports.client import start_import

ROUNDS = 5
IMPORTS = 100
WARM_UP = 50
IN_FLIGHT = 50


class InstantYoutube:
    """Answers without a network."""

    def ask(self, youtube_id: str) -> dict[str, Any]:
        """A plausible video."""
        track = {"ext": "json3", "url": "https://www.youtube.com/api/timedtext?lang=en"}
        return {
            "title": "Title",
            "channel": "Channel",
            "channel_id": "UC",
            "duration": 300,
            "description": "0:00 a\n1:00 b\n2:00 c",
            "view_count": 1,
            "like_count": 1,
            "live_status": "not_live",
            "subtitles": {"en": [track]},
        }

    def fetch(self, youtube_id: str, track: CaptionTrack | None, answers: Mapping[str, CaptionsAnswer]) -> Transcript:
        """A hundred lines."""
        return Transcript("en", CaptionsKind.MANUAL, [TranscriptLine(n, n + 1, f"line {n}") for n in range(100)])


async def in_flight(start: Callable[[int], Awaitable[None]], count: int) -> float:
    """Run `count` workflows, at most IN_FLIGHT at once; returns how many there were per second."""
    places = asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int) -> None:
        async with places:
            await start(number)

    begun = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(count)))
    return count / (time.perf_counter() - begun)


async def run_bare(client: Client, count: int) -> float:
    """Bare workflows per second."""

    async def start(_: int) -> None:
        await client.execute_workflow(BareWorkflow.run, id=str(uuid4()), task_queue="bare")

    return await in_flight(start, count)


async def run_imports(client: Client, engine: AsyncEngine, count: int) -> float:
    """Imports per second; their entries are there before the clock starts."""
    ids = await add_entries(engine, count)

    async def start(number: int) -> None:
        handle = await start_import(client, ids[number], LOCAL_USER_ID)
        if (await handle.result()).stage is not ImportStage.COMPLETE:
            raise RuntimeError("an import was not completed")

    return await in_flight(start, count)


@asynccontextmanager
async def workers(running: Machine, client: Client, engine: AsyncEngine) -> AsyncIterator[None]:
    """The production workers with instant adapters, and a worker for the bare workflow."""
    youtube = InstantYoutube()
    unlimited = {"youtube_calls_per_second": 100_000, "youtube_hourly_requests": 10**9, "youtube_max_concurrent": 100}
    settings = running.settings.model_copy(update=unlimited)
    async with AsyncExitStack() as stack:
        await configure_governors(client, settings)
        real = await stack.enter_async_context(dependencies(client, settings, engine))
        needs = replace(real, metadata=youtube, captions=youtube)
        for worker in build_workers(client, settings, needs):
            await stack.enter_async_context(worker)
        bare = Worker(client, task_queue="bare", workflows=[BareWorkflow], activities=[no_op])
        await stack.enter_async_context(bare)
        await ensure_feed(client, 0)
        yield


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with machine() as running:
        client = await connect(running.settings, lazy=False)
        engine = create_engine(running.settings, pool_size=2 * DATABASE_ACTIVITIES)
        bare: list[float] = []
        imports: list[float] = []
        async with workers(running, client, engine):
            await run_bare(client, WARM_UP)
            await run_imports(client, engine, WARM_UP)
            for _ in range(ROUNDS):
                bare.append(await run_bare(client, IMPORTS))
                imports.append(await run_imports(client, engine, IMPORTS))
        await engine.dispose()
    print(f"bare workflows: median {statistics.median(bare):.1f}/s of {ROUNDS} rounds of {IMPORTS}")
    print(f"imports:        median {statistics.median(imports):.1f}/s, {IN_FLIGHT} in flight on both sides")
    print("of an import's five steps three are local activities (docs/adr/0003), all of the bare workflow's are normal")
    print(f"ratio: {statistics.median(imports) / statistics.median(bare):.2f} (aim: above 0.7)")


if __name__ == "__main__":
    asyncio.run(main())
