"""yt-dlp, made to say what happened: its extractor and its HTTP client with the hooks that this product needs.

yt-dlp turns most failures into warnings and goes on, which costs requests and hides the reason. Here the first failed
request ends the extraction, and the words of YouTube, which yt-dlp would print, are kept.
"""

import logging
import os
import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, NoReturn

import requests
from yt_dlp import YoutubeDL
from yt_dlp.downloader.http import HttpFD
from yt_dlp.extractor.youtube import YoutubeIE
from yt_dlp.networking._requests import RequestsRH
from yt_dlp.utils import DownloadError, ExtractorError

from services.worker.adapters.connection import Connection
from services.worker.adapters.errors import body_error, reason_error, warning_error, youtube_error
from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ErrorType

logger = logging.getLogger(__name__)

Info = dict[str, Any]
"""What yt-dlp extracts: about half a megabyte, it never leaves the adapters."""

PLAYER_ALONE = ["webpage", "initial_data", "configs", "js"]
"""What is left out where the player's answer is enough."""

_BLOCK_BYTES = 1 << 16
"""Of media: small enough to lose little of them in a hang-up, and to be stopped soon."""

_NOT_YET = {
    "is_upcoming": ErrorType.UPCOMING,
    "is_live": ErrorType.LIVE_NOW,
    "post_live": ErrorType.LIVE_NOW,  # ended, but length and captions are still being made
}


class QuietLogger:
    """yt-dlp's output goes to our log at the lowest level; its warnings are kept for the error's detail."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        """Progress and debug output."""
        logger.debug("%s", message)

    def warning(self, message: str) -> None:
        """A failure that yt-dlp goes on after."""
        self.warnings.append(message)
        logger.debug("%s", message)

    def error(self, message: str) -> None:
        """A failure that is raised as well."""
        logger.debug("%s", message)


class TrustingRH(RequestsRH):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's HTTP client under the rules of our `Connection`; yt-dlp has no options for them."""

    def __init__(self, *, connection: Connection, **options: Any) -> None:
        self._connection = connection
        super().__init__(**options)

    def _make_sslcontext(self, **options: Any) -> ssl.SSLContext:
        context: ssl.SSLContext = super()._make_sslcontext(**options)
        self._connection.trust_own(context)
        return context

    def _create_instance(self, **options: Any) -> requests.Session:
        session: requests.Session = super()._create_instance(**options)
        self._connection.supervise(session)
        return session


class Downloader(YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """A YoutubeDL for one extraction or file; it knows no site, the extractors of the adapters are given to it."""

    def __init__(self, connection: Connection, extractor_arguments: dict[str, list[str]]) -> None:
        self._connection = connection
        self.collected = QuietLogger()
        super().__init__(_options(connection, self.collected, extractor_arguments), auto_init=False)

    def build_request_director(self, _handlers: Any, preferences: Any = None) -> Any:
        """One HTTP client only."""
        return super().build_request_director([partial(TrustingRH, connection=self._connection)], preferences)


def _options(connection: Connection, collected: QuietLogger, arguments: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "logger": collected,
        "quiet": True,
        "noprogress": True,
        "cachedir": False,
        "noplaylist": True,  # one camera of several is the video
        "geo_bypass": False,  # it would repeat the requests with a made-up address
        "socket_timeout": connection.timeout_seconds,
        "proxy": connection.proxy or "",  # None would read the environment
        # The import workflow retries; a retry in here would multiply the requests to YouTube.
        "retries": 0,
        "extractor_retries": 0,
        "js_runtimes": {},  # a deno or node on PATH changes nothing
        # Of lists, the pages are left out: the interface that yt-dlp asks next says all that they say.
        "extractor_args": {VideoIE.ie_key().lower(): arguments, "youtubetab": {"skip": ["webpage"]}},
    }


class VideoIE(YoutubeIE):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's YouTube extractor, which keeps YouTube's reason for not playing a video and hands out the rest."""

    IE_NAME = "youtube"

    @classmethod
    def ie_key(cls) -> str:
        """The extractor's name in yt-dlp's options."""
        return "Youtube"

    def __init__(self, downloader: Downloader) -> None:
        self.reason: str | None = None
        super().__init__(downloader)

    def _error_or_warning(self, err: Exception, *args: Any, **options: Any) -> None:
        """A failed request is an error: yt-dlp would go on without what the answer tells, which is not "none"."""
        if getattr(err, "cause", None) is not None:
            raise youtube_error(err) from None
        super()._error_or_warning(err, *args, **options)

    def _extract_player_response(self, *args: Any, **options: Any) -> dict[str, Any]:
        """The player's answer, which names the captions, is indispensable: yt-dlp would go on with the page alone."""
        try:
            response = super()._extract_player_response(*args, **options)
        except ExtractorError as error:
            raise youtube_error(error) from None
        if not isinstance(response, dict) or "playabilityStatus" not in response:
            raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, "the player does not say whether the video can be played")
        return response

    def extract_ytcfg(self, video_id: str, webpage: str | None) -> dict[str, Any]:
        """As yt-dlp does, unless the page is a captcha."""
        error = body_error(f"the page of {video_id}", (webpage or "").encode())
        if error is not None:
            raise error
        config: dict[str, Any] = super().extract_ytcfg(video_id, webpage)
        return config

    def raise_no_formats(self, msg: Any, *_args: Any, **_options: Any) -> None:
        """YouTube refuses to play the video; title, live status and dates may be known all the same."""
        self.reason = self.reason or str(msg)

    def raise_geo_restricted(self, msg: str = "not available in your country", *_args: Any, **_options: Any) -> None:
        """As `raise_no_formats`."""
        self.raise_no_formats(msg)

    def report_drm(self, *_args: Any, **_options: Any) -> None:
        """Protected media: of no importance for metadata and captions."""

    def _extract_chapters_from_description(self, *_args: Any) -> list[dict[str, Any]]:
        """None: yt-dlp takes any times in a description for chapters, `services.worker.chapters` knows the rules."""
        return []

    @staticmethod
    def _is_agegated(_player_response: Any) -> bool:
        """Never: yt-dlp would ask as a further client, whose media need JavaScript, and be refused again."""
        return False


