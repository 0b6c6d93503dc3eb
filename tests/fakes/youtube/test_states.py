"""Every state of a video makes the real libraries say what they say about such a video on YouTube."""

from datetime import UTC, datetime, timedelta

import pytest
from youtube_transcript_api import (
    AgeRestricted,
    CouldNotRetrieveTranscript,
    RequestBlocked,
    TranscriptsDisabled,
    VideoUnavailable,
    VideoUnplayable,
)
from yt_dlp.utils import DownloadError

from fakes.youtube import FakeVideo, FakeYoutube, Kind, VideoState, captions
from tests.fakes.youtube.clients import extract, transcripts

YOUTUBE_ID = "abcdefghijk"
ANSWERS: dict[VideoState, tuple[str, type[CouldNotRetrieveTranscript]]] = {
    VideoState.PRIVATE: ("Private video. Sign in if you've been granted access to this video", VideoUnplayable),
    VideoState.UNAVAILABLE: ("Video unavailable", VideoUnavailable),
    VideoState.REMOVED: ("Video unavailable. This video has been removed by the uploader", VideoUnavailable),
    VideoState.TERMINATED: ("associated with this video has been terminated.", VideoUnavailable),
    VideoState.MEMBERS_ONLY: ("This video is available to this channel's members on level", VideoUnplayable),
    VideoState.MUSIC_PREMIUM: ("This video is only available to Music Premium members", VideoUnplayable),
    VideoState.PAYMENT_REQUIRED: ("This video requires payment to watch", VideoUnplayable),
    VideoState.GEO_BLOCKED: ("has not made this video available in your country", VideoUnplayable),
    VideoState.AGE_RESTRICTED: ("Sign in to confirm your age", AgeRestricted),
    VideoState.RECORDING_UNAVAILABLE: ("This live stream recording is not available", VideoUnplayable),
    VideoState.LIVE_NOW: ("No video formats found!", TranscriptsDisabled),
    VideoState.UPCOMING: ("This live event will begin in a few moments.", VideoUnplayable),
    VideoState.PREMIERE: ("Premieres in a few moments", VideoUnplayable),
    VideoState.BOT_CHECK: ("Sign in to confirm you’re not a bot", RequestBlocked),
    VideoState.RATE_LIMITED: ("This content isn't available, try again later", VideoUnplayable),
}
"""yt-dlp's words and youtube-transcript-api's exception. `KIDS` and `WRONG_VIDEO` concern yt-dlp's client only."""


def add(fake_youtube: FakeYoutube, state: VideoState, starts_at: datetime | None = None) -> None:
    fake_youtube.library.add(
        FakeVideo(YOUTUBE_ID, state=state, starts_at=starts_at, captions=(captions("en", "Hello"),))
    )


@pytest.mark.parametrize(("state", "words"), [(state, words) for state, (words, _) in ANSWERS.items()])
def test_ytdlp_gives_the_reason(fake_youtube: FakeYoutube, state: VideoState, words: str) -> None:
    add(fake_youtube, state)
    with pytest.raises(DownloadError) as caught:
        extract(fake_youtube, YOUTUBE_ID)
    assert words in str(caught.value)


@pytest.mark.parametrize(("state", "error"), [(state, error) for state, (_, error) in ANSWERS.items()])
def test_transcript_api_gives_the_reason(
    fake_youtube: FakeYoutube, state: VideoState, error: type[CouldNotRetrieveTranscript]
) -> None:
    add(fake_youtube, state)
    with pytest.raises(error) as caught:
        transcripts(fake_youtube).list(YOUTUBE_ID)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (VideoState.KIDS, "This video is not available"),
        (VideoState.WRONG_VIDEO, "All player responses are invalid. Your IP is likely being blocked"),
    ],
)
def test_only_ytdlps_client_is_refused(fake_youtube: FakeYoutube, state: VideoState, words: str) -> None:
    add(fake_youtube, state)
    with pytest.raises(DownloadError, match=words):
        extract(fake_youtube, YOUTUBE_ID)
    assert [line.text for line in transcripts(fake_youtube).fetch(YOUTUBE_ID)] == ["Hello"]


def test_a_refusal_costs_no_more_requests_than_a_video(fake_youtube: FakeYoutube) -> None:
    for state in ANSWERS.keys() - {VideoState.AGE_RESTRICTED}:
        fake_youtube.clear()
        add(fake_youtube, state)
        extract(fake_youtube, YOUTUBE_ID, ignore_no_formats_error=True)
        assert [request.kind for request in fake_youtube.requests] == [Kind.WATCH, Kind.PLAYER], state


@pytest.mark.parametrize(
    ("state", "live_status"),
    [
        (VideoState.LIVE_NOW, "is_live"),
        (VideoState.UPCOMING, "is_upcoming"),
        (VideoState.PREMIERE, "is_upcoming"),
        (VideoState.MEMBERS_ONLY, "not_live"),
    ],
)
def test_metadata_is_there_although_there_is_nothing_to_play(
    fake_youtube: FakeYoutube, state: VideoState, live_status: str
) -> None:
    add(fake_youtube, state)
    found = extract(fake_youtube, YOUTUBE_ID, ignore_no_formats_error=True)
    assert found["title"].startswith("A day at the harbour")
    assert (found["channel"], found["live_status"]) == ("Harbour Films", live_status)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(days=3, minutes=1), "in 3 days"),
        (timedelta(hours=1, minutes=1), "in 1 hour."),
        (timedelta(minutes=18, seconds=30), "in 18 minutes"),
    ],
)
def test_an_upcoming_event_says_when(fake_youtube: FakeYoutube, ahead: timedelta, words: str) -> None:
    starts_at = datetime.now(UTC) + ahead
    add(fake_youtube, VideoState.UPCOMING, starts_at)
    with pytest.raises(DownloadError, match=words):
        extract(fake_youtube, YOUTUBE_ID)
    found = extract(fake_youtube, YOUTUBE_ID, ignore_no_formats_error=True)
    assert found["release_timestamp"] == int(starts_at.timestamp())


def test_an_id_that_was_not_added_is_unavailable(fake_youtube: FakeYoutube) -> None:
    with pytest.raises(DownloadError, match="Video unavailable"):
        extract(fake_youtube, "don-t-exist")


def test_an_unlisted_video_says_so(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, unlisted=True))
    assert extract(fake_youtube, YOUTUBE_ID)["availability"] == "unlisted"
