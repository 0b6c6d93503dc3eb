"""A governor whose activities record what it sets, and fail or wait when a test says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from services.worker.activities.rate_limits import GovernorActivities
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import (
    ApplyRateInput,
    RateLimitPolicy,
    Upstream,
    UpstreamReport,
    UpstreamState,
    UpstreamStatus,
)
from shared.db.upstreams import SavedUpstream
from shared.temporal.names import TaskQueue, rate_governor_id
from tests.support.waiting import eventually
from tests.workflows.rate_limit_story import POLICY, throttled
from workflows.common.activity_options import activities_of
from workflows.rate_limits.client import GovernorClient
from workflows.rate_limits.workflow import RateGovernor

SCHEDULED, COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


class RecordingGovernorActivities(GovernorActivities):
    """Records what is set and saved, oldest first; decides as in production."""

    def __init__(self) -> None:
        self.rates: list[ApplyRateInput] = []
        self.statuses: list[UpstreamStatus] = []
        self.saved: dict[Upstream, SavedUpstream] = {}
        self.is_queue_refusing = False
        self.is_table_refusing = False
        self.is_table_writing = False
        self.queue_is_free, self.table_is_free = asyncio.Event(), asyncio.Event()
        self.queue_is_free.set()
        self.table_is_free.set()

    async def apply_rate(self, rate: ApplyRateInput) -> None:
        await self.queue_is_free.wait()
        if self.is_queue_refusing:
            raise RPCError("as scripted", RPCStatusCode.UNAVAILABLE, b"")
        self.rates.append(rate)

    async def save(self, status: UpstreamStatus, state: bytes) -> None:
        self.is_table_writing = True
        await self.table_is_free.wait()
        self.is_table_writing = False
        if self.is_table_refusing:
            raise OSError("as scripted")
        self.statuses.append(status)
        self.saved[status.upstream] = SavedUpstream(state, status)

    async def find_saved(self, upstream: Upstream) -> SavedUpstream | None:
        if self.is_table_refusing:
            raise OSError("as scripted")
        return self.saved.get(upstream)

    @asynccontextmanager
    async def at_work(self, client: Client) -> AsyncIterator[None]:
        """A worker that runs the governor."""
        activities = activities_of(self)
        async with Worker(client, task_queue=TaskQueue.GOVERNORS, workflows=[RateGovernor], activities=activities):
            yield

    @property
    def probes(self) -> list[int]:
        """The numbers of all probes."""
        return [rate.probe for rate in self.rates if rate.probe is not None]


class Governed:
    """A governor, what workers report to it, and what came of that."""

    def __init__(self, client: Client, policy: RateLimitPolicy = POLICY, upstream: Upstream = Upstream.YOUTUBE) -> None:
        self.steps = RecordingGovernorActivities()
        self.client = GovernorClient(client, upstream, policy)
        self.handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(rate_governor_id(upstream))

    async def status(self) -> UpstreamStatus:
        """Its status."""
        return await self.handle.query(RateGovernor.status)

    async def throttled(self, error_type: ErrorType = ErrorType.RATE_LIMITED, *, times: int = 1) -> None:
        """Report throttled calls."""
        epoch = (await self.status()).epoch
        for _ in range(times):
            await self.client.report(throttled(error_type, epoch))

    async def answered(self) -> None:
        """Report an answered call."""
        epoch = (await self.status()).epoch
        await self.client.report(UpstreamReport(epoch=epoch, answered=True, calls=1, requests=2))

    async def is_at(self, state: UpstreamState, calls_per_second: float) -> None:
        """Wait until table and queue both say so, and the governor is idle: only then may time be skipped."""

        async def is_so() -> bool:
            assert self.steps.statuses
            assert self.steps.rates
            saved, applied = self.steps.statuses[-1].state, self.steps.rates[-1].calls_per_second
            assert (saved, applied) == (state, calls_per_second)
            return await self.is_idle()

        await eventually(is_so)

    async def is_idle(self) -> bool:
        """Whether it has handled all events."""
        kinds = [event.event_type for event in (await self.handle.fetch_history()).events]
        return [kind for kind in kinds if kind in {SCHEDULED, COMPLETED}][-1] == COMPLETED

    async def is_writing(self) -> bool:
        """Whether it saves its status right now."""
        return self.steps.is_table_writing

    async def is_done_writing(self) -> bool:
        """Whether no status is being saved."""
        return not self.steps.is_table_writing
