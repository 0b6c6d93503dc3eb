"""The governor at work, and a pause of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from shared.contracts.upstreams import ApplyRateInput, PauseReason, UpstreamState, UpstreamStatus
from shared.temporal.names import TaskQueue
from tests.support import upstreams
from tests.support.upstreams import write_down
from workflows.activities import GovernorSteps
from workflows.rate_governor import RateGovernor

RESUME_AT = datetime(2026, 11, 23, 14, 10, tzinfo=UTC)


def paused(reason: PauseReason, state: UpstreamState = UpstreamState.OPEN, **changes: Any) -> UpstreamStatus:
    """An upstream while no call goes, until `RESUME_AT`."""
    return upstreams.paused(reason, state, **({"resume_at": RESUME_AT} | changes))


class _Steps(GovernorSteps):
    """Writes down how an upstream stands; the run's Temporal keeps the pace of its queues."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def apply_rate(self, rate: ApplyRateInput) -> None:
        pass

    @activity.defn
    async def keep_upstream_status(self, status: UpstreamStatus) -> None:
        await write_down(self._engine, status)


@asynccontextmanager
async def governor_at_work(client: Client, engine: AsyncEngine) -> AsyncIterator[None]:
    """A worker for governors alone."""
    steps = _Steps(engine)
    activities: list[Callable[..., Any]] = [steps.apply_rate, steps.keep_upstream_status]
    async with Worker(client, task_queue=TaskQueue.GOVERNORS, workflows=[RateGovernor], activities=activities):
        yield
