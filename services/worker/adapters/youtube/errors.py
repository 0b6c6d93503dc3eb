"""Maps YouTube's messages and the libraries' exceptions to error types, here and nowhere else.

Two tables and the HTTP statuses determine the `ErrorType`; all other code decides on that type alone.
"""

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
import youtube_transcript_api as transcripts
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, TransportError
from yt_dlp.utils import ExtractorError

from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ERROR_RULES, ErrorType, Retry

MAX_RETRY_AFTER_SECONDS = 86_400.0
"""A longer `Retry-After` is cut to this."""

_TIMEDTEXT_PATH, _PLAYER_PATH = "/api/timedtext", "/youtubei/v1/player"
_SIGNED_PATHS = (_TIMEDTEXT_PATH, "/videoplayback")
"""Of captions and media: their URLs are signed for a few hours."""

_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _TOO_MANY_REQUESTS, _SERVER_ERROR = 400, 403, 404, 429, 500
_NOT_VALID_ANY_MORE = (_FORBIDDEN, _NOT_FOUND, 410)

_REASONS: tuple[tuple[str, ErrorType], ...] = (
    (r"confirm you( a|['’])re not a bot|captcha challenge|all player responses are invalid", ErrorType.BOT_CHECK),
    (r"content isn['’]t available, try again later|too many requests", ErrorType.RATE_LIMITED),
    (r"live event will begin|premieres in|premiere will begin", ErrorType.UPCOMING),
    (r"processing this video|video is (still )?being processed", ErrorType.VIDEO_PROCESSING),
    (r"live stream recording is not available", ErrorType.RECORDING_UNAVAILABLE),
    (r"confirm your age|inappropriate for some users|age-restricted", ErrorType.AGE_RESTRICTED),
    (r"channel['’]s members|members[- ]only|join this channel", ErrorType.MEMBERS_ONLY),
    (r"(music|youtube) premium|requires (payment|purchase)", ErrorType.PAYMENT_REQUIRED),
    (r"in your (country|location)|from your location", ErrorType.GEO_BLOCKED),
    (r"video is private|private video", ErrorType.VIDEO_PRIVATE),
    (
        r"video unavailable|video is (unavailable|not available)|no longer available|n['’]t available any ?more"
        r"|(been|was) (removed|terminated)|does not exist|copyright",
        ErrorType.VIDEO_UNAVAILABLE,
    ),
)
"""YouTube's messages, from the special to the general: the first match decides. Case does not matter."""

_EXCEPTIONS: tuple[tuple[type[BaseException], ErrorType], ...] = (
    (ssl.SSLCertVerificationError, ErrorType.CERTIFICATE_UNTRUSTED),
    (CertificateVerifyError, ErrorType.CERTIFICATE_UNTRUSTED),
    (transcripts.RequestBlocked, ErrorType.BOT_CHECK),
    (transcripts.AgeRestricted, ErrorType.CAPTIONS_AGE_RESTRICTED),
    (transcripts.PoTokenRequired, ErrorType.CAPTIONS_TOKEN_REQUIRED),
    (transcripts.TranscriptsDisabled, ErrorType.CAPTIONS_DISABLED),
    (transcripts.NoTranscriptFound, ErrorType.CAPTIONS_NONE),
    (transcripts.VideoUnavailable, ErrorType.VIDEO_UNAVAILABLE),
    (transcripts.YouTubeRequestFailed, ErrorType.UPSTREAM_UNAVAILABLE),
    (TransportError, ErrorType.UPSTREAM_UNAVAILABLE),
    (requests.ConnectionError, ErrorType.UPSTREAM_UNAVAILABLE),
    (requests.Timeout, ErrorType.UPSTREAM_UNAVAILABLE),
    (requests.exceptions.ChunkedEncodingError, ErrorType.UPSTREAM_UNAVAILABLE),
)
"""The libraries' exceptions: the first match in an exception or its causes decides; all others are unexpected."""

_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    ssl.SSLCertVerificationError,
)
"""Causes before the first byte of a request; in doubt, a request counts as sent."""

_SECONDS = re.compile(r"\d+(\.\d+)?")
"""Of a `Retry-After`: fractions are not in its specification, but Groq sends them."""

