"""A running governor, and pauses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from services.worker.activities.rate_limits import GovernorActivities
from shared.contracts.upstreams import ApplyRateInput, PauseReason, UpstreamState, UpstreamStatus
from shared.temporal.names import TaskQueue
from tests.support import upstreams
from workflows.rate_limits.workflow import RateGovernor

RESUME_AT = datetime(2026, 11, 23, 14, 10, tzinfo=UTC)


def paused(reason: PauseReason, state: UpstreamState = UpstreamState.OPEN, **changes: Any) -> UpstreamStatus:
    """An upstream that is paused until `RESUME_AT`."""
    return upstreams.paused(reason, state, **({"resume_at": RESUME_AT} | changes))


class _Steps(GovernorActivities):
    """Activities of the governor that save the status, but leave the rate limit of the task queue alone."""

    async def apply_rate(self, rate: ApplyRateInput) -> None:
        pass


@asynccontextmanager
async def governor_at_work(client: Client, engine: AsyncEngine) -> AsyncIterator[None]:
    """A worker that runs only governors."""
    steps = _Steps(engine, client)
    async with Worker(client, task_queue=TaskQueue.GOVERNORS, workflows=[RateGovernor], activities=[steps.govern]):
        yield
