"""Files that people import: whatever the bytes are, a row for everything that may name a video, or one clear problem.

Nothing is ever unpacked here, so nothing small becomes large. It is all computing: callers run it in a thread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from services.api.file_problems import MAX_ROWS, FileProblem, UnreadableFile
from services.api.imported_json import looks_like_json, read_json
from services.api.imported_rows import ImportedRow, row_of_text
from services.api.imported_tables import read_table
from services.api.imported_text import text_of

_JSON_NAMES = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class ImportedFile:
    """What a file consists of."""

    rows: list[ImportedRow]
    """In the order of the file; blank lines, headers and advertisements are none."""


def read_file(name: str, content: bytes) -> ImportedFile:
    """Everything in a file that may name a video. Raises UnreadableFile."""
    text = text_of(content).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UnreadableFile(FileProblem.EMPTY)
    if name.lower().endswith(_JSON_NAMES) or looks_like_json(text):
        rows = _limited(read_json(text), FileProblem.TOO_MANY_ENTRIES)
    else:
        rows = _limited(read_table(f"{text}\n"), FileProblem.TOO_MANY_ROWS)
    if not rows:
        raise UnreadableFile(FileProblem.EMPTY)
    return ImportedFile(rows)


def read_urls(urls: Sequence[str]) -> list[ImportedRow]:
    """A row for every text that was sent, the empty ones included."""
    return [row_of_text(number, url) for number, url in enumerate(urls, start=1)]


def _limited(rows: Iterable[ImportedRow], problem: FileProblem) -> list[ImportedRow]:
    limited = [*islice(rows, MAX_ROWS + 1)]
    if len(limited) > MAX_ROWS:
        raise UnreadableFile(problem)
    return limited
