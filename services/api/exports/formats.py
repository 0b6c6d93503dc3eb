"""Writes a list as CSV or JSON, in chunks that are streamed."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice

from shared.text import one_line

ROWS_PER_CHUNK = 200
"""A chunk is one ASGI message."""

_UNSEEN = r"[\s\"'\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
"""What a spreadsheet program may skip before a formula."""
_FORMULA = re.compile(rf"(^|;)(?={_UNSEEN}[=+\-@＝＋－＠])")
"""At the beginning, or where a program that separates cells by semicolons begins another one."""


@dataclass(frozen=True)
class ExportedVideo:
    """A row of the export; the names of its fields are those of the columns."""

    url: str
    title: str | None
    channel: str | None
    duration_seconds: int | None
    published_at: datetime | None
    import_stage: str
    captions_source: str | None
    captions_language: str | None
    added_at: datetime


_COLUMNS = [field.name for field in fields(ExportedVideo)]


def export_csv(list_name: str, videos: Iterable[ExportedVideo]) -> Iterator[bytes]:
    """A table with a header, in UTF-8 with a byte order mark for Excel.

    `list_name` is unused: the signature is that of `export_json`.
    """
    yield "\ufeff".encode() + _table([_COLUMNS])
    for chunk in _chunks(videos):
        yield _table([[_cell(value) for value in _values(video)] for video in chunk])


def export_json(list_name: str, videos: Iterable[ExportedVideo]) -> Iterator[bytes]:
    """An object with the list's `name` and its `videos`, one a line."""
    yield f'{{"name": {_json(list_name)}, "videos": ['.encode()
    separator = "\n"
    for chunk in _chunks(videos):
        objects = (_json(dict(zip(_COLUMNS, _values(video), strict=True))) for video in chunk)
        yield (separator + ",\n".join(objects)).encode()
        separator = ",\n"
    yield b"\n]}\n"


def _chunks(videos: Iterable[ExportedVideo]) -> Iterator[list[ExportedVideo]]:
    rows = iter(videos)
    while chunk := list(islice(rows, ROWS_PER_CHUNK)):
        yield chunk


def _values(video: ExportedVideo) -> list[str | int | None]:
    values = (getattr(video, column) for column in _COLUMNS)
    return [value.isoformat() if isinstance(value, datetime) else value for value in values]


def _cell(value: str | int | None) -> str | int | None:
    """A cell on one line that no spreadsheet program takes for a formula."""
    return _FORMULA.sub(r"\1'", one_line(value)) if isinstance(value, str) else value


def _table(rows: Iterable[Sequence[str | int | None]]) -> bytes:
    table = io.StringIO()
    csv.writer(table, lineterminator="\r\n").writerows(rows)
    return table.getvalue().encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
