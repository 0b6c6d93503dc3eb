"""The videos of a playlist or channel, by yt-dlp, one page per call.

yt-dlp lists everything in one go and takes most failures of a further page for the end of the list. Here an extraction
ends where the next page would be asked for, what that request needs is handed out as the cursor, and every failure is
raised: a list that could not be read to its end must not look like a short one.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NoReturn

from yt_dlp.extractor.youtube import YoutubeIE, YoutubeTabIE

from services.worker.adapters.connection import Connection
from services.worker.adapters.errors import body_error, is_placeholder, list_error
from services.worker.adapters.models import ListingPage, YoutubeError
from services.worker.adapters.ytdlp import Downloader, Info
from shared.contracts.errors import ErrorType

logger = logging.getLogger(__name__)

Cursor = dict[str, Any]

_VISITOR_HEADER = "X-Goog-Visitor-Id"
_VIDEOS_TAB = "videos"
_CHANNEL_PREFIX, _UPLOADS_PREFIX = "UC", "UU"
"""Of ids: all uploads of channel UC… are the playlist UU…."""


class ListingAdapter:
    """Lists playlists and channels. Blocks, and may be called from several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, source: str, cursor: Cursor | None) -> ListingPage:
        """The first page (no cursor), or the one that begins at the cursor of the page before.

        `source` is a canonical address: `https://www.youtube.com/playlist?list=…`, or a channel's with `/videos`.
        The first page takes three requests for a playlist and two for a channel, a further one takes one.
        Raises YoutubeError and nothing else.
        """
        # An answer that lacks what was asked for is an error as well.
        with Downloader(self._connection, {"raise_incomplete_data": ["yes"]}) as downloader:
            extractor = _ListIE(downloader)
            try:
                return _first_page(extractor, source) if cursor is None else _further_page(extractor, cursor)
            except Exception as exception:
                logger.debug("listing failed", exc_info=True)
                # Without the cause: it may quote whole answers.
                warnings = downloader.collected.warnings
                raise list_error(exception, warnings, is_first_page=cursor is None) from None


def _first_page(extractor: "_ListIE", source: str) -> ListingPage:
    try:
        return _head(extractor, source)
    except _NoVideosTab as channel:
        return _uploads(extractor, channel)


def _head(extractor: "_ListIE", source: str) -> ListingPage:
    info: Info = extractor.extract(source)
    if info.get("_type") != "playlist":
        raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, "YouTube answered with something that is not a list")
    page = _read(extractor, info["entries"], title=extractor.list_title, announced=info.get("playlist_count"))
    seen = len(page.youtube_ids) + page.unavailable
    if page.announced is None or seen < page.announced or extractor.list_goes_on:
        return page
    return replace(page, cursor=None)  # what follows a complete playlist are other playlists, as a recommendation


def _uploads(extractor: "_ListIE", channel: "_NoVideosTab") -> ListingPage:
    """Of a channel that shows no videos: musicians' topic channels have a playlist of them, others have none."""
    uploads = _UPLOADS_PREFIX + channel.channel_id.removeprefix(_CHANNEL_PREFIX)
    try:
        return _head(extractor, f"https://www.youtube.com/playlist?list={uploads}")
    except Exception as exception:
        if list_error(exception, is_first_page=True).error_type is not ErrorType.LIST_UNAVAILABLE:
            raise
        return ListingPage(title=channel.title, announced=None, youtube_ids=[], unavailable=0, cursor=None)


def _further_page(extractor: "_ListIE", cursor: Cursor) -> ListingPage:
    return _read(extractor, extractor.continued(cursor), title=None, announced=None)


def _read(extractor: "_ListIE", entries: Iterable[Info], *, title: str | None, announced: int | None) -> ListingPage:
    youtube_ids: list[str] = []
    unavailable, cursor = 0, None
    try:
        for entry in entries:
            if entry.get("ie_key") != YoutubeIE.ie_key():
                continue  # a playlist or channel among the videos
            if is_placeholder(entry.get("title")):
                unavailable += 1
            else:
                youtube_ids.append(entry["id"])
    except _NextPage as following:
        cursor = following.cursor
    return ListingPage(title, announced, youtube_ids, unavailable + extractor.unavailable, cursor)


