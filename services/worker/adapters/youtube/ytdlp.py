"""yt-dlp with strict errors: its extractor and its HTTP client with the hooks that this product needs.

yt-dlp turns most failures into warnings and continues, which costs requests and hides the reason. Here the first failed
request ends the extraction, and YouTube's message, which yt-dlp would print, is captured.
"""

import os
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NoReturn

import requests
from yt_dlp import YoutubeDL
from yt_dlp.cookies import YoutubeDLCookieJar
from yt_dlp.downloader.http import HttpFD
from yt_dlp.extractor.youtube import YoutubeIE
from yt_dlp.globals import plugin_dirs
from yt_dlp.networking._requests import RequestsRH
from yt_dlp.utils import DownloadError, ExtractorError
from yt_dlp.utils.traversal import traverse_obj

from services.worker.adapters import bounds
from services.worker.adapters.models import EarlyMetadata, YoutubeError
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.errors import (
    ABOUT_THE_CLIENT,
    CLIENT_RETIRED,
    SignedOutError,
    body_error,
    page_error,
    playability_error,
    warning_error,
    youtube_error,
)
from services.worker.adapters.youtube.player import PlayerAnswer, read_answer
from services.worker.adapters.youtube.sent_requests import WEB
from shared.contracts.errors import ErrorType
from shared.logs import get_logger

logger = get_logger(__name__)

plugin_dirs.value = []  # code of others runs only where the operator permits it: see `token_server`

Info = dict[str, Any]
"""What yt-dlp extracts: about half a megabyte, which never leaves the adapters."""

_SKIP_WITH_PAGE = ["configs"]
_SKIP_ALL_BUT_PLAYER = ["webpage", "initial_data", *_SKIP_WITH_PAGE]
"""Skips these requests where the player's answer is enough."""
_SKIP_JS = ["js"]
"""The same for a client whose media need no JavaScript."""

_BLOCK_BYTES = 1 << 16
"""Of media: small, so that an interruption loses little and stops soon."""

SAMPLE_BYTES = 1 << 16
"""Of media: enough to see that YouTube delivers them."""

_LIST_ARGUMENTS = {"skip": ["webpage"], "approximate_date": [""]}
"""Of lists: they say "2 weeks ago", which yt-dlp makes a time of only if it is asked to."""

_UNFINISHED = {
    "is_upcoming": ErrorType.UPCOMING,
    "is_live": ErrorType.LIVE_NOW,
    "post_live": ErrorType.LIVE_NOW,  # ended, but length and captions are still being made
}


class QuietLogger:
    """Sends yt-dlp's output to our log at debug level, and captures its warnings for the error's detail."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        """Progress and debug output."""
        logger.debug("yt_dlp", message=message)

    def warning(self, message: str) -> None:
        """A failure after which yt-dlp continues."""
        self.warnings.append(message)
        logger.debug("yt_dlp", message=message)

    def error(self, message: str) -> None:
        """A failure that is raised as well."""
        logger.debug("yt_dlp", message=message)


class ConfiguredRH(RequestsRH):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's HTTP client with the settings of our `Connection`, for which yt-dlp has no options.

    yt-dlp demands a name that ends in RH.
    """

    def __init__(self, *, connection: Connection, **options: Any) -> None:
        self._connection = connection
        super().__init__(**options)

    def _make_sslcontext(self, **options: Any) -> ssl.SSLContext:
        context: ssl.SSLContext = super()._make_sslcontext(**options)
        self._connection.load_ca_file(context)
        return context

    def _create_instance(self, **options: Any) -> requests.Session:
        session: requests.Session = super()._create_instance(**options)
        self._connection.instrument(session)
        return session


