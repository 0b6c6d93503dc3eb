"""What a `RateGovernor` does to Temporal's task queue and to the table that everybody reads."""

from contextlib import suppress
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.workflowservice.v1 import UpdateTaskQueueConfigRequest
from temporalio.client import Client
from temporalio.service import RPCError

from shared.contracts.upstreams import ApplyRateInput, Upstream, UpstreamStatus
from shared.db.driver import transaction
from shared.db.upstreams import keep_status
from shared.temporal.names import task_queue_of
from workflows.activities import GovernorSteps

ARMING_CALLS_PER_SECOND = 0.5
PROBE_CALLS_PER_SECOND = 1 / 3600
RPC_TIMEOUT = timedelta(seconds=2)


class GovernorActivities(GovernorSteps):
    """`GovernorSteps` on Temporal and Postgres."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def apply_rate(self, rate: ApplyRateInput) -> None:
        """Set the rate of the upstream's task queue, for every worker on every machine.

        For a probe in two steps (docs/adr/0006): at rate 0 the queue's next task is "never" due. The first step makes
        it due in three seconds, the second the one after it in an hour.
        """
        if rate.probe is None:
            await self._set_rate(rate.upstream, rate.calls_per_second)
        else:
            await self._set_rate(rate.upstream, ARMING_CALLS_PER_SECOND)
            try:
                await self._set_rate(rate.upstream, PROBE_CALLS_PER_SECOND)
            except RPCError:
                with suppress(RPCError):
                    await self._set_rate(rate.upstream, 0)
                raise

    @activity.defn
    async def keep_upstream_status(self, status: UpstreamStatus) -> None:
        """Write down how the upstream stands, for everybody who does not ask the governor."""
        async with transaction(self._engine) as connection:
            await keep_status(connection, status)

    async def _set_rate(self, upstream: Upstream, calls_per_second: float) -> None:
        request = UpdateTaskQueueConfigRequest(
            namespace=self._client.namespace,
            identity=self._client.identity,
            task_queue=task_queue_of(upstream),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        request.update_queue_rate_limit.rate_limit.requests_per_second = calls_per_second
        request.update_queue_rate_limit.reason = f"rate governor: {upstream}"
        await self._client.workflow_service.update_task_queue_config(request, timeout=RPC_TIMEOUT)
