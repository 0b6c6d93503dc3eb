"""Runs activities from workflow code, as their contracts declare."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar, overload

from temporalio import workflow
from temporalio.common import Priority

from workflows.common.activity_options import options_of

P = TypeVar("P")
R = TypeVar("R")

LOCAL_RETRY_THRESHOLD = timedelta(seconds=5)
"""Longer pauses between attempts become timers of the server and do not keep a workflow task open."""


@overload
async def run_local(activity: Callable[[Any], Awaitable[R]], /, *, summary: str | None = None) -> R: ...
@overload
async def run_local(activity: Callable[[Any, P], Awaitable[R]], argument: P, /, *, summary: str | None = None) -> R: ...
async def run_local(activity: Callable[..., Awaitable[Any]], /, *arguments: Any, summary: str | None = None) -> Any:
    """Run a local activity, named by the method of its contract.

    Raises:
        FailureError: what the activity raised for good, or a cancellation of the workflow.
    """
    options = options_of(activity)
    return await workflow.execute_local_activity_method(
        activity,
        args=arguments,
        start_to_close_timeout=options.timeout,
        local_retry_threshold=LOCAL_RETRY_THRESHOLD,
        retry_policy=options.retry_policy,
        summary=summary or options.summary,
    )


@overload
def start(
    activity: Callable[[Any], Awaitable[R]], /, *, priority: Priority = ..., summary: str | None = None
) -> workflow.ActivityHandle[R]: ...
@overload
def start(
    activity: Callable[[Any, P], Awaitable[R]], argument: P, /, *, priority: Priority = ..., summary: str | None = None
) -> workflow.ActivityHandle[R]: ...
def start(
    activity: Callable[..., Awaitable[Any]],
    /,
    *arguments: Any,
    priority: Priority = Priority.default,
    summary: str | None = None,
) -> workflow.ActivityHandle[Any]:
    """Queue an activity, named by the method of its contract; await the handle for its result.

    When the handle is cancelled, it waits for what becomes of the activity: a request that was sent is not sent twice.
    """
    options = options_of(activity)
    return workflow.start_activity_method(
        activity,
        args=arguments,
        task_queue=options.queue,
        start_to_close_timeout=options.timeout,
        heartbeat_timeout=options.heartbeat_timeout,
        retry_policy=options.retry_policy,
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        priority=priority,
        summary=summary or options.summary,
    )
