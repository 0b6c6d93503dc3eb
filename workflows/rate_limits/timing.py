"""How long a `RateGovernor` pauses, waits for a probe, and goes without reports of successful calls."""

import math

from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.upstreams import PauseReason, RateLimitPolicy, Upstream

PROBE_SECONDS = {Upstream.YOUTUBE: 200.0, Upstream.TRANSCRIPTION: 320.0}
"""A probe's timeout: the longest activity, and its worker's last heartbeat.

A transcription server whose timeout is longer than five minutes may still be working on the chunk. Calls are resumed at
the lowest rate then: that costs such a server little, and a worker that died with the probe must not hold up all calls.
"""
MAX_CONFIGURATION_PAUSE_SECONDS = 300.0
"""Short: an operator who corrects a setting wants to see that it helped."""
NEW_GUEST_SECONDS = 45.0
"""A bot check may be about the guest alone, and not about our address: soon, one call asks as a new one."""
BURST_REPORT_SECONDS = 1.0
MAX_REPORT_SECONDS = 30.0


def is_misconfiguration(error_type: ErrorType) -> bool:
    """Whether the error is due to a setting, which may be corrected in the next worker that starts."""
    return ERROR_RULES[error_type].is_misconfiguration


def may_end_with_restart(reason: PauseReason) -> bool:
    """Whether a worker that starts may end the pause: with other settings, or with another extractor."""
    return reason is PauseReason.EXTRACTOR_OUTDATED or is_misconfiguration(ErrorType(reason))


def first_pause_seconds(policy: RateLimitPolicy, error_type: ErrorType) -> float:
    """Return the pause before the first probe; each one that fails doubles it."""
    is_long = error_type in {ErrorType.BOT_CHECK, ErrorType.EXTRACTOR_OUTDATED}
    return policy.bot_check_pause_seconds if is_long else policy.pause_seconds


def longest_pause_seconds(policy: RateLimitPolicy, error_type: ErrorType) -> float:
    """Return the limit of the doubling."""
    longest = policy.max_pause_seconds
    return min(longest, MAX_CONFIGURATION_PAUSE_SECONDS) if is_misconfiguration(error_type) else longest


def report_seconds(policy: RateLimitPolicy, rate: float) -> float:
    """Return how soon a worker reports successful calls, while there is no burst."""
    if rate < policy.calls_per_second:
        return min(policy.rate_step_seconds, MAX_REPORT_SECONDS) / 3
    # More often than a quiet time lasts, so that a busy worker never looks like a quiet one, and before much of the
    # budget is spent unseen. Audio is reported when it is sent.
    hourly_requests = policy.hourly_requests or math.inf
    longest = min(policy.quiet_seconds * 3 / 4, hourly_requests / 30 / rate, MAX_REPORT_SECONDS)
    return max(longest, BURST_REPORT_SECONDS)
