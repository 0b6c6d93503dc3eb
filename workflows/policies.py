"""Every timeout and every retry, in one place.

Two kinds of trouble: ours (a crashed worker, Postgres away, a bug) is retried by Temporal for as long as it takes,
under `OUR_TROUBLE`. What YouTube said reaches the workflow as an `ErrorType`, and `delay_before_retry` decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from temporalio.common import RetryPolicy

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.imports import YoutubeFailure

OUR_TROUBLE = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)


class LocalStepOptions(TypedDict):
    """Timeouts and retries of a local activity."""

    start_to_close_timeout: timedelta
    local_retry_threshold: timedelta
    retry_policy: RetryPolicy


class StepOptions(TypedDict):
    """Timeouts and retries of an activity."""

    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


DATABASE_STEP = LocalStepOptions(
    start_to_close_timeout=timedelta(seconds=30),
    # Longer pauses between attempts become timers of the server and do not keep a workflow task open.
    local_retry_threshold=timedelta(seconds=5),
    retry_policy=OUR_TROUBLE,
)
"""A short transaction, run as a local activity (docs/adr/0003): no task of its own, no round trip to the server."""
YOUTUBE_STEP = StepOptions(
    # Two or three requests of at most 20 s each through the slowest of proxies, and the database write.
    start_to_close_timeout=timedelta(minutes=3),
    # How soon another worker takes over from one that died.
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=OUR_TROUBLE,
)
RECONCILE_STEP = StepOptions(
    start_to_close_timeout=timedelta(minutes=10), heartbeat_timeout=timedelta(seconds=30), retry_policy=OUR_TROUBLE
)


class YoutubeStep(StrEnum):
    """Steps that YouTube can refuse."""

    METADATA = "metadata"
    CAPTIONS = "captions"


@dataclass(frozen=True)
class Backoff:
    """Exponential delays: `initial`, then `factor` times the one before, never above `cap`."""

    initial: timedelta
    cap: timedelta
    factor: int = 2

    def delay(self, attempt: int) -> timedelta:
        """The delay after attempt number `attempt` (from 1)."""
        factor: int = self.factor ** min(attempt - 1, 30)
        return min(self.initial * factor, self.cap)


TRANSIENT = Backoff(timedelta(seconds=1), timedelta(minutes=1))
BLOCKED = Backoff(timedelta(seconds=30), timedelta(hours=1))
"""From the seed's 30 s pause up to the hour in which a rate-limited session recovers (facts.md)."""
MAX_ATTEMPTS: dict[YoutubeStep, int] = {YoutubeStep.METADATA: 6, YoutubeStep.CAPTIONS: 6}
LATER = timedelta(minutes=15)
"""How often a live stream without a known end is looked at."""


def delay_before_retry(
    step: YoutubeStep, error_type: ErrorType, failure: YoutubeFailure, *, attempt: int, waits: int, now: datetime
) -> timedelta | None:
    """How long to wait before YouTube is asked again, or None to give up.

    `attempt` counts transient failures of this step including this one, `waits` counts blocks including this one.
    """
    match ERROR_RULES[error_type].retry:
        case Retry.BACKOFF if attempt < MAX_ATTEMPTS[step]:
            return TRANSIENT.delay(attempt)
        case Retry.WAIT:
            asked_for = timedelta(seconds=failure.retry_after_seconds or 0)
            return max(BLOCKED.delay(waits), asked_for)
        case Retry.LATER:
            return max(failure.not_before - now, LATER) if failure.not_before else LATER
        case _:
            return None
