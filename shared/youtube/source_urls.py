"""Parses URLs and ids of YouTube playlists and channels."""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote, unquote

from shared.contracts.batches import ChannelTab, SourceKind
from shared.youtube.video_urls import (
    InvalidUrlReason,
    InvalidYoutubeUrlError,
    YoutubePage,
    parse_youtube_id,
    pasted_address,
    youtube_page,
)

_CHANNEL_ID = re.compile(r"UC[0-9A-Za-z_-]{22}")
_PLAYLIST_ID = re.compile(r"[0-9A-Za-z_-]{12,}")
_BARE_PLAYLIST_ID = re.compile(r"(PL|UU|FL|RD|UL|PU|OLAK5uy_)[0-9A-Za-z_-]{10,}")
"""Without an address around it, only what begins like a playlist is one: an id of 11 characters is a video."""

_PRIVATE_LIST_ID = re.compile(r"WL|LM|SE|(LL|HL)([0-9A-Za-z_-]{10,})?")
"""Watch later, music liked, episodes saved, videos liked, history."""
_PRIVATE_FEEDS = frozenset({"history", "library", "playlists", "subscriptions", "you"})

_MIX_ID = re.compile(r"RD(?!CLAK5uy_)|UL|PU")
"""What is put together while somebody listens. YouTube has no page for such a list, only the panel beside a video,
which goes on for as long as one asks (and so would yt-dlp). `RDCLAK5uy_` is the exception: a playlist by YouTube
Music's editors, with a page and an end. `RDAMPL` is none: it is the radio that starts from a playlist."""

_HANDLE_MARKS = frozenset("_-.·")
_TABS = {"featured": ChannelTab.VIDEOS, "about": ChannelTab.VIDEOS} | {tab.value: tab for tab in ChannelTab}
"""Pages of a channel, and the list that people mean by them; the others show something else than its videos."""


class InvalidSourceReason(StrEnum):
    """Why a text is not the address of one playlist or channel."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_YOUTUBE = "not_youtube"
    SINGLE_VIDEO = "single_video"
    MIX = "mix"
    PRIVATE_LIST = "private_list"
    CHANNEL_TAB = "channel_tab"
    NOT_A_LIST = "not_a_list"


_REASONS = {
    InvalidUrlReason.EMPTY: InvalidSourceReason.EMPTY,
    InvalidUrlReason.TOO_LONG: InvalidSourceReason.TOO_LONG,
    InvalidUrlReason.NOT_YOUTUBE: InvalidSourceReason.NOT_YOUTUBE,
}


class InvalidSourceError(ValueError):
    """The text names no playlist or channel that can be read; `reason_code` says why."""

    def __init__(self, reason_code: InvalidSourceReason) -> None:
        super().__init__(reason_code.value)
        self.reason_code = reason_code


@dataclass(frozen=True)
class Source:
    """A playlist or a channel."""

    kind: SourceKind
    url: str
    """The canonical address, however it was pasted."""

    def at(self, tab: ChannelTab | None) -> "Source":
        """Another tab of the same channel; a playlist has none, and None changes nothing."""
        if tab is None or self.kind is SourceKind.PLAYLIST:
            return self
        return replace(self, url=f"{self.url.rpartition('/')[0]}/{tab}")


def parse_source(text: str) -> Source:
    """The one playlist or channel that `text` (an address, a handle or a bare id) names; else InvalidSourceError."""
    try:
        address = pasted_address(text)
        if address.startswith("@"):
            address = f"https://www.youtube.com/{address}"
        if "/" not in address and "." not in address:
            return _bare_source(address)
        return _source_in(youtube_page(address), address)
    except InvalidYoutubeUrlError as refusal:
        raise InvalidSourceError(_REASONS.get(refusal.reason_code, InvalidSourceReason.NOT_A_LIST)) from None


def _bare_source(text: str) -> Source:
    if _CHANNEL_ID.fullmatch(text):
        return _channel(f"channel/{text}")
    if _BARE_PLAYLIST_ID.fullmatch(text) or _PRIVATE_LIST_ID.fullmatch(text):
        return _playlist(text)
    raise _no_list(text)


def _source_in(page: YoutubePage, address: str) -> Source:
    if list_id := page.parameter("list"):
        return _playlist(list_id)
    match [] if page.is_short else page.folders:
        case [handle, *tab] if handle.startswith(("@", "%40")):
            return _channel(f"@{_name(handle)}", *tab)
        case ["channel", channel_id, *tab] if _CHANNEL_ID.fullmatch(channel_id):
            return _channel(f"channel/{channel_id}", *tab)
        case ["c" | "user" as folder, name, *tab]:
            return _channel(f"{folder}/{_name(name)}", *tab)
        case ["browse", browse_id]:
            return _browsed(browse_id)
        case ["embed", "live_stream"] if _CHANNEL_ID.fullmatch(page.parameter("channel")):
            return _channel(f"channel/{page.parameter('channel')}")
        case ["feed", feed, *_] if feed in _PRIVATE_FEEDS:
            raise InvalidSourceError(InvalidSourceReason.PRIVATE_LIST)
    raise _no_list(address)


def _no_list(address: str) -> Exception:
    """What to say of an address without a list: that it names a video, or what is wrong with it."""
    try:
        parse_youtube_id(address)
    except InvalidYoutubeUrlError as refusal:
        return refusal
    return InvalidSourceError(InvalidSourceReason.SINGLE_VIDEO)


def _browsed(browse_id: str) -> Source:
    """YouTube Music's name for a page: a channel's id, or a playlist's after `VL`."""
    if _CHANNEL_ID.fullmatch(browse_id):
        return _channel(f"channel/{browse_id}")
    if browse_id.startswith("VL"):
        return _playlist(browse_id.removeprefix("VL"))
    raise InvalidSourceError(InvalidSourceReason.NOT_A_LIST)


def _playlist(list_id: str) -> Source:
    if _PRIVATE_LIST_ID.fullmatch(list_id):
        raise InvalidSourceError(InvalidSourceReason.PRIVATE_LIST)
    if _MIX_ID.match(list_id):
        raise InvalidSourceError(InvalidSourceReason.MIX)
    if not _PLAYLIST_ID.fullmatch(list_id):
        raise InvalidSourceError(InvalidSourceReason.NOT_A_LIST)
    return Source(SourceKind.PLAYLIST, f"https://www.youtube.com/playlist?list={list_id}")


def _channel(path: str, tab: str = "videos", *_: str) -> Source:
    if tab.lower() not in _TABS:
        raise InvalidSourceError(InvalidSourceReason.CHANNEL_TAB)
    # without the tab, YouTube shows a page of excerpts instead of everything that was uploaded
    return Source(SourceKind.CHANNEL, f"https://www.youtube.com/{path}/{_TABS[tab.lower()]}")


def tab_of(url: str) -> ChannelTab | None:
    """The tab that a canonical address of a channel is of; None for a playlist's."""
    return next((tab for tab in ChannelTab if url.endswith(f"/{tab}")), None)


def _name(folder: str) -> str:
    """A channel's name, percent-encoded in the one way; it may be in any script, and YouTube ignores its case."""
    name = unicodedata.normalize("NFC", unquote(folder).lower()).removeprefix("@")
    if not name.strip(".") or not all(_may_be_in_name(character) for character in name):
        raise InvalidSourceError(InvalidSourceReason.NOT_A_LIST)
    return quote(name, safe="")


def _may_be_in_name(character: str) -> bool:
    return character in _HANDLE_MARKS or unicodedata.category(character)[0] in "LMN"
