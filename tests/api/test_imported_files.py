"""Parsing files: every row with a video is found, and the others are reported with their line."""

import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.api.batches.files.parse import read_file, read_urls
from services.api.batches.files.problems import (
    MAX_FILE_BYTES,
    MAX_READ,
    MAX_ROWS,
    FileProblem,
    UnreadableFileError,
)
from services.api.batches.files.rows import MAX_SHOWN_CHARACTERS, ImportedRow
from shared.youtube.video_urls import InvalidUrlReason

A, B, C, D = "aB3-_9xYz01", "-Qw4w9WgXcQ", "12345678901", "_x-_x-_x-_x"
URL = "https://www.youtube.com/watch?v="
HISTORY = [
    {"header": "YouTube", "title": "Watched one", "titleUrl": f"{URL}{A}", "products": ["YouTube"]},
    {"header": "YouTube", "title": "Watched a video that has been removed", "products": ["YouTube"]},
    {"title": "Watched a spot", "titleUrl": f"{URL}{C}", "details": [{"name": "From Google Ads"}]},
    {"title": "Einen Spot angesehen", "titleUrl": f"{URL}{C}", "details": [{"name": "Von Google Anzeigen"}]},
    {"title": "Viewed a post", "titleUrl": "https://www.youtube.com/post/Ugkx", "details": "?"},
    {"title": "Watched two", "titleUrl": f"https://music.youtube.com/watch?v={B}"},
]


def rows_of(content: str | bytes, name: str = "videos.csv") -> list[ImportedRow]:
    return read_file(name, content if isinstance(content, bytes) else content.encode()).rows


def found(content: str | bytes, name: str = "videos.csv") -> list[tuple[int, str | InvalidUrlReason | None]]:
    """The text of each row, by its number."""
    return [(row.number, row.youtube_id or row.reason) for row in rows_of(content, name)]


def problem_of(content: bytes, name: str = "videos.csv") -> FileProblem:
    with pytest.raises(UnreadableFileError) as refusal:
        read_file(name, content)
    return refusal.value.reason


