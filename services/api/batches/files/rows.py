"""Rows of an import: the video of each, or why there is none."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.api.batches.files.problems import MAX_ROWS
from shared.youtube.video_urls import MAX_URL_CHARACTERS, InvalidUrlReason, InvalidYoutubeUrlError, parse_youtube_id

MAX_SHOWN_CHARACTERS = 200
MAX_LINE_CHARACTERS = 10_000
"""Maximum length of a text whose bullet or note is removed."""

_COLUMNS = (
    "videoid",
    "idvideo",
    "idvidéo",
    "youtubeid",
    "youtubevideoid",
    "videourl",
    "titleurl",
    "youtubeurl",
    "youtubelink",
    "videolink",
    "url",
    "link",
    "webpageurl",
    "watchurl",
    "address",
    "adresse",
    "id",
)
"""Names of columns with videos, most reliable first: an `id` may be any number."""

_RANKS = {name: rank for rank, name in enumerate(_COLUMNS)}
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_AROUND_CELL = " \t\"'“”„‘’"
_ADDRESS = re.compile(r"youtu(\.be|be(-nocookie|kids)?\.com)\b", re.IGNORECASE)
_MAY_NAME_VIDEO = re.compile(rf"[0-9A-Za-z_-]{{11}}|{_ADDRESS.pattern}", re.IGNORECASE)
_BETWEEN_VIDEOS = re.compile(r"[\s,;|]+")
_BULLET = re.compile(r"([-*+•·–]|\d{1,6}[.)])\s+(?=\S)")
_NOTE = re.compile(r"\s#.*", re.DOTALL)
_PLAIN_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and surrogates: PostgreSQL and UTF-8 do not accept all of them."""


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A row with either an id or the reason why there is none."""

    number: int
    """Its line in the file, or its position in the list, from 1."""
    text: str
    """Its text, shortened."""
    youtube_id: str | None
    reason: InvalidUrlReason | None


def video_columns(names: Iterable[str]) -> list[int]:
    """Positions of the columns or keys with videos, most reliable first."""
    ranks = ((_rank(name), place) for place, name in enumerate(names))
    return [place for rank, place in sorted(ranks) if rank < len(_COLUMNS)]


def strip_decoration(text: str) -> str:
    """A cell without a spreadsheet's prefix, stray quotation marks, a bullet or a note."""
    text = text.strip().strip(_AROUND_CELL).removeprefix("=").strip(_AROUND_CELL)
    if len(text) > MAX_LINE_CHARACTERS or (" " not in text and "\t" not in text):
        return text
    bullet = _BULLET.match(text)
    return _NOTE.sub("", text[bullet.end() :] if bullet else text, count=1).strip(_AROUND_CELL)


def split_video_cell(text: str) -> list[str]:
    """The parts of a cell if all of them are videos and none is a plain word; otherwise none."""
    parts = [part for part in _BETWEEN_VIDEOS.split(strip_decoration(text), MAX_ROWS + 1) if part]
    are_videos = all(not is_plain_word(part) and youtube_id_in(part) for part in parts)
    return parts if are_videos else []


def is_plain_word(text: str) -> bool:
    """Whether a text looks like a word: `Wonderwalls` has the form of an id, but hardly is one."""
    return _PLAIN_WORD.fullmatch(strip_decoration(text)) is not None


def looks_like_address(text: str) -> bool:
    """Whether `text` contains a YouTube host name."""
    return _ADDRESS.search(text, 0, MAX_URL_CHARACTERS) is not None


def may_name_video(text: str) -> bool:
    """Whether `text` contains a YouTube host name, or as many letters in a row as an id."""
    return _MAY_NAME_VIDEO.search(text, 0, MAX_URL_CHARACTERS) is not None


def youtube_id_in(text: str) -> str | None:
    """The video id in a cell; None if there is none."""
    try:
        return parse_youtube_id(strip_decoration(text))
    except InvalidYoutubeUrlError:
        return None


def row_of_text(number: int, text: str) -> ImportedRow:
    """The row of a single text."""
    try:
        return ImportedRow(number, _shown(text), parse_youtube_id(strip_decoration(text)), None)
    except InvalidYoutubeUrlError as refusal:
        return ImportedRow(number, _shown(text), None, refusal.reason_code)


def row_of_candidates(number: int, candidates: Iterable[str], otherwise: str) -> ImportedRow:
    """The row of the first candidate with a video; if there is none, of the first candidate that is not blank.

    Without candidates, the row has no video, and its text is `otherwise`, such as a title.
    """
    first: ImportedRow | None = None
    for text in candidates:
        if not strip_decoration(text):
            continue
        row = row_of_text(number, text)
        if row.youtube_id:
            return row
        first = first or row
    return first or ImportedRow(number, _shown(otherwise), None, InvalidUrlReason.VIDEO_ID_MISSING)


def _rank(name: str) -> int:
    return _RANKS.get(_BETWEEN_WORDS.sub("", name.strip(_AROUND_CELL)).casefold(), len(_COLUMNS))


def _shown(text: str) -> str:
    text = _UNPRINTABLE.sub(" ", text[: 2 * MAX_SHOWN_CHARACTERS]).strip()
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[: MAX_SHOWN_CHARACTERS - 1]}…"
