"""Parses URLs and ids of YouTube videos."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, urlsplit

MAX_URL_CHARACTERS = 2048

_ID = re.compile(r"[0-9A-Za-z_-]{11}")
_ALMOST_ID = re.compile(r"[0-9A-Za-z_-]{8,14}")
_PLAYLIST_ID = re.compile(r"(PL|UU|LL|FL|RD|OLAK5uy_)[0-9A-Za-z_-]{10,}")
_CHANNEL_ID = re.compile(r"UC[0-9A-Za-z_-]{22}|@[^/\s]+")

_SHORT_HOSTS = frozenset({"youtu.be", "www.youtu.be"})
_LONG_HOSTS = frozenset(
    f"{prefix}{domain}"
    for domain in ("youtube.com", "youtube-nocookie.com", "youtubekids.com")
    for prefix in ("", "www.", "m.", "music.")
)
_WRAPPERS = {"/attribution_link": "u"}
"""Pages that carry the real address in a parameter."""

_VIDEO_FOLDERS = frozenset({"watch", "shorts", "live", "embed", "v", "vi", "e"})
_CHANNEL_FOLDERS = frozenset({"channel", "c", "user"})
_PLAYER_WORDS = {"videoseries": "playlist", "live_stream": "channel"}
"""`/embed/<word>` that names a player for many videos; both words look like an id."""

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""Marks that messengers put around a copied address; `str.strip` does not know them as blanks."""


class InvalidUrlReason(StrEnum):
    """Why a text is not the address of one YouTube video."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_YOUTUBE = "not_youtube"
    PLAYLIST = "playlist"
    CHANNEL = "channel"
    VIDEO_ID_MISSING = "video_id_missing"
    VIDEO_ID_INVALID = "video_id_invalid"


class InvalidYoutubeUrlError(ValueError):
    """The text names no single YouTube video; `reason_code` says why."""

    def __init__(self, reason_code: InvalidUrlReason) -> None:
        super().__init__(reason_code.value)
        self.reason_code = reason_code


@dataclass(frozen=True)
class YoutubePage:
    """An address of YouTube's, taken apart."""

    is_short: bool
    """On youtu.be, where the first folder is a video."""
    folders: list[str]
    parameters: dict[str, list[str]]

    def parameter(self, name: str) -> str:
        """A parameter's first value without blanks around it; empty when there is none."""
        return _strip(self.parameters.get(name, [""])[0])


def parse_youtube_id(text: str) -> str:
    """The 11-character id of the one video that `text` (an address or a bare id) names; else InvalidYoutubeUrlError."""
    address = pasted_address(text)
    if "/" not in address and "." not in address:
        return _bare_id(address)
    return _id_in(youtube_page(address))


def pasted_address(text: str) -> str:
    """`text` as a single word without the blanks around it; InvalidYoutubeUrlError where it cannot be an address."""
    if len(text) > MAX_URL_CHARACTERS:
        raise InvalidYoutubeUrlError(InvalidUrlReason.TOO_LONG)
    address = _strip(text)
    if not address:
        raise InvalidYoutubeUrlError(InvalidUrlReason.EMPTY)
    if any(character.isspace() for character in address):
        # urlsplit would silently join the lines of two pasted addresses into one
        raise InvalidYoutubeUrlError(InvalidUrlReason.NOT_YOUTUBE)
    return address


def youtube_page(address: str) -> YoutubePage:
    """The page of YouTube's that `address` leads to, out of its wrapper; InvalidYoutubeUrlError if there is none."""
    page, wrapped = _page_in(_split(address))
    if not wrapped:
        return page
    inner, wrapped = _page_in(_split(f"www.youtube.com{wrapped}" if wrapped.startswith("/") else wrapped))
    if wrapped:  # no real link nests wrappers
        raise InvalidYoutubeUrlError(InvalidUrlReason.VIDEO_ID_MISSING)
    return inner


def _strip(text: str) -> str:
    """`text` without the blanks around it, the invisible ones included."""
    before = None
    while before != text:
        before, text = text, text.strip().strip(_INVISIBLE)
    return text


def _bare_id(text: str) -> str:
    if _ID.fullmatch(text):
        return text
    if _PLAYLIST_ID.fullmatch(text):
        raise InvalidYoutubeUrlError(InvalidUrlReason.PLAYLIST)
    if _CHANNEL_ID.fullmatch(text):
        raise InvalidYoutubeUrlError(InvalidUrlReason.CHANNEL)
    if _ALMOST_ID.fullmatch(text):
        raise InvalidYoutubeUrlError(InvalidUrlReason.VIDEO_ID_INVALID)
    raise InvalidYoutubeUrlError(InvalidUrlReason.NOT_YOUTUBE)


def _split(address: str) -> SplitResult:
    """The parts of an http(s) address, whose scheme may be missing."""
    if "://" not in address.partition("?")[0]:
        address = f"https://{address.removeprefix('//')}"
    try:
        parts = urlsplit(address)
    except ValueError:  # a broken IPv6 host, or a host that Unicode would turn into another one
        raise InvalidYoutubeUrlError(InvalidUrlReason.NOT_YOUTUBE) from None
    if parts.scheme not in ("http", "https"):
        raise InvalidYoutubeUrlError(InvalidUrlReason.NOT_YOUTUBE)
    return parts


def _page_in(parts: SplitResult) -> tuple[YoutubePage, str]:
    """The page, and the address that it only wraps."""
    host = (parts.hostname or "").rstrip(".")
    if host not in _SHORT_HOSTS and host not in _LONG_HOSTS:
        raise InvalidYoutubeUrlError(InvalidUrlReason.NOT_YOUTUBE)
    folders = [folder for folder in parts.path.split("/") if folder]
    page = YoutubePage(host in _SHORT_HOSTS, folders, parse_qs(parts.query))
    wrapper = "" if page.is_short else _WRAPPERS.get(parts.path.rstrip("/"), "")
    return page, page.parameter(wrapper)


def _id_in(page: YoutubePage) -> str:
    folders = page.folders
    if page.is_short:
        return _checked(folders[0] if folders else page.parameter("v"), page)
    if len(folders) > 1 and folders[0] in _VIDEO_FOLDERS:
        return _checked(folders[1], page)
    if not folders or folders[0] in _VIDEO_FOLDERS:
        return _checked(page.parameter("v"), page)
    raise InvalidYoutubeUrlError(_page_reason(page))


def _checked(candidate: str, page: YoutubePage) -> str:
    """`candidate` if it is an id; the reason why it is not, otherwise."""
    if not candidate:
        missing = InvalidUrlReason.PLAYLIST if page.parameter("list") else InvalidUrlReason.VIDEO_ID_MISSING
        raise InvalidYoutubeUrlError(missing)
    if candidate in _PLAYER_WORDS:
        raise InvalidYoutubeUrlError(InvalidUrlReason(_PLAYER_WORDS[candidate]))
    if not _ID.fullmatch(candidate):
        raise InvalidYoutubeUrlError(InvalidUrlReason.VIDEO_ID_INVALID)
    return candidate


def _page_reason(page: YoutubePage) -> InvalidUrlReason:
    """What kind of YouTube page it is that shows no single video."""
    folders = page.folders
    if folders[0].startswith("@") or folders[0] in _CHANNEL_FOLDERS:
        return InvalidUrlReason.CHANNEL
    if folders[0] in ("playlist", "browse") or page.parameter("list"):
        return InvalidUrlReason.PLAYLIST
    return InvalidUrlReason.VIDEO_ID_MISSING
