"""yt-dlp, made to say what happened: its extractor and its HTTP client with the hooks that this product needs.

yt-dlp turns most failures into warnings and goes on, which costs requests and hides the reason. Here the first failed
request ends the extraction, and the words of YouTube, which yt-dlp would print, are kept.
"""

import logging
import ssl
from functools import partial
from typing import Any

import requests
from yt_dlp import YoutubeDL
from yt_dlp.extractor.youtube import YoutubeIE
from yt_dlp.networking._requests import RequestsRH
from yt_dlp.utils import ExtractorError

from services.worker.adapters.connection import Connection
from services.worker.adapters.errors import body_error, youtube_error
from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ErrorType

logger = logging.getLogger(__name__)


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
    """A YoutubeDL for one extraction; it knows no site, `VideoIE` is given to it."""

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
        "extractor_args": {VideoIE.ie_key().lower(): arguments},
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
