"""The videos of a playlist or channel, by yt-dlp, one page per call.

yt-dlp lists everything at once and takes most failures of a further page for the end of the list. Here an extraction
ends before the request for the next page, returns the parameters of that request as the cursor, and raises every
failure: a list that could not be read to its end must not look like a short one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NoReturn

from yt_dlp.extractor.youtube import YoutubeIE, YoutubeTabIE

from services.worker.adapters import bounds
from services.worker.adapters.models import ListingPage, YoutubeError
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.errors import body_error, is_placeholder, list_error
from services.worker.adapters.youtube.ytdlp import Downloader, Info
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import YOUTUBE_ID_PATTERN
from shared.logs import get_logger
from shared.youtube.filters import ListedVideo

logger = get_logger(__name__)

Cursor = dict[str, Any]

_ID = re.compile(YOUTUBE_ID_PATTERN)
_EMPTY = ListingPage(title=None, announced=None, youtube_ids=[], unavailable=0, cursor=None)
_VISITOR_HEADER = "X-Goog-Visitor-Id"
_VIDEOS_TAB = "videos"
_TAB = re.compile(r"youtube\.com/[^?]+/(videos|shorts|streams)$")
_MEMBERS_ONLY = "subscriber_only"
"""yt-dlp's availability of a video for a channel's members."""
_PLAYLIST = "https://www.youtube.com/playlist?list={}"
_CHANNEL_PREFIX, _UPLOADS_PREFIX = "UC", "UU"
"""Of ids: all uploads of channel UC… are the playlist UU…."""
_TAB_PREFIXES = {_VIDEOS_TAB: "UULF", "shorts": "UUSH", "streams": "UULV"}
"""Of the playlists with the entries of a channel's tabs."""