class Downloader(YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """A YoutubeDL for one extraction or file, without extractors of its own: the adapters use theirs."""

    def __init__(
        self,
        connection: Connection,
        extractor_arguments: dict[str, list[str]],
        cookies: YoutubeDLCookieJar | None = None,
    ) -> None:
        """`cookies`: those of an account; None: a new guest's."""
        self._connection = connection
        self.captured = QuietLogger()
        super().__init__(_options(connection, self.captured, extractor_arguments), auto_init=False)
        if cookies is not None:
            self.cookiejar = cookies

    def build_request_director(self, _handlers: Any, preferences: Any = None) -> Any:
        """One HTTP client only."""
        return super().build_request_director([partial(ConfiguredRH, connection=self._connection)], preferences)


def _options(connection: Connection, captured: QuietLogger, arguments: dict[str, list[str]]) -> dict[str, Any]:
    access, clients = connection.access, arguments.get("player_client", [])
    return {
        "logger": captured,
        "quiet": True,
        "noprogress": True,
        "cachedir": False,
        "noplaylist": True,  # one camera of several is the video
        "geo_bypass": False,  # it would repeat the requests with an invented address
        "socket_timeout": connection.timeout_seconds,
        "proxy": connection.proxy or "",  # None would read the environment
        # The import workflow retries; a retry in here would multiply the requests to YouTube.
        "retries": 0,
        "extractor_retries": 0,
        "js_runtimes": access.js_runtimes(clients),
        # Skips the pages of lists: the API that yt-dlp calls next has all of their content.
        "extractor_args": {
            VideoIE.ie_key().lower(): arguments,
            "youtubetab": _LIST_ARGUMENTS,
            **access.token_arguments(clients),
        },
    }


@dataclass(frozen=True, slots=True)
class Extraction:
    """What one extraction found out about a video."""

    info: Info
    page: PlayerAnswer | None
    """None: the page was not requested, or holds no answer about this video."""
    player: PlayerAnswer
    """The answer that the information is from: that of the page where it was enough."""
    visitor_data: str | None
    """Of the page."""


class VideoIE(YoutubeIE):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's YouTube extractor; it captures what each client was told, and returns the rest."""

    IE_NAME = "youtube"

    @classmethod
    def ie_key(cls) -> str:
        """The extractor's name in yt-dlp's options."""
        return "Youtube"

    def __init__(self, downloader: Downloader, connection: Connection, *, is_page_enough: bool) -> None:
        """`is_page_enough`: leave the player out where the watch page says everything."""
        self._connection = connection
        self._is_page_enough = is_page_enough
        self.page: PlayerAnswer | None = None
        self.player: PlayerAnswer | None = None
        self.visitor_data: str | None = None
        super().__init__(downloader)

    def _error_or_warning(self, err: Exception, *args: Any, **options: Any) -> None:
        """A failed request is an error: yt-dlp would continue as if the answer were empty."""
        if getattr(err, "cause", None) is not None:
            raise youtube_error(err) from None
        super()._error_or_warning(err, *args, **options)

    def _extract_player_response(self, client: str, *args: Any, **options: Any) -> dict[str, Any]:
        """The player's answer, which lists the captions, is required: yt-dlp would continue with the page alone.

        Where YouTube no longer answers the client, what the page says is still worth having.
        """
        try:
            response = super()._extract_player_response(client, *args, **options)
        except (ExtractorError, YoutubeError) as failure:
            error = youtube_error(failure)
            if error.error_type is not ErrorType.EXTRACTOR_OUTDATED:
                raise error from None
            response = {"playabilityStatus": {"status": CLIENT_RETIRED}}
        if not isinstance(response, dict) or "playabilityStatus" not in response:
            raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, "the player does not say whether the video can be played")
        self.player = self._read(client, response)
        return response

    def extract_ytcfg(self, video_id: str, webpage: str | None) -> dict[str, Any]:
        """As yt-dlp does, unless the page is a captcha, or says in words that nobody gets the video."""
        error = body_error(f"the page of {video_id}", (webpage or "").encode())
        if error is not None:
            raise error
        config: dict[str, Any] = super().extract_ytcfg(video_id, webpage)
        if self.is_authenticated and config.get("LOGGED_IN") is False:
            raise SignedOutError
        if webpage:
            self._read_page(video_id, webpage, config)
        return config

    def _read_page(self, video_id: str, webpage: str, config: dict[str, Any]) -> None:
        response = self._search_json(
            self._YT_INITIAL_PLAYER_RESPONSE_RE, webpage, "player response of the page", video_id, default={}
        )
        self.visitor_data = self._extract_visitor_data(config, response)
        if "playabilityStatus" not in response or self._invalid_player_response(response, video_id):
            return
        self.page = self._read(WEB, response)
        error_type = page_error(self.page.status, self.page.reason)
        if error_type is not None:
            details = traverse_obj(response, ("videoDetails", {dict})) or {}
            early_metadata = _early_metadata(details.get("title"), details.get("author"))
            raise YoutubeError(error_type, self.page.reason, early_metadata=early_metadata)

    def _extract_player_responses(self, clients: list[str], *args: Any) -> Any:
        """As yt-dlp does, without a request where the page says everything."""
        if self._is_page_enough and self.page is not None and self.page.is_enough:
            self.player = self.page
            clients = [WEB]
        return super()._extract_player_responses(clients, *args)

    def _read(self, client: str, response: dict[str, Any]) -> PlayerAnswer:
        answer = read_answer(client, response)
        if answer.plays:
            self._connection.on_tracks(answer.tracks)
        return answer

    def raise_no_formats(self, *_args: Any, **_options: Any) -> None:
        """Continue where YouTube refuses to play the video: title, live status and dates may still be known."""

    def raise_geo_restricted(self, *_args: Any, **_options: Any) -> None:
        """As `raise_no_formats`."""

    def report_drm(self, *_args: Any, **_options: Any) -> None:
        """Ignore protected media: metadata and captions do not need them."""

    def _extract_chapters_from_description(self, *_args: Any) -> list[dict[str, Any]]:
        """None: yt-dlp takes any times in a description for chapters; `transcripts.chapters` knows the rules."""
        return []

    @staticmethod
    def _is_agegated(_player_response: Any) -> bool:
        """Never: yt-dlp would try another client, whose media need JavaScript, and be refused again."""
        return False


