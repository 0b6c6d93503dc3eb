"""Invented videos: the generated ones and the demo's."""

import random

import pytest

from fakes.youtube import FakeVideo, FakeYoutube, Library, VideoState, demo
from fakes.youtube.generate import invent
from tests.fakes.youtube.clients import extract, transcripts


def ids(count: int) -> list[str]:
    dice = random.Random(7)  # noqa: S311 - only variety is wanted
    return ["".join(dice.choices("abcXYZ019-_", k=11)) for _ in range(count)]


def test_a_video_is_invented_from_its_id_alone() -> None:
    first = [invent(youtube_id) for youtube_id in ids(20)]
    invent.cache_clear()
    assert [invent(youtube_id) for youtube_id in ids(20)] == first


def test_inventions_vary() -> None:
    videos = [video for video in map(invent, ids(200)) if video]
    assert len(videos) == 200
    assert {bool(video.captions) for video in videos} == {True, False}
    assert {bool(video.chapters) for video in videos} == {True, False}
    assert any("0:00 Welcome" in video.description for video in videos)
    assert {track.automatic for video in videos for track in video.captions} == {True, False}
    for video in videos:
        starts = [chapter.start_seconds for chapter in video.chapters]
        assert starts == sorted(set(starts))
        for track in video.captions:
            assert track.segments[-1].start_seconds + track.segments[-1].duration_seconds <= video.duration_seconds


@pytest.mark.parametrize("youtube_id", ["short", "twelve-chars", "bad!chars!!", ""])
def test_an_id_that_is_not_well_formed_is_no_video(youtube_id: str) -> None:
    assert Library(generate=True).get(youtube_id) is None


def test_added_videos_come_before_invented_ones() -> None:
    mine = FakeVideo("abcdefghijk", "Mine")
    library = Library([mine], generate=True)
    assert library.get("abcdefghijk") is mine
    library.clear()
    assert library.get("abcdefghijk") == invent("abcdefghijk")
    assert Library().get("abcdefghijk") is None


def test_a_video_needs_an_id_of_eleven_characters() -> None:
    with pytest.raises(ValueError, match="11 characters"):
        FakeVideo("short")


async def test_the_libraries_understand_invented_videos(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeYoutube.start(library=Library(generate=True)) as fake_youtube:
        monkeypatch.setenv("SSL_CERT_FILE", str(fake_youtube.ca_file))
        for youtube_id in ids(5):
            video = invent(youtube_id)
            assert video is not None
            found = extract(fake_youtube, youtube_id)
            assert (found["title"], found["duration"]) == (video.title, video.duration_seconds)
            if video.captions:
                fetched = transcripts(fake_youtube).fetch(youtube_id)
                assert len(fetched) == len(video.captions[0].segments)


def test_the_demos_table_names_its_videos() -> None:
    library = demo.demo_library()
    documented = [line.split("`")[1] for line in (demo.__doc__ or "").splitlines() if line.startswith("| `")]
    videos = [library.get(youtube_id) for youtube_id in documented]
    assert all((video and "ferry" in video.title.lower()) or (video and "Fähre" in video.title) for video in videos)
    assert {video.state for video in videos if video} >= {VideoState.OK, VideoState.PRIVATE, VideoState.LIVE_NOW}
