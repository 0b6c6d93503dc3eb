"""Two worker processes on the fake YouTube, and the calls it sees: for the benchmarks of rate limits."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle

from benchmarks.machine import Machine
from benchmarks.videos import new_ids
from fakes.youtube import FakeYoutube
from fakes.youtube.library import Library
from fakes.youtube.model import Kind
from shared.contracts.imports import ImportVideoResult
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db.connection import raw_connection
from shared.db.engine import create_engine
from shared.db.models import LOCAL_USER_ID
from shared.db.upstreams import all_statuses
from shared.temporal.client import connect
from shared.temporal.names import PRIORITY_BULK, RECONCILE_SCHEDULE_ID, rate_governor_id
from tests.support.entries import add_video
from tests.support.waiting import eventually
from workflows.imports.client import start_import
from workflows.imports.workflow import ImportVideo

WORKERS = 2
ANSWER_SECONDS = 0.1
"""How long the fake YouTube thinks about every request."""
START_SECONDS = 60
PATIENCE_SECONDS = 1200
"""For whatever the lowest rate limit takes."""
ONE_PER_CALL = frozenset({Kind.WATCH, Kind.TIMEDTEXT})
"""Every call begins with exactly one of these requests: the watch page, or the caption track that metadata named."""

Import = WorkflowHandle[ImportVideo, ImportVideoResult]


@dataclass(frozen=True)
class Call:
    """One call to YouTube, as the fake YouTube saw it begin."""

    at: float
    youtube_id: str | None


@dataclass(frozen=True)
class Installation:
    """Running workers and what is needed to give them work."""

    client: Client
    engine: AsyncEngine
    fake_youtube: FakeYoutube
    statuses: list[UpstreamStatus] = field(default_factory=list)
    """How YouTube stood, each time that was written down."""

    async def add(self, count: int, user_id: UUID = LOCAL_USER_ID, *, priority: int = PRIORITY_BULK) -> list[Import]:
        """New entries and their imports, started as the API does."""
        return await self.add_all(new_ids(count), user_id, priority=priority)

    async def add_all(
        self, youtube_ids: Sequence[str], user_id: UUID = LOCAL_USER_ID, *, priority: int = PRIORITY_BULK
    ) -> list[Import]:
        """The same for these videos."""
        imports = []
        for youtube_id in youtube_ids:
            await add_video(self.engine, youtube_id, user_id)
            imports.append(await start_import(self.client, youtube_id, user_id, priority=priority))
        return imports

    async def until(self, check: Callable[[UpstreamStatus], bool], since: float = 0) -> UpstreamStatus:
        """The first status since then that is as wanted."""

        async def found() -> UpstreamStatus | None:
            return next((each for each in self.statuses if seconds(each) >= since and check(each)), None)

        status = await eventually(found, within_seconds=PATIENCE_SECONDS)
        if status is None:
            raise RuntimeError("eventually() returns what is true")
        return status

    async def reports(self) -> list[float]:
        """When the governor was sent a `report`."""
        history = await self.client.get_workflow_handle(rate_governor_id(Upstream.YOUTUBE)).fetch_history()
        begun, *events = history.events
        if begun.workflow_execution_started_event_attributes.continued_execution_run_id:
            raise RuntimeError("the governor has gone on in a new run: the signals of the one before are not counted")
        return [
            event.event_time.ToDatetime(UTC).timestamp()
            for event in events
            if event.workflow_execution_signaled_event_attributes.signal_name == "report"
        ]


def youtube() -> AbstractAsyncContextManager[FakeYoutube]:
    """A YouTube that has every video."""
    return FakeYoutube.start(library=Library(generate=True), latency_seconds=ANSWER_SECONDS)


@asynccontextmanager
async def installation(running: Machine, fake_youtube: FakeYoutube, **environment: str) -> AsyncIterator[Installation]:
    """Two worker processes with default settings, except for `environment`; nobody else starts imports."""
    async with AsyncExitStack() as stack:
        client = await connect(running.settings, lazy=False)
        await client.get_schedule_handle(RECONCILE_SCHEDULE_ID).pause()
        engine = create_engine(running.settings)
        stack.push_async_callback(engine.dispose)
        for _ in range(WORKERS):
            stack.enter_context(running.process("services.worker", **way_to(fake_youtube), **environment))
        here = Installation(client, engine, fake_youtube)
        await stack.enter_async_context(_watched(here))
        await here.until(lambda status: True)
        yield here


@asynccontextmanager
async def _watched(here: Installation) -> AsyncIterator[None]:
    """Note every status of YouTube meanwhile."""

    async def watch() -> None:
        while True:
            async with here.engine.connect() as connection:
                news = [
                    status
                    for status in await all_statuses(raw_connection(connection))
                    if status not in here.statuses[-1:]
                ]
            here.statuses.extend(news)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(watch())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def way_to(fake_youtube: FakeYoutube) -> dict[str, str]:
    """The environment of a process that takes `fake_youtube` for YouTube."""
    return {"YOUTUBE_PROXY": fake_youtube.proxy_url, "YOUTUBE_CA_FILE": str(fake_youtube.ca_file)}


def calls_of(fake_youtube: FakeYoutube, since: float = 0, until: float = float("inf")) -> list[Call]:
    """Every call between two moments (seconds since the epoch)."""
    return [
        Call(request.at, request.youtube_id)
        for request in fake_youtube.requests
        if request.kind in ONE_PER_CALL and since <= request.at < until
    ]


async def all_complete(imports: Collection[Import]) -> None:
    """Wait for the end of every import; raises RuntimeError for one that was not completed."""
    for result in await asyncio.gather(*(each.result() for each in imports)):
        if result.stage is not ImportStage.COMPLETE:
            raise RuntimeError("an import was not completed")


def seconds(status: UpstreamStatus) -> float:
    """When this was so, in seconds since the epoch."""
    return status.at.timestamp()


def most_within(window_seconds: float, calls: Sequence[Call]) -> int:
    """The largest number of calls in any window of this length."""
    return max(
        (sum(0 <= call.at - first.at < window_seconds for call in calls) for first in calls),
        default=0,
    )


def say(text: str) -> None:
    """Progress, with the time of day: some of this takes minutes."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