_CAPTCHA = b'class="g-recaptcha"'
"""In the page that YouTube shows instead of any other page; of one with status 403 or 429, the status decides."""
_PLAYER_CAPTCHA = b'"playerCaptchaViewModel"'
"""In a player's answer whose reason only says "Video unavailable"."""

_SIGNED_OUT = re.compile(r"account cookies are no longer valid")
"""yt-dlp's warning when YouTube's answer has removed the account's cookies."""

_WRONG_VIDEO = re.compile(r"^\[youtube\] Skipping player responses from ")
"""yt-dlp's warning when YouTube answered for another video, as it does to addresses that it blocks."""

PLAYS, UNPLAYABLE, UNAVAILABLE, LOGIN_REQUIRED = "OK", "UNPLAYABLE", "ERROR", "LOGIN_REQUIRED"
"""Statuses of a video in a player's answer."""
CLIENT_RETIRED = "HTTP 400"
"""In the place of a status: YouTube no longer answers this version of the client."""
_DENIED = re.compile(r"HTTP (error )?403\b", re.IGNORECASE)

_ABOUT_THE_CLIENT = re.compile(
    r"((this )?video( is)? (unavailable|not available)[.\s]*)*"
    r"|.*(content is not available on this app|page needs to be reloaded).*",
    re.IGNORECASE | re.DOTALL,
)
"""All of what YouTube says to a client that it refuses: one that may not show the video, is too old, or lacks a token.

It says so of videos that are gone as well, so that these words alone never decide about a video.
"""
ABOUT_THE_CLIENT = (ErrorType.EXTRACTOR_OUTDATED, ErrorType.UNEXPECTED_ANSWER)
"""Types of answers that say nothing about the video."""
_KEPT_FROM_CLIENT = re.compile(r"^this video is not available\.?$|content is not available on this app", re.IGNORECASE)
_GONE = re.compile(r"this video is unavailable\.?", re.IGNORECASE)
"""What apps are told about a video that does not exist."""
LOCKED = frozenset({ErrorType.MEMBERS_ONLY, ErrorType.AGE_RESTRICTED, ErrorType.VIDEO_PRIVATE})
"""Guests do not get these videos, an account may."""
_FINAL_ON_PAGE = frozenset({ErrorType.VIDEO_PRIVATE, ErrorType.MEMBERS_ONLY, ErrorType.VIDEO_UNAVAILABLE})
"""No client gets these videos where the watch page gives the reason."""

_NO_SUCH_LIST = re.compile(r"(playlist|channel|account) (is|was) |unviewable|failed to resolve url", re.IGNORECASE)
"""Messages about playlists and channels only."""

_PLACEHOLDER = re.compile(r"\[(deleted|private|unavailable) video\]", re.IGNORECASE)
"""YouTube's titles of list entries whose video is unavailable; yt-dlp requests English."""


def reason_error(reason: str) -> ErrorType:
    """Return the error type of YouTube's reason for not playing a video."""
    for pattern, error_type in _REASONS:
        if re.search(pattern, reason, re.IGNORECASE):
            return error_type
    return ErrorType.UNEXPECTED_ANSWER


def is_about_client(reason: str) -> bool:
    """Whether the reason, or the lack of one, may be about the client, so that another client may succeed."""
    return _ABOUT_THE_CLIENT.fullmatch(reason) is not None


def is_kept_from_client(reason: str) -> bool:
    """Whether YouTube keeps this one video from the client, such as one made for kids."""
    return _KEPT_FROM_CLIENT.search(reason) is not None


def is_gone(reason: str) -> bool:
    """Whether the reason is what apps are told about a video that does not exist."""
    return _GONE.fullmatch(reason) is not None


def playability_error(status: str, reason: str) -> ErrorType | None:
    """Return the error type of a player's answer; None: the client may play the video.

    EXTRACTOR_OUTDATED: YouTube refuses the client. UNEXPECTED_ANSWER: YouTube never said this before.
    """
    if status == PLAYS:
        return None
    if status in (UNPLAYABLE, UNAVAILABLE, CLIENT_RETIRED) and is_about_client(reason):
        return ErrorType.EXTRACTOR_OUTDATED
    error_type = reason_error(reason)
    if status == LOGIN_REQUIRED and error_type is ErrorType.UNEXPECTED_ANSWER:
        return ErrorType.BOT_CHECK  # it asks guests to sign in: an account is no property of the video
    return error_type


