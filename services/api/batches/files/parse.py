"""Parses imported files: a row for everything that may name a video, or one problem for the whole file.

Archives are not unpacked, so that small files stay small. Parsing is CPU-bound: callers run it in a thread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from services.api.batches.files.decoding import decode
from services.api.batches.files.json_documents import looks_like_json, read_json
from services.api.batches.files.problems import MAX_ROWS, FileProblem, UnreadableFileError
from services.api.batches.files.rows import ImportedRow, row_of_text
from services.api.batches.files.tables import read_table

_JSON_NAMES = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class ImportedFile:
    """The content of a file."""

    rows: list[ImportedRow]
    """In the order of the file, without blank lines, headers and advertisements."""


def read_file(name: str, content: bytes) -> ImportedFile:
    """Parse a file. Raises UnreadableFileError."""
    text = decode(content).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UnreadableFileError(FileProblem.EMPTY)
    if name.lower().endswith(_JSON_NAMES) or looks_like_json(text):
        rows = _limited(read_json(text), FileProblem.TOO_MANY_ENTRIES)
    else:
        rows = _limited(read_table(f"{text}\n"), FileProblem.TOO_MANY_ROWS)
    if not rows:
        raise UnreadableFileError(FileProblem.EMPTY)
    return ImportedFile(rows)


def read_urls(urls: Sequence[str]) -> list[ImportedRow]:
    """A row for every text, including empty ones."""
    return [row_of_text(number, url) for number, url in enumerate(urls, start=1)]


def _limited(rows: Iterable[ImportedRow], problem: FileProblem) -> list[ImportedRow]:
    limited = [*islice(rows, MAX_ROWS + 1)]
    if len(limited) > MAX_ROWS:
        raise UnreadableFileError(problem)
    return limited
