"""How long a `RateGovernor` pauses, waits for a call that it let through, and hears nothing of calls that went well."""

import math

from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.upstreams import PacePolicy, Upstream

PROBE_SECONDS = {Upstream.YOUTUBE: 200.0, Upstream.TRANSCRIPTION: 320.0}
"""A probe that was not heard of for so long will not be: the longest step, and its worker's last heartbeat.

A server that is given longer than five minutes for a piece of sound may still be at it. Then calls go again, as slowly
as they can: that costs such a server little, and a worker that died with the probe would hold up everybody for as long.
"""
MAX_CONFIGURATION_PAUSE_SECONDS = 300.0
"""Somebody who corrects a setting wants to see soon that it helped."""
BURST_REPORT_SECONDS = 1.0
MAX_REPORT_SECONDS = 30.0


def is_configuration(error_type: ErrorType) -> bool:
    """Whether no upstream asked for it, and a worker that begins may have other settings."""
    return ERROR_RULES[error_type].is_configuration


def first_pause_seconds(policy: PacePolicy, error_type: ErrorType) -> float:
    """Before the first probe; each one that fails doubles it."""
    return policy.bot_check_pause_seconds if error_type is ErrorType.BOT_CHECK else policy.pause_seconds


def longest_pause_seconds(policy: PacePolicy, error_type: ErrorType) -> float:
    """So far it is doubled."""
    longest = policy.max_pause_seconds
    return min(longest, MAX_CONFIGURATION_PAUSE_SECONDS) if is_configuration(error_type) else longest


def report_seconds(policy: PacePolicy, rate: float) -> float:
    """How soon a worker is to report calls that are answered, while there is no burst."""
    if rate < policy.calls_per_second:
        return min(policy.rate_step_seconds, MAX_REPORT_SECONDS) / 3
    # More often than it takes to be quiet, so that a busy worker never looks like a quiet one, and before much of
    # the budget is gone unseen. Sound needs no looking after: it is reported when it is sent.
    hourly_requests = policy.hourly_requests or math.inf
    longest = min(policy.quiet_seconds * 3 / 4, hourly_requests / 30 / rate, MAX_REPORT_SECONDS)
    return max(longest, BURST_REPORT_SECONDS)
