"""The tables that turn texts and exceptions into one word."""

import io
import json
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.etree import ElementTree

import pytest
import requests
import youtube_transcript_api as transcripts
from hypothesis import given
from hypothesis import strategies as st
from yt_dlp.networking import Response
from yt_dlp.networking.exceptions import (
    CertificateVerifyError,
    HTTPError,
    IncompleteRead,
    ProxyError,
    SSLError,
    TransportError,
)
from yt_dlp.utils import ExtractorError

from services.worker.adapters.models import MAX_DETAIL_CHARACTERS, YoutubeError
from services.worker.adapters.youtube.errors import (
    MAX_RETRY_AFTER_SECONDS,
    body_error,
    http_error,
    playability_error,
    reason_error,
    youtube_error,
)
from shared.contracts.errors import ERROR_RULES, ErrorType, Retry, Throttle

LOGIN_HINT = (
    "Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ"
)
"""What yt-dlp adds whenever YouTube says "sign in"."""
PLAYER = "https://www.youtube.com/youtubei/v1/player?key=secret"
MEDIA = "https://rr1---sn-fake.googlevideo.com/videoplayback?expire=1&sig=secret"
TIMEDTEXT = "https://www.youtube.com/api/timedtext?v=x&signature=secret"


@pytest.mark.parametrize(
    ("reason", "error_type"),
    [
        ("Sign in to confirm you’re not a bot. This helps protect our community.", ErrorType.BOT_CHECK),
        ("Sign in to confirm you're not a bot", ErrorType.BOT_CHECK),
        ("Sign in to confirm you are not a bot", ErrorType.BOT_CHECK),
        (f"Sign in to confirm you’re not a bot. {LOGIN_HINT}", ErrorType.BOT_CHECK),
        ("Video unavailable. YouTube is requiring a captcha challenge before playback", ErrorType.BOT_CHECK),
        ("All player responses are invalid. Your IP is likely being blocked by Youtube", ErrorType.BOT_CHECK),
        ("Video unavailable. This content isn't available, try again later.", ErrorType.RATE_LIMITED),
        ("This content isn’t available, try again later. The current session…", ErrorType.RATE_LIMITED),
        ("This live event will begin in 18 hours.", ErrorType.UPCOMING),
        ("This live event will begin in a few moments.", ErrorType.UPCOMING),
        ("Premieres in 3 days", ErrorType.UPCOMING),
        ("Premiere will begin shortly", ErrorType.UPCOMING),
        ("We're processing this video. Check back later.", ErrorType.VIDEO_PROCESSING),
        ("We’re processing this video", ErrorType.VIDEO_PROCESSING),
        ("This video isn’t available anymore", ErrorType.VIDEO_UNAVAILABLE),
        ("This live stream recording is not available.", ErrorType.RECORDING_UNAVAILABLE),
        ("Sign in to confirm your age. This video may be inappropriate for some users.", ErrorType.AGE_RESTRICTED),
        (f"Sign in to confirm your age. {LOGIN_HINT}", ErrorType.AGE_RESTRICTED),
        ("This video may be inappropriate for some users.", ErrorType.AGE_RESTRICTED),
        ("This video is available to this channel's members on level: Crew", ErrorType.MEMBERS_ONLY),
        ("Join this channel to get access to members-only content like this video", ErrorType.MEMBERS_ONLY),
        ("This video is members only", ErrorType.MEMBERS_ONLY),
        ("This video is only available to Music Premium members", ErrorType.PAYMENT_REQUIRED),
        ("This video requires payment to watch.", ErrorType.PAYMENT_REQUIRED),
        ("The uploader has not made this video available in your country", ErrorType.GEO_BLOCKED),
        ("This video is not available in your country", ErrorType.GEO_BLOCKED),
        ("Video unavailable. It is blocked in your country on copyright grounds", ErrorType.GEO_BLOCKED),
        ("This video is private", ErrorType.VIDEO_PRIVATE),
        ("Private video. Sign in if you've been granted access to this video", ErrorType.VIDEO_PRIVATE),
        (f"Private video. Sign in if you’ve been granted access to this video. {LOGIN_HINT}", ErrorType.VIDEO_PRIVATE),
        ("Video unavailable", ErrorType.VIDEO_UNAVAILABLE),
        ("This video is unavailable", ErrorType.VIDEO_UNAVAILABLE),
        ("This video is not available", ErrorType.VIDEO_UNAVAILABLE),
        ("This video has been removed by the uploader", ErrorType.VIDEO_UNAVAILABLE),
        ("Video unavailable. This video isn't available anymore", ErrorType.VIDEO_UNAVAILABLE),
        ("This video is no longer available due to a copyright claim by Somebody", ErrorType.VIDEO_UNAVAILABLE),
        ("…because the YouTube account associated with this video has been terminated.", ErrorType.VIDEO_UNAVAILABLE),
        ("YouTube said: This channel does not exist.", ErrorType.VIDEO_UNAVAILABLE),
        ("YouTube said: The playlist does not exist.", ErrorType.VIDEO_UNAVAILABLE),
        ("YouTube said: This account has been terminated for violating our Terms", ErrorType.VIDEO_UNAVAILABLE),
        ("YouTube said: This channel was removed because it violated our Guidelines.", ErrorType.VIDEO_UNAVAILABLE),
        ("Something that YouTube has never said before", ErrorType.UNEXPECTED_ANSWER),
        ("Please sign in", ErrorType.UNEXPECTED_ANSWER),
        ("Requested format is not available", ErrorType.UNEXPECTED_ANSWER),
        ("", ErrorType.UNEXPECTED_ANSWER),
    ],
)
def test_what_youtube_says(reason: str, error_type: ErrorType) -> None:
    assert reason_error(reason) is error_type


