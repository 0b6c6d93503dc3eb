"""Every timeout and every retry, in one place.

Two kinds of trouble: ours (a crashed worker, Postgres away, a bug) is retried by Temporal for as long as it takes,
under `OUR_TROUBLE`. What YouTube said reaches the workflow as an `ErrorType`, and `delay_before_retry` decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from temporalio.common import Priority, RetryPolicy
from temporalio.workflow import ActivityCancellationType

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.imports import UpstreamFailure
from shared.temporal.names import PRIORITY_BULK, PRIORITY_BULK_BEGUN, PRIORITY_PERSON

OUR_TROUBLE = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)
OUR_TROUBLE_FOR_A_WHILE = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=20,
)
"""About eight minutes: a video is better off without captions than waiting for a store that is set up wrongly."""


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
    # Below the drain time: a shutdown waits for local activities.
    start_to_close_timeout=timedelta(seconds=10),
    # Longer pauses between attempts become timers of the server and do not keep a workflow task open.
    local_retry_threshold=timedelta(seconds=5),
    retry_policy=OUR_TROUBLE,
)
"""A short transaction, run as a local activity (docs/adr/0003): no task of its own, no round trip to the server."""
ONCE = RetryPolicy(maximum_attempts=1)
"""What the governor wants grows old: it tries again itself, with what is true by then."""
RATE_STEP = LocalStepOptions(
    start_to_close_timeout=timedelta(seconds=5), local_retry_threshold=timedelta(seconds=5), retry_policy=ONCE
)
"""A change of a task queue's rate: two short calls of Temporal."""
STATUS_STEP = LocalStepOptions(
    start_to_close_timeout=timedelta(seconds=3), local_retry_threshold=timedelta(seconds=5), retry_policy=ONCE
)
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


class SoundStepOptions(StepOptions):
    """As an activity's; when it is cancelled, the workflow waits for its end: the sound is deleted afterwards."""

    cancellation_type: ActivityCancellationType


def _sound_step(start_to_close: timedelta, heartbeat_seconds: int) -> SoundStepOptions:
    return SoundStepOptions(
        start_to_close_timeout=start_to_close,
        heartbeat_timeout=timedelta(seconds=heartbeat_seconds),
        retry_policy=OUR_TROUBLE_FOR_A_WHILE,
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )


DOWNLOAD_STEP = _sound_step(timedelta(hours=6), 15)
"""YouTube may send no faster than it is played; a download that stalls ends by itself after 20 s."""
SPLIT_STEP = _sound_step(timedelta(hours=2), 15)
TRANSCRIBE_STEP = _sound_step(timedelta(minutes=40), 15)
"""The longest timeout that a setting may give the server (25 min), fetching the piece, and writing down the answer."""
DISCARD_STEP = StepOptions(
    start_to_close_timeout=timedelta(minutes=5),
    heartbeat_timeout=timedelta(seconds=30),
    retry_policy=OUR_TROUBLE_FOR_A_WHILE,
)
NO_ROOM = timedelta(minutes=10)
"""How soon a video in bulk looks again whether there is room for its sound."""
AUDIO_ATTEMPTS = 6
"""Each takes up the download where the one before stopped; then the video goes on without captions."""


class YoutubeStepOptions(StepOptions):
    """As an activity's, and its place in the queue."""

    priority: Priority
    cancellation_type: ActivityCancellationType


def youtube_step(priority: Priority, *, is_governed: bool) -> YoutubeStepOptions:
    """A step that asks YouTube.

    When it is cancelled, the workflow waits for what becomes of it: a call that has begun is not made twice.
    """
    wait, do_not_wait = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED, ActivityCancellationType.TRY_CANCEL
    return YoutubeStepOptions(**YOUTUBE_STEP, priority=priority, cancellation_type=wait if is_governed else do_not_wait)


