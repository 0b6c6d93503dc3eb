"""A video's chapters: YouTube's own, or those that YouTube's rules find in the description. Pure functions."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from services.worker.adapters.models import ExtractedChapter

MIN_CHAPTERS = 3
MIN_CHAPTER_SECONDS = 10
INTRO_TITLE = "Intro"
"""Of the part before the first named chapter; the word is the same in English and German."""

_TIME = (
    r"(?<![0-9:.])(?:(?P<hours>[0-9]{1,2}):(?P<minutes>[0-5]?[0-9])|(?P<only_minutes>[0-9]{1,3}))"
    r":(?P<seconds>[0-5][0-9])(?!:?[0-9])"
)
_UNTIL = r"(?:\s*(?:-|–|—|bis|to)\s*[0-9:]*[0-9]:[0-9]{2})?"
"""The end of a range such as `0:00 - 1:30`, which the next chapter gives as well."""
_LEADING = re.compile(rf"^(?:[0-9]{{1,3}}[.)]\s+)?[^\w]*?{_TIME}{_UNTIL}(?!\w)(?P<title>.*)$")
"""A number in a list, a bullet or a bracket may stand before the time."""
_TRAILING = re.compile(rf"^(?P<title>.*?)[\s.,(\[{{]*{_TIME}{_UNTIL}[^\w]*$")

_BLANKS = " \t-–—―:|•·*_~=>»→►▶"
_BLANKS_BEFORE_TITLE = _BLANKS + ".,)]}"
_PLACEHOLDER = re.compile(r"<Untitled Chapter \d+>")


def choose_chapters(
    youtube_chapters: Sequence[ExtractedChapter], description: str, duration_seconds: float | None
) -> list[ExtractedChapter]:
    """Return the chapters by time and within the video: YouTube's if there are any, else the description's."""
    named = [chapter for chapter in youtube_chapters if _is_named(chapter.title)]
    if named:
        starts = [(chapter.start_seconds, " ".join(chapter.title.split())) for chapter in named]
        return _with_ends(_from_zero(sorted(starts)), duration_seconds)
    return parse_chapters(description, duration_seconds)


def parse_chapters(description: str, duration_seconds: float | None) -> list[ExtractedChapter]:
    """Return the chapters in a description by YouTube's rules; none if one rule is broken.

    At least three, the first at 0:00, ascending, each 10 seconds or longer. The times stand at the start of their
    lines, or all at the end.
    """
    for pattern in (_LEADING, _TRAILING):
        found = _within(_lines_with_times(description, pattern), duration_seconds)
        if _follows_rules([start for start, _ in found], duration_seconds):
            return _with_ends(found, duration_seconds)
    return []


def _is_named(title: str) -> bool:
    """Whether this is a real title; `<Untitled Chapter 1>` stands for the part before the first named chapter."""
    return bool(title.strip()) and not _PLACEHOLDER.fullmatch(title.strip())


def _from_zero(starts: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """`starts` with the part before the first named chapter, where there is one."""
    return starts if starts[0][0] <= 0 else [(0.0, INTRO_TITLE), *starts]


def _lines_with_times(description: str, pattern: re.Pattern[str]) -> list[tuple[float, str]]:
    matches = (pattern.match(line.strip()) for line in description.splitlines())
    return [(_seconds(match), title) for match in matches if match and (title := _title(match["title"]))]


def _seconds(match: re.Match[str]) -> float:
    minutes = match["only_minutes"] or match["minutes"]
    return float(int(match["hours"] or 0) * 3600 + int(minutes) * 60 + int(match["seconds"]))


def _title(text: str) -> str:
    """A chapter's title without the separator from its time; its own brackets stay."""
    return text.lstrip(_BLANKS_BEFORE_TITLE).rstrip(_BLANKS)


def _within(starts: Iterable[tuple[float, str]], duration_seconds: float | None) -> list[tuple[float, str]]:
    """The chapters that start before the video ends."""
    return [(start, title) for start, title in starts if duration_seconds is None or start < duration_seconds]


def _follows_rules(starts: list[float], duration_seconds: float | None) -> bool:
    if len(starts) < MIN_CHAPTERS or starts[0] != 0:
        return False
    ends = starts if duration_seconds is None else [*starts, duration_seconds]
    return all(end - start >= MIN_CHAPTER_SECONDS for start, end in pairwise(ends))


def _with_ends(starts: list[tuple[float, str]], duration_seconds: float | None) -> list[ExtractedChapter]:
    """Every chapter ends where the next one starts, the last one with the video."""
    inside = _within(starts, duration_seconds)
    ends = [*(start for start, _ in inside[1:]), duration_seconds]
    return [ExtractedChapter(title, start, end) for (start, title), end in zip(inside, ends, strict=True)]
