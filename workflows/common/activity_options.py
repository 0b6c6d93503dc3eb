"""How activities are run: each one's queue, timeouts, retries and summary stand with its contract.

`workflows/<domain>/activities.py` declares activities with the decorators of this module, `workflows.common.execution`
runs them, and `activities_of` finds what a worker registers.

Temporal retries what passes (a crashed worker, an unavailable database). An upstream's errors, and unforeseen ones
(`internal_error`), reach the workflow as an `ErrorType`, and `workflows.common.retry` decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.common import RetryPolicy

from shared.contracts.upstreams import Upstream
from shared.temporal.names import TaskQueue

F = TypeVar("F", bound=Callable[..., Any])

RETRY_FOREVER = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)
RETRY_20_TIMES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=20,
)
"""About eight minutes: a video is better off without captions than waiting for a store that is set up wrongly."""
NO_RETRY = RetryPolicy(maximum_attempts=1)

DATABASE_TIMEOUT = timedelta(seconds=10)
"""Of a short transaction. Below the drain time: a shutdown waits for local activities."""
YOUTUBE_TIMEOUT = timedelta(hours=12)
"""A call takes minutes (`services.worker.activities.support.youtube_calls`). The rest is for its answer, which waits in
the worker while PostgreSQL is unavailable: another attempt would ask YouTube again."""
HEARTBEAT_TIMEOUT = timedelta(seconds=15)
"""How soon another worker takes over from one that died."""


@dataclass(frozen=True)
class ActivityOptions:
    """How one activity is run."""

    queue: TaskQueue
    """Where its implementation is registered. A local activity runs where its workflow does."""
    summary: str | None
    """What the Temporal Web UI calls it, unless the caller knows better."""
    timeout: timedelta
    """Of one attempt."""
    retry_policy: RetryPolicy
    heartbeat_timeout: timedelta | None = None
    """None: a local activity."""
    upstream: Upstream | None = None
    """The upstream whose pauses hold the activity up."""


def local_activity(
    summary: str | None = None,
    *,
    queue: TaskQueue = TaskQueue.IMPORTS,
    timeout: timedelta = DATABASE_TIMEOUT,
    retry_policy: RetryPolicy = RETRY_FOREVER,
) -> Callable[[F], F]:
    """Declare a local activity (docs/adr/0003): no task of its own, no round trip to the server.

    The defaults are those of a short transaction.
    """
    return _declared(ActivityOptions(queue, summary, timeout, retry_policy))


def queued_activity(
    queue: TaskQueue,
    summary: str,
    *,
    timeout: timedelta,
    heartbeat_timeout: timedelta = HEARTBEAT_TIMEOUT,
    retry_policy: RetryPolicy = RETRY_20_TIMES,
    upstream: Upstream | None = None,
) -> Callable[[F], F]:
    """Declare an activity that waits in a task queue."""
    return _declared(ActivityOptions(queue, summary, timeout, retry_policy, heartbeat_timeout, upstream))


def youtube_activity(summary: str, *, retry_policy: RetryPolicy = RETRY_FOREVER) -> Callable[[F], F]:
    """Declare a call to YouTube: an activity of the task queue whose rate the `RateGovernor` sets."""
    return queued_activity(
        TaskQueue.YOUTUBE, summary, timeout=YOUTUBE_TIMEOUT, retry_policy=retry_policy, upstream=Upstream.YOUTUBE
    )


def options_of(declared: Callable[..., Any]) -> ActivityOptions:
    """The options of an activity's contract."""
    options = getattr(declared, _ATTRIBUTE)
    assert isinstance(options, ActivityOptions)  # noqa: S101
    return options


def activities_of(*implementations: object, queue: TaskQueue | None = None) -> list[Callable[..., Any]]:
    """Return what a worker registers of instances of contracts' subclasses: all activities, or those of `queue`."""
    return [
        getattr(implementation, name)
        for implementation in implementations
        for contract in type(implementation).__mro__
        for name, member in vars(contract).items()
        if hasattr(member, _ATTRIBUTE) and queue in {None, options_of(member).queue}
    ]


_ATTRIBUTE = "activity_options"


def _declared(options: ActivityOptions) -> Callable[[F], F]:
    def declare(contract: F) -> F:
        setattr(contract, _ATTRIBUTE, options)
        return activity.defn(contract)

    return declare
