"""Imports never stall because a queue's rate stays at 0, with the whole worker running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Worker

from fakes.youtube import FakeVideo, FakeYoutube
from services.worker.background import governor_watch
from services.worker.background.governor_watch import GovernorWatch
from services.worker.background.queue_rate import queue_rate, set_queue_rate
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import RateGovernorInput, Upstream, UpstreamReport, UpstreamState
from shared.db.connection import transaction
from shared.db.upstreams import find_status
from shared.settings import Settings
from shared.temporal.names import RATE_GOVERNOR, TaskQueue, rate_governor_id
from tests.support.entries import add_video, find_video
from tests.support.waiting import PATIENCE_SECONDS, eventually
from tests.support.worker import worker_at_work
from tests.workflows.rate_limit_story import POLICY, throttled
from workflows.imports.client import start_import
from workflows.rate_limits.client import GovernorClient
from workflows.rate_limits.controller import RateController

YOUTUBE_ID = "abcdefghij1"
POISON_ID = "poisonpoiso"
GOVERNOR_ID = rate_governor_id(Upstream.YOUTUBE)
RESTART_SECONDS = 120
"""It takes Temporal some 10 s to come to a third attempt, on a quiet machine."""


@workflow.defn(name=RATE_GOVERNOR, sandboxed=False)
class OtherGovernor:
    """A version whose history today's cannot read."""

    @workflow.run
    async def run(self, start: object) -> None:
        await workflow.sleep(3600)

    @workflow.signal
    def configure(self, policy: object) -> None:
        pass


class Installation:
    """The production workers, and one video that is to be imported."""

    def __init__(self, client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube) -> None:
        self.client = client
        self.engine = engine
        self.governor = GovernorClient(client, Upstream.YOUTUBE, settings.youtube_rate_limits)
        self._settings = settings.model_copy(update={"reconcile_interval_seconds": 1})
        self._fake_youtube = fake_youtube
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Run the workers until `close`."""
        at_work = worker_at_work(self.client, self._settings, self.engine, self._fake_youtube)
        await self._stack.enter_async_context(at_work)

    async def close(self) -> None:
        """End the workers."""
        await self._stack.aclose()

    async def imports_a_video(self, within_seconds: float = PATIENCE_SECONDS) -> None:
        self._fake_youtube.library.add(FakeVideo(YOUTUBE_ID))
        video = await add_video(self.engine, YOUTUBE_ID)
        await start_import(self.client, YOUTUBE_ID, video.user_id)

        async def is_complete() -> bool:
            return (await find_video(self.engine, video.id)).import_stage == ImportStage.COMPLETE

        await eventually(is_complete, within_seconds=within_seconds)

    async def is_at(self, state: UpstreamState, calls_per_second: float) -> None:
        """Wait until the state is saved, and the queue has the rate."""

        async def is_so() -> bool:
            async with transaction(self.engine) as connection:
                status = await find_status(connection, Upstream.YOUTUBE)
            assert status is not None
            assert status.state is state
            assert await queue_rate(self.client, Upstream.YOUTUBE) == calls_per_second
            return True

        await eventually(is_so)


@pytest.fixture
async def installation(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[Installation]:
    """Its workers check their governors every second."""
    installation = Installation(client, settings, engine, fake_youtube)
    yield installation
    await installation.close()
    await set_queue_rate(client, Upstream.YOUTUBE, 1000)


async def test_a_governor_whose_history_cannot_be_read_is_restarted(installation: Installation) -> None:
    client = installation.client
    async with Worker(client, task_queue=TaskQueue.GOVERNORS, workflows=[OtherGovernor]):
        start = RateGovernorInput(upstream=Upstream.YOUTUBE, policy=POLICY)
        handle = await client.start_workflow(RATE_GOVERNOR, start, id=GOVERNOR_ID, task_queue=TaskQueue.GOVERNORS)

        async def has_begun() -> bool:
            return len((await handle.fetch_history()).events) > 4

        await eventually(has_begun)
    await set_queue_rate(client, Upstream.YOUTUBE, 0)
    await installation.start()
    await installation.imports_a_video(within_seconds=RESTART_SECONDS)
    first = client.get_workflow_handle(GOVERNOR_ID, run_id=handle.first_execution_run_id)
    assert (await first.describe()).status is WorkflowExecutionStatus.TERMINATED


async def test_a_governor_that_cannot_decide_is_restarted_without_what_it_failed_at(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in = RateController.report

    def report(controller: RateController, report: UpstreamReport, *args: object) -> None:
        if report.throttle and report.throttle.youtube_id == POISON_ID:
            raise KeyError("as scripted")
        take_in(controller, report, *args)  # type: ignore[arg-type]  # the time

    monkeypatch.setattr(RateController, "report", report)
    await installation.start()
    await installation.governor.pause()
    await installation.is_at(UpstreamState.PAUSED, 0)
    await installation.governor.report(throttled(ErrorType.BOT_CHECK, 1, youtube_id=POISON_ID))
    await installation.governor.resume()
    await installation.imports_a_video(within_seconds=RESTART_SECONDS)


async def test_a_missing_governor_is_started(installation: Installation) -> None:
    await installation.start()
    await installation.is_at(UpstreamState.CLOSED, 1000)
    await installation.client.get_workflow_handle(GOVERNOR_ID).terminate()
    await set_queue_rate(installation.client, Upstream.YOUTUBE, 0)
    await installation.imports_a_video()


async def test_a_rate_that_was_not_decided_is_corrected(installation: Installation) -> None:
    await installation.start()
    await installation.is_at(UpstreamState.CLOSED, 1000)
    await set_queue_rate(installation.client, Upstream.YOUTUBE, 0)
    await installation.imports_a_video()


async def test_the_operators_pause_stays(installation: Installation) -> None:
    await installation.start()
    await installation.governor.pause()
    await installation.is_at(UpstreamState.PAUSED, 0)
    await set_queue_rate(installation.client, Upstream.YOUTUBE, 1000)
    await installation.is_at(UpstreamState.PAUSED, 0)
    await installation.client.get_workflow_handle(GOVERNOR_ID).terminate()

    async def runs() -> bool:
        found = await installation.client.get_workflow_handle(GOVERNOR_ID).describe()
        return found.status is WorkflowExecutionStatus.RUNNING

    await eventually(runs)
    await installation.is_at(UpstreamState.PAUSED, 0)


@pytest.mark.usefixtures("fully_drained")
async def test_a_restart_that_has_begun_is_finished_at_the_end(
    client: Client, settings: Settings, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_continue = asyncio.Event(), asyncio.Event()
    restart = GovernorClient.restart

    async def restart_slowly(governor: GovernorClient, run_id: str, reason: str) -> None:
        begun.set()
        await may_continue.wait()
        await restart(governor, run_id, reason)

    monkeypatch.setattr(GovernorClient, "restart", restart_slowly)
    monkeypatch.setattr(governor_watch, "_is_stuck", lambda found: True)
    governor = GovernorClient(client, Upstream.YOUTUBE, settings.youtube_rate_limits)
    await governor.configure()
    stuck = await client.get_workflow_handle(GOVERNOR_ID).describe()
    async with GovernorWatch(client, engine, governor, interval_seconds=0.01):
        await begun.wait()
        asyncio.get_running_loop().call_later(0.01, may_continue.set)
    found = await client.get_workflow_handle(GOVERNOR_ID).describe()
    assert found.status is WorkflowExecutionStatus.RUNNING
    assert found.run_id != stuck.run_id
