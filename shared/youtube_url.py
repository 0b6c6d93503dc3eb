"""From whatever a person pastes to the id of one YouTube video, or to the reason why there is none in it."""

import re
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, urlsplit

from shared.contracts.texts import Language

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


INVALID_URL_TEXTS: dict[InvalidUrlReason, dict[Language, str]] = {
    InvalidUrlReason.EMPTY: {
        Language.EN: "Please paste the address of a YouTube video.",
        Language.DE: "Bitte fügen Sie die Adresse eines YouTube-Videos ein.",
    },
    InvalidUrlReason.TOO_LONG: {
        Language.EN: "This text is too long for the address of a YouTube video.",
        Language.DE: "Dieser Text ist zu lang für die Adresse eines YouTube-Videos.",
    },
    InvalidUrlReason.NOT_YOUTUBE: {
        Language.EN: "This is not the address of a YouTube video.",
        Language.DE: "Das ist nicht die Adresse eines YouTube-Videos.",
    },
    InvalidUrlReason.PLAYLIST: {
        Language.EN: "This address leads to a playlist. Please paste the address of a single video.",
        Language.DE: "Diese Adresse führt zu einer Playlist. Bitte fügen Sie die Adresse eines einzelnen Videos ein.",
    },
    InvalidUrlReason.CHANNEL: {
        Language.EN: "This address leads to a channel. Please paste the address of a single video.",
        Language.DE: "Diese Adresse führt zu einem Kanal. Bitte fügen Sie die Adresse eines einzelnen Videos ein.",
    },
    InvalidUrlReason.VIDEO_ID_MISSING: {
        Language.EN: "This YouTube address does not name a video.",
        Language.DE: "Diese YouTube-Adresse nennt kein Video.",
    },
    InvalidUrlReason.VIDEO_ID_INVALID: {
        Language.EN: "This is not a video's id: those have 11 letters, digits, hyphens or underscores.",
        Language.DE: "Das ist keine Video-Kennung: Die haben 11 Buchstaben, Ziffern, Binde- oder Unterstriche.",
    },
}


class InvalidYoutubeUrl(ValueError):
    """The text names no single YouTube video; `reason_code` says why."""

    def __init__(self, reason_code: InvalidUrlReason) -> None:
        super().__init__(reason_code.value)
        self.reason_code = reason_code


def invalid_url_text(reason: InvalidUrlReason, language: Language = Language.EN) -> str:
    """The plain sentence a person reads for a refused address."""
    return INVALID_URL_TEXTS[reason][language]


def parse_youtube_id(text: str) -> str:
    """The 11-character id of the one video that `text` (an address or a bare id) names; else InvalidYoutubeUrl."""
    if len(text) > MAX_URL_CHARACTERS:
        raise InvalidYoutubeUrl(InvalidUrlReason.TOO_LONG)
    address = _strip(text)
    if not address:
        raise InvalidYoutubeUrl(InvalidUrlReason.EMPTY)
    if any(character.isspace() for character in address):
        # urlsplit would silently join the lines of two pasted addresses into one
        raise InvalidYoutubeUrl(InvalidUrlReason.NOT_YOUTUBE)
    if "/" not in address and "." not in address:
        return _bare_id(address)
    return _id_in(_split(address))


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
        raise InvalidYoutubeUrl(InvalidUrlReason.PLAYLIST)
    if _CHANNEL_ID.fullmatch(text):
        raise InvalidYoutubeUrl(InvalidUrlReason.CHANNEL)
    if _ALMOST_ID.fullmatch(text):
        raise InvalidYoutubeUrl(InvalidUrlReason.VIDEO_ID_INVALID)
    raise InvalidYoutubeUrl(InvalidUrlReason.NOT_YOUTUBE)


def _split(address: str) -> SplitResult:
    """The parts of an http(s) address, whose scheme may be missing."""
    if "://" not in address.partition("?")[0]:
        address = f"https://{address.removeprefix('//')}"
    try:
        parts = urlsplit(address)
    except ValueError:  # a broken IPv6 host, or a host that Unicode would turn into another one
        raise InvalidYoutubeUrl(InvalidUrlReason.NOT_YOUTUBE) from None
    if parts.scheme not in ("http", "https"):
        raise InvalidYoutubeUrl(InvalidUrlReason.NOT_YOUTUBE)
    return parts


def _id_in(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    folders = [folder for folder in parts.path.split("/") if folder]
    parameters = parse_qs(parts.query)
    if host in _SHORT_HOSTS:
        return _checked(folders[0] if folders else _first(parameters, "v"), parameters)
    if host not in _LONG_HOSTS:
        raise InvalidYoutubeUrl(InvalidUrlReason.NOT_YOUTUBE)
    if wrapped := _first(parameters, _WRAPPERS.get(parts.path.rstrip("/"), "")):
        return _wrapped_id(wrapped)
    if len(folders) > 1 and folders[0] in _VIDEO_FOLDERS:
        return _checked(folders[1], parameters)
    if not folders or folders[0] in _VIDEO_FOLDERS:
        return _checked(_first(parameters, "v"), parameters)
    raise InvalidYoutubeUrl(_page_reason(folders, parameters))


def _wrapped_id(wrapped: str) -> str:
    """The id in the address that a wrapper page carries; a wrapper inside a wrapper is nobody's honest link."""
    inner = _split(f"www.youtube.com{wrapped}" if wrapped.startswith("/") else wrapped)
    if inner.path.rstrip("/") in _WRAPPERS:
        raise InvalidYoutubeUrl(InvalidUrlReason.VIDEO_ID_MISSING)
    return _id_in(inner)


def _first(parameters: dict[str, list[str]], name: str) -> str:
    """A parameter's first value without blanks around it; empty when there is none."""
    return _strip(parameters.get(name, [""])[0])


def _checked(candidate: str, parameters: dict[str, list[str]]) -> str:
    """`candidate` if it is an id; the reason why it is not, otherwise."""
    if not candidate:
        missing = InvalidUrlReason.PLAYLIST if _first(parameters, "list") else InvalidUrlReason.VIDEO_ID_MISSING
        raise InvalidYoutubeUrl(missing)
    if candidate in _PLAYER_WORDS:
        raise InvalidYoutubeUrl(InvalidUrlReason(_PLAYER_WORDS[candidate]))
    if not _ID.fullmatch(candidate):
        raise InvalidYoutubeUrl(InvalidUrlReason.VIDEO_ID_INVALID)
    return candidate


def _page_reason(folders: list[str], parameters: dict[str, list[str]]) -> InvalidUrlReason:
    """What kind of YouTube page it is that shows no single video."""
    if folders[0].startswith("@") or folders[0] in _CHANNEL_FOLDERS:
        return InvalidUrlReason.CHANNEL
    if folders[0] in ("playlist", "browse") or _first(parameters, "list"):
        return InvalidUrlReason.PLAYLIST
    return InvalidUrlReason.VIDEO_ID_MISSING