class ListingAdapter:
    """Lists playlists and channels. Blocks, and may be called from several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, source: str, cursor: Cursor | None, *, is_whole: bool = False) -> ListingPage:
        """Return the first page (no cursor), or the one that starts at the cursor of the previous page.

        `source` is a canonical address: `https://www.youtube.com/playlist?list=…`, or that of a channel's tab.
        The first page takes three requests for a playlist and two for a channel, a further one takes one. A page of a
        playlist has 100 entries, one of a channel 30. With `is_whole`, three requests more exchange a channel's pages,
        unless it has a single one, for those of the playlist that YouTube makes of each tab.
        Raises YoutubeError only.
        """
        # An incomplete answer is an error as well.
        with Downloader(self._connection, {"raise_incomplete_data": ["yes"]}) as downloader:
            tab = _TAB.search(source)
            extractor = _ListIE(downloader, tab[1] if tab else _VIDEOS_TAB)
            try:
                if cursor is not None:
                    page = _further_page(extractor, self._as_guest(cursor))
                else:
                    page = _first_page(extractor, source)
                    page = _of_playlist(_ListIE(downloader, extractor.tab), page) if tab and is_whole else page
            except Exception as exception:
                logger.debug("listing_failed", exc_info=True)
                # Without the cause: it may quote whole answers.
                warnings = downloader.captured.warnings
                raise list_error(exception, warnings, is_first_page=cursor is None) from None
        return page if page.cursor is None else replace(page, cursor=page.cursor | {"exit": self._connection.exit_id})

    def _as_guest(self, cursor: Cursor) -> Cursor:
        """A list is read by one guest, as long as YouTube trusts it and it has the address of the page before."""
        is_same = cursor.get("exit") == self._connection.exit_id and not self._connection.needs_new_guest
        return cursor if is_same else cursor | {"visitor_data": None}


def _first_page(extractor: "_ListIE", source: str) -> ListingPage:
    try:
        return _head(extractor, source)
    except _NoTabError as channel:
        if extractor.tab != _VIDEOS_TAB:
            return replace(_EMPTY, title=channel.title, feed_id=channel.feed_id)
        return _uploads(extractor, channel)


def _of_playlist(extractor: "_ListIE", tab: ListingPage) -> ListingPage:
    """The first page of the playlist that has the entries of a channel's tab; the tab's own if there is none."""
    if tab.cursor is None or tab.feed_id is None:
        return tab
    try:
        page = _head(extractor, _PLAYLIST.format(tab.feed_id))
    except Exception as exception:
        if list_error(exception, is_first_page=True).error_type is not ErrorType.LIST_UNAVAILABLE:
            raise
        return tab
    known = set(page.youtube_ids)
    videos = [*(video for video in tab.videos if video.youtube_id not in known), *page.videos]
    return replace(
        page,
        title=tab.title,
        youtube_ids=[video.youtube_id for video in videos],
        videos=videos,
        members_only=max(tab.members_only, page.members_only),  # such playlists may leave them out
    )


def _head(extractor: "_ListIE", source: str) -> ListingPage:
    info: Info = extractor.extract(source)
    if info.get("_type") != "playlist":
        raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, "YouTube answered with something that is not a list")
    page = _read(extractor, info["entries"], title=extractor.list_title, announced=info.get("playlist_count"))
    page = replace(page, feed_id=extractor.feed_id)
    seen = len(page.youtube_ids) + page.unavailable + page.members_only
    if page.announced is None or seen < page.announced or extractor.list_goes_on:
        return page
    return replace(page, cursor=None)  # a complete playlist is followed by recommended playlists


def _uploads(extractor: "_ListIE", channel: "_NoTabError") -> ListingPage:
    """The uploads of a channel without a videos tab: topic channels have a playlist of them, others have none."""
    uploads = _UPLOADS_PREFIX + channel.channel_id.removeprefix(_CHANNEL_PREFIX)
    try:
        return _head(extractor, _PLAYLIST.format(uploads))
    except Exception as exception:
        if list_error(exception, is_first_page=True).error_type is not ErrorType.LIST_UNAVAILABLE:
            raise
        return replace(_EMPTY, title=channel.title, feed_id=channel.feed_id)


def _further_page(extractor: "_ListIE", cursor: Cursor) -> ListingPage:
    return _read(extractor, extractor.continued(cursor), title=None, announced=None)


def _read(extractor: "_ListIE", entries: Iterable[Info], *, title: str | None, announced: int | None) -> ListingPage:
    videos: list[ListedVideo] = []
    unavailable, members_only, cursor = 0, 0, None
    try:
        for entry in entries:
            if entry.get("ie_key") != YoutubeIE.ie_key():
                continue  # a playlist or channel among the videos
            if is_placeholder(entry.get("title")) or not _ID.fullmatch(entry["id"]):
                unavailable += 1
            elif entry.get("availability") == _MEMBERS_ONLY:
                members_only += 1
            else:
                videos.append(_listed_video(entry))
    except _NextPageError as following:
        cursor = following.cursor
    return ListingPage(
        bounds.line(title, bounds.MAX_TITLE_CHARACTERS),
        bounds.count(announced, bounds.MAX_INT4),
        [video.youtube_id for video in videos],
        unavailable + extractor.unavailable,
        cursor,
        members_only,
        videos=videos,
    )


def _listed_video(entry: Info) -> ListedVideo:
    timestamp = entry.get("timestamp")
    return ListedVideo(
        entry["id"],
        bounds.line(entry.get("title"), bounds.MAX_TITLE_CHARACTERS),
        entry.get("duration"),
        None if timestamp is None else datetime.fromtimestamp(timestamp, UTC),
    )


class _NextPageError(Exception):
    """Raised instead of the request for a further page."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        super().__init__()


class _NoTabError(Exception):
    """Raised for a channel that exists and does not have the tab, or nothing in it."""

    def __init__(self, channel_id: str, title: str, feed_id: str | None) -> None:
        self.channel_id = channel_id
        self.title = title
        self.feed_id = feed_id
        super().__init__()


