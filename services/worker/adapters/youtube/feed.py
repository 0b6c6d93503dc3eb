"""Feeds of playlists and channels: the ids of the newest videos, in one small request that counts against no budget.

YouTube answers 404 and 500 for hours on most days, whatever is there: no failure says anything about the channel.
"""

import re
from http import HTTPStatus
from xml.etree import ElementTree

import requests

from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.errors import body_error, retry_after_seconds, youtube_error
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import YOUTUBE_ID_PATTERN

_URL = "https://www.youtube.com/feeds/videos.xml"
_ID = re.compile(YOUTUBE_ID_PATTERN)
_REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
_ROOT = "{http://www.w3.org/2005/Atom}feed"
_VIDEO_ID = "{http://www.w3.org/2005/Atom}entry/{http://www.youtube.com/xml/schemas/2015}videoId"


class FeedAdapter:
    """Reads feeds. Blocks, and may be called from several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def latest(self, feed_id: str) -> list[str]:
        """Return the ids of the first videos of a playlist, at most fifteen, in its order.

        Raises:
            YoutubeError: `rate_limited` or `bot_check` if YouTube refuses this address; all others are no information.
        """
        try:
            with self._connection.session(refuses_failures=False) as session:
                return _ids(_body(session.get(_URL, params={"playlist_id": feed_id})))
        except YoutubeError:
            raise
        except Exception as exception:
            raise youtube_error(exception) from None


def _body(response: requests.Response) -> bytes:
    detail = f"HTTP {response.status_code} from {response.url}"
    if response.status_code in _REFUSALS:
        wait_seconds = retry_after_seconds(response.headers.get("Retry-After"))
        raise YoutubeError(ErrorType.RATE_LIMITED, detail, retry_after_seconds=wait_seconds)
    if response.status_code != HTTPStatus.OK:
        raise YoutubeError(ErrorType.UPSTREAM_UNAVAILABLE, detail)
    error = body_error(response.url, response.content)
    if error is not None:
        raise error
    return response.content


def _ids(body: bytes) -> list[str]:
    if b"<!DOCTYPE" in body:  # no feed has one, and without one there are no entities that expand
        raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, "a document type in a feed")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - small, and without a document type
    except ElementTree.ParseError as error:
        raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, f"not XML: {error}") from None
    if root.tag != _ROOT:
        raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, "not a feed")
    found = (element.text or "" for element in root.iterfind(_VIDEO_ID))
    return [youtube_id for youtube_id in found if _ID.fullmatch(youtube_id)]