OF_SPEECH = ("speech_", "audio_", "chunk_", "transcription_")
"""The types that YouTube has nothing to do with begin like this."""
OF_YOUTUBE = {
    kind: rule
    for kind, rule in ERROR_RULES.items()
    if not kind.startswith(OF_SPEECH) and kind is not ErrorType.INTERNAL_ERROR
}


def types(way: Retry) -> set[ErrorType]:
    return {error_type for error_type, rule in OF_YOUTUBE.items() if rule.retry is way}


def test_every_type_has_its_class() -> None:
    slows = (Throttle.COUNTS, Throttle.PAUSES)
    slowing = {error_type for error_type, rule in OF_YOUTUBE.items() if rule.throttle in slows}
    suspicious = {error_type for error_type, rule in OF_YOUTUBE.items() if rule.throttle is Throttle.SUSPECTS}
    transient = {ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.LINK_EXPIRED}
    assert (
        types(Retry.WHEN_UNTHROTTLED)
        == slowing
        == {ErrorType.BOT_CHECK, ErrorType.RATE_LIMITED, ErrorType.CERTIFICATE_UNTRUSTED}
    )
    assert types(Retry.WHEN_AVAILABLE) == {
        ErrorType.LIVE_NOW,
        ErrorType.UPCOMING,
        ErrorType.ACCOUNT_BUSY,
        ErrorType.VIDEO_PROCESSING,
    }
    assert suspicious == {ErrorType.UNEXPECTED_ANSWER, ErrorType.EXTRACTOR_OUTDATED}
    assert types(Retry.BACKOFF) == transient | suspicious
    assert types(Retry.SKIP) == {error_type for error_type in ErrorType if error_type.startswith("captions_")}


@pytest.mark.parametrize(
    ("status", "reason", "error_type"),
    [
        ("OK", "", None),
        ("UNPLAYABLE", "", ErrorType.EXTRACTOR_OUTDATED),
        ("UNPLAYABLE", "The page needs to be reloaded.", ErrorType.EXTRACTOR_OUTDATED),
        ("UNPLAYABLE", "This video is not available", ErrorType.EXTRACTOR_OUTDATED),
        ("UNPLAYABLE", "Video unavailable", ErrorType.EXTRACTOR_OUTDATED),
        ("UNPLAYABLE", "Video unavailable. This video is not available.", ErrorType.EXTRACTOR_OUTDATED),
        ("ERROR", "This video is unavailable", ErrorType.EXTRACTOR_OUTDATED),
        (
            "ERROR",
            "The following content is not available on this app.. Watch on the latest version",
            ErrorType.EXTRACTOR_OUTDATED,
        ),
        ("HTTP 400", "", ErrorType.EXTRACTOR_OUTDATED),
        ("UNPLAYABLE", "This video is not available in your country", ErrorType.GEO_BLOCKED),
        ("ERROR", "Video unavailable. This video has been removed by the uploader", ErrorType.VIDEO_UNAVAILABLE),
        ("ERROR", "Video unavailable. captcha challenge", ErrorType.BOT_CHECK),
        ("LOGIN_REQUIRED", "This video is private", ErrorType.VIDEO_PRIVATE),
        ("LOGIN_REQUIRED", "", ErrorType.BOT_CHECK),
        ("LOGIN_REQUIRED", "Please sign in", ErrorType.BOT_CHECK),
        ("LIVE_STREAM_OFFLINE", "Premieres in 3 days", ErrorType.UPCOMING),
        ("LIVE_STREAM_OFFLINE", "", ErrorType.UNEXPECTED_ANSWER),
        ("UNPLAYABLE", "Never said before", ErrorType.UNEXPECTED_ANSWER),
    ],
)
def test_what_a_player_says(status: str, reason: str, error_type: ErrorType | None) -> None:
    assert playability_error(status, reason) is error_type


