"""Whether workers ask Temporal for work, as the server has heard it."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue as Queue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from shared.temporal.names import TaskQueue

WORKFLOW_QUEUES = (TaskQueue.IMPORTS, TaskQueue.GOVERNORS)
"""The queues that every worker polls at any time. A queue of activities it leaves alone while its slots are taken: for
hours, if they are long."""
POLLED_WITHIN = timedelta(seconds=90)
"""An idle worker's poll lasts a minute, and is heard of when it begins. The server itself remembers pollers, those of a
killed worker too, for five minutes."""
ANSWER_TIMEOUT = timedelta(seconds=3)


async def last_polled(client: Client, *, by: str | None = None) -> datetime | None:
    """When each queue was last polled for workflow tasks, by any worker or by the worker of that identity.

    The earliest of the queues' latest polls, by the server's clock; None where a queue was never polled.
    Raises what the Temporal client raises.
    """
    polls = await asyncio.gather(*(_last_poll(client, queue, by) for queue in WORKFLOW_QUEUES))
    return None if None in polls else min(poll for poll in polls if poll)


async def are_polled(client: Client) -> bool:
    """Whether each queue has been polled for workflow tasks just now; the server's clock has to agree with ours.

    Raises what the Temporal client raises.
    """
    polled_at = await last_polled(client)
    return polled_at is not None and polled_at > datetime.now(UTC) - POLLED_WITHIN


async def _last_poll(client: Client, queue: TaskQueue, by: str | None) -> datetime | None:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=Queue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=ANSWER_TIMEOUT)
    polls = [p.last_access_time.ToDatetime(UTC) for p in answer.pollers if by in (None, p.identity)]
    return max(polls, default=None)
