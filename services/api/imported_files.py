"""Files that people import: whatever the bytes are, a row for everything that may name a video, or one clear problem.

Nothing is ever unpacked here, so nothing small becomes large. It is all computing: callers run it in a thread.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.api.imported_rows import ImportedRow, naming_places, row_of_candidates, row_of_text
from services.api.imported_tables import read_table
from shared.contracts.texts import Language

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_ROWS = 20_000

_MAX_JSON_PARTS = 50 * MAX_ROWS
"""More brackets and commas than so many videos have: 16 MB of `[],[],` would take 400 MB of memory."""

_COMPRESSED = (
    b"PK\x03\x04",  # zip, and with it xlsx and ods
    b"PK\x05\x06",
    b"PK\x07\x08",
    b"\x1f\x8b",  # gzip
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"BZh91AY&SY",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",  # zstandard
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 4096
_JSON_START = re.compile(r'\s*[\[{]\s*["\[\]{}]')
"""What no table begins with: a title in brackets is followed by a letter."""


class FileProblem(StrEnum):
    """Why a file cannot be read at all."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    COMPRESSED = "compressed"
    NOT_TEXT = "not_text"
    JSON_INVALID = "json_invalid"


FILE_PROBLEM_TEXTS: dict[FileProblem, dict[Language, str]] = {
    FileProblem.EMPTY: {
        Language.EN: "This file is empty.",
        Language.DE: "Diese Datei ist leer.",
    },
    FileProblem.TOO_LARGE: {
        Language.EN: f"This file is larger than {MAX_FILE_BYTES // 1024**2} MB. Please divide it into several files.",
        Language.DE: f"Diese Datei ist größer als {MAX_FILE_BYTES // 1024**2} MB. "
        "Bitte teilen Sie sie auf mehrere Dateien auf.",
    },
    FileProblem.TOO_MANY_ROWS: {
        Language.EN: f"This file has more than {MAX_ROWS:,} entries. Please divide it into several files.",
        Language.DE: f"Diese Datei hat mehr als {MAX_ROWS // 1000}.000 Einträge. "
        "Bitte teilen Sie sie auf mehrere Dateien auf.",
    },
    FileProblem.COMPRESSED: {
        Language.EN: "This file is packed, or a spreadsheet program's own. Please unpack it first, or save it as CSV.",
        Language.DE: "Diese Datei ist gepackt oder hat das eigene Format einer Tabellenkalkulation. "
        "Bitte entpacken Sie sie erst, oder speichern Sie sie als CSV.",
    },
    FileProblem.NOT_TEXT: {
        Language.EN: "This file is not a text file. Please choose a CSV, text or JSON file.",
        Language.DE: "Diese Datei ist keine Textdatei. Bitte wählen Sie eine CSV-, Text- oder JSON-Datei.",
    },
    FileProblem.JSON_INVALID: {
        Language.EN: "This JSON file is damaged or incomplete.",
        Language.DE: "Diese JSON-Datei ist beschädigt oder unvollständig.",
    },
}


class UnreadableFile(ValueError):
    """The file has no rows that could be read; `reason` says why."""

    def __init__(self, reason: FileProblem) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class ImportedFile:
    """What a file consists of."""

    rows: list[ImportedRow]
    """In the order of the file; blank lines, headers and advertisements are none."""


def file_problem_text(problem: FileProblem, language: Language = Language.EN) -> str:
    """The plain sentence a person reads about a file that cannot be read."""
    return FILE_PROBLEM_TEXTS[problem][language]


def read_file(name: str, content: bytes) -> ImportedFile:
    """Everything in a file that may name a video. Raises UnreadableFile."""
    text = _text_of(content)
    if not text.strip():
        raise UnreadableFile(FileProblem.EMPTY)
    if name.lower().endswith(".json") or _JSON_START.match(text):
        return ImportedFile(_limited(_json_rows(text)))
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return ImportedFile(_limited(read_table(f"{lines}\n")))


def read_urls(urls: Sequence[str]) -> list[ImportedRow]:
    """A row for every text that was sent, the empty ones included."""
    return [row_of_text(number, url) for number, url in enumerate(urls, start=1)]


def _limited(rows: Iterable[ImportedRow]) -> list[ImportedRow]:
    limited: list[ImportedRow] = []
    for row in rows:
        if len(limited) == MAX_ROWS:
            raise UnreadableFile(FileProblem.TOO_MANY_ROWS)
        limited.append(row)
    return limited


def _text_of(content: bytes) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFile(FileProblem.TOO_LARGE)
    if content.startswith(_COMPRESSED):
        raise UnreadableFile(FileProblem.COMPRESSED)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding)
    return _decoded(content, *_likely_encodings(content))


def _likely_encodings(content: bytes) -> tuple[str, ...]:
    """The encodings to be tried where no mark names one.

    Addresses and ids are ASCII: in UTF-16 every other byte of theirs is zero, and in no other text any byte is.
    """
    sample = content[:_SAMPLE_BYTES]
    zeros_first, zeros_second = sample[0::2].count(0), sample[1::2].count(0)
    if max(zeros_first, zeros_second) * 4 < len(sample):
        return "utf-8", "cp1252"
    return ("utf-16-le",) if zeros_second > zeros_first else ("utf-16-be",)


def _decoded(content: bytes, *encodings: str) -> str:
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableFile(FileProblem.NOT_TEXT)


def _json_rows(text: str) -> Iterator[ImportedRow]:
    if sum(map(text.count, "[{,")) > _MAX_JSON_PARTS:
        raise UnreadableFile(FileProblem.TOO_MANY_ROWS)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableFile(FileProblem.JSON_INVALID) from None
    for number, entry in enumerate(_entries(document), start=1):
        if not _is_advertisement(entry):
            yield _entry_row(number, entry)


def _entries(document: Any) -> list[Any]:
    """The entries of a list, of an export of ours, or of a document that is a single entry."""
    if isinstance(document, dict) and isinstance(document.get("videos"), list):
        document = document["videos"]
    return document if isinstance(document, list) else [document]


def _is_advertisement(entry: Any) -> bool:
    """Whether Takeout's history names Google as who showed the video; the words around it depend on the language."""
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
    return row_of_candidates(number, (_as_text(values[place]) for place in naming_places(entry)), otherwise=title)


def _as_text(value: Any) -> str:
    """A text, or a number: an id of digits only is one to some programs. Anything else names nothing."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
