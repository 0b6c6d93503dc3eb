"""Sets and reads the rate of an upstream's task queue, which holds for every worker on every machine."""

from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, UpdateTaskQueueConfigRequest
from temporalio.client import Client

from shared.contracts.upstreams import Upstream
from shared.temporal.names import task_queue_of

RPC_TIMEOUT = timedelta(seconds=2)


async def set_queue_rate(client: Client, upstream: Upstream, calls_per_second: float) -> None:
    """Set how many calls per second may go; 0: none. Raises RPCError."""
    request = UpdateTaskQueueConfigRequest(
        namespace=client.namespace,
        identity=client.identity,
        task_queue=task_queue_of(upstream),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    request.update_queue_rate_limit.rate_limit.requests_per_second = calls_per_second
    request.update_queue_rate_limit.reason = f"rate governor: {upstream}"
    await client.workflow_service.update_task_queue_config(request, timeout=RPC_TIMEOUT)


async def queue_rate(client: Client, upstream: Upstream) -> float | None:
    """Return how many calls per second may go, as a 32-bit number; None: it was never set. Raises RPCError."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue_of(upstream)),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_config=True,
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=RPC_TIMEOUT)
    if not answer.config.HasField("queue_rate_limit"):
        return None
    return answer.config.queue_rate_limit.rate_limit.requests_per_second
