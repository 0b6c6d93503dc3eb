"""Text as rows: a table in any of the usual dialects, with or without a header, or just a video a line.

People's files are seldom well-formed, and one row must never cost another one. So a quotation mark counts only where
it is closed properly, and a cell goes on in the next line only if that line is not evidently a row of its own.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from services.api.file_problems import MAX_READ, FileProblem, UnreadableFile
from services.api.imported_rows import (
    ImportedRow,
    is_plain_word,
    looks_like_address,
    may_name_video,
    naming_places,
    row_of_candidates,
    row_of_text,
    videos_in,
    without_marks,
    youtube_id_in,
)

DELIMITERS = ",;\t|"
MAX_CELLS = 200
MAX_QUOTED_CHARACTERS = 10_000
"""How far a cell may go on in further lines: twice the longest description that YouTube allows. It also bounds the work
on a file that is full of stray quotation marks."""
MAX_QUOTED_LINES = 20
"""How many lines of a cell are looked at to see whether they are rows of their own."""
SAMPLE_CHARACTERS = 100_000
SAMPLE_ROWS = 50
MAX_CANDIDATES = 5
"""How many cells of a row are tried that no column speaks for."""
MAX_PREAMBLE_ROWS = 10
"""Older Takeout files begin with a few lines about the playlist."""

_ROW = re.compile(r'[^\s",;|]')
"""The first thing in a line that is neither blank nor punctuation: spreadsheets end in many lines of commas."""


@dataclass(frozen=True)
class _Record:
    number: int
    cells: list[str]


@dataclass(frozen=True)
class _Layout:
    """What was recognised of a table."""

    delimiter: str
    header: list[str] | None = None
    header_number: int = 0
    """The line of the header; rows before it belong to no table."""
    columns: tuple[int, ...] = ()
    """Where a row names its video, the surest place first: the header says it, or else most rows do."""
    other_columns: frozenset[int] = frozenset()
    """Without a header: where most rows name none."""


def read_table(text: str) -> Iterator[ImportedRow]:
    """The rows of `text`, whose lines end in LF, the last one too; headers and blank lines are none."""
    layout = _recognise(f"{_sample(text)}\n")
    table = _Table(text, layout)
    for record in table.records():
        if record.number >= layout.header_number and record.cells != layout.header:
            yield from table.rows(record)


def _sample(text: str) -> str:
    """The beginning of `text`, which ends with a whole word: half an id is none."""
    if len(text) <= SAMPLE_CHARACTERS:
        return text
    end = max(text.rfind(mark, 0, SAMPLE_CHARACTERS) for mark in f"{DELIMITERS} \n")
    return text[: end if end > 0 else SAMPLE_CHARACTERS]


def _recognise(text: str) -> _Layout:
    """The dialect in which most of the first rows name a video; a header settles it."""
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
        layout = _Layout(delimiter, record.cells, record.number, tuple(naming_places(record.cells)))
        if _is_header(layout, sample[place + 1 :]):
            return layout
        if youtube_id_in(record.cells[0]) or any(looks_like_address(cell) for cell in record.cells):
            break  # rows have begun
    return _without_header(delimiter, sample)


def _without_header(delimiter: str, sample: list[_Record]) -> _Layout:
    filled: Counter[int] = Counter()
    videos: Counter[int] = Counter()
    for record in sample:
        filled.update(place for place, cell in enumerate(record.cells) if without_marks(cell))
        videos.update(place for place, cell in enumerate(record.cells) if videos_in(cell))
    others = frozenset(place for place, count in filled.items() if 2 * videos[place] < count)
    columns = tuple(place for place, _ in videos.most_common() if place not in others)
    return _Layout(delimiter, columns=columns, other_columns=others)


def _is_header(layout: _Layout, following: list[_Record]) -> bool:
    """Whether the cells of `layout.header` are names of columns.

    `Description` is a name, and has the form of an id too; `Link` may be a title beside an id. Then the rows decide.
    """
    header, columns = layout.header or [], layout.columns
    if not columns or any(looks_like_address(cell) for cell in header):
        return False
    if not any(youtube_id_in(cell) for place, cell in enumerate(header) if place not in columns):
        return True
    return any(youtube_id_in(record.cells[columns[0]]) for record in following if len(record.cells) > columns[0])


class _Table:
    """A text that is read as a table of a certain layout."""

    def __init__(self, text: str, layout: _Layout) -> None:
        self._text = text
        self._layout = layout
        self._columns = layout.columns
        self._width = len(layout.header or [])
        mark = re.escape(layout.delimiter)
        self._cell = re.compile(rf'[ ]*"((?:[^"]++|"")*+)"[ ]*({mark}|(?=\n))|([^{mark}\n]*+)({mark}|(?=\n))')

    def records(self) -> Iterator[_Record]:
        """The records that are not blank. Raises UnreadableFile where there are too many of any kind."""
        text, position, line = self._text, 0, 1
        for _ in range(MAX_READ):
            if not (found := _ROW.search(text, position)):
                return
            start = max(text.rfind("\n", position, found.start()) + 1, position)
            line += text.count("\n", position, start)
            cells, end = self._record(start, text.find("\n", start))
            if any(without_marks(cell) for cell in cells):
                yield _Record(line, cells)
            line += text.count("\n", start, end)
            position = end
        raise UnreadableFile(FileProblem.TOO_MANY_ROWS)

    def rows(self, record: _Record) -> Iterator[ImportedRow]:
        """What a record says of a video, or of several: a line may be nothing but videos."""
        videos = [] if self._layout.header else self._videos(record)
        if len(videos) > 1:
            yield from (row_of_text(record.number, video) for video in videos)
        else:
            yield self.row(record)

    def row(self, record: _Record) -> ImportedRow:
        """What a record says of a video."""
        cells = record.cells
        candidates = [cells[place] for place in self._columns if place < len(cells)]
        if len(cells) != self._width or not self._columns:
            # a cell too many or too few has moved the others
            candidates += self._likely_cells(cells)
        return row_of_candidates(record.number, candidates, otherwise=next(filter(without_marks, cells)))

    def _videos(self, record: _Record) -> list[str]:
        videos: list[str] = []
        for place, cell in enumerate(record.cells):
            if not without_marks(cell):
                continue
            found = videos_in(cell) if place not in self._layout.other_columns else []
            if not found:
                return []
            videos += found
        return videos

    def _likely_cells(self, cells: list[str]) -> list[str]:
        """The cells that may name a video: an address is surer than a word that looks like an id."""
        if not may_name_video(self._layout.delimiter.join(cells)):
            return [next(filter(without_marks, cells))]
        likely = [cell for cell in cells if may_name_video(cell) and not (self._columns and is_plain_word(cell))]
        likely.sort(key=lambda cell: (not looks_like_address(cell), is_plain_word(cell)))
        return likely[:MAX_CANDIDATES] or [next(filter(without_marks, cells))]

    def _record(self, start: int, line_end: int) -> tuple[list[str], int]:
        """The cells of the record that begins at `start`, and where it ends."""
        if '"' not in self._text[start:line_end]:
            return self._text[start:line_end].split(self._layout.delimiter, MAX_CELLS), line_end
        cells, end = self._quoted_cells(start, max(line_end, start + MAX_QUOTED_CHARACTERS))
        if end > line_end and self._has_swallowed_rows(cells):
            cells, end = self._quoted_cells(start, line_end)
        return cells, end

    def _quoted_cells(self, start: int, limit: int) -> tuple[list[str], int]:
        """The cells from `start` on, none of which goes on after `limit`."""
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
        """Whether a cell of several lines contains what would be rows: then its quotation mark is a stray one."""
        named = [cells[place] for place in self._columns if place < len(cells)]
        if any("\n" in cell for cell in named):
            return True
        lines = [line for cell in cells for line in cell.split("\n")[1 : MAX_QUOTED_LINES + 1] if without_marks(line)]
        if any(map(looks_like_address, named)):  # then the other rows name theirs by address too, not by a mere word
            lines = list(filter(looks_like_address, lines))
        pieces = (line.split(self._layout.delimiter, MAX_CELLS) for line in lines)
        return any(len(piece) >= self._width and self.row(_Record(0, piece)).youtube_id for piece in pieces)
