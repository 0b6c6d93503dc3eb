"""Two worker processes on the stand-in for YouTube, and the calls it sees: for the benchmarks of the pace."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC
from itertools import pairwise
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle

from benchmarks.machine import Machine
from shared.contracts.imports import ImportVideoResult
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db.engine import create_engine
from shared.db.models import LOCAL_USER_ID
from shared.db.upstreams import all_statuses
from shared.temporal.client import connect
from shared.temporal.names import PRIORITY_BULK, RECONCILE_SCHEDULE_ID, rate_governor_id
from tests.standin import Standin
from tests.standin.library import Library
from tests.standin.model import Kind
from tests.support.entries import add_video
from tests.support.waiting import eventually
from workflows.import_video import ImportVideo
from workflows.start import start_import

WORKERS = 2
ANSWER_SECONDS = 0.1
"""How long the stand-in thinks about every request."""
START_SECONDS = 60
PATIENCE_SECONDS = 1200
"""For whatever the slowest of paces takes."""
ONE_PER_CALL = frozenset({Kind.WATCH, Kind.TIMEDTEXT})
"""Every call begins with exactly one of these requests: the watch page, or the caption track that metadata named."""

Import = WorkflowHandle[ImportVideo, ImportVideoResult]


@dataclass(frozen=True)
class Call:
    """One call to YouTube, as the stand-in saw it begin."""

    at: float
    youtube_id: str | None


@dataclass(frozen=True)
class Installation:
    """Running workers and what is needed to give them work."""

    client: Client
    engine: AsyncEngine
    standin: Standin
    statuses: list[UpstreamStatus] = field(default_factory=list)
    """How YouTube stood, each time that was written down."""

    async def add(self, count: int, user_id: UUID = LOCAL_USER_ID, *, priority: int = PRIORITY_BULK) -> list[Import]:
        """Entries and their imports, started as the API does."""
        imports = []
        for youtube_id in new_ids(count):
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


def youtube() -> AbstractAsyncContextManager[Standin]:
    """A YouTube that has every video."""
    return Standin.start(library=Library(generate=True), latency_seconds=ANSWER_SECONDS)


@asynccontextmanager
async def installation(running: Machine, standin: Standin, **environment: str) -> AsyncIterator[Installation]:
    """Two worker processes with default settings, except for `environment`; nobody else starts imports."""
    async with AsyncExitStack() as stack:
        client = await connect(running.settings, lazy=False)
        await client.get_schedule_handle(RECONCILE_SCHEDULE_ID).pause()
        engine = create_engine(running.settings)
        stack.push_async_callback(engine.dispose)
        for _ in range(WORKERS):
            stack.enter_context(running.process("services.worker", **way_to(standin), **environment))
        here = Installation(client, engine, standin)
        await stack.enter_async_context(_watched(here))
        await here.until(lambda status: True)
        yield here


@asynccontextmanager
async def _watched(here: Installation) -> AsyncIterator[None]:
    """Note every status of YouTube meanwhile."""

    async def watch() -> None:
        while True:
            async with here.engine.connect() as connection:
                news = [status for status in await all_statuses(connection) if status not in here.statuses[-1:]]
            here.statuses.extend(news)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(watch())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def way_to(standin: Standin) -> dict[str, str]:
    """The environment of a process that takes `standin` for YouTube."""
    return {"YOUTUBE_PROXY": standin.proxy_url, "YOUTUBE_CA_FILE": str(standin.ca_file)}


def new_ids(count: int) -> list[str]:
    """Ids of videos that nobody has asked for."""
    prefix = uuid4().hex[:7]
    return [f"{prefix}{number:04}" for number in range(count)]


def calls_of(standin: Standin, since: float = 0, until: float = float("inf")) -> list[Call]:
    """Every call between two moments (seconds since the epoch)."""
    return [
        Call(request.at, request.youtube_id)
        for request in standin.requests
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


def idle_seconds(calls: Sequence[Call], per_second: float) -> float:
    """How long in all a call was allowed and not made, while calls were always waiting."""
    return sum(max(later.at - earlier.at - 1 / per_second, 0) for earlier, later in pairwise(calls))


def say(text: str) -> None:
    """Progress, with the time of day: some of this takes minutes."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
