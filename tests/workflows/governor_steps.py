"""A governor whose steps record what it wants, and fail or wait when a test says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import (
    ApplyRateInput,
    PacePolicy,
    Upstream,
    UpstreamReport,
    UpstreamState,
    UpstreamStatus,
)
from shared.temporal.names import TaskQueue, rate_governor_id
from tests.support.waiting import eventually
from tests.workflows.pace_story import POLICY, throttled
from workflows.activities import GovernorSteps
from workflows.governors import GovernorClient
from workflows.rate_governor import RateGovernor

SCHEDULED, COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


class RecordingGovernorSteps(GovernorSteps):
    """What the task queue and the table were told, oldest first."""

    def __init__(self) -> None:
        self.rates: list[ApplyRateInput] = []
        self.statuses: list[UpstreamStatus] = []
        self.is_queue_refusing = False
        self.is_table_refusing = False
        self.is_table_writing = False
        self.table_is_free = asyncio.Event()
        self.table_is_free.set()

    @activity.defn
    async def apply_rate(self, rate: ApplyRateInput) -> None:
        if self.is_queue_refusing:
            raise RuntimeError("as scripted")
        self.rates.append(rate)

    @activity.defn
    async def keep_upstream_status(self, status: UpstreamStatus) -> None:
        self.is_table_writing = True
        await self.table_is_free.wait()
        self.is_table_writing = False
        if self.is_table_refusing:
            raise RuntimeError("as scripted")
        self.statuses.append(status)

    @asynccontextmanager
    async def at_work(self, client: Client) -> AsyncIterator[None]:
        """A worker that runs the governor."""
        activities: list[Callable[..., Any]] = [self.apply_rate, self.keep_upstream_status]
        async with Worker(client, task_queue=TaskQueue.GOVERNORS, workflows=[RateGovernor], activities=activities):
            yield

    @property
    def probes(self) -> list[int]:
        """Every call that was let through to see."""
        return [rate.probe for rate in self.rates if rate.probe is not None]


class Governed:
    """A governor, what workers report to it, and what came of that."""

    def __init__(self, client: Client, policy: PacePolicy = POLICY, upstream: Upstream = Upstream.YOUTUBE) -> None:
        self.steps = RecordingGovernorSteps()
        self.client = GovernorClient(client, upstream, policy)
        self.handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(rate_governor_id(upstream))

    async def status(self) -> UpstreamStatus:
        """What it answers when it is asked."""
        return await self.handle.query(RateGovernor.status)

    async def throttled(self, error_type: ErrorType = ErrorType.RATE_LIMITED, *, times: int = 1) -> None:
        """Report calls that were asked to slow down."""
        epoch = (await self.status()).epoch
        for _ in range(times):
            await self.client.report(throttled(error_type, epoch))

    async def answered(self) -> None:
        """Report a call that came back."""
        epoch = (await self.status()).epoch
        await self.client.report(UpstreamReport(epoch=epoch, answered=True, calls=1, requests=2))

    async def is_at(self, state: UpstreamState, calls_per_second: float) -> None:
        """Wait until table and queue both say so, and nothing is under way: only then may time be skipped."""

        async def is_so() -> bool:
            assert self.steps.statuses
            assert self.steps.rates
            told, applied = self.steps.statuses[-1].state, self.steps.rates[-1].calls_per_second
            assert (told, applied) == (state, calls_per_second)
            return await self.is_idle()

        await eventually(is_so)

    async def is_idle(self) -> bool:
        """Whether it has done everything that it was told to do."""
        kinds = [event.event_type for event in (await self.handle.fetch_history()).events]
        return [kind for kind in kinds if kind in {SCHEDULED, COMPLETED}][-1] == COMPLETED

    async def is_writing(self) -> bool:
        """Whether it is in the middle of writing down how it stands."""
        return self.steps.is_table_writing
