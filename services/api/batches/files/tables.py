"""Reads tables in any common CSV dialect, with or without a header, and text with one video per line.

Files are often malformed, and one row must not spoil others. So a quotation mark counts only if it is closed, and a
cell continues in the next line only if that line does not look like a row of its own.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from services.api.batches.files.problems import MAX_READ, FileProblem, UnreadableFileError
from services.api.batches.files.rows import (
    ImportedRow,
    is_plain_word,
    looks_like_address,
    may_name_video,
    row_of_candidates,
    row_of_text,
    split_video_cell,
    strip_decoration,
    video_columns,
    youtube_id_in,
)

DELIMITERS = ",;\t|"
MAX_CELLS = 200
MAX_QUOTED_CHARACTERS = 10_000
"""Maximum length of a cell with several lines: twice YouTube's longest description. It also bounds the work on a file
full of stray quotation marks."""
MAX_QUOTED_LINES = 20
"""Lines of a cell that are examined for rows of their own."""
SAMPLE_CHARACTERS = 100_000
SAMPLE_ROWS = 50
MAX_CANDIDATES = 5
"""Cells of a row that are tried outside the columns with videos."""
MAX_PREAMBLE_ROWS = 10
"""Older Takeout files start with a few lines about the playlist."""

_ROW = re.compile(r'[^\s",;|]')
"""The first thing in a line that is neither blank nor punctuation: spreadsheets end in many lines of commas."""


@dataclass(frozen=True)
class _Record:
    number: int
    cells: list[str]


@dataclass(frozen=True)
class _Layout:
    """The detected layout of a table."""

    delimiter: str
    header: list[str] | None = None
    header_number: int = 0
    """The line of the header; rows before it are ignored."""
    columns: tuple[int, ...] = ()
    """Columns with videos, most reliable first: according to the header, or to most rows."""
    other_columns: frozenset[int] = frozenset()
    """Without a header: columns that have no video in most rows."""


def read_table(text: str) -> Iterator[ImportedRow]:
    """The rows of `text`, in which every line ends in LF, without headers and blank lines."""
    layout = _detect_layout(f"{_sample(text)}\n")
    table = _Table(text, layout)
    for record in table.records():
        if record.number >= layout.header_number and record.cells != layout.header:
            yield from table.rows(record)


def _sample(text: str) -> str:
    """The start of `text`, up to the end of a word."""
    if len(text) <= SAMPLE_CHARACTERS:
        return text
    end = max(text.rfind(mark, 0, SAMPLE_CHARACTERS) for mark in f"{DELIMITERS} \n")
    return text[: end if end > 0 else SAMPLE_CHARACTERS]


def _detect_layout(text: str) -> _Layout:
    """The layout with most videos in the first rows; a header decides."""
    best, best_score = _Layout(DELIMITERS[0]), (-1, -1)
    for delimiter in DELIMITERS:
        sample = list(islice(_Table(text, _Layout(delimiter)).records(), SAMPLE_ROWS))
        layout = _with_header(delimiter, sample)
        if layout.header and len(layout.header) > 1:
            return layout
        table = _Table(text, layout)
        videos = sum(row.youtube_id is not None for record in sample for row in table.rows(record))
        score = (videos, sum(len(record.cells) > 1 for record in sample))
        if score > best_score:
            best, best_score = layout, score
    return best


def _with_header(delimiter: str, sample: list[_Record]) -> _Layout:
    for place, record in enumerate(sample[: MAX_PREAMBLE_ROWS + 1]):
        layout = _Layout(delimiter, record.cells, record.number, tuple(video_columns(record.cells)))
        if _is_header(layout, sample[place + 1 :]):
            return layout
        if youtube_id_in(record.cells[0]) or any(looks_like_address(cell) for cell in record.cells):
            break  # the rows have started
    return _without_header(delimiter, sample)


def _without_header(delimiter: str, sample: list[_Record]) -> _Layout:
    filled: Counter[int] = Counter()
    videos: Counter[int] = Counter()
    for record in sample:
        filled.update(place for place, cell in enumerate(record.cells) if strip_decoration(cell))
        videos.update(place for place, cell in enumerate(record.cells) if split_video_cell(cell))
    others = frozenset(place for place, count in filled.items() if 2 * videos[place] < count)
    columns = tuple(place for place, _ in videos.most_common() if place not in others)
    return _Layout(delimiter, columns=columns, other_columns=others)


def _is_header(layout: _Layout, following: list[_Record]) -> bool:
    """Whether the cells of `layout.header` are names of columns.

    `Description` has the form of an id, and `Link` may be a title beside an id. The rows decide then.
    """
    header, columns = layout.header or [], layout.columns
    if not columns or any(looks_like_address(cell) for cell in header):
        return False
    if not any(youtube_id_in(cell) for place, cell in enumerate(header) if place not in columns):
        return True
    return any(youtube_id_in(record.cells[columns[0]]) for record in following if len(record.cells) > columns[0])


class _Table:
    """A text with a table layout."""

    def __init__(self, text: str, layout: _Layout) -> None:
        self._text = text
        self._layout = layout
        self._columns = layout.columns
        self._width = len(layout.header or [])
        mark = re.escape(layout.delimiter)
        self._cell = re.compile(rf'[ ]*"((?:[^"]++|"")*+)"[ ]*({mark}|(?=\n))|([^{mark}\n]*+)({mark}|(?=\n))')

    def records(self) -> Iterator[_Record]:
        """The records that are not blank. Raises UnreadableFileError if there are too many."""
        text, position, line = self._text, 0, 1
        for _ in range(MAX_READ):
            if not (found := _ROW.search(text, position)):
                return
            start = max(text.rfind("\n", position, found.start()) + 1, position)
            line += text.count("\n", position, start)
            cells, end = self._record(start, text.find("\n", start))
            if any(strip_decoration(cell) for cell in cells):
                yield _Record(line, cells)
            line += text.count("\n", start, end)
            position = end
        raise UnreadableFileError(FileProblem.TOO_MANY_ROWS)

    def rows(self, record: _Record) -> Iterator[ImportedRow]:
        """The rows of a record: several if it consists of nothing but videos."""
        videos = [] if self._layout.header else self._videos(record)
        if len(videos) > 1:
            yield from (row_of_text(record.number, video) for video in videos)
        else:
            yield self.row(record)

    def row(self, record: _Record) -> ImportedRow:
        """The single row of a record."""
        cells = record.cells
        candidates = [cells[place] for place in self._columns if place < len(cells)]
        if len(cells) != self._width or not self._columns:
            # a missing or extra cell shifts the others
            candidates += self._likely_cells(cells)
        return row_of_candidates(record.number, candidates, otherwise=next(filter(strip_decoration, cells)))

    def _videos(self, record: _Record) -> list[str]:
        videos: list[str] = []
        for place, cell in enumerate(record.cells):
            if not strip_decoration(cell):
                continue
            found = split_video_cell(cell) if place not in self._layout.other_columns else []
            if not found:
                return []
            videos += found
        return videos

    def _likely_cells(self, cells: list[str]) -> list[str]:
        """The cells that may name a video; URLs before words that look like an id."""
        if not may_name_video(self._layout.delimiter.join(cells)):
            return [next(filter(strip_decoration, cells))]
        likely = [cell for cell in cells if may_name_video(cell) and not (self._columns and is_plain_word(cell))]
        likely.sort(key=lambda cell: (not looks_like_address(cell), is_plain_word(cell)))
        return likely[:MAX_CANDIDATES] or [next(filter(strip_decoration, cells))]

    def _record(self, start: int, line_end: int) -> tuple[list[str], int]:
        """The cells of the record at `start`, and its end."""
        if '"' not in self._text[start:line_end]:
            return self._text[start:line_end].split(self._layout.delimiter, MAX_CELLS), line_end
        cells, end = self._quoted_cells(start, max(line_end, start + MAX_QUOTED_CHARACTERS))
        if end > line_end and self._has_swallowed_rows(cells):
            cells, end = self._quoted_cells(start, line_end)
        return cells, end

    def _quoted_cells(self, start: int, limit: int) -> tuple[list[str], int]:
        """The cells from `start` on, none of which extends beyond `limit`."""
        cells: list[str] = []
        position, has_more = start, True
        while has_more and len(cells) < MAX_CELLS:
            line_end = self._text.find("\n", position)
            if found := self._cell.match(self._text, position, max(limit, line_end) + 1):
                quoted, after_quoted, plain, after_plain = found.groups()
                cells.append(quoted.replace('""', '"') if plain is None else plain)
                position = found.end()
                has_more = bool(after_quoted or after_plain)
        return cells, self._text.find("\n", position)

    def _has_swallowed_rows(self, cells: list[str]) -> bool:
        """Whether a cell of several lines contains rows: its quotation mark is stray then."""
        named = [cells[place] for place in self._columns if place < len(cells)]
        if any("\n" in cell for cell in named):
            return True
        lines = [
            line for cell in cells for line in cell.split("\n")[1 : MAX_QUOTED_LINES + 1] if strip_decoration(line)
        ]
        if any(map(looks_like_address, named)):  # then other rows have URLs too, not bare ids
            lines = list(filter(looks_like_address, lines))
        records = (line.split(self._layout.delimiter, MAX_CELLS) for line in lines)
        return any(len(cells) >= self._width and self.row(_Record(0, cells)).youtube_id for cells in records)
