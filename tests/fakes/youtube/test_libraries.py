"""The real yt-dlp and youtube-transcript-api understand the invented videos, in the expected number of requests."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from youtube_transcript_api import PoTokenRequired, TranscriptsDisabled

from fakes.youtube import Audio, Captions, Chapter, FakeVideo, FakeYoutube, Kind, Segment, captions
from tests.fakes.youtube.clients import extract, http, transcripts, ytdlp

YOUTUBE_ID = "abcdefghijk"
CHAPTERS = (Chapter(0, "Casting off"), Chapter(60, "Open water"), Chapter(3700, "The far shore"))


def kinds(fake_youtube: FakeYoutube) -> list[tuple[Kind, str | None]]:
    return [(request.kind, request.client) for request in fake_youtube.requests]


def test_ytdlp_reads_everything_about_a_video_in_two_requests(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(
        FakeVideo(
            YOUTUBE_ID,
            title="Ropes & <knots>",
            channel="The Pier",
            duration_seconds=4000,
            description="Two lines\nof text </script>",
            tags=("rope", "knot"),
            category="Howto & Style",
            view_count=77,
            published_at=datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC),
            chapters=CHAPTERS,
        )
    )

    found = extract(fake_youtube, YOUTUBE_ID)

    wanted = {
        "title": "Ropes & <knots>",
        "channel": "The Pier",
        "uploader_id": "@ThePier",
        "duration": 4000,
        "description": "Two lines\nof text </script>",
        "tags": ["rope", "knot"],
        "categories": ["Howto & Style"],
        "view_count": 77,
        "timestamp": int(datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC).timestamp()),
        "live_status": "not_live",
        "availability": "public",
    }
    assert {name: found[name] for name in wanted} == wanted
    assert [(chapter["start_time"], chapter["title"]) for chapter in found["chapters"]] == [
        (0, "Casting off"),
        (60, "Open water"),
        (3700, "The far shore"),
    ]
    assert kinds(fake_youtube) == [(Kind.WATCH, None), (Kind.PLAYER, "VISIONOS")]
    assert {request.youtube_id for request in fake_youtube.requests} == {YOUTUBE_ID}


def test_chapters_in_the_description_are_found_without_a_panel(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, description="0:00 One\n1:00 Two\n2:00 Three"))
    assert [chapter["title"] for chapter in extract(fake_youtube, YOUTUBE_ID)["chapters"]] == ["One", "Two", "Three"]


def test_ytdlp_names_manual_and_automatic_tracks(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(
        FakeVideo(YOUTUBE_ID, captions=(captions("de", "Hallo"), captions("en", "Hello", automatic=True)))
    )
    found = extract(fake_youtube, YOUTUBE_ID)
    assert set(found["subtitles"]) == {"de"}
    assert {"en", "en-orig"} <= set(found["automatic_captions"])
    assert "tlang=fr" in found["automatic_captions"]["fr"][0]["url"]


def track_url(found: dict[str, Any], container: str, language: str, fmt: str) -> str:
    return str(next(track["url"] for track in found[container][language] if track["ext"] == fmt))


def test_a_caption_track_is_one_more_request_in_every_format(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, captions=(captions("en", "Hello & <welcome>", "again"),)))
    found = extract(fake_youtube, YOUTUBE_ID)
    bodies = {}
    with http(fake_youtube) as client:
        for fmt in ("json3", "srv1", "srv3", "vtt"):
            bodies[fmt] = client.get(track_url(found, "subtitles", "en", fmt)).text
    events = json.loads(bodies["json3"])["events"]
    assert [(event["tStartMs"], event["dDurationMs"], event["segs"][0]["utf8"]) for event in events] == [
        (0, 2500, "Hello & <welcome>"),
        (2500, 2500, "again"),
    ]
    assert '<text start="2.500" dur="2.500">again</text>' in bodies["srv1"]
    assert '<p t="2500" d="2500">again</p>' in bodies["srv3"]
    assert "00:00:02.500 --> 00:00:05.000\nagain\n" in bodies["vtt"]
    assert kinds(fake_youtube)[2:] == [(Kind.TIMEDTEXT, None)] * 4


def test_automatic_json3_rolls_up_word_by_word(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, captions=(captions("en", "one two", "three", automatic=True),)))
    found = extract(fake_youtube, YOUTUBE_ID)
    with http(fake_youtube) as client:
        events = client.get(track_url(found, "automatic_captions", "en-orig", "json3")).json()["events"]
    assert "segs" not in events[0]
    spoken = [event["segs"] for event in events if "segs" in event and not event.get("aAppend")]
    lines = ["".join(word["utf8"] for word in words) for words in spoken]
    assert lines == ["one two", "three"]


def test_transcript_api_fetches_in_three_requests(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, captions=(captions("en", "Hello & welcome", "again"),)))
    fetched = transcripts(fake_youtube).fetch(YOUTUBE_ID, languages=["en"])
    assert [(line.start, line.duration, line.text) for line in fetched] == [
        (0.0, 2.5, "Hello & welcome"),
        (2.5, 2.5, "again"),
    ]
    assert (fetched.language, fetched.language_code, fetched.is_generated) == ("English", "en", False)
    assert kinds(fake_youtube) == [(Kind.WATCH, None), (Kind.PLAYER, "ANDROID"), (Kind.TIMEDTEXT, None)]


def test_transcript_api_translates(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, captions=(captions("en", "Hello", automatic=True),)))
    found = transcripts(fake_youtube).list(YOUTUBE_ID).find_generated_transcript(["en"])
    assert [line.text for line in found.translate("de").fetch()] == ["[de] Hello"]


def test_a_video_without_captions(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID))
    found = extract(fake_youtube, YOUTUBE_ID)
    assert (found["subtitles"], found["automatic_captions"]) == ({}, {})
    with pytest.raises(TranscriptsDisabled):
        transcripts(fake_youtube).list(YOUTUBE_ID)


def test_a_track_that_needs_a_token_for_one_client_is_open_to_the_other(fake_youtube: FakeYoutube) -> None:
    segments = (Segment(0, 1, "Hello"),)
    fake_youtube.library.add(
        FakeVideo(YOUTUBE_ID, captions=(Captions("en", segments, token_clients=frozenset({"VISIONOS"})),)),
        FakeVideo("abcdefghij2", captions=(Captions("en", segments, token_clients=frozenset({"ANDROID"})),)),
    )
    assert extract(fake_youtube, YOUTUBE_ID)["subtitles"] == {}
    assert [line.text for line in transcripts(fake_youtube).fetch(YOUTUBE_ID)] == ["Hello"]
    assert set(extract(fake_youtube, "abcdefghij2")["subtitles"]) == {"en"}
    with pytest.raises(PoTokenRequired):
        transcripts(fake_youtube).fetch("abcdefghij2")


def test_ytdlp_downloads_the_audio(fake_youtube: FakeYoutube, tmp_path: Path) -> None:
    content = bytes(range(256)) * 100
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, audios=(Audio(content),), audio_language="de"))
    template = str(tmp_path / "%(id)s.%(ext)s")
    with ytdlp(fake_youtube, outtmpl=template, fixup="never", noprogress=True) as downloader:
        found = downloader.extract_info(f"https://youtu.be/{YOUTUBE_ID}")
    assert (tmp_path / f"{YOUTUBE_ID}.m4a").read_bytes() == content
    assert found["language"] == "de"
    assert [kind for kind, _ in kinds(fake_youtube)].count(Kind.AUDIO) == 1


def test_each_of_several_audio_tracks_has_its_address(fake_youtube: FakeYoutube) -> None:
    dubbed, protected = Audio(b"two", dubbed_language="fr"), Audio(b"three", itag=251, is_protected=True)
    with_pictures = Audio(b"four", 'video/mp4; codecs="avc1.42001E, mp4a.40.2"', 18, 300_000)
    audios = (Audio(b"one"), dubbed, protected, with_pictures)
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, audios=audios, audio_language="de"))
    found = extract(fake_youtube, YOUTUBE_ID, allow_unplayable_formats=True)["formats"]
    with http(fake_youtube) as client:
        sounds = {each["format_id"]: (each["language"], client.get(each["url"]).text) for each in found}
        nothing = client.get(found[0]["url"], params={"itag": "139"})
    assert sounds == {
        "140-0": ("fr", "two"),
        "140-1": ("de", "one"),
        "251": ("de", "three"),
        "18": ("de", "four"),
    }
    assert [each["has_drm"] for each in found].count(True) == 1
    assert nothing.content == b""


def test_audio_is_served_in_ranges(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, audios=(Audio(b"0123456789"),)))
    url = extract(fake_youtube, YOUTUBE_ID)["url"]
    with http(fake_youtube) as client:
        part = client.get(url, headers={"Range": "bytes=2-4"})
        rest = client.get(url, headers={"Range": "bytes=8-"})
        beyond = client.get(url, headers={"Range": "bytes=10-"})
        head = client.head(url)
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert (rest.status_code, rest.content) == (206, b"89")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */10")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "10")
    assert [request.byte_range for request in fake_youtube.requests[2:]] == ["bytes=2-4", "bytes=8-", "bytes=10-", None]