def place_in_line(own: Priority, *, hurried_for: UUID | None, has_begun: bool, throttles: int) -> Priority:
    """Where a call queues up; `own` is what its import was started with, `hurried_for` who added it singly since.

    What has begun in bulk goes before what has not, and what is throttled again and again goes last.
    """
    key, user = own.priority_key or PRIORITY_PERSON, own.fairness_key
    if hurried_for is not None:
        key, user = PRIORITY_PERSON, str(hurried_for)
    if key == PRIORITY_BULK and has_begun:
        key = PRIORITY_BULK_BEGUN
    if throttles >= THROTTLES_IN_LINE:
        key = PRIORITY_BULK
    return Priority(priority_key=key, fairness_key=user)


@dataclass(frozen=True)
class Backoff:
    """Delays that double from `initial` up to `cap`."""

    initial: timedelta
    cap: timedelta

    def delay(self, number: int) -> timedelta:
        """The delay number `number` (from 1)."""
        factor: int = 2 ** min(number - 1, 30)
        return min(self.initial * factor, self.cap)


TRANSIENT = Backoff(timedelta(seconds=1), timedelta(minutes=10))
"""With the 24 attempts of an unreachable YouTube, an outage of two hours ends no import."""
BLOCKED = Backoff(timedelta(seconds=30), timedelta(hours=1))
"""For an import that is throttled again and again."""
IN_LINE_AGAIN = timedelta(seconds=1)
"""Several times what the `RateGovernor` needs to hear of a throttle and to change the queue's rate.

A call that is in line sooner may go before that.
"""
THROTTLES_IN_LINE = 2
"""So often an import is in line again that soon, where the `RateGovernor` holds it back together with all others.

Then it steps aside, and after that it goes last: one video that YouTube never answers for must not be what is tried
whenever calls are to go again.
"""
LATER = Backoff(timedelta(minutes=15), timedelta(hours=6))
"""How often a live stream without a known end is looked at."""


CAPTION_ATTEMPTS = 3
"""The seed's number: then the video goes on without YouTube's captions."""


def delay_before_retry(
    error_type: ErrorType,
    failure: UpstreamFailure,
    *,
    attempt: int,
    max_attempts: int | None = None,
    waits: int,
    now: datetime,
    is_governed: bool = True,
) -> timedelta | None:
    """How long to wait before YouTube is asked again, or None to give up.

    `attempt` counts transient failures of this step including this one, `max_attempts` is the step's own limit;
    `waits` counts waits in a row that are no attempts, including this one. `is_governed`: false for imports that are
    older than the `RateGovernor`.
    """
    rule = ERROR_RULES[error_type]
    match rule.retry:
        case Retry.BACKOFF if attempt < min(rule.max_attempts, max_attempts or rule.max_attempts):
            return TRANSIENT.delay(attempt)
        case Retry.WAIT if not is_governed:
            return max(BLOCKED.delay(waits), timedelta(seconds=failure.retry_after_seconds or 0))
        case Retry.WAIT if waits > THROTTLES_IN_LINE and error_type is not ErrorType.CERTIFICATE_UNTRUSTED:
            return BLOCKED.delay(waits - THROTTLES_IN_LINE)
        case Retry.WAIT:
            return IN_LINE_AGAIN
        case Retry.LATER if failure.not_before and failure.not_before > now:
            return failure.not_before - now
        case Retry.LATER:
            return LATER.delay(waits)
        case _:
            return None


@dataclass(frozen=True)
class BatchLooks:
    """How soon a batch looks at its videos without having been told of anything."""

    closing: Backoff
    """Once an import has reached its last stage, until its workflow has ended."""
    patience: int
    """After so many such looks in a row, a workflow that still has not ended takes no place any more."""
    usual: timedelta
    """Heals hints that were lost with a worker."""
    idle: timedelta
    """While none of its videos is under way."""
    asking_around: timedelta
    """How often it is asked who waits for something of his own, to give his place to others."""


BATCH_LOOKS = BatchLooks(
    closing=Backoff(timedelta(milliseconds=100), timedelta(seconds=2)),
    patience=12,
    usual=timedelta(seconds=15),
    idle=timedelta(minutes=10),
    asking_around=timedelta(minutes=5),
)
LISTING_ANEW = timedelta(minutes=1)
"""Before a list that came to its end too soon is read once more: YouTube throttles silently."""
