"""`/healthz` of the worker: 200 while the server knows it as a poller of every task queue, otherwise 503."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from shared.temporal.client import TEMPORAL_AWAY

ANSWER_TIMEOUT = timedelta(seconds=3)


async def are_polled(client: Client, task_queues: Iterable[str]) -> bool:
    """Whether the server has heard this process poll each task queue for activities. Never raises."""
    try:
        return all(await asyncio.gather(*(_is_polled(client, task_queue) for task_queue in task_queues)))
    except TEMPORAL_AWAY:
        return False


async def _is_polled(client: Client, task_queue: str) -> bool:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=ANSWER_TIMEOUT)
    return any(poller.identity == client.identity for poller in answer.pollers)


@asynccontextmanager
async def serve_health(port: int, is_healthy: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
    """Answer every GET on 127.0.0.1:`port` as long as the context lasts; 0: do not listen at all."""
    if port == 0:
        yield
        return

    async def answer(connection: ServerConnection, request: Request) -> Response:
        healthy = await is_healthy()
        status = HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE
        response = connection.respond(status, json.dumps({"status": "ok" if healthy else "not polling"}))
        response.headers["Content-Type"] = "application/json"
        return response

    async def never_reached(connection: ServerConnection) -> None:
        """Every request has been answered above."""

    async with serve(never_reached, "127.0.0.1", port, process_request=answer):
        yield