@pytest.mark.parametrize(
    ("url", "status", "error_type"),
    [
        (PLAYER, 429, ErrorType.RATE_LIMITED),
        (TIMEDTEXT, 429, ErrorType.RATE_LIMITED),
        (PLAYER, 400, ErrorType.EXTRACTOR_OUTDATED),
        (PLAYER, 403, ErrorType.UPSTREAM_UNAVAILABLE),
        (PLAYER, 500, ErrorType.UPSTREAM_UNAVAILABLE),
        (PLAYER, 502, ErrorType.UPSTREAM_UNAVAILABLE),
        (TIMEDTEXT, 503, ErrorType.UPSTREAM_UNAVAILABLE),
        (TIMEDTEXT, 403, ErrorType.LINK_EXPIRED),
        (TIMEDTEXT, 404, ErrorType.LINK_EXPIRED),
        (TIMEDTEXT, 410, ErrorType.LINK_EXPIRED),
        (MEDIA, 403, ErrorType.LINK_EXPIRED),
        (MEDIA, 429, ErrorType.RATE_LIMITED),
        (MEDIA, 503, ErrorType.UPSTREAM_UNAVAILABLE),
    ],
)
def test_http_statuses(url: str, status: int, error_type: ErrorType) -> None:
    error = http_error(url, status, {})
    assert error is not None
    assert error.error_type is error_type
    assert str(status) in error.detail
    assert "secret" not in error.detail


@pytest.mark.parametrize("status", [200, 204, 302, 404])
def test_statuses_that_are_left_to_the_library(status: int) -> None:
    assert http_error(PLAYER, status, {}) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 0 ", 0.0),
        ("7.66", 7.66),
        ("1e3", None),
        ("soon", None),
        ("-5", None),
        ("9" * 400, MAX_RETRY_AFTER_SECONDS),
    ],
)
def test_retry_after_in_seconds(header: str, seconds: float | None) -> None:
    error = http_error(PLAYER, 429, {"Retry-After": header})
    assert error is not None
    assert error.retry_after_seconds == seconds


def test_retry_after_as_a_date() -> None:
    for delay, expected in ((timedelta(hours=1), 3600), (timedelta(hours=-1), 0)):
        error = http_error(PLAYER, 503, {"Retry-After": format_datetime(datetime.now(UTC) + delay, usegmt=True)})
        assert error is not None
        assert error.retry_after_seconds == pytest.approx(expected, abs=60)


@given(st.text())
def test_an_invalid_retry_after_is_none(header: str) -> None:
    error = http_error(PLAYER, 429, {"Retry-After": header})
    assert error is not None
    assert error.retry_after_seconds is None or 0 <= error.retry_after_seconds <= MAX_RETRY_AFTER_SECONDS


def test_bodies_that_only_look_like_a_success() -> None:
    for body in (b'<div class="g-recaptcha">', b'{"errorScreen": {"playerCaptchaViewModel": {}}}'):
        captcha = body_error(PLAYER, body)
        assert captcha is not None
        assert captcha.error_type is ErrorType.BOT_CHECK
    nothing = body_error(TIMEDTEXT, b" \n")
    assert nothing is not None
    assert nothing.error_type is ErrorType.CAPTIONS_TOKEN_REQUIRED
    assert body_error(PLAYER, b"") is None
    assert body_error(TIMEDTEXT, b"{}") is None


def _raised_during(handled: Exception, raised: Exception) -> Exception:
    """`raised` as if it had been raised while `handled` was handled, which is all that requests leaves behind."""
    raised.__context__ = handled
    return raised


