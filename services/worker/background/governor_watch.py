"""The safety net of the `RateGovernor`s: a rate of 0 stays in Temporal even if no governor raises it again.

It runs in every worker process and is no workflow: it must not depend on a history that may be unreadable.
"""

import asyncio
import math
import time

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client
from temporalio.service import RPCError

from services.worker.background.queue_rate import RPC_TIMEOUT, queue_rate
from shared.background import BackgroundTask
from shared.contracts.upstreams import UpstreamState
from shared.db.connection import transaction
from shared.db.upstreams import find_status
from shared.logs import get_logger
from shared.temporal.errors import is_not_found
from workflows.rate_limits.client import GovernorClient

STUCK_ATTEMPTS = 3
"""A workflow task in its third attempt has failed, or timed out, twice; with server 1.32 that takes some 10 s.

Every signal begins a new count. Where signals keep coming, it takes until the server reports problems: some 20 s.
"""
REPORTED_PROBLEMS = "TemporalReportedProblems"
"""The search attribute that the server adds to workflows whose tasks fail again and again, until one succeeds."""
CHECK_SECONDS = 10.0
"""How long one check may take, a restart included."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 60.0, 3600.0
"""Between two restarts of one governor; doubled each time, so that Temporal gets to report one that fails for good."""

logger = get_logger(__name__)


class GovernorWatch(BackgroundTask):
    """Checks a governor at intervals: that it runs and makes progress, and that its task queue has the decided rate."""

    def __init__(self, client: Client, engine: AsyncEngine, governor: GovernorClient, interval_seconds: float) -> None:
        """`interval_seconds`: the time between two checks; the first one is due after it."""
        super().__init__(f"governor_watch:{governor.upstream}", drains_waiting=False)
        self._client = client
        self._engine = engine
        self._governor = governor
        self._interval_seconds = interval_seconds
        self._no_restart_before = 0.0
        """In monotonic time."""
        self._restart_pause_seconds = FIRST_PAUSE_SECONDS
        self.wake(interval_seconds)

    async def run_once(self) -> None:
        """Check the governor, and restart it or apply its rate where that is needed."""
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._check()
        finally:
            self.wake(self._interval_seconds)

    async def _check(self) -> None:
        upstream = self._governor.upstream
        found = await self._describe()
        if found is None:
            logger.warning("governor_missing", upstream=upstream)
            await self._governor.reapply()
        elif _is_stuck(found):
            await self._restart(found.workflow_execution_info.execution.run_id)
        elif not await self._has_decided_rate():
            logger.warning("queue_rate_differs", upstream=upstream)
            await self._governor.reapply()

    async def _describe(self) -> DescribeWorkflowExecutionResponse | None:
        """None: it does not run."""
        try:
            handle = self._client.get_workflow_handle(self._governor.workflow_id)
            found = (await handle.describe(rpc_timeout=RPC_TIMEOUT)).raw_description
        except RPCError as error:
            if is_not_found(error):
                return None
            raise
        is_running = found.workflow_execution_info.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
        return found if is_running else None

    async def _restart(self, run_id: str) -> None:
        if self.is_draining or time.monotonic() < self._no_restart_before:
            return  # while draining, it might be cut off once the old run is terminated
        self._no_restart_before = time.monotonic() + self._restart_pause_seconds
        self._restart_pause_seconds = min(2 * self._restart_pause_seconds, LONGEST_PAUSE_SECONDS)
        logger.error("governor_restarted", upstream=self._governor.upstream, run_id=run_id)
        await self._governor.restart(run_id, "its workflow tasks fail: a new run continues from the saved state")

    async def _has_decided_rate(self) -> bool:
        """Whether the task queue has the rate that the governor decided. False where no decision is saved."""
        async with transaction(self._engine) as connection:
            status = await find_status(connection, self._governor.upstream)
        if status is None:
            return False
        if status.state is UpstreamState.HALF_OPEN:
            return True  # the probe's rates are others, and it has a time limit
        rate = await queue_rate(self._client, self._governor.upstream)
        return rate is not None and math.isclose(rate, status.calls_per_second, rel_tol=1e-3, abs_tol=1e-9)


def _is_stuck(found: DescribeWorkflowExecutionResponse) -> bool:
    has_problems = REPORTED_PROBLEMS in found.workflow_execution_info.search_attributes.indexed_fields
    return has_problems or found.pending_workflow_task.attempt >= STUCK_ATTEMPTS
