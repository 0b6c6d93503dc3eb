"""From whatever a person pastes to one playlist or channel of YouTube's, or to the reason why there is none in it."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote

from shared.contracts.batches import SourceKind
from shared.contracts.texts import Language
from shared.youtube_url import (
    InvalidUrlReason,
    InvalidYoutubeUrl,
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
_OWN_TABS = frozenset({"featured", "videos", "about"})
"""Pages of a channel by which people mean the channel; the others show something else than its videos."""


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


INVALID_SOURCE_TEXTS: dict[InvalidSourceReason, dict[Language, str]] = {
    InvalidSourceReason.EMPTY: {
        Language.EN: "Please paste the address of a YouTube playlist or channel.",
        Language.DE: "Bitte fügen Sie die Adresse einer YouTube-Playlist oder eines YouTube-Kanals ein.",
    },
    InvalidSourceReason.TOO_LONG: {
        Language.EN: "This text is too long for the address of a playlist or channel.",
        Language.DE: "Dieser Text ist zu lang für die Adresse einer Playlist oder eines Kanals.",
    },
    InvalidSourceReason.NOT_YOUTUBE: {
        Language.EN: "This is not the address of a YouTube playlist or channel.",
        Language.DE: "Das ist nicht die Adresse einer YouTube-Playlist oder eines YouTube-Kanals.",
    },
    InvalidSourceReason.SINGLE_VIDEO: {
        Language.EN: "This address leads to a single video. Please add it as a video.",
        Language.DE: "Diese Adresse führt zu einem einzelnen Video. Bitte fügen Sie es als Video hinzu.",
    },
    InvalidSourceReason.MIX: {
        Language.EN: "This is a mix: YouTube puts it together while you listen, and it never ends.",
        Language.DE: "Das ist ein Mix: YouTube stellt ihn beim Anhören zusammen, und er endet nie.",
    },
    InvalidSourceReason.PRIVATE_LIST: {
        Language.EN: "Only its owner can see this list. Please put its videos into a playlist that others can see.",
        Language.DE: "Diese Liste sieht nur, wem sie gehört. "
        "Bitte legen Sie die Videos in eine Playlist, die auch andere sehen können.",
    },
    InvalidSourceReason.CHANNEL_TAB: {
        Language.EN: "Only a channel's videos can be imported as a list. "
        "Please paste the address of the channel itself.",
        Language.DE: "Von einem Kanal lassen sich nur die Videos als Liste importieren. "
        "Bitte fügen Sie die Adresse des Kanals selbst ein.",
    },
    InvalidSourceReason.NOT_A_LIST: {
        Language.EN: "This YouTube address does not name a playlist or a channel.",
        Language.DE: "Diese YouTube-Adresse nennt keine Playlist und keinen Kanal.",
    },
}

_REASONS = {
    InvalidUrlReason.EMPTY: InvalidSourceReason.EMPTY,
    InvalidUrlReason.TOO_LONG: InvalidSourceReason.TOO_LONG,
    InvalidUrlReason.NOT_YOUTUBE: InvalidSourceReason.NOT_YOUTUBE,
}


class InvalidSource(ValueError):
    """The text names no playlist or channel that can be read; `reason_code` says why."""

    def __init__(self, reason_code: InvalidSourceReason) -> None:
        super().__init__(reason_code.value)
        self.reason_code = reason_code


@dataclass(frozen=True)
class Source:
    """A playlist or a channel."""

    kind: SourceKind
    url: str
    """The one address that stands for it, however it was pasted."""


def invalid_source_text(reason: InvalidSourceReason, language: Language = Language.EN) -> str:
    """The plain sentence a person reads for a refused address."""
    return INVALID_SOURCE_TEXTS[reason][language]


def parse_source(text: str) -> Source:
    """The one playlist or channel that `text` (an address, a handle or a bare id) names; else InvalidSource."""
    try:
        address = pasted_address(text)
        if address.startswith("@"):
            address = f"https://www.youtube.com/{address}"
        if "/" not in address and "." not in address:
            return _bare_source(address)
        return _source_in(youtube_page(address), address)
    except InvalidYoutubeUrl as refusal:
        raise InvalidSource(_REASONS.get(refusal.reason_code, InvalidSourceReason.NOT_A_LIST)) from None


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
            raise InvalidSource(InvalidSourceReason.PRIVATE_LIST)
    raise _no_list(address)


def _no_list(address: str) -> Exception:
    """What to say of an address without a list: that it names a video, or what is wrong with it."""
    try:
        parse_youtube_id(address)
    except InvalidYoutubeUrl as refusal:
        return refusal
    return InvalidSource(InvalidSourceReason.SINGLE_VIDEO)


def _browsed(browse_id: str) -> Source:
    """YouTube Music's name for a page: a channel's id, or a playlist's after `VL`."""
    if _CHANNEL_ID.fullmatch(browse_id):
        return _channel(f"channel/{browse_id}")
    if browse_id.startswith("VL"):
        return _playlist(browse_id.removeprefix("VL"))
    raise InvalidSource(InvalidSourceReason.NOT_A_LIST)


def _playlist(list_id: str) -> Source:
    if _PRIVATE_LIST_ID.fullmatch(list_id):
        raise InvalidSource(InvalidSourceReason.PRIVATE_LIST)
    if _MIX_ID.match(list_id):
        raise InvalidSource(InvalidSourceReason.MIX)
    if not _PLAYLIST_ID.fullmatch(list_id):
        raise InvalidSource(InvalidSourceReason.NOT_A_LIST)
    return Source(SourceKind.PLAYLIST, f"https://www.youtube.com/playlist?list={list_id}")


def _channel(path: str, tab: str = "videos", *_: str) -> Source:
    if tab.lower() not in _OWN_TABS:
        raise InvalidSource(InvalidSourceReason.CHANNEL_TAB)
    # without the tab, YouTube shows a page of excerpts instead of everything that was uploaded
    return Source(SourceKind.CHANNEL, f"https://www.youtube.com/{path}/videos")


def _name(folder: str) -> str:
    """A channel's name, percent-encoded in the one way; it may be in any script, and YouTube ignores its case."""
    name = unicodedata.normalize("NFC", unquote(folder).lower()).removeprefix("@")
    if not name.strip(".") or not all(_may_be_in_name(character) for character in name):
        raise InvalidSource(InvalidSourceReason.NOT_A_LIST)
    return quote(name, safe="")


def _may_be_in_name(character: str) -> bool:
    return character in _HANDLE_MARKS or unicodedata.category(character)[0] in "LMN"