def _made_during(handled: Exception, message: str) -> ExtractorError:
    """An ExtractorError that knows `handled` by nothing but its `exc_info`."""
    try:
        raise handled
    except Exception:
        return ExtractorError(message)


def _http(status: int, url: str = PLAYER) -> HTTPError:
    """yt-dlp's exception for a status, with `Retry-After: 7`."""
    return HTTPError(Response(io.BytesIO(), url, {"Retry-After": "7"}, status=status))


UNTRUSTED = ssl.SSLCertVerificationError("certificate verify failed")
FAILED = transcripts.YouTubeRequestFailed("x", requests.HTTPError("404"))
NO_MORE_PLAYABLE = "Failed to extract any player response"


@pytest.mark.parametrize(
    ("exception", "error_type"),
    [
        (UNTRUSTED, ErrorType.CERTIFICATE_UNTRUSTED),
        (_raised_during(UNTRUSTED, requests.exceptions.SSLError("ssl")), ErrorType.CERTIFICATE_UNTRUSTED),
        (CertificateVerifyError("ssl"), ErrorType.CERTIFICATE_UNTRUSTED),
        (ExtractorError("Unable to download", cause=CertificateVerifyError("x")), ErrorType.CERTIFICATE_UNTRUSTED),
        (requests.exceptions.SSLError("handshake"), ErrorType.UPSTREAM_UNAVAILABLE),
        (requests.exceptions.ProxyError("refused"), ErrorType.UPSTREAM_UNAVAILABLE),
        (requests.exceptions.ReadTimeout("slow"), ErrorType.UPSTREAM_UNAVAILABLE),
        (requests.exceptions.ChunkedEncodingError("cut"), ErrorType.UPSTREAM_UNAVAILABLE),
        (requests.exceptions.ConnectTimeout("slow"), ErrorType.UPSTREAM_UNAVAILABLE),
        (requests.exceptions.ConnectionError("reset"), ErrorType.UPSTREAM_UNAVAILABLE),
        (TransportError("reset"), ErrorType.UPSTREAM_UNAVAILABLE),
        (SSLError("handshake"), ErrorType.UPSTREAM_UNAVAILABLE),
        (IncompleteRead(5, 10), ErrorType.UPSTREAM_UNAVAILABLE),
        (ProxyError("refused"), ErrorType.UPSTREAM_UNAVAILABLE),
        (ExtractorError("A network error", cause=TransportError("reset")), ErrorType.UPSTREAM_UNAVAILABLE),
        (ExtractorError("All player responses are invalid. Your IP", expected=True), ErrorType.BOT_CHECK),
        (_http(429), ErrorType.RATE_LIMITED),
        (_http(403), ErrorType.UPSTREAM_UNAVAILABLE),
        (_http(503), ErrorType.UPSTREAM_UNAVAILABLE),
        (_http(403, MEDIA), ErrorType.LINK_EXPIRED),
        (_http(404), ErrorType.UNEXPECTED_ANSWER),
        (ExtractorError("Unable to download", cause=_http(429)), ErrorType.RATE_LIMITED),
        (ExtractorError(NO_MORE_PLAYABLE), ErrorType.UNEXPECTED_ANSWER),
        (_made_during(_http(429), NO_MORE_PLAYABLE), ErrorType.RATE_LIMITED),
        (_made_during(_http(503), NO_MORE_PLAYABLE), ErrorType.UPSTREAM_UNAVAILABLE),
        (_made_during(TransportError("reset"), NO_MORE_PLAYABLE), ErrorType.UPSTREAM_UNAVAILABLE),
        (_made_during(_made_during(_http(429), "inner"), NO_MORE_PLAYABLE), ErrorType.RATE_LIMITED),
        (_made_during(KeyError("videoId"), "An extractor error has occurred."), ErrorType.UNEXPECTED_ANSWER),
        (ExtractorError("YouTube said: This channel does not exist.", expected=True), ErrorType.VIDEO_UNAVAILABLE),
        (ExtractorError("Requested format is not available", expected=True), ErrorType.UNEXPECTED_ANSWER),
        (ExtractorError("Failed to parse JSON: '<p>This video is private</p>'"), ErrorType.UNEXPECTED_ANSWER),
        (KeyError("This video is private"), ErrorType.UNEXPECTED_ANSWER),
        (TypeError("argument of type 'NoneType' is not iterable"), ErrorType.UNEXPECTED_ANSWER),
        (AttributeError("'NoneType' object has no attribute 'get'"), ErrorType.UNEXPECTED_ANSWER),
        (ElementTree.ParseError("no element found: line 1, column 0"), ErrorType.UNEXPECTED_ANSWER),
        (json.JSONDecodeError("Expecting value", "<html>", 0), ErrorType.UNEXPECTED_ANSWER),
        (transcripts.RequestBlocked("x"), ErrorType.BOT_CHECK),
        (transcripts.IpBlocked("x"), ErrorType.BOT_CHECK),
        (transcripts.AgeRestricted("x"), ErrorType.CAPTIONS_AGE_RESTRICTED),
        (transcripts.PoTokenRequired("x"), ErrorType.CAPTIONS_TOKEN_REQUIRED),
        (transcripts.TranscriptsDisabled("x"), ErrorType.CAPTIONS_DISABLED),
        (transcripts.NoTranscriptFound("x", ["en"], None), ErrorType.CAPTIONS_NONE),
        (transcripts.VideoUnavailable("x"), ErrorType.VIDEO_UNAVAILABLE),
        (FAILED, ErrorType.UPSTREAM_UNAVAILABLE),
        (transcripts.FailedToCreateConsentCookie("x"), ErrorType.UNEXPECTED_ANSWER),
        (transcripts.YouTubeDataUnparsable("x"), ErrorType.UNEXPECTED_ANSWER),
        (transcripts.VideoUnplayable("x", "This video is private", []), ErrorType.VIDEO_PRIVATE),
        (transcripts.VideoUnplayable("x", "Video unavailable", ["… in your country"]), ErrorType.GEO_BLOCKED),
        (transcripts.VideoUnplayable("x", "This content isn't available, try again later", []), ErrorType.RATE_LIMITED),
        (transcripts.VideoUnplayable("x", "This content isn’t available, try again later", []), ErrorType.RATE_LIMITED),
        (transcripts.VideoUnplayable("x", "Sign in to confirm you're not a bot", []), ErrorType.BOT_CHECK),
        (transcripts.VideoUnplayable("x", "Sign in to confirm your age", []), ErrorType.CAPTIONS_AGE_RESTRICTED),
        (transcripts.VideoUnplayable("x", "This video is not available", []), ErrorType.EXTRACTOR_OUTDATED),
        (transcripts.VideoUnplayable("x", None, []), ErrorType.EXTRACTOR_OUTDATED),
        (transcripts.VideoUnplayable("x", "Never said before", []), ErrorType.UNEXPECTED_ANSWER),
    ],
    ids=lambda value: value.value if isinstance(value, ErrorType) else repr(value)[:40],
)
def test_what_the_libraries_raise(exception: Exception, error_type: ErrorType) -> None:
    assert youtube_error(exception).error_type is error_type


