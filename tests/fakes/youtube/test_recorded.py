"""The recorded YouTube, seen through the real libraries, is what was measured when it was recorded."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from youtube_transcript_api import CouldNotRetrieveTranscript, IpBlocked, RequestBlocked
from yt_dlp.utils import DownloadError

from fakes import recordings
from fakes.youtube import FakeYoutube, Fault, Kind
from fakes.youtube.recorded import RecordedYoutube, sample_segments
from tests.fakes.youtube.clients import extract, http, transcripts
from tests.support.recordings import needs_recordings

pytestmark = needs_recordings
VIDEO_IDS = list(recordings.expected()["videos"]) if recordings.AVAILABLE else []
LISTS = list(recordings.expected()["tabs"]) if recordings.AVAILABLE else []


@pytest.fixture(scope="module")
async def recorded() -> AsyncIterator[FakeYoutube]:
    """A fake YouTube that serves the recordings."""
    async with FakeYoutube.start(youtube=RecordedYoutube()) as fake_youtube:
        yield fake_youtube


@pytest.fixture
def fake_youtube(recorded: FakeYoutube, monkeypatch: pytest.MonkeyPatch) -> FakeYoutube:
    """The recorded YouTube with an empty log."""
    recorded.clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(recorded.ca_file))
    return recorded


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """The figures that `expected.json` gives about a video."""
    formats = found["formats"]
    return {
        **found,
        "description_len": len(found["description"] or ""),
        "tags": len(found["tags"]),
        "chapters": [[chapter["start_time"], chapter["title"]] for chapter in found["chapters"] or []],
        "manual_subs": sorted(found["subtitles"]),
        "n_auto_langs": len(found["automatic_captions"]),
        "n_formats": len(formats),
        "n_audio_only": sum(each.get("vcodec") == "none" and each.get("acodec") != "none" for each in formats),
    }


@pytest.mark.parametrize("youtube_id", VIDEO_IDS)
def test_ytdlp_finds_what_was_measured(fake_youtube: FakeYoutube, youtube_id: str) -> None:
    wanted = dict(recordings.expected()["videos"][youtube_id]["default"])
    requests = wanted.pop("requests")
    if "error" in wanted:
        with pytest.raises(DownloadError) as caught:
            extract(fake_youtube, youtube_id)
        assert wanted["message"] in str(caught.value)
    else:
        found = summary(extract(fake_youtube, youtube_id))
        assert {name: found.get(name) for name in wanted} == wanted
    assert len(fake_youtube.requests) == requests


@pytest.mark.parametrize("youtube_id", VIDEO_IDS)
def test_transcript_api_finds_what_was_measured(fake_youtube: FakeYoutube, youtube_id: str) -> None:
    wanted = recordings.expected()["videos"][youtube_id]["transcripts"]
    if isinstance(wanted, dict):
        with pytest.raises(CouldNotRetrieveTranscript) as caught:
            transcripts(fake_youtube).list(youtube_id)
        assert type(caught.value).__name__ == wanted["error"]
    else:
        tracks = list(transcripts(fake_youtube).list(youtube_id))
        assert [[track.language_code, "auto" if track.is_generated else "manual"] for track in tracks] == wanted
        assert len(tracks[0].fetch()) == len(sample_segments())


@pytest.mark.parametrize("url", LISTS)
def test_ytdlp_lists_what_was_measured(fake_youtube: FakeYoutube, url: str) -> None:
    wanted = dict(recordings.expected()["tabs"][url])
    requests = wanted.pop("requests")
    if "error" in wanted:
        with pytest.raises(DownloadError) as caught:
            extract(fake_youtube, url)
        assert wanted["message"] in str(caught.value)
    else:
        found = extract(fake_youtube, url)
        entries = list(found["entries"])
        figures = {**found, "entries": len(entries), "first": entries[0]["id"], "last": entries[-1]["id"]}
        assert {name: figures.get(name) for name in wanted} == wanted
    assert len(fake_youtube.requests) == requests


def test_audio_is_as_long_as_announced(fake_youtube: FakeYoutube) -> None:
    found = extract(fake_youtube, "KI7fMGRg0Wk", format="bestaudio")
    with http(fake_youtube) as client:
        sound = client.get(found["url"])
    assert len(sound.content) == found["filesize"] > 0


def test_captions_come_in_the_formats_that_ytdlp_names(fake_youtube: FakeYoutube) -> None:
    tracks = extract(fake_youtube, "KI7fMGRg0Wk")["automatic_captions"]["de-orig"]
    with http(fake_youtube) as client:
        bodies = {track["ext"]: client.get(track["url"]).text for track in tracks}
    assert bodies["vtt"].startswith("WEBVTT")
    assert bodies["json3"].startswith('{"wireMagic"')


def test_error_pages_serve_as_faults(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, status=429, body=recordings.page("recaptcha_429"), times=1))
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, body=recordings.page("recaptcha_429"), times=1))
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, body=recordings.page("player.bot_check"), times=1))
    for error in (IpBlocked, IpBlocked, RequestBlocked):
        with pytest.raises(error):
            transcripts(fake_youtube).list("KI7fMGRg0Wk")