def extract(
    connection: Connection,
    youtube_id: str,
    client: str,
    *,
    visitor_data: str | None,
    is_page_enough: bool = False,
    cookies: YoutubeDLCookieJar | None = None,
) -> Extraction:
    """Return YouTube's answer to `client` about a video.

    Args:
        connection: How to reach YouTube.
        youtube_id: The video.
        client: yt-dlp's name of the client of YouTube's API that it acts as; its table has the version.
        visitor_data: Goes with a request of the player alone. None: the watch page is requested first, and has some.
        is_page_enough: Leave the player out where the page says everything.
        cookies: Those of an account, which YouTube may refresh.

    Raises YoutubeError; not for a video that the client may not play.
    """
    formats = ["hls", "dash", "translated_subs"]
    access = connection.access
    fetch_token = "auto" if client in access.token_clients else "never"
    arguments = {"player_client": [client], "skip": formats, "fetch_pot": [fetch_token]}
    skip_js = [] if client in (*access.extra_clients, *access.token_clients) else _SKIP_JS
    if visitor_data is None:
        arguments |= {"player_skip": [*_SKIP_WITH_PAGE, *skip_js]}
    else:
        arguments |= {"player_skip": [*_SKIP_ALL_BUT_PLAYER, *skip_js], "visitor_data": [visitor_data]}
    with Downloader(connection, arguments, cookies) as downloader:
        extractor = VideoIE(downloader, connection, is_page_enough=is_page_enough)
        warnings = downloader.captured.warnings
        try:
            info: Info = extractor.extract(f"https://www.youtube.com/watch?v={youtube_id}")
        except Exception as exception:
            logger.debug("extraction_failed", exc_info=True)
            # Without the cause: it may quote signed URLs.
            raise warning_error(warnings) or youtube_error(exception, warnings) from None
        error = warning_error(warnings)
        if error is not None:
            raise error
        if extractor.player is None:
            raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, "no client was asked")
        return Extraction(info, extractor.page, extractor.player, extractor.visitor_data)