class _NextPage(Exception):
    """Raised in the place of the request for a further page."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        super().__init__()


class _NoVideosTab(Exception):
    """Raised for a channel that is there and shows no videos."""

    def __init__(self, channel_id: str, title: str) -> None:
        self.channel_id = channel_id
        self.title = title
        super().__init__()


class _ListIE(YoutubeTabIE):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's extractor of lists, which stops before each further page and raises what went wrong."""

    def __init__(self, downloader: Downloader) -> None:
        self.unavailable = 0
        """Entries without a video that were left out so far."""
        self.list_title: str | None = None
        self.list_goes_on = False
        """Whether a playlist itself, and not only the page around it, has more to show."""
        self._may_continue = False
        super().__init__(downloader)

    def continued(self, cursor: Cursor) -> Iterator[Info]:
        """The entries of the page that begins at `cursor`."""
        self._may_continue = True
        command = {
            "continuationCommand": {"token": cursor["continuation"]},
            "clickTrackingParams": cursor["click_tracking"],
        }
        contents = [{"continuationItemRenderer": {"continuationEndpoint": command}}]
        tab = {"content": {"sectionListRenderer": {"contents": contents}}}
        entries: Iterator[Info] = self._entries(tab, "further", {}, None, cursor["visitor_data"])
        return entries

    def _extract_response(
        self, item_id: str, query: Info, *args: Any, headers: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        """As yt-dlp does, but for pages beyond the one that was asked for."""
        if "continuation" in query:
            if not self._may_continue:
                raise _NextPage(_cursor(query, headers or {}))
            self._may_continue = False
        return super()._extract_response(item_id, query, *args, headers=headers, **options)

    def _error_or_warning(self, err: Exception, *_args: Any, **_options: Any) -> NoReturn:
        """A failed request is an error: yt-dlp would go on without the videos that it did not get."""
        raise err

    def _webpage_read_content(self, urlh: Any, *args: Any, **options: Any) -> str:
        """As yt-dlp does, unless the answer is a captcha."""
        content: str = super()._webpage_read_content(urlh, *args, **options)
        error = body_error(urlh.url, content.encode())
        if error is not None:
            raise error
        return content

    def _extract_data(self, url: str, *args: Any, **options: Any) -> tuple[Info, Info]:
        """As yt-dlp does, unless this is a channel without videos."""
        data, config = super()._extract_data(url, *args, **options)
        if "channelMetadataRenderer" in data.get("metadata", {}):
            metadata = self._extract_metadata_from_tabs("", data)
            if metadata["id"] and not self._has_tab(self._extract_tab_renderers(data), _VIDEOS_TAB):
                raise _NoVideosTab(metadata["id"], metadata["title"])
        return data, config

    def _extract_metadata_from_tabs(self, item_id: str, data: Info) -> Info:
        """As yt-dlp does; later it adds the tab's name to the title."""
        metadata: Info = super()._extract_metadata_from_tabs(item_id, data)
        self.list_title = metadata["title"]
        return metadata

    def _playlist_entries(self, video_list_renderer: Info) -> Iterator[Info]:
        """As yt-dlp does, without the entries that have no video behind them."""
        contents = video_list_renderer["contents"]
        there = [content for content in contents if not _is_gone(content)]
        self.unavailable += len(contents) - len(there)
        self.list_goes_on = any("continuationItemRenderer" in content for content in contents)
        yield from super()._playlist_entries({"contents": there})

    def _extract_from_playlist(self, *_args: Any) -> NoReturn:
        """Lists that YouTube makes up while they are played have no end."""
        raise YoutubeError(ErrorType.LIST_UNAVAILABLE, "an endless mix")


def _cursor(query: Info, headers: dict[str, Any]) -> Cursor:
    return {
        "continuation": query["continuation"],
        "click_tracking": query.get("clickTracking", {}).get("clickTrackingParams"),
        "visitor_data": headers.get(_VISITOR_HEADER),
    }


def _is_gone(content: Info) -> bool:
    """Whether a playlist's entry has lost its video: YouTube then knows no uploader any more.

    A video that only this country may not see cannot be played either, but has one.
    """
    video = content.get("playlistVideoRenderer")
    return video is not None and not (video.get("isPlayable") or video.get("shortBylineText"))
