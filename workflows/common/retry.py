"""When an import retries a call, and when it gives up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry, Throttle
from shared.contracts.imports import UpstreamFailure

AUDIO_ATTEMPTS = 6
"""Each looks up the audio again and resumes the download. Then the import continues without captions."""


@dataclass(frozen=True)
class Backoff:
    """Delays that double from `initial` up to `cap`."""

    initial: timedelta
    cap: timedelta

    def delay(self, number: int) -> timedelta:
        """Return the delay number `number` (from 1)."""
        factor: int = 2 ** min(number - 1, 30)
        return min(self.initial * factor, self.cap)


TRANSIENT_BACKOFF = Backoff(timedelta(seconds=1), timedelta(minutes=10))
"""With the 24 attempts that an unreachable YouTube gets, imports survive an outage of two hours."""
OUTDATED_BACKOFF = Backoff(timedelta(minutes=1), timedelta(minutes=30))
"""After an answer that casts doubt on the extractor: the attempts take half an hour, in which other videos show whether
it is outdated, and the call waits for the `RateGovernor` then."""
THROTTLED_BACKOFF = Backoff(timedelta(seconds=30), timedelta(hours=1))
"""For an import that is throttled repeatedly, and for activities that are retried indefinitely."""
REQUEUE_DELAY = timedelta(seconds=1)
"""Several times what the `RateGovernor` needs to learn of a throttle and to change the queue's rate.

A call that is requeued sooner may be sent before that.
"""
MAX_FAST_REQUEUES = 2
"""How often a throttled call is requeued after `REQUEUE_DELAY`; the `RateGovernor` holds it together with all others.

Then it backs off, and is requeued at the lowest priority: a video that YouTube always throttles must not be the probe
of every pause.
"""
NOT_YET_AVAILABLE_BACKOFF = Backoff(timedelta(minutes=15), timedelta(hours=6))
"""Between checks of a live stream without a known end."""
AUDIO_CAPACITY_POLL_INTERVAL = Backoff(timedelta(minutes=10), timedelta(hours=1))
"""Between checks of a bulk import whether the audio store has room, where no signal says so.

Ten thousand may wait, which makes three short transactions a second.
"""
FAR_AHEAD = timedelta(days=30)
"""After so long, an announced start is checked again: it may have been moved, or be wrong."""


CAPTION_ATTEMPTS = 3
"""Then the video goes on without YouTube's captions."""


def retry_of(error_type: ErrorType, failure: UpstreamFailure) -> Retry:
    """Return how the call continues."""
    return Retry.WHEN_UNTHROTTLED if failure.is_outage else ERROR_RULES[error_type].retry


def delay_before_retry(
    error_type: ErrorType,
    failure: UpstreamFailure,
    *,
    attempt: int,
    max_attempts: int | None = None,
    consecutive_waits: int,
    now: datetime,
) -> timedelta | None:
    """Return how long to wait before the call is retried, or None to give up.

    `attempt` counts the call's transient failures including this one, `max_attempts` is the call's own limit;
    `consecutive_waits` counts waits that are no attempts, including this one.
    """
    rule = ERROR_RULES[error_type]
    concerns_all_videos = failure.is_outage or error_type is ErrorType.CERTIFICATE_UNTRUSTED
    match retry_of(error_type, failure):
        case Retry.BACKOFF if attempt < min(rule.max_attempts, max_attempts or rule.max_attempts):
            backoff = OUTDATED_BACKOFF if rule.throttle is Throttle.SUSPECTS else TRANSIENT_BACKOFF
            return backoff.delay(attempt)
        case Retry.WHEN_UNTHROTTLED if consecutive_waits > MAX_FAST_REQUEUES and not concerns_all_videos:
            return THROTTLED_BACKOFF.delay(consecutive_waits - MAX_FAST_REQUEUES)
        case Retry.WHEN_UNTHROTTLED:
            return REQUEUE_DELAY
        case Retry.WHEN_AVAILABLE if failure.not_before and failure.not_before > now:
            return min(failure.not_before - now, FAR_AHEAD)
        case Retry.WHEN_AVAILABLE:
            return NOT_YET_AVAILABLE_BACKOFF.delay(consecutive_waits)
        case _:
            return None