def playback_error(extraction: Extraction) -> YoutubeError | None:
    """Return the error of a video that the client may not play, or that is not finished; None: it is a video."""
    info, answer = extraction.info, extraction.player
    unfinished = _UNFINISHED.get(info.get("live_status") or "")
    if info.get("_type", "video") != "video":
        return YoutubeError(ErrorType.PAYMENT_REQUIRED, "YouTube offers a trailer instead of the video")
    error_type = playability_error(answer.status, answer.reason)
    if error_type in (None, *ABOUT_THE_CLIENT):
        error_type = unfinished or error_type
    if error_type is not None:
        not_before = utc(info.get("release_timestamp")) if error_type is ErrorType.UPCOMING else None
        return YoutubeError(
            error_type, answer.reason or answer.status, not_before=not_before, early_metadata=early_metadata(info)
        )
    if not info.get("title"):
        return YoutubeError(ErrorType.UNEXPECTED_ANSWER, "YouTube gave neither a title nor a reason")
    return None


def early_metadata(info: Info) -> EarlyMetadata | None:
    """Return what YouTube says about a video that it does not play; None: no title."""
    return _early_metadata(info.get("title"), info.get("channel"), utc(info.get("release_timestamp")))


def _early_metadata(title: object, channel: object, starts_at: datetime | None = None) -> EarlyMetadata | None:
    name = bounds.text(title, bounds.MAX_TITLE_CHARACTERS)
    return EarlyMetadata(name, bounds.text(channel, bounds.MAX_NAME_CHARACTERS), starts_at) if name else None


def utc(timestamp: object) -> datetime | None:
    """Convert yt-dlp's seconds to a time; None: not a number, or out of range."""
    seconds = bounds.number(timestamp)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # which of them depends on the platform
        return None


class FileDownload(HttpFD):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's download of one file in ranges; it raises the exception, of which yt-dlp would keep the text only."""

    _TEST_FILE_SIZE = SAMPLE_BYTES

    def __init__(
        self,
        downloader: Downloader,
        byte_count: int | None,
        on_progress: Callable[[float], None],
        *,
        is_sample: bool = False,
    ) -> None:
        """Describe the download.

        Args:
            downloader: Has the connection.
            byte_count: The length that YouTube announced; None: it did not, or it does not matter.
            on_progress: Called with the downloaded fraction; its exception ends the download.
            is_sample: Download the first `SAMPLE_BYTES` only, in one request.
        """
        self._byte_count = byte_count
        self._on_progress = on_progress
        self.progress_error: Exception | None = None
        """What `on_progress` raised."""
        options = {
            "buffersize": _BLOCK_BYTES,
            "noresizebuffer": True,  # yt-dlp's own blocks grow to 4 MB
            "file_access_retries": 0,
            "continuedl": byte_count is not None,  # else a partial file could not be told from a complete one
            "test": is_sample,
        }
        super().__init__(downloader, downloader.params | options)

    def real_download(self, filename: str, info: Info) -> bool:
        """As yt-dlp does, unless all bytes are there: yt-dlp would request bytes beyond the end."""
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
        except Exception as error:
            self.progress_error = error
            raise

    def report_retry(self, error: Exception, *_args: Any, **_options: Any) -> NoReturn:
        """Raise: there are no retries in here."""
        raise error

    def report_error(self, message: str, *_args: Any, **_options: Any) -> NoReturn:
        """Raise the exception that yt-dlp reports."""
        raise sys.exception() or DownloadError(message)

    def try_rename(self, part: str, complete: str) -> None:
        """Make a file complete; a file of another length than announced is deleted."""
        size = os.path.getsize(part)
        if self._byte_count not in (None, size):
            os.remove(part)
            raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, f"{size} bytes came, {self._byte_count} were announced")
        os.replace(part, complete)