def is_refused(status: str, error_type: ErrorType) -> bool:
    """Whether YouTube refuses the client, for a reason that may be about it, or that is not known yet."""
    is_unknown = error_type is ErrorType.UNEXPECTED_ANSWER and status in (UNPLAYABLE, UNAVAILABLE)
    return is_unknown or error_type is ErrorType.EXTRACTOR_OUTDATED


def page_error(status: str, reason: str) -> ErrorType | None:
    """Return the error type that the watch page alone decides on, because it says so in words; None: ask a client."""
    error_type = playability_error(status, reason)
    return error_type if error_type in _FINAL_ON_PAGE else None


class AccountRefusal(StrEnum):
    """Why YouTube no longer takes the cookies of an account."""

    SIGNED_OUT = "signed_out"
    BOT_CHECK = "bot_check"
    DENIED = "denied"


class SignedOutError(YoutubeError):
    """YouTube treats the account as a guest."""

    def __init__(self) -> None:
        super().__init__(ErrorType.BOT_CHECK, "the account is signed out")


def account_refusal(error: YoutubeError) -> AccountRefusal | None:
    """Return what the error of a request with an account's cookies says about the account; None: nothing."""
    if isinstance(error, SignedOutError):
        return AccountRefusal.SIGNED_OUT
    if error.error_type is ErrorType.BOT_CHECK:
        return AccountRefusal.BOT_CHECK
    return AccountRefusal.DENIED if _DENIED.search(error.detail) else None


def is_placeholder(title: str | None) -> bool:
    """Whether the title is that of a list entry without a video."""
    return _PLACEHOLDER.fullmatch(title or "") is not None


def http_error(url: str, status: int, headers: Mapping[str, str]) -> YoutubeError | None:
    """Return the error of a response's status; None: there is none, or the library decides."""
    path = urlsplit(url).path
    if status == _TOO_MANY_REQUESTS:
        error_type = ErrorType.RATE_LIMITED
    elif status == _BAD_REQUEST and path == _PLAYER_PATH:
        error_type = ErrorType.EXTRACTOR_OUTDATED
    elif status in _NOT_VALID_ANY_MORE and path in _SIGNED_PATHS:
        error_type = ErrorType.LINK_EXPIRED
    elif status == _FORBIDDEN or status >= _SERVER_ERROR:
        error_type = ErrorType.UPSTREAM_UNAVAILABLE
    else:
        return None
    wait_seconds = retry_after_seconds(headers.get("Retry-After"))
    return YoutubeError(error_type, f"HTTP {status} from {url}", retry_after_seconds=wait_seconds)


def body_error(url: str, body: bytes) -> YoutubeError | None:
    """Return the error in the body of a successful response; None: there is none."""
    path = urlsplit(url).path
    if _CAPTCHA in body or (path == _PLAYER_PATH and _PLAYER_CAPTCHA in body):
        return YoutubeError(ErrorType.BOT_CHECK, f"captcha at {url}")
    if path == _TIMEDTEXT_PATH and not body.strip():
        # YouTube denies a track to clients without a proof-of-origin token with an empty body.
        return YoutubeError(ErrorType.CAPTIONS_TOKEN_REQUIRED, f"nothing in {url}")
    return None


def was_sent(failure: BaseException) -> bool:
    """Whether YouTube may have received the request that ended in `failure`."""
    return not any(isinstance(cause, _NEVER_SENT) for cause in with_causes(failure))


def warning_error(warnings: Sequence[str]) -> YoutubeError | None:
    """Return the error that yt-dlp reports as a warning only; None: there is none."""
    if any(_SIGNED_OUT.search(warning) for warning in warnings):
        return SignedOutError()
    wrong = next((warning for warning in warnings if _WRONG_VIDEO.match(warning)), None)
    return None if wrong is None else YoutubeError(ErrorType.BOT_CHECK, wrong)