def test_a_status_in_a_librarys_exception_keeps_its_retry_after() -> None:
    for exception in (_http(429), ExtractorError("x", cause=_http(429)), _made_during(_http(503), NO_MORE_PLAYABLE)):
        assert youtube_error(exception).retry_after_seconds == 7


def test_an_error_that_is_decided_already_is_found_among_the_causes() -> None:
    decided = YoutubeError(ErrorType.RATE_LIMITED, "HTTP 429", retry_after_seconds=5)
    assert youtube_error(ExtractorError("failed", cause=decided)) is decided


def test_exceptions_that_cause_each_other_in_a_circle_come_to_an_end() -> None:
    first, second = KeyError("a"), ValueError("b")
    first.__context__, second.__context__ = second, first
    assert youtube_error(first).error_type is ErrorType.UNEXPECTED_ANSWER


def test_warnings_are_in_the_detail_but_do_not_decide() -> None:
    error = youtube_error(ExtractorError("Failed to extract any player response"), ["[youtube] This video is private"])
    assert error.error_type is ErrorType.UNEXPECTED_ANSWER
    assert "[youtube] This video is private" in error.detail


def test_the_detail_is_short_and_has_no_signature() -> None:
    error = YoutubeError(ErrorType.UNEXPECTED_ANSWER, f"at {TIMEDTEXT} and {PLAYER}: " + "x" * 1000)
    assert error.detail.startswith("at https://www.youtube.com/api/timedtext and https://www.youtube.com/youtubei/v1/")
    assert "secret" not in str(error)
    assert len(error.detail) == MAX_DETAIL_CHARACTERS