TABLES = {
    "ids": (f"{A}\n{B}\n", [(1, A), (2, B)]),
    "addresses": (f"{URL}{A}\nyoutu.be/{B}?t=3", [(1, A), (2, B)]),
    "blank lines, CRLF": (f"\r\n{A}\r\n  \r\n,,,\r\n{B}\r\n\r\n", [(2, A), (5, B)]),
    "CR alone": (f"{A}\r\r{B}\r", [(1, A), (3, B)]),
    "header": (f"Title,URL,Views\nSome,{URL}{A},12\nMore,{URL}{B},9", [(2, A), (3, B)]),
    "header of one column": (f"youtube_url\n{A}\n", [(2, A)]),
    "header repeated": (f"id,title\n{A},x\nid,title\n{B},y\n", [(2, A), (4, B)]),
    "header in quotes": (f'"VIDEO-ID";"Titel"\n"{A}";"Ein Titel, lang"\n', [(2, A)]),
    "a number as id beside an address": (f"id,title,url\n17,x,{URL}{A}\n18,y,{URL}{B}\n", [(2, A), (3, B)]),
    "names in the form of ids": (f"Description,Video ID,Channel_URL\nProgramming,{A},x\n", [(2, A)]),
    "a title like a header": (f"{A},Link\n{B},Some title\n", [(1, A), (2, B)]),
    "several on a line": (
        f"{A},{B},{C}\n{URL}{A} {URL}{D}\nyoutu.be/{B}; {C}, {D}\n",
        [(1, A), (1, B), (1, C), (2, A), (2, D), (3, B), (3, C), (3, D)],
    ),
    "very many on a line": (",".join([A, B] * 500), [(1, A), (1, B)] * 500),
    "several on a line among titles": (f"{A},One\n{B},Two\n{C},{D}\n", [(1, A), (2, B), (3, C)]),
    "a word in the form of an id before one": (f"Wonderwalls,{A}\n", [(1, A)]),
    "ids in the second column": (f"Wonderwalls,{A}\nx y,{B}\nHello-World,{C}\n", [(1, A), (2, B), (3, C)]),
    "a word in the form of an id beside a wrong one": (
        f"{A},One\nshort,Wonderwalls\n{B},Two\n",
        [(1, A), (2, InvalidUrlReason.NOT_YOUTUBE), (3, B)],
    ),
    "a word in the form of an id, alone": ("Wonderwalls\n", [(1, "Wonderwalls")]),
    "bullets": (
        f"- {URL}{A}\n* {B}\n1. youtu.be/{C}\n12) {D}\n• {URL}{A}\n",
        [(1, A), (2, B), (3, C), (4, D), (5, A)],
    ),
    "notes": (f"{URL}{A} # a note, with\n{B} #again\n{URL}{C}#t=3\n", [(1, A), (2, B), (3, C)]),
    "a NUL in a cell": (f"id,title\n{A},a\0b\n\0{B},x\n{C},y\n", [(2, A), (3, B), (4, C)]),
    "tabs": (f"title\tlink\n\t{URL}{A}\nx\t{URL}{B}\n", [(2, A), (3, B)]),
    "pipes": (f"one, two|{URL}{A}\nthree|{URL}{B}\n", [(1, A), (2, B)]),
    "semicolons, commas in titles": (f"{A};One, two\n{B};Three, four\n", [(1, A), (2, B)]),
    "a word of eleven letters before the address": (f"Programming,{URL}{A}\n", [(1, A)]),
    "anywhere in the row": (f"x y,{A}\n{B},z\n", [(1, A), (2, B)]),
    "spreadsheet marks": (f"'{B}\n={B}\n=\"{B}\"\n'{C}\n", [(1, B), (2, B), (3, B), (4, C)]),
    "doubled quotes and line breaks in a cell": (
        f'title,url\n"Say ""hi"",\nor not, {C}",{URL}{A}\nx,{URL}{B}\n',
        [(2, A), (4, B)],
    ),
    "a description with addresses": (
        f'Video ID,Description\n{A},"Part 2:\n{URL}{C}\nand, finally,\n{URL}{C}"\n{B},x\n',
        [(2, A), (6, B)],
    ),
    "a stray quote before an id": (f'"{A}\n{B}\n{C}\n', [(1, A), (2, B), (3, C)]),
    "a stray quote before a title": (f'id,title\n{A},"One\n{B},Two\n{C},"Three"\n', [(2, A), (3, B), (4, C)]),
    "two stray quotes": (f'id,title\n{A},"One\n{B},Two\n{C},Three"\n{D},"Four"\n', [(2, A), (3, B), (4, C), (5, D)]),
    "stray quotes around ids": (f'"{A}\n{B}\n{C}",x\n{D}\n', [(1, A), (2, B), (3, C), (4, D)]),
    "a comma too many": (f"title,url,views\nOne, two,{URL}{A},1\nThree,{URL}{B},2\n", [(2, A), (3, B)]),
    "rows that name no video": (
        f"id,title\n{A},x\nshort,y\n,{URL}{C}\n{URL},z\n{B},u\n",
        [
            (2, A),
            (3, InvalidUrlReason.NOT_YOUTUBE),
            (4, InvalidUrlReason.VIDEO_ID_MISSING),
            (5, InvalidUrlReason.VIDEO_ID_MISSING),
            (6, B),
        ],
    ),
    "no header, reason of the address": (
        "Some title,https://www.youtube.com/playlist?list=PLx\n@somebody\n",
        [(1, InvalidUrlReason.PLAYLIST), (2, InvalidUrlReason.CHANNEL)],
    ),
    "Takeout": (f"Video ID,Playlist Video Creation Timestamp\n{A},2024-01-05T12:00:00+00:00\n", [(2, A)]),
    "Takeout, German": (f"Video-ID,Zeitstempel der Erstellung\n{A},2024-01-05T12:00:00+00:00\n", [(2, A)]),
    "Takeout, older": (
        "Playlist ID,Channel ID,Time Created,Time Updated,Title,Description,Visibility\n"
        f"WL,UCTwECeGqMZee77BjdoYtI2Q,2015-01-01 00:00:00 UTC,,Programming,,Private\n\n"
        f"Video ID,Time Added\n{A},2021-05-01 12:00:00 UTC\n{B},2021-05-02 12:00:00 UTC\n\n",
        [(5, A), (6, B)],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_in_any_dialect_gives_its_rows_by_line(name: str) -> None:
    content, rows = TABLES[name]
    assert found(content) == rows


EMPTY, MISSING, FOREIGN = InvalidUrlReason.EMPTY, InvalidUrlReason.VIDEO_ID_MISSING, InvalidUrlReason.NOT_YOUTUBE
EXPORT = {"name": "List", "videos": [{"url": f"{URL}{A}", "title": C}, {"url": f"{URL}{B}"}]}
DOCUMENTS = {
    "history": (HISTORY, [(1, A), (2, MISSING), (5, MISSING), (6, B)]),
    "our export": (EXPORT, [(1, A), (2, B)]),
    "addresses": ([f"{URL}{A}", B, "hello", ""], [(1, A), (2, B), (3, FOREIGN), (4, EMPTY)]),
    "objects": ([{"youtube_id": A}, {"videoId": B}, {"id": D, "url": None}], [(1, A), (2, B), (3, D)]),
    "a number of eleven digits": ([int(C), {"video_id": int(C)}], [(1, C), (2, C)]),
    "one object": ({"url": A}, [(1, A)]),
    "other things": ([None, [A], {}, {"id": {"x": A}}], [(1, EMPTY), (2, EMPTY), (3, MISSING), (4, MISSING)]),
    "items": ({"kind": "x", "items": [{"id": A}, B]}, [(1, A), (2, B)]),
    "entries": ({"entries": [{"url": B}], "id": "PLx", "title": "List"}, [(1, B)]),
    "no list of videos": ({"items": 7, "url": A}, [(1, A)]),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_document_gives_its_entries_by_place(name: str, indent: int | None) -> None:
    document, rows = DOCUMENTS[name]
    assert found(json.dumps(document, indent=indent), "Verlauf.JSON") == rows


def test_json_is_recognised_without_its_name_and_a_title_in_brackets_is_none() -> None:
    assert found(json.dumps([A]), "upload") == [(1, A)]
    assert found(f"[Live] One,{URL}{A}\n", "upload") == [(1, A)]


LINES = {
    "objects": (f'{{"url": "{A}"}}\n\n{{"url": "{B}"}}\n', [(1, A), (3, B)]),
    "texts": (f'"{URL}{A}"\r\n"{B}"\r\n', [(1, A), (2, B)]),
    "a damaged line": (f'{{"url": "{A}"}}\n{{"url": "{B}\n{{"url": "{C}"}}\n', [(1, A), (2, FOREIGN), (3, C)]),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("file", ["upload", "videos.jsonl", "videos.json"])
def test_json_may_have_an_entry_a_line(name: str, file: str) -> None:
    content, rows = LINES[name]
    assert found(content, file) == rows


def test_entries_at_any_place_of_a_large_document_are_read() -> None:
    entries: list[object] = [{"id": B, "note": "x" * size} for size in (500_000, 40_000, 500_000)]
    document = json.dumps({"name": "x" * 400_000, "videos": [*entries, *[int(C)] * 3]})
    assert [youtube_id for _, youtube_id in found(document)] == [B, B, B, C, C, C]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8", "cp1252"])
def test_common_encodings_are_detected(encoding: str) -> None:
    [row, refused] = rows_of(f"Titel;Adresse\nMüller – Öl;{URL}{A}\nÄrger;Übung\n".encode(encoding))
    assert row.youtube_id == A
    assert refused.text == "Übung"


@pytest.mark.parametrize(
    ("encoding", "title"),
    [("shift_jis", "灯台の一日"), ("mac_roman", "Müller – Öl"), ("latin-1", "\x81\x9d"), ("gb18030", "灯塔")],
)
def test_of_other_encodings_the_addresses_are_read(encoding: str, title: str) -> None:
    content = f"{title},{URL}{A}\n{title},{URL}{B}\n".encode(encoding)
    assert found(content) == [(1, A), (2, B)]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_detected_by_a_single_url(encoding: str) -> None:
    preamble = "これは灯台についての長い説明です。" * 1000
    assert found(f"{preamble}\n{URL}{A}\n".encode(encoding))[1] == (2, A)


@pytest.mark.parametrize("odd", [b"\x81", b"\x9d", b"\xff"])
def test_text_is_utf8_despite_an_invalid_byte(odd: bytes) -> None:
    [row, *_] = rows_of("Übung für Ärger, hello\n".encode() + odd)
    assert row.text == "Übung für Ärger"


@pytest.mark.parametrize("mark", [b"\xfe\xff", b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"])
def test_byte_order_mark_decides(mark: bytes) -> None:
    encoding = {b"\xfe\xff": "utf-16-be", b"\xff\xfe\x00\x00": "utf-32-le", b"\x00\x00\xfe\xff": "utf-32-be"}[mark]
    assert found(mark + f"id\n{A}\n".encode(encoding)) == [(2, A)]


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("videos.csv", content)
    return archive.getvalue()


PACKERS: list[Callable[[bytes], bytes]] = [
    zipped,
    gzip.compress,
    lzma.compress,
    lambda content: b"7z\xbc\xaf\x27\x1c" + content,
]


@pytest.mark.parametrize("pack", PACKERS)
def test_compressed_files_are_rejected(pack: Callable[[bytes], bytes]) -> None:
    assert problem_of(pack(A.encode())) is FileProblem.COMPRESSED


UNREADABLE = {
    "nothing": (b"", FileProblem.EMPTY),
    "blanks": (b" \r\n\t\n", FileProblem.EMPTY),
    "a mark alone": (b"\xef\xbb\xbf", FileProblem.EMPTY),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", FileProblem.NOT_TEXT),
    "a header alone": (b"video_id,title\n", FileProblem.EMPTY),
    "a list of nothing": (b"[]", FileProblem.EMPTY),
    "a photo": (b"\xff\xd8\xff\xe0\x00\x10JFIF", FileProblem.NOT_TEXT),
    "any bytes": (bytes(range(256)) * 9, FileProblem.NOT_TEXT),
    "broken UTF-16": (b"\xff\xfe" + b"\x00\xd8" * 9, FileProblem.NOT_TEXT),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", FileProblem.DOCUMENT),
    "Takeout's history as a web page": (b"\n<!-- x --> <HTML><body>" + URL.encode(), FileProblem.DOCUMENT),
    "a web page": (f'<!DOCTYPE html><a href="{URL}{A}">'.encode("utf-16"), FileProblem.DOCUMENT),
    "too large": (b"\n" * (MAX_FILE_BYTES + 1), FileProblem.TOO_LARGE),
    "too many rows": (f"{A}\n".encode() * (MAX_ROWS + 1), FileProblem.TOO_MANY_ROWS),
    "too many on a line": (",".join([A] * (MAX_ROWS + 1)).encode(), FileProblem.TOO_MANY_ROWS),
    "too many lines that say nothing": (b"=\n" * (MAX_READ + 1), FileProblem.TOO_MANY_ROWS),
    "too many headers": (b"id\n" * (MAX_READ + 1), FileProblem.TOO_MANY_ROWS),
    "too many entries": (json.dumps([A] * (MAX_ROWS + 1)).encode(), FileProblem.TOO_MANY_ENTRIES),
    "too many brackets": (b"[" + b"[]," * 1_000_000 + b"[]]", FileProblem.TOO_MANY_ENTRIES),
    "too many advertisements": (json.dumps([HISTORY[2]] * (MAX_READ + 1)).encode(), FileProblem.TOO_MANY_ENTRIES),
    "an entry without end": (b"[[" + b"[]," * 1_000_000 + b"[]]]", FileProblem.JSON_INVALID),
    "an object without end": (b"{" + b'"a":1,' * 10_000 + b'"a":1}', FileProblem.JSON_INVALID),
    "two documents": (b'["x"] ["y"]', FileProblem.JSON_INVALID),
    "no value": (b'{"id" "x"}', FileProblem.JSON_INVALID),
    "half a document": (json.dumps(HISTORY).encode()[:-5], FileProblem.JSON_INVALID),
    "nested deeply": (b"[" * 100_000 + b"]" * 100_000, FileProblem.JSON_INVALID),
    "a huge number": (b'["", ' + b"9" * 1_000_000 + b"]", FileProblem.JSON_INVALID),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_file_has_one_reason(name: str) -> None:
    content, problem = UNREADABLE[name]
    assert problem_of(content) is problem


def test_as_many_rows_as_allowed_are_read_and_blank_ones_do_not_count() -> None:
    assert len(rows_of(f"id,title\n{A},x\n,\n\n" * MAX_ROWS)) == MAX_ROWS


def test_row_text_is_printable() -> None:
    [long, odd] = rows_of(json.dumps(["x" * 5000, "a\ud800\u0000b"]))
    assert len(long.text) == MAX_SHOWN_CHARACTERS
    assert long.reason is InvalidUrlReason.TOO_LONG
    assert odd.text == "a  b"
    [removed] = rows_of(json.dumps([{"title": "Watched a video that has been removed"}]))
    assert removed.text == "Watched a video that has been removed"


def test_urls_are_rows_by_position() -> None:
    rows = read_urls([f"{URL}{A}", "", "hello"])
    assert rows == [
        ImportedRow(1, f"{URL}{A}", A, None),
        ImportedRow(2, "", None, InvalidUrlReason.EMPTY),
        ImportedRow(3, "hello", None, InvalidUrlReason.NOT_YOUTUBE),
    ]


VALID_FILES = [content.encode() for content, _ in TABLES.values()]
VALID_FILES += [json.dumps(document).encode() for document, _ in DOCUMENTS.values()]


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """A valid file after some bytes are removed and others inserted."""
    content = draw(st.sampled_from(VALID_FILES)).decode().encode(draw(st.sampled_from(["utf-8", "utf-16"])))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        kept = start + draw(st.integers(0, 9))
        content = (
            content[:start] + draw(st.binary(max_size=5) | st.sampled_from([b'"', b'",', b"\n", b"["])) + content[kept:]
        )
    return content


@given(st.sampled_from(["a.csv", "a.json", ""]), st.binary() | st.text().map(str.encode) | damaged_files())
@example("a.json", b'{"videos": [{"details": [1, {"name": 2}], "id": 1e999}]}')
@example("a.csv", b'"' * 5000)
def test_any_bytes_give_rows_or_one_reason(name: str, content: bytes) -> None:
    try:
        rows = read_file(name, content).rows
    except UnreadableFileError:
        return
    numbers = [row.number for row in rows]
    assert numbers == sorted(numbers)
    assert all((row.youtube_id is None) is (row.reason is not None) for row in rows)
    assert all(row.text.encode() is not None and len(row.text) <= MAX_SHOWN_CHARACTERS for row in rows)


CELLS = st.text(alphabet="ab \",;\t|'=", max_size=12)


@given(st.lists(st.tuples(st.sampled_from([A, B, C, D]), CELLS, st.booleans()), min_size=1, max_size=8))
def test_malformed_row_spoils_no_other(lines: list[tuple[str, str, bool]]) -> None:
    """Malformed lines do not affect others."""
    content = "id,title\n" + "".join(f"{youtube_id},{'x' if good else rest}\n" for youtube_id, rest, good in lines)
    read = dict(found(content))
    assert [read.get(number) for number, line in enumerate(lines, start=2) if line[2]] == [
        youtube_id for youtube_id, _, good in lines if good
    ]


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "shift_jis", "mac_roman"]


@given(st.sampled_from(ENCODINGS), st.integers(0, 40), st.binary(min_size=1, max_size=1))
@example("utf-8", 16, b"\0")
@example("utf-16-le", 30, b"\xd8")
def test_invalid_byte_spoils_only_its_row(encoding: str, place: int, odd: bytes) -> None:
    """An invalid byte does not affect other lines, in any encoding."""
    title = {"shift_jis": "灯台", "utf-16-le": "灯台", "utf-16-be": "灯台"}.get(encoding, "Öl")
    before, line, after = (f"{youtube_id},{title}\n".encode(encoding) for youtube_id in (A, B, C))
    mark = len("".encode(encoding))
    line, after = line[mark:], after[mark:]
    place = min(place, len(line) - len("\n".encode(encoding)[mark:]) - 1)
    read = dict(found(before + line[:place] + odd + line[place + 1 :] + after))
    assert A in read.values()
    assert C in read.values()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_truncated_last_character_is_dropped(encoding: str) -> None:
    assert found(f"{A}\n{B}\n".encode(encoding)[:-1]) == [(1, A), (2, B)]