class _ListIE(YoutubeTabIE):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's extractor of lists; it stops before each further page and raises every failure."""

    def __init__(self, downloader: Downloader, tab: str) -> None:
        self.unavailable = 0
        """Entries without a video that were left out so far."""
        self.list_title: str | None = None
        self.feed_id: str | None = None
        """The playlist whose feed has the first entries: itself, or the one of a channel's videos."""
        self.list_goes_on = False
        """Whether the playlist itself, and not only the page around it, has more entries."""
        self.tab = tab
        self._may_continue = False
        super().__init__(downloader)

    def continued(self, cursor: Cursor) -> Iterator[Info]:
        """Yield the entries of the page that starts at `cursor`."""
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
        """As yt-dlp does, except for pages beyond the requested one."""
        if "continuation" in query:
            if not self._may_continue:
                raise _NextPageError(_cursor(query, headers or {}))
            self._may_continue = False
        return super()._extract_response(item_id, query, *args, headers=headers, **options)

    def _error_or_warning(self, err: Exception, *_args: Any, **_options: Any) -> NoReturn:
        """A failed request is an error: yt-dlp would continue without the videos of that page."""
        raise err

    def _webpage_read_content(self, urlh: Any, *args: Any, **options: Any) -> str:
        """As yt-dlp does, unless the answer is a captcha."""
        content: str = super()._webpage_read_content(urlh, *args, **options)
        error = body_error(urlh.url, content.encode())
        if error is not None:
            raise error
        return content

    def _extract_data(self, url: str, *args: Any, **options: Any) -> tuple[Info, Info]:
        """As yt-dlp does, unless this is a channel without the tab."""
        data, config = super()._extract_data(url, *args, **options)
        if "channelMetadataRenderer" in data.get("metadata", {}):
            metadata = self._extract_metadata_from_tabs("", data)
            if metadata["id"] and not self._has_tab(self._extract_tab_renderers(data), self.tab):
                raise _NoTabError(metadata["id"], metadata["title"], self.feed_id)
        return data, config

    def _extract_metadata_from_tabs(self, item_id: str, data: Info) -> Info:
        """As yt-dlp does; later it adds the tab's name to the title."""
        metadata: Info = super()._extract_metadata_from_tabs(item_id, data)
        self.list_title = metadata["title"]
        self.feed_id = metadata["id"]
        if "channelMetadataRenderer" in data.get("metadata", {}):
            channel_id = metadata.get("channel_id")
            self.feed_id = channel_id and _TAB_PREFIXES[self.tab] + channel_id.removeprefix(_CHANNEL_PREFIX)
        return metadata

    def _playlist_entries(self, video_list_renderer: Info) -> Iterator[Info]:
        """As yt-dlp does, without the entries whose video is unavailable."""
        contents = video_list_renderer["contents"]
        available = [content for content in contents if not _is_unavailable(content)]
        self.unavailable += len(contents) - len(available)
        self.list_goes_on = any("continuationItemRenderer" in content for content in contents)
        yield from super()._playlist_entries({"contents": available})

    def _extract_from_playlist(self, *_args: Any) -> NoReturn:
        """Lists that YouTube generates during playback have no end."""
        raise YoutubeError(ErrorType.LIST_UNAVAILABLE, "an endless mix")


def _cursor(query: Info, headers: dict[str, Any]) -> Cursor:
    return {
        "continuation": query["continuation"],
        "click_tracking": query.get("clickTracking", {}).get("clickTrackingParams"),
        "visitor_data": headers.get(_VISITOR_HEADER),
    }


def _is_unavailable(content: Info) -> bool:
    """Whether the video of a playlist's entry is deleted or private: then it has no uploader.

    A video that is blocked in this country is not playable either, but has one.
    """
    video = content.get("playlistVideoRenderer")
    return video is not None and not (video.get("isPlayable") or video.get("shortBylineText"))
