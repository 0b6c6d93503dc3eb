"""The table of import errors: how an import continues, and what an error means for rate limits.

Adapters decide the `ErrorType` of whatever a library raised; everything above decides on the type alone.
The type's value is also the public `error_code`, and `shared/i18n` has its sentences.
"""

from dataclasses import dataclass
from enum import StrEnum


class ErrorType(StrEnum):
    """What YouTube or the speech-to-text server (or the way to them) said, in one word."""

    VIDEO_UNAVAILABLE = "video_unavailable"
    VIDEO_PRIVATE = "video_private"
    MEMBERS_ONLY = "members_only"
    PAYMENT_REQUIRED = "payment_required"
    GEO_BLOCKED = "geo_blocked"
    AGE_RESTRICTED = "age_restricted"
    RECORDING_UNAVAILABLE = "recording_unavailable"
    LIVE_NOW = "live_now"
    UPCOMING = "upcoming"
    ACCOUNT_BUSY = "account_busy"
    """Nothing YouTube said: the operator's account is lent to one video at a time."""
    VIDEO_PROCESSING = "video_processing"
    """YouTube has the upload, and does not play it yet."""
    BOT_CHECK = "bot_check"
    RATE_LIMITED = "rate_limited"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    LINK_EXPIRED = "link_expired"
    UNEXPECTED_ANSWER = "unexpected_answer"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    EXTRACTOR_OUTDATED = "extractor_outdated"
    """YouTube has changed, and the extractor (yt-dlp) has not: every client of it is refused."""
    CAPTIONS_NONE = "captions_none"
    CAPTIONS_DISABLED = "captions_disabled"
    CAPTIONS_TOKEN_REQUIRED = "captions_token_required"  # noqa: S105 - a name, not a secret
    CAPTIONS_AGE_RESTRICTED = "captions_age_restricted"
    SPEECH_TOO_LONG = "speech_too_long"
    SPEECH_NONE = "speech_none"
    SPEECH_FAILED = "speech_failed"
    AUDIO_UNAVAILABLE = "audio_unavailable"
    AUDIO_STORE_FULL = "audio_store_full"
    CHUNK_TOO_LARGE = "chunk_too_large"
    TRANSCRIPTION_LIMITED = "transcription_limited"
    TRANSCRIPTION_UNAVAILABLE = "transcription_unavailable"
    TRANSCRIPTION_UNEXPECTED = "transcription_unexpected"
    TRANSCRIPTION_REFUSED = "transcription_refused"
    TRANSCRIPTION_MISCONFIGURED = "transcription_misconfigured"
    LIST_UNAVAILABLE = "list_unavailable"
    """A playlist or channel that is not there, or not for everybody."""
    LIST_SHORT = "list_short"
    """YouTube throttles listings without a word: fewer entries came than there are."""
    IMPORT_CANCELLED = "import_cancelled"
    """Nothing anybody outside said: the person called it off before it began."""
    INTERNAL_ERROR = "internal_error"
    """An unforeseen error of Vidferry itself, such as a bug or a value that the database refuses."""


class Retry(StrEnum):
    """How an import continues after an error; the delays are in `workflows.common.retry`."""

    NEVER = "never"
    """Permanent: the import ends in `error`."""
    BACKOFF = "backoff"
    """Transient: again soon, a limited number of times."""
    WHEN_UNTHROTTLED = "when_unthrottled"
    """Blocked or misconfigured: wait for the `RateGovernor`, as long as it takes, not counted as an attempt."""
    WHEN_AVAILABLE = "when_available"
    """The video is not there yet (live, premiere), or it is not its turn: come back at a known or guessed time."""
    SKIP = "skip"
    """Not an error of the import: the stage ends without a result."""


class Throttle(StrEnum):
    """What an error means for the rate limit of the upstream; the `RateGovernor` decides for how long."""

    NO = "no"
    """It concerns this video or this moment."""
    COUNTS = "counts"
    """Asked to slow down: several in a row pause all calls."""
    PAUSES = "pauses"
    """No call gets through: all calls pause at once."""
    SUSPECTS = "suspects"
    """The extractor may be outdated: several different videos with this error pause all calls."""


@dataclass(frozen=True)
class ErrorRule:
    """What follows from an `ErrorType`."""

    retry: Retry
    max_attempts: int = 1
    """How often a step is tried in all, where `retry` is BACKOFF."""
    throttle: Throttle = Throttle.NO
    allows_transcription: bool = False
    """Whether captions that could not be had for this reason may be made from speech, which costs money."""
    is_transient: bool = False
    """Whether a video that went on without captions for this reason may well get them the next time."""
    is_misconfiguration: bool = False
    """Nothing the upstream asked for: the operator has to correct a setting."""
    is_unreachable: bool = False
    """The upstream was not reached: its status is unknown."""


