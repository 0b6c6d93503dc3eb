"""A call to an upstream, its retry state, and its priority in the task queue."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from temporalio.common import Priority

from shared.contracts.errors import ErrorType
from shared.temporal.names import PRIORITY_BULK, PRIORITY_BULK_BEGUN, PRIORITY_PERSON
from workflows.common.retry import MAX_FAST_REQUEUES

P = TypeVar("P")
R = TypeVar("R")


@dataclass
class RetryState:
    """Consecutive failures since the upstream last answered.

    Kept outside a single call, so that the stages of one import share their backoff, and handed to the next run when
    the workflow continues as new.
    """

    consecutive_waits: int = 0
    """Waits in a row that are no attempts."""
    consecutive_throttles: int = 0


@dataclass(frozen=True)
class UpstreamCall(Generic[P, R]):
    """A queued activity, to be run until it succeeds."""

    activity: Callable[[Any, P], Awaitable[R]]
    """The method of its contract."""
    argument: P
    summary: str | None = None
    """None: that of the contract."""
    is_first: bool = False
    """Whether it is the video's first call."""
    prerequisite: "UpstreamCall[Any, None] | None" = None
    """A call that precedes each attempt, as a part of it; it is not repeated after an internal error."""
    max_attempts: int | None = None
    """None: that of the error's rule."""
    fallback_error: ErrorType = ErrorType.INTERNAL_ERROR
    """What an error counts as that is no `ErrorType`, such as a timeout."""
    retry_state: RetryState | None = None
    """The call's own, where a new run of the workflow would lose work that is done; None: that of the import."""


def call_priority(own: Priority, *, escalated_by: UUID | None, is_first: bool, consecutive_throttles: int) -> Priority:
    """The priority of a call; `own` is the workflow's, `escalated_by` the user who added the video singly since.

    In bulk, a video that has begun goes before one that has not; a call that is throttled repeatedly goes last.
    """
    key, user = own.priority_key or PRIORITY_PERSON, own.fairness_key
    if escalated_by is not None:
        key, user = PRIORITY_PERSON, str(escalated_by)
    if key == PRIORITY_BULK and not is_first:
        key = PRIORITY_BULK_BEGUN
    if consecutive_throttles >= MAX_FAST_REQUEUES:
        key = PRIORITY_BULK
    return Priority(priority_key=key, fairness_key=user)
