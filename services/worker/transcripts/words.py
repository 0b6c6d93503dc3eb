"""Lines of text as words with times, and back. Pure functions."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from services.worker.adapters.models import TranscriptLine

_UNSPACED = (
    "\u0e00-\u0fff"  # Thai, Lao, Tibetan
    "\u1000-\u109f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d"  # Japanese syllables
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
)
"""Scripts without spaces: each of their characters counts as a word."""
_WORD = re.compile(rf"[{_UNSPACED}][^\w\s]*|[^\s{_UNSPACED}]+")
"""With its punctuation and its combining marks, which are no \\w."""


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a line; the parts of a line are its whole text, spaces included."""

    line: TranscriptLine
    begin: int
    end: int
    """As `line.text[begin:end]`."""
    spelling: str
    """Without case and punctuation; empty for a symbol, such as a musical note."""

    @property
    def start_seconds(self) -> float:
        """When it probably starts: a line's characters are assumed to be spoken evenly."""
        return self._seconds_at(self.begin)

    @property
    def end_seconds(self) -> float:
        """When it probably ends."""
        return self._seconds_at(self.end)

    @property
    def middle_seconds(self) -> float:
        """When it is probably spoken."""
        return (self.start_seconds + self.end_seconds) / 2

    def _seconds_at(self, position: int) -> float:
        share = position / len(self.line.text)
        return self.line.start_seconds * (1 - share) + self.line.end_seconds * share


def words_of(lines: Iterable[TranscriptLine]) -> list[Word]:
    """Return the words of all `lines`; a line without any is one word."""
    return [word for line in lines for word in _words_of(line)]


def lines_of(words: Iterable[Word]) -> list[TranscriptLine]:
    """Return the lines that neighbouring words of the same line form."""
    groups = [list(group) for _, group in groupby(words, key=lambda word: id(word.line))]
    return [_line(group[0], group[-1]) for group in groups]


def _words_of(line: TranscriptLine) -> Iterator[Word]:
    begins = [match.start() for match in _WORD.finditer(line.text)][1:]
    for begin, end in pairwise([0, *begins, len(line.text)]):
        yield Word(line, begin, end, _spelling(line.text[begin:end]))


def _line(first: Word, last: Word) -> TranscriptLine:
    text = first.line.text[first.begin : last.end].strip()
    return TranscriptLine(first.start_seconds, last.end_seconds, text)


def _spelling(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
