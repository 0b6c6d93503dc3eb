"""Reads JSON documents: a list, an export, a Takeout history, or one object per line.

Entries are parsed one at a time: `json` holds the GIL, and parsing a whole document would stall the process.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from services.api.batches.files.problems import MAX_READ, FileProblem, UnreadableFileError
from services.api.batches.files.rows import ImportedRow, row_of_candidates, row_of_text, video_columns

MAX_ENTRY_CHARACTERS = 512 * 1024
MAX_MEMBERS = 1000
"""Maximum of members in the object around a list."""

_START = re.compile(r'\s*[\[{]\s*["\[\]{}]')
"""The start of JSON, but not of a table: a title in brackets continues with a letter."""
_LISTS = frozenset({"videos", "items", "entries"})
"""Names of the list in exports of Vidferry and others."""
_BLANKS = re.compile(r"\s*")
_LINE = re.compile(r"\S[^\n]*")
_LINES_LOOKED_AT = 10
_DECODER = json.JSONDecoder()


def looks_like_json(text: str) -> bool:
    """Whether a text looks like a JSON document."""
    return _START.match(text) is not None


def read_json(text: str) -> Iterator[ImportedRow]:
    """The rows of a document whose lines end in LF, without advertisements. Raises UnreadableFileError."""
    entries = _entries_of_lines(text) if _is_an_entry_a_line(text) else enumerate(_Document(text).entries(), start=1)
    for read, (number, entry) in enumerate(_well_formed(entries)):
        if read == MAX_READ:
            raise UnreadableFileError(FileProblem.TOO_MANY_ENTRIES)
        if not _is_advertisement(entry):
            yield _entry_row(number, entry)


def _well_formed(entries: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    try:
        yield from entries
    except (ValueError, RecursionError):
        raise UnreadableFileError(FileProblem.JSON_INVALID) from None


class _Document:
    """A document that is parsed entry by entry. Raises ValueError if it is not valid."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._window = ""
        self._window_start = 0

    def entries(self) -> Iterator[Any]:
        """The entries of its list; the document itself if it has no list."""
        if self._take("["):
            yield from self._elements()
        elif self._take("{"):
            yield from self._object()
        else:
            yield self._value()
        if self._next():
            raise ValueError("more than one document")

    def _elements(self) -> Iterator[Any]:
        if self._take("]"):
            return
        yield self._value()
        while self._take(","):
            yield self._value()
        self._expect("]")

    def _object(self) -> Iterator[Any]:
        members: dict[str, Any] = {}
        has_list = False
        for name in self._names():
            if name in _LISTS and self._take("["):
                has_list = True
                yield from self._elements()
            else:
                members[name] = self._value()
        if not has_list:
            yield members

    def _names(self) -> Iterator[str]:
        """The names in an object. The caller reads the value of each before the next."""
        if self._take("}"):
            return
        for _ in range(MAX_MEMBERS):
            name = self._value()
            self._expect(":")
            yield str(name)
            if self._take("}"):
                return
            self._expect(",")
        raise ValueError("too large an object")

    def _value(self) -> Any:
        self._next()
        try:
            return self._decoded()
        except ValueError:  # it may continue after the window
            self._window_start = self._place
            self._window = self._text[self._place : self._place + MAX_ENTRY_CHARACTERS]
            return self._decoded()

    def _decoded(self) -> Any:
        value, end = _DECODER.raw_decode(self._window, self._place - self._window_start)
        if end == len(self._window) and self._window_start + end < len(self._text):
            raise ValueError("perhaps a number that goes on")
        self._place = self._window_start + end
        return value

    def _next(self) -> str:
        """The next character after whitespace; empty at the end."""
        if found := _BLANKS.match(self._text, self._place):
            self._place = found.end()
        return self._text[self._place : self._place + 1]

    def _take(self, mark: str) -> bool:
        is_there = self._next() == mark
        self._place += is_there
        return is_there

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise ValueError(f"{mark} expected")


def _is_an_entry_a_line(text: str) -> bool:
    lines = [found[0] for found in islice(_LINE.finditer(text), _LINES_LOOKED_AT)]
    entries = sum(isinstance(_of_line(line), dict) or line.strip().endswith('"') for line in lines)
    return len(lines) > 1 and lines[0].startswith(("{", '"')) and 2 * entries > len(lines)


def _entries_of_lines(text: str) -> Iterator[tuple[int, Any]]:
    """The entries by line. A line that is not JSON does not affect others."""
    number, position = 1, 0
    for found in _LINE.finditer(text):
        number += text.count("\n", position, found.start())
        position = found.start()
        yield number, _of_line(found[0])


def _of_line(line: str) -> Any:
    """The JSON value of a line, or the line itself."""
    if len(line) > MAX_ENTRY_CHARACTERS:
        return line
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line


def _is_advertisement(entry: Any) -> bool:
    """Whether an entry of Takeout's history names Google as its source; the rest of the text is localised."""
    details = entry.get("details") if isinstance(entry, dict) else None
    if not isinstance(details, list):
        return False
    names = (detail.get("name") for detail in details if isinstance(detail, dict))
    return any("google" in name.casefold() for name in names if isinstance(name, str))


def _entry_row(number: int, entry: Any) -> ImportedRow:
    if not isinstance(entry, dict):
        return row_of_text(number, _as_text(entry))
    values = list(entry.values())
    title = next((text for key in ("title", "name") if (text := _as_text(entry.get(key)))), "")
    return row_of_candidates(number, (_as_text(values[place]) for place in video_columns(entry)), otherwise=title)


def _as_text(value: Any) -> str:
    """A string, or a number: some programs write ids of digits as numbers. Empty for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
