"""One row of what a person wants to import: the video that it names, or why it names none."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.api.file_problems import MAX_ROWS
from shared.youtube_url import MAX_URL_CHARACTERS, InvalidUrlReason, InvalidYoutubeUrl, parse_youtube_id

MAX_SHOWN_CHARACTERS = 200
MAX_LINE_CHARACTERS = 10_000
"""How long a text may be that has a bullet or a note."""

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
"""Names that say where a row names its video, the surest first: an `id` may be a mere number of somebody's."""

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
"""No person can read these, and neither Postgres nor UTF-8 takes all of them."""


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A row as it was read; it has either an id or a reason."""

    number: int
    """By which a person finds it: its line in the file, or its place in the list; 1 is the first."""
    text: str
    """What was read there, shortened."""
    youtube_id: str | None
    reason: InvalidUrlReason | None


def naming_places(names: Iterable[str]) -> list[int]:
    """Which of these columns or keys name a video, by their place; the surest first."""
    ranks = ((_rank(name), place) for place, name in enumerate(names))
    return [place for rank, place in sorted(ranks) if rank < len(_COLUMNS)]


def without_marks(text: str) -> str:
    """A cell without what spreadsheets put before a text, stray quotation marks, a bullet and a note."""
    text = text.strip().strip(_AROUND_CELL).removeprefix("=").strip(_AROUND_CELL)
    if len(text) > MAX_LINE_CHARACTERS or (" " not in text and "\t" not in text):
        return text
    bullet = _BULLET.match(text)
    return _NOTE.sub("", text[bullet.end() :] if bullet else text, count=1).strip(_AROUND_CELL)


def videos_in(text: str) -> list[str]:
    """The parts of a cell where every one names a video, and none may be a mere word; otherwise none."""
    parts = [part for part in _BETWEEN_VIDEOS.split(without_marks(text), MAX_ROWS + 1) if part]
    are_videos = all(not is_plain_word(part) and youtube_id_in(part) for part in parts)
    return parts if are_videos else []


def is_plain_word(text: str) -> bool:
    """Whether it is spelt like a word or a name: `Wonderwalls` has the form of an id, but hardly is one."""
    return _PLAIN_WORD.fullmatch(without_marks(text)) is not None


def looks_like_address(text: str) -> bool:
    """Whether `text` speaks of YouTube by more than eleven characters, which any word may have."""
    return _ADDRESS.search(text, 0, MAX_URL_CHARACTERS) is not None


def may_name_video(text: str) -> bool:
    """Whether it is worth a closer look: it speaks of YouTube, or has as many letters in a row as an id."""
    return _MAY_NAME_VIDEO.search(text, 0, MAX_URL_CHARACTERS) is not None


def youtube_id_in(text: str) -> str | None:
    """The id of the video that a cell names; None if it names none."""
    try:
        return parse_youtube_id(without_marks(text))
    except InvalidYoutubeUrl:
        return None


def row_of_text(number: int, text: str) -> ImportedRow:
    """The row that consists of one text."""
    try:
        return ImportedRow(number, _shown(text), parse_youtube_id(without_marks(text)), None)
    except InvalidYoutubeUrl as refusal:
        return ImportedRow(number, _shown(text), None, refusal.reason_code)


def row_of_candidates(number: int, candidates: Iterable[str], otherwise: str) -> ImportedRow:
    """The row of the first candidate that names a video; of the first with anything in it, if none does.

    Without any, it is a row that names no video, told by `otherwise`: a title, for instance.
    """
    first: ImportedRow | None = None
    for text in candidates:
        if not without_marks(text):
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