ERROR_RULES: dict[ErrorType, ErrorRule] = {
    ErrorType.VIDEO_UNAVAILABLE: ErrorRule(Retry.NEVER),
    ErrorType.VIDEO_PRIVATE: ErrorRule(Retry.NEVER),
    ErrorType.MEMBERS_ONLY: ErrorRule(Retry.NEVER),
    ErrorType.PAYMENT_REQUIRED: ErrorRule(Retry.NEVER),
    ErrorType.GEO_BLOCKED: ErrorRule(Retry.NEVER),
    ErrorType.AGE_RESTRICTED: ErrorRule(Retry.NEVER),
    ErrorType.RECORDING_UNAVAILABLE: ErrorRule(Retry.NEVER),
    ErrorType.LIVE_NOW: ErrorRule(Retry.WHEN_AVAILABLE),
    ErrorType.UPCOMING: ErrorRule(Retry.WHEN_AVAILABLE),
    ErrorType.ACCOUNT_BUSY: ErrorRule(Retry.WHEN_AVAILABLE),
    ErrorType.VIDEO_PROCESSING: ErrorRule(Retry.WHEN_AVAILABLE),
    ErrorType.BOT_CHECK: ErrorRule(Retry.WHEN_UNTHROTTLED, throttle=Throttle.PAUSES),
    ErrorType.RATE_LIMITED: ErrorRule(Retry.WHEN_UNTHROTTLED, throttle=Throttle.COUNTS),
    ErrorType.UPSTREAM_UNAVAILABLE: ErrorRule(
        Retry.BACKOFF, max_attempts=24, allows_transcription=True, is_transient=True, is_unreachable=True
    ),
    ErrorType.LINK_EXPIRED: ErrorRule(Retry.BACKOFF, max_attempts=4, allows_transcription=True, is_transient=True),
    ErrorType.UNEXPECTED_ANSWER: ErrorRule(
        Retry.BACKOFF, max_attempts=6, throttle=Throttle.SUSPECTS, allows_transcription=True, is_transient=True
    ),
    ErrorType.CERTIFICATE_UNTRUSTED: ErrorRule(
        Retry.WHEN_UNTHROTTLED, throttle=Throttle.PAUSES, is_misconfiguration=True
    ),
    ErrorType.EXTRACTOR_OUTDATED: ErrorRule(
        Retry.BACKOFF, max_attempts=6, throttle=Throttle.SUSPECTS, is_transient=True
    ),
    ErrorType.CAPTIONS_NONE: ErrorRule(Retry.SKIP, allows_transcription=True),
    ErrorType.CAPTIONS_DISABLED: ErrorRule(Retry.SKIP, allows_transcription=True),
    ErrorType.CAPTIONS_TOKEN_REQUIRED: ErrorRule(Retry.SKIP, is_transient=True),
    ErrorType.CAPTIONS_AGE_RESTRICTED: ErrorRule(Retry.SKIP),
    ErrorType.SPEECH_TOO_LONG: ErrorRule(Retry.SKIP),
    ErrorType.SPEECH_NONE: ErrorRule(Retry.SKIP),
    ErrorType.SPEECH_FAILED: ErrorRule(Retry.SKIP, is_transient=True),
    ErrorType.AUDIO_UNAVAILABLE: ErrorRule(Retry.SKIP),
    ErrorType.AUDIO_STORE_FULL: ErrorRule(Retry.SKIP, is_transient=True),
    ErrorType.CHUNK_TOO_LARGE: ErrorRule(Retry.SKIP),
    ErrorType.TRANSCRIPTION_LIMITED: ErrorRule(Retry.WHEN_UNTHROTTLED, throttle=Throttle.COUNTS),
    ErrorType.TRANSCRIPTION_UNAVAILABLE: ErrorRule(
        Retry.BACKOFF, max_attempts=20, is_transient=True, is_unreachable=True
    ),
    ErrorType.TRANSCRIPTION_UNEXPECTED: ErrorRule(Retry.BACKOFF, max_attempts=4, is_transient=True),
    ErrorType.TRANSCRIPTION_REFUSED: ErrorRule(Retry.SKIP, is_transient=True),
    ErrorType.TRANSCRIPTION_MISCONFIGURED: ErrorRule(
        Retry.SKIP, throttle=Throttle.PAUSES, is_transient=True, is_misconfiguration=True
    ),
    ErrorType.LIST_UNAVAILABLE: ErrorRule(Retry.NEVER),
    ErrorType.LIST_SHORT: ErrorRule(Retry.NEVER),
    ErrorType.IMPORT_CANCELLED: ErrorRule(Retry.NEVER),
    ErrorType.INTERNAL_ERROR: ErrorRule(Retry.BACKOFF, max_attempts=5, is_transient=True),
}
