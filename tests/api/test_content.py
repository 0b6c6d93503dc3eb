"""Transcript and chapters of a video."""

import pytest

from tests.api.support import Api, youtube_id


async def _add_segments(api: Api, count: int) -> None:
    await api.execute(
        """
        INSERT INTO transcript_segments (youtube_id, position, language, start_seconds, end_seconds, text)
        SELECT :youtube_id, n, 'en', n * 2.5, n * 2.5 + 2, 'Line ' || n FROM generate_series(0, :last) n
        """,
        youtube_id=youtube_id(1),
        last=count - 1,
    )


@pytest.fixture
async def video_id(api_without_temporal: Api) -> str:
    """A complete video."""
    video = await api_without_temporal.add(await api_without_temporal.new_list())
    await api_without_temporal.complete()
    return str(video["id"])


async def test_captions_have_times_language_and_origin(api_without_temporal: Api, video_id: str) -> None:
    await _add_segments(api_without_temporal, 2)

    assert await api_without_temporal.get(f"/videos/{video_id}/transcript") == {
        "captions_source": "youtube",
        "captions_language": "en",
        "captions_kind": "manual",
        "segments": [
            {"start_seconds": 0.0, "end_seconds": 2.0, "text": "Line 0"},
            {"start_seconds": 2.5, "end_seconds": 4.5, "text": "Line 1"},
        ],
        "next_cursor": None,
    }


async def test_captions_come_in_pages(api_without_temporal: Api, video_id: str) -> None:
    await _add_segments(api_without_temporal, 7)

    page = await api_without_temporal.get(f"/videos/{video_id}/transcript", limit=3)
    lines = [segment["text"] for segment in page["segments"]]
    while page["next_cursor"]:
        page = await api_without_temporal.get(f"/videos/{video_id}/transcript", limit=3, cursor=page["next_cursor"])
        lines += [segment["text"] for segment in page["segments"]]

    assert lines == [f"Line {number}" for number in range(7)]


async def test_a_video_without_captions_says_so(api_without_temporal: Api, video_id: str) -> None:
    await api_without_temporal.execute(
        "UPDATE video_enrichments SET captions_source = 'none', captions_language = NULL, captions_kind = NULL"
    )

    assert await api_without_temporal.get(f"/videos/{video_id}/transcript") == {
        "captions_source": "none",
        "captions_language": None,
        "captions_kind": None,
        "segments": [],
        "next_cursor": None,
    }


async def test_before_the_import_there_is_nothing_yet(api_without_temporal: Api) -> None:
    video = await api_without_temporal.add(await api_without_temporal.new_list())

    transcript = await api_without_temporal.get(f"/videos/{video['id']}/transcript")

    assert (transcript["captions_source"], transcript["segments"]) == (None, [])
    assert await api_without_temporal.get(f"/videos/{video['id']}/chapters") == {"chapters": []}


async def test_chapters_come_in_order(api_without_temporal: Api, video_id: str) -> None:
    await api_without_temporal.execute(
        """
        INSERT INTO chapters (youtube_id, position, title, start_seconds, end_seconds)
        VALUES (:youtube_id, 1, 'Grinding', 95, NULL), (:youtube_id, 0, 'The glass', 0, 95)
        """,
        youtube_id=youtube_id(1),
    )

    assert await api_without_temporal.get(f"/videos/{video_id}/chapters") == {
        "chapters": [
            {"title": "The glass", "start_seconds": 0.0, "end_seconds": 95.0},
            {"title": "Grinding", "start_seconds": 95.0, "end_seconds": None},
        ]
    }
