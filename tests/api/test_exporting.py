"""Exports are safe in spreadsheets, complete in JSON, and import as the same list."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.batches.files.parse import read_file
from services.api.batches.files.problems import FileProblem, UnreadableFileError
from services.api.exports.formats import ROWS_PER_CHUNK, ExportedVideo, export_csv, export_json
from shared.text import one_line

VIDEO = ExportedVideo(
    url="https://www.youtube.com/watch?v=aB3-_9xYz01",
    title='Say "hi"; now, 🚢',
    channel="Ärzte",
    duration_seconds=61,
    published_at=datetime(2024, 5, 1, 12, tzinfo=UTC),
    import_stage="complete",
    captions_source="youtube",
    captions_language="de",
    added_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)
NEW = replace(VIDEO, title=None, channel=None, duration_seconds=None, published_at=None, import_stage="created")
UNKNOWN = replace(NEW, captions_source=None, captions_language=None)

Export = Callable[[str, Iterable[ExportedVideo]], Iterator[bytes]]


def table_of(*videos: ExportedVideo) -> list[dict[str, str]]:
    content = b"".join(export_csv("List", videos)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_the_table_is_one_that_excel_opens() -> None:
    content = b"".join(export_csv("List", [VIDEO, UNKNOWN]))
    assert content.startswith(b"\xef\xbb\xbfurl,title,channel,")
    assert content.count(b"\r\n") == content.count(b"\n") == 3
    whole, unknown = table_of(VIDEO, UNKNOWN)
    assert whole == {
        "url": VIDEO.url,
        "title": VIDEO.title,
        "channel": "Ärzte",
        "duration_seconds": "61",
        "published_at": "2024-05-01T12:00:00+00:00",
        "import_stage": "complete",
        "captions_source": "youtube",
        "captions_language": "de",
        "added_at": "2026-01-02T03:04:05+00:00",
    }
    assert [name for name, value in unknown.items() if value] == ["url", "import_stage", "added_at"]


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\n=1",
        "＝1",
        "\x01=1",
        "\x9d=1",
        "\u200b=1",
        "\ufeff\u202e=1",
    ],
)
def test_no_cell_is_run_as_a_formula(formula: str) -> None:
    [row] = table_of(replace(VIDEO, title=formula, channel=formula))
    assert row["title"][0] == row["channel"][0] == "'"
    assert one_line(row["title"]) == row["title"]


@pytest.mark.parametrize("formula", ["=1+1", " =1", '"=1+1"', "\t@SUM(A1)", "\x01-1"])
def test_nor_where_semicolons_separate_cells(formula: str) -> None:
    """As for Excel in much of Europe, which splits what stands in quotation marks, too."""
    content = b"".join(export_csv("List", [replace(VIDEO, title=f"Title;{formula}")])).decode("utf-8-sig")
    cells = [cell.strip(' "') for line in content.splitlines() for cell in line.split(";")]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def test_the_json_has_every_field_as_it_is() -> None:
    document = json.loads(b"".join(export_json('A "list"', [VIDEO, UNKNOWN])))
    assert document["name"] == 'A "list"'
    whole, unknown = document["videos"]
    assert list(whole) == list(unknown) == list(VIDEO.__dict__)
    assert whole["title"] == VIDEO.title
    assert whole["duration_seconds"] == 61
    assert unknown["title"] is None
    assert unknown["added_at"] == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize("export", [export_csv, export_json])
def test_an_export_is_written_while_the_rows_come(export: Export) -> None:
    taken = 0

    def rows() -> Iterator[ExportedVideo]:
        nonlocal taken
        for _ in range(3 * ROWS_PER_CHUNK):
            taken += 1
            yield VIDEO

    chunks = export("List", rows())
    next(chunks)
    next(chunks)
    assert taken == ROWS_PER_CHUNK
    assert sum(chunk.count(VIDEO.url.encode()) for chunk in chunks) == 2 * ROWS_PER_CHUNK


@pytest.mark.parametrize("export", [export_csv, export_json])
def test_an_empty_list_is_a_file_too(export: Export) -> None:
    with pytest.raises(UnreadableFileError) as refusal:
        read_file("list", b"".join(export("List", [])))
    assert refusal.value.reason is FileProblem.EMPTY


TEXTS = (
    st.text() | st.text(alphabet="a\",;\n\r\t|='\u2028\x85") | st.sampled_from(["=1", "Programming", "a\nid,url\nb"])
)
IDS = st.text(ascii_letters + digits + "-_", min_size=11, max_size=11).filter(
    lambda youtube_id: youtube_id not in ("videoseries", "live_stream")
)
VIDEOS = st.builds(
    lambda youtube_id, title, channel: replace(
        VIDEO, url=f"https://www.youtube.com/watch?v={youtube_id}", title=title, channel=channel
    ),
    IDS,
    st.none() | TEXTS,
    st.none() | TEXTS | IDS,
)


@given(st.lists(VIDEOS, min_size=1, max_size=8), TEXTS)
def test_an_export_imports_as_the_same_videos(videos: list[ExportedVideo], name: str) -> None:
    ids = [video.url[-11:] for video in videos]
    assert [row.youtube_id for row in read_file("x.csv", b"".join(export_csv(name, videos))).rows] == ids
    assert [row.youtube_id for row in read_file("x", b"".join(export_json(name, videos))).rows] == ids
