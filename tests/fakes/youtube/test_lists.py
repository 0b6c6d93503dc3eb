"""The fake YouTube's playlists and channels, as the real yt-dlp sees them."""

from typing import Any

import httpx
import pytest
from yt_dlp.utils import DownloadError

from fakes.youtube import FakeList, FakeYoutube, Fault, Kind, Library
from fakes.youtube.generate import invent
from fakes.youtube.lists import invent_list
from tests.fakes.youtube.clients import extract

PLAYLIST_ID, CHANNEL_ID = "PLharbours-and-ferries", "UCharbourfilms_________1"
PLAYLIST = f"https://www.youtube.com/playlist?list={PLAYLIST_ID}"
CHANNEL = f"https://www.youtube.com/channel/{CHANNEL_ID}/videos"
IDS = tuple(f"harbour-{number:03}" for number in range(250))


def listed(fake_youtube: FakeYoutube, url: str) -> tuple[dict[str, Any], list[str]]:
    found = extract(fake_youtube, url)
    return found, [entry["id"] for entry in found["entries"]]


def test_ytdlp_lists_a_playlist_in_pages_of_a_hundred(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, "Harbours", IDS, announced=260))
    found, youtube_ids = listed(fake_youtube, PLAYLIST)
    assert (found["title"], found["playlist_count"], tuple(youtube_ids)) == ("Harbours", 260, IDS)
    assert [request.kind for request in fake_youtube.requests] == [Kind.RESOLVE] + [Kind.BROWSE] * 4


@pytest.mark.parametrize("name", [f"channel/{CHANNEL_ID}", "@HarbourFilms", "c/harbourfilms", "user/HarbourFilms"])
def test_ytdlp_lists_a_channel_in_pages_of_thirty(fake_youtube: FakeYoutube, name: str) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, "Harbour Films", IDS[:70], handle="HarbourFilms"))
    found, youtube_ids = listed(fake_youtube, f"https://www.youtube.com/{name}/videos")
    assert (found["channel"], found["channel_id"], tuple(youtube_ids)) == ("Harbour Films", CHANNEL_ID, IDS[:70])
    assert found["uploader_id"] == "@HarbourFilms"
    assert len(fake_youtube.requests) == 4


def test_entries_that_are_not_there_have_a_title_that_says_so(fake_youtube: FakeYoutube) -> None:
    deleted, private = frozenset(IDS[1:2]), frozenset(IDS[2:3])
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, youtube_ids=IDS[:4], deleted=deleted, private=private))
    titles = [entry["title"] for entry in extract(fake_youtube, PLAYLIST)["entries"]]
    assert titles == ["Video harbour-000", "[Deleted video]", "[Private video]", "Video harbour-003"]
    hiding = extract(fake_youtube, PLAYLIST, compat_opts=["no-certifi", "no-youtube-unavailable-videos"])["entries"]
    assert [entry["id"] for entry in hiding] == [IDS[0], IDS[3]]


def test_a_topic_channel_has_an_uploads_playlist_only(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, "Pier - Topic", IDS[:5], has_videos_tab=False))
    with pytest.raises(DownloadError, match="does not have a videos tab"):
        listed(fake_youtube, CHANNEL)
    found, youtube_ids = listed(fake_youtube, f"https://www.youtube.com/playlist?list=UU{CHANNEL_ID[2:]}")
    assert (found["title"], tuple(youtube_ids)) == ("Uploads from Pier - Topic", IDS[:5])


def test_a_listing_is_short_as_often_as_configured(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, youtube_ids=IDS, short_after=200, short_times=2))
    assert [len(listed(fake_youtube, PLAYLIST)[1]) for _ in range(3)] == [200, 200, 250]
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, youtube_ids=IDS, short_after=100))
    assert [len(listed(fake_youtube, PLAYLIST)[1]) for _ in range(3)] == [100, 100, 100]


def test_pages_fail_like_everything_else(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, youtube_ids=IDS[:70]))
    fake_youtube.faults.add(Fault(kind=Kind.BROWSE, status=503, times=1))
    assert tuple(listed(fake_youtube, CHANNEL)[1]) == IDS[:70], "yt-dlp alone tries again"
    assert len(fake_youtube.requests) == 5


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (PLAYLIST, "The playlist does not exist"),
        (f"https://www.youtube.com/playlist?list=UU{CHANNEL_ID[2:]}", "The playlist does not exist"),
        (CHANNEL, "This channel does not exist"),
        ("https://www.youtube.com/@nobody/videos", "HTTP Error 404"),
        ("https://www.youtube.com/c/nobody/videos", "HTTP Error 404"),
    ],
)
def test_an_unknown_list(fake_youtube: FakeYoutube, url: str, words: str) -> None:
    with pytest.raises(DownloadError, match=words):
        extract(fake_youtube, url, extractor_retries=0)


def test_a_list_is_invented_from_its_name_alone() -> None:
    assert invent_list(PLAYLIST_ID) == invent_list(PLAYLIST_ID) != invent_list(f"{PLAYLIST_ID}2")
    assert invent_list("@HarbourFilms") == invent_list("@harbourfilms")
    for name in ("PLshort", "UCshort", "RDharbour-000abcdefghij", "@", "harbour"):
        assert invent_list(name) is None


async def test_ytdlp_understands_invented_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeYoutube.start(library=Library(generate=True)) as fake_youtube:
        monkeypatch.setenv("SSL_CERT_FILE", str(fake_youtube.ca_file))
        _, of_playlist = listed(fake_youtube, PLAYLIST)
        found, of_handle = listed(fake_youtube, "https://www.youtube.com/@SlowLectures/videos")
        _, of_channel = listed(fake_youtube, f"https://www.youtube.com/channel/{found['channel_id']}/videos")
    playlist = invent_list(PLAYLIST_ID)
    assert playlist is not None
    assert (len(of_playlist), len(set(of_playlist)), len(playlist.deleted)) == (40, 40, 1)
    assert of_handle == of_channel
    assert len(of_handle) == 60
    assert all(invent(youtube_id) for youtube_id in of_playlist + of_handle)


async def test_a_list_is_changed_over_http(fake_youtube: FakeYoutube) -> None:
    changed = {"list_id": PLAYLIST_ID, "title": "Changed", "youtube_ids": IDS[:2], "deleted": [IDS[0]]}
    async with httpx.AsyncClient(base_url=fake_youtube.control_url, trust_env=False) as control:
        assert (await control.post("/lists", json=changed)).status_code == 204
    assert fake_youtube.library.lists.get(PLAYLIST_ID) == FakeList(
        PLAYLIST_ID, "Changed", IDS[:2], deleted=frozenset({IDS[0]})
    )