def ask(connection: Connection, youtube_id: str, *, client: str, without: list[str]) -> tuple[Info, str | None]:
    """What YouTube tells `client` about a video, and its reason for not playing it. Raises YoutubeError."""
    skip = ["hls", "dash", "translated_subs"]
    arguments = {"player_client": [client], "player_skip": without, "skip": skip}
    with Downloader(connection, arguments) as downloader:
        extractor = VideoIE(downloader)
        warnings = downloader.collected.warnings
        try:
            info: Info = extractor.extract(f"https://www.youtube.com/watch?v={youtube_id}")
        except Exception as exception:
            logger.debug("extraction failed", exc_info=True)
            # Without the cause: it may quote signed URLs.
            raise youtube_error(exception, warnings) from None
        error = warning_error(warnings)
        if error is not None:
            raise error
        return info, extractor.reason


def refuse_unusable(info: Info, reason: str | None) -> None:
    """Raise YoutubeError unless this is a finished video that YouTube plays."""
    not_yet = _NOT_YET.get(info.get("live_status") or "")
    if info.get("_type", "video") != "video":
        raise YoutubeError(ErrorType.PAYMENT_REQUIRED, "YouTube offers a trailer in the place of the video")
    error_type = reason_error(reason) if reason is not None else not_yet
    if error_type is ErrorType.UNEXPECTED_ANSWER:
        error_type = not_yet or error_type
    if error_type is not None:
        not_before = utc(info.get("release_timestamp")) if error_type is ErrorType.UPCOMING else None
        raise YoutubeError(error_type, reason or str(info["live_status"]), not_before=not_before)
    if not info.get("title"):
        raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, "YouTube gave neither a title nor a reason")


def utc(timestamp: float | None) -> datetime | None:
    """yt-dlp's seconds as a moment."""
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


class FileDownload(HttpFD):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's download of one file in ranges, which raises what went wrong; yt-dlp would keep its text alone."""

    def __init__(self, downloader: Downloader, byte_count: int | None, on_progress: Callable[[float], None]) -> None:
        """`byte_count` is the length that YouTube announced, None if it did not."""
        self._byte_count = byte_count
        self._on_progress = on_progress
        self.objection: Exception | None = None
        """What `on_progress` raised."""
        options = {
            "buffersize": _BLOCK_BYTES,
            "noresizebuffer": True,  # yt-dlp's own blocks grow to 4 MB
            "file_access_retries": 0,
            "continuedl": byte_count is not None,  # else nobody could tell a complete beginning from the whole
        }
        super().__init__(downloader, downloader.params | options)

    def real_download(self, filename: str, info: Info) -> bool:
        """As yt-dlp does, unless nothing but the last step is left: yt-dlp would ask for bytes that are not there."""
        part = self.temp_name(filename)
        if self._byte_count is not None and self.filesize_or_none(part) >= self._byte_count:
            self.try_rename(part, filename)
            return True
        complete: bool = super().real_download(filename, info)
        return complete

    def report_progress(self, status: Info) -> None:
        """yt-dlp calls this with every block, and once more for the file."""
        if status["status"] != "downloading":
            return
        total = self._byte_count or status["total_bytes"]
        try:
            self._on_progress(min(status["downloaded_bytes"] / total, 1.0) if total else 0.0)
        except Exception as objection:
            self.objection = objection
            raise

    def report_retry(self, error: Exception, *_args: Any, **_options: Any) -> NoReturn:
        """There are no retries in here: this is the failure."""
        raise error

    def report_error(self, message: str, *_args: Any, **_options: Any) -> NoReturn:
        """As yt-dlp does, but with the exception that it tells about."""
        raise sys.exception() or DownloadError(message)

    def try_rename(self, part: str, complete: str) -> None:
        """The one step that makes a file complete; what has another length than announced is thrown away."""
        size = os.path.getsize(part)
        if self._byte_count not in (None, size):
            os.remove(part)
            raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, f"{size} bytes came, {self._byte_count} were announced")
        os.replace(part, complete)
