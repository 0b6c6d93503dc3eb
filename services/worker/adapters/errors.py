"""What went wrong, in one word: the only place that reads the texts of YouTube and the exceptions of the libraries.

Two tables and the HTTP statuses decide on the `ErrorType`; everything above decides on that type alone.
"""

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
import youtube_transcript_api as transcripts
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, TransportError
from yt_dlp.utils import ExtractorError

from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ERROR_RULES, ErrorType, Retry

MAX_RETRY_AFTER_SECONDS = 86_400.0
"""A longer `Retry-After` is nothing to plan with."""

_TIMEDTEXT_PATH, _PLAYER_PATH = "/api/timedtext", "/youtubei/v1/player"
_SIGNED_PATHS = (_TIMEDTEXT_PATH, "/videoplayback")
"""Of captions and media: their addresses are signed for a few hours."""

_FORBIDDEN, _NOT_FOUND, _TOO_MANY_REQUESTS, _SERVER_ERROR = 403, 404, 429, 500
_NOT_VALID_ANY_MORE = (_FORBIDDEN, _NOT_FOUND, 410)

_REASONS: tuple[tuple[str, ErrorType], ...] = (
    (r"confirm you['’]re not a bot|captcha challenge|all player responses are invalid", ErrorType.BOT_CHECK),
    (r"content isn['’]t available, try again later|too many requests", ErrorType.RATE_LIMITED),
    (r"live event will begin|premieres in|premiere will begin", ErrorType.UPCOMING),
    (r"live stream recording is not available", ErrorType.RECORDING_UNAVAILABLE),
    (r"confirm your age|inappropriate for some users|age-restricted", ErrorType.AGE_RESTRICTED),
    (r"channel['’]s members|members[- ]only|join this channel", ErrorType.MEMBERS_ONLY),
    (r"(music|youtube) premium|requires (payment|purchase)", ErrorType.PAYMENT_REQUIRED),
    (r"in your (country|location)|from your location", ErrorType.GEO_BLOCKED),
    (r"video is private|private video", ErrorType.VIDEO_PRIVATE),
    (
        r"video unavailable|video is (unavailable|not available)|no longer available|(been|was) (removed|terminated)"
        r"|does not exist|copyright",
        ErrorType.VIDEO_UNAVAILABLE,
    ),
)
"""What YouTube says, from the special to the general: the first that is found decides. Case does not matter."""

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
"""What the libraries raise, the first that is found in an exception or its causes; anything else is unexpected."""

_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    ssl.SSLCertVerificationError,
)
"""Causes that come before the first byte of a request; what cannot be told counts as sent."""

_SECONDS = re.compile(r"\d+(\.\d+)?")
"""Of a `Retry-After`: fractions are not in its specification, but Groq sends them."""

_CAPTCHA = b'class="g-recaptcha"'
"""In the page that YouTube shows instead of any other one, with whatever status."""
_PLAYER_CAPTCHA = b'"playerCaptchaViewModel"'
"""In a player's answer whose reason only says "Video unavailable"."""

_WRONG_VIDEO = re.compile(r"^\[youtube\] Skipping player responses from ")
"""yt-dlp's warning when YouTube answered for another video, as it does to addresses that it blocks."""

_REFUSED_TO_ONE_CLIENT = re.compile(r"^This video is not available\.?$|content is not available on this app")
"""How an app is refused that may not show videos made for kids, or is too old; other apps may well get the video."""

_NO_SUCH_LIST = re.compile(r"(playlist|channel|account) (is|was) |unviewable|failed to resolve url", re.IGNORECASE)
"""What is said of a playlist or channel only, beside the reasons that it shares with videos."""

_PLACEHOLDER = re.compile(r"\[(deleted|private|unavailable) video\]", re.IGNORECASE)
"""The titles that YouTube gives to entries of a list whose video is not there; yt-dlp asks for English."""


def reason_error(reason: str) -> ErrorType:
    """The type of a reason that YouTube gives for not playing a video."""
    for pattern, error_type in _REASONS:
        if re.search(pattern, reason, re.IGNORECASE):
            return error_type
    return ErrorType.UNEXPECTED_ANSWER


def is_refused_to_one_client(reason: str) -> bool:
    """Whether the reason speaks of the client that asked, so that asking as another one makes sense."""
    return _REFUSED_TO_ONE_CLIENT.search(reason) is not None


def is_placeholder(title: str | None) -> bool:
    """Whether an entry of a list has no video behind it, as far as its title tells."""
    return _PLACEHOLDER.fullmatch(title or "") is not None


def http_error(url: str, status: int, headers: Mapping[str, str]) -> YoutubeError | None:
    """The error in a response's status; None where the library had better judge it, or where there is none."""
    if status == _TOO_MANY_REQUESTS:
        error_type = ErrorType.RATE_LIMITED
    elif status in _NOT_VALID_ANY_MORE and urlsplit(url).path in _SIGNED_PATHS:
        error_type = ErrorType.LINK_EXPIRED
    elif status == _FORBIDDEN or status >= _SERVER_ERROR:
        error_type = ErrorType.UPSTREAM_UNAVAILABLE
    else:
        return None
    wait_seconds = retry_after_seconds(headers.get("Retry-After"))
    return YoutubeError(error_type, f"HTTP {status} from {url}", retry_after_seconds=wait_seconds)


