"""The one table of what can go wrong with an import: what to do, what to count, what to tell the person.

Adapters decide the `ErrorType` of whatever a library raised; everything above decides on the type alone.
The type's value is also the public `error_code`, and `shared.contracts.texts` holds its words.
"""

from dataclasses import dataclass
from enum import StrEnum


class ErrorType(StrEnum):
    """What YouTube (or the way to it) said, in one word."""

    VIDEO_UNAVAILABLE = "video_unavailable"
    VIDEO_PRIVATE = "video_private"
    MEMBERS_ONLY = "members_only"
    PAYMENT_REQUIRED = "payment_required"
    GEO_BLOCKED = "geo_blocked"
    AGE_RESTRICTED = "age_restricted"
    RECORDING_UNAVAILABLE = "recording_unavailable"
    LIVE_NOW = "live_now"
    UPCOMING = "upcoming"
    BOT_CHECK = "bot_check"
    RATE_LIMITED = "rate_limited"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    LINK_EXPIRED = "link_expired"
    UNEXPECTED_ANSWER = "unexpected_answer"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    CAPTIONS_NONE = "captions_none"
    CAPTIONS_DISABLED = "captions_disabled"
    CAPTIONS_TOKEN_REQUIRED = "captions_token_required"  # noqa: S105 - a name, not a secret
    CAPTIONS_AGE_RESTRICTED = "captions_age_restricted"


class Retry(StrEnum):
    """How an import goes on after an error of some type; the delays are in `workflows.policies`."""

    NEVER = "never"
    """Permanent: the import ends in `error`."""
    BACKOFF = "backoff"
    """Transient: again soon, a limited number of times."""
    WAIT = "wait"
    """Blocked or misconfigured: wait for the `RateGovernor`, as long as it takes, not counted as an attempt."""
    LATER = "later"
    """The video is not there yet (live, premiere): come back at a known or guessed time."""
    SKIP = "skip"
    """Not an error of the import: the stage ends without the thing it looked for."""


class Throttle(StrEnum):
    """What an error means for everybody's pace; the `RateGovernor` decides how long."""

    NO = "no"
    """It concerns this video or this moment."""
    COUNTS = "counts"
    """Asked to slow down: several in a row pause all calls."""
    PAUSES = "pauses"
    """No call gets through: all calls pause at once."""


@dataclass(frozen=True)
class ErrorRule:
    """What follows from an `ErrorType`."""

    retry: Retry
    max_attempts: int = 1
    """How often a step is tried in all, where `retry` is BACKOFF."""
    throttle: Throttle = Throttle.NO
    speech_to_text: bool = False
    """Whether captions that could not be had for this reason may be made from speech, which costs money."""


ERROR_RULES: dict[ErrorType, ErrorRule] = {
    ErrorType.VIDEO_UNAVAILABLE: ErrorRule(Retry.NEVER),
    ErrorType.VIDEO_PRIVATE: ErrorRule(Retry.NEVER),
    ErrorType.MEMBERS_ONLY: ErrorRule(Retry.NEVER),
    ErrorType.PAYMENT_REQUIRED: ErrorRule(Retry.NEVER),
    ErrorType.GEO_BLOCKED: ErrorRule(Retry.NEVER),
    ErrorType.AGE_RESTRICTED: ErrorRule(Retry.NEVER),
    ErrorType.RECORDING_UNAVAILABLE: ErrorRule(Retry.NEVER),
    ErrorType.LIVE_NOW: ErrorRule(Retry.LATER),
    ErrorType.UPCOMING: ErrorRule(Retry.LATER),
    ErrorType.BOT_CHECK: ErrorRule(Retry.WAIT, throttle=Throttle.PAUSES),
    ErrorType.RATE_LIMITED: ErrorRule(Retry.WAIT, throttle=Throttle.COUNTS),
    ErrorType.UPSTREAM_UNAVAILABLE: ErrorRule(Retry.BACKOFF, max_attempts=24, speech_to_text=True),
    ErrorType.LINK_EXPIRED: ErrorRule(Retry.BACKOFF, max_attempts=4, speech_to_text=True),
    ErrorType.UNEXPECTED_ANSWER: ErrorRule(Retry.BACKOFF, max_attempts=6, speech_to_text=True),
    ErrorType.CERTIFICATE_UNTRUSTED: ErrorRule(Retry.WAIT, throttle=Throttle.PAUSES),
    ErrorType.CAPTIONS_NONE: ErrorRule(Retry.SKIP, speech_to_text=True),
    ErrorType.CAPTIONS_DISABLED: ErrorRule(Retry.SKIP, speech_to_text=True),
    ErrorType.CAPTIONS_TOKEN_REQUIRED: ErrorRule(Retry.SKIP),
    ErrorType.CAPTIONS_AGE_RESTRICTED: ErrorRule(Retry.SKIP),
}