def youtube_error(exception: BaseException, warnings: Sequence[str] = ()) -> YoutubeError:
    """Convert an exception of the libraries to the adapters' one; `warnings` are yt-dlp's."""
    causes = list(with_causes(exception))
    for cause in causes:
        error = _carried_error(cause)
        if error is not None:
            return error
    detail = "; ".join([_message(exception), *warnings])
    return YoutubeError(_exception_error(exception, causes), f"{type(exception).__name__}: {detail}")


def list_error(exception: BaseException, warnings: Sequence[str] = (), *, is_first_page: bool) -> YoutubeError:
    """As `youtube_error`, for an exception while a playlist or channel was listed."""
    error = youtube_error(exception, warnings)
    is_permanent = ERROR_RULES[error.error_type].retry is Retry.NEVER
    is_unknown = error.error_type is ErrorType.UNEXPECTED_ANSWER
    if is_permanent or (is_unknown and _denies_the_list(exception, is_first_page=is_first_page)):
        return YoutubeError(ErrorType.LIST_UNAVAILABLE, error.detail)
    return error


def _denies_the_list(exception: BaseException, *, is_first_page: bool) -> bool:
    """Whether YouTube says that there is no such list; a further page that is not found may be found by a retry."""
    causes = list(with_causes(exception))
    if is_first_page and any(isinstance(cause, HTTPError) and cause.status == _NOT_FOUND for cause in causes):
        return True
    messages = [cause.orig_msg for cause in causes if isinstance(cause, ExtractorError) and cause.expected]
    return any(_NO_SUCH_LIST.search(message) for message in messages)


def _carried_error(exception: BaseException) -> YoutubeError | None:
    """The error that an exception carries; None: only its class says what it is."""
    if isinstance(exception, YoutubeError):
        return exception
    if isinstance(exception, HTTPError):
        return http_error(exception.response.url, exception.status, exception.response.headers)
    if isinstance(exception, transcripts.VideoUnplayable):
        return _unplayable(exception)
    return None


def _exception_error(exception: BaseException, causes: list[BaseException]) -> ErrorType:
    for exception_type, error_type in _EXCEPTIONS:
        if any(isinstance(cause, exception_type) for cause in causes):
            return error_type
    if isinstance(exception, ExtractorError) and exception.expected:  # YouTube's message, not a broken parser's
        return reason_error(exception.orig_msg)
    return ErrorType.UNEXPECTED_ANSWER


def _unplayable(exception: transcripts.VideoUnplayable) -> YoutubeError:
    """Convert youtube-transcript-api's refusal: the library has one client, and requests captions only."""
    reasons = [exception.reason, *exception.sub_reasons]
    reason = " ".join(each for each in reasons if isinstance(each, str))  # the library does not check the type
    error_type = reason_error(reason)
    if is_about_client(reason):
        error_type = ErrorType.EXTRACTOR_OUTDATED
    elif error_type is ErrorType.AGE_RESTRICTED:
        error_type = ErrorType.CAPTIONS_AGE_RESTRICTED
    return YoutubeError(error_type, reason)


def _message(exception: BaseException) -> str:
    """An exception's message, without most of the libraries' advice for people at a terminal."""
    if isinstance(exception, transcripts.CouldNotRetrieveTranscript):
        return exception.cause.partition("\n")[0]
    return str(getattr(exception, "orig_msg", None) or exception)


def with_causes(exception: BaseException) -> Iterator[BaseException]:
    """Yield `exception` and all its causes; yt-dlp has attributes of its own for causes."""
    waiting: list[BaseException | None] = [exception]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (getattr(current, "exc_info", None) or (None, None))[1]
        waiting += [getattr(current, "cause", None), inner, current.__cause__, current.__context__]


def retry_after_seconds(value: str | None) -> float | None:
    """Return a `Retry-After`, a number or a date, as seconds from now; None: missing or invalid."""
    if value is None:
        return None
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        seconds = float(value) if _SECONDS.fullmatch(value.strip()) else None
    else:
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return None if seconds is None else min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