def body_error(url: str, body: bytes) -> YoutubeError | None:
    """The error in the body of a response that looks like a success; None where there is none."""
    path = urlsplit(url).path
    if _CAPTCHA in body or (path == _PLAYER_PATH and _PLAYER_CAPTCHA in body):
        return YoutubeError(ErrorType.BOT_CHECK, f"captcha at {url}")
    if path == _TIMEDTEXT_PATH and not body.strip():
        # YouTube's way of keeping a track from clients without a proof-of-origin token.
        return YoutubeError(ErrorType.CAPTIONS_TOKEN_REQUIRED, f"nothing in {url}")
    return None


def was_sent(failure: BaseException) -> bool:
    """Whether YouTube may have seen the request that ended in `failure`."""
    return not any(isinstance(cause, _NEVER_SENT) for cause in with_causes(failure))


def warning_error(warnings: Sequence[str]) -> YoutubeError | None:
    """The error in what yt-dlp only warns of, to go on with what it was given; None where there is none."""
    wrong = next((warning for warning in warnings if _WRONG_VIDEO.match(warning)), None)
    return None if wrong is None else YoutubeError(ErrorType.BOT_CHECK, wrong)


def youtube_error(exception: BaseException, warnings: Sequence[str] = ()) -> YoutubeError:
    """Whatever the libraries raised, as the one exception of the adapters; `warnings` is what yt-dlp said before."""
    causes = list(with_causes(exception))
    for cause in causes:
        told = _told(cause)
        if told is not None:
            return told
    said = "; ".join([_words(exception), *warnings])
    return YoutubeError(_exception_error(exception, causes), f"{type(exception).__name__}: {said}")


def list_error(exception: BaseException, warnings: Sequence[str] = (), *, is_first_page: bool) -> YoutubeError:
    """As `youtube_error`, of what was raised while a playlist or channel was listed."""
    error = youtube_error(exception, warnings)
    is_permanent = ERROR_RULES[error.error_type].retry is Retry.NEVER
    is_unknown = error.error_type is ErrorType.UNEXPECTED_ANSWER
    if is_permanent or (is_unknown and _denies_the_list(exception, is_first_page=is_first_page)):
        return YoutubeError(ErrorType.LIST_UNAVAILABLE, error.detail)
    return error


def _denies_the_list(exception: BaseException, *, is_first_page: bool) -> bool:
    """Whether YouTube says that there is no such list; a further page that is not found may be there the next time."""
    causes = list(with_causes(exception))
    if is_first_page and any(isinstance(cause, HTTPError) and cause.status == _NOT_FOUND for cause in causes):
        return True
    said = [cause.orig_msg for cause in causes if isinstance(cause, ExtractorError) and cause.expected]
    return any(_NO_SUCH_LIST.search(words) for words in said)


def _told(exception: BaseException) -> YoutubeError | None:
    """The error that an exception carries; None where only its class says what it is."""
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
    if isinstance(exception, ExtractorError) and exception.expected:  # YouTube's words, not those of a broken parser
        return reason_error(exception.orig_msg)
    return ErrorType.UNEXPECTED_ANSWER


def _unplayable(exception: transcripts.VideoUnplayable) -> YoutubeError:
    """youtube-transcript-api's refusal: this library asks as one client only, and only for captions."""
    reasons = [exception.reason, *exception.sub_reasons]
    said = " ".join(each for each in reasons if isinstance(each, str))  # the library takes whatever YouTube sent
    error_type = reason_error(said)
    if is_refused_to_one_client(said):
        error_type = ErrorType.CAPTIONS_TOKEN_REQUIRED
    elif error_type is ErrorType.AGE_RESTRICTED:
        error_type = ErrorType.CAPTIONS_AGE_RESTRICTED
    return YoutubeError(error_type, said)


def _words(exception: BaseException) -> str:
    """What an exception says, without most of the advice that the libraries add for people at a terminal."""
    if isinstance(exception, transcripts.CouldNotRetrieveTranscript):
        return exception.cause.partition("\n")[0]
    return str(getattr(exception, "orig_msg", None) or exception)


def with_causes(exception: BaseException) -> Iterator[BaseException]:
    """`exception` and everything that led to it; yt-dlp keeps causes in attributes of its own as well."""
    waiting: list[BaseException | None] = [exception]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        kept = (getattr(current, "exc_info", None) or (None, None))[1]
        waiting += [getattr(current, "cause", None), kept, current.__cause__, current.__context__]


def retry_after_seconds(value: str | None) -> float | None:
    """The seconds or date of a `Retry-After` as seconds from now; None when it is missing or makes no sense."""
    if value is None:
        return None
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        seconds = float(value) if _SECONDS.fullmatch(value.strip()) else None
    else:
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return None if seconds is None else min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
