"""What the libraries hide, swallow or let escape: every answer ends as a YoutubeError of the right type."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind, captions
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.clients import PLAYERS
from services.worker.adapters.youtube.metadata import MetadataAdapter
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsAnswer, CaptionTrack
from tests.worker.adapters.reading import video_of

ID = "abcdefghijk"
CONSENT = '<form action="https://consent.youtube.com/s">{}</form>'
COOKIE = '<input name="v" value="cb.20260101">'
RATE_LIMIT = "This content isn{}t available, try again later."
BOT_CHECK = "Sign in to confirm you{}re not a bot"
APOSTROPHES = pytest.mark.parametrize("apostrophe", ["’", "'"])
LEARN_MORE = {"playerErrorMessageRenderer": {"subreason": {"runs": [{"text": "Learn more"}]}}}


@pytest.fixture(autouse=True)
def video(fake_youtube: FakeYoutube) -> None:
    """One video with captions."""
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),)))


def answer(fake_youtube: FakeYoutube, body: Any, *, client: str | None = None) -> None:
    """Let the player answer `body`."""
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, client=client, body=json.dumps(body)))


LAST_CLIENT = dict.fromkeys(("web", *PLAYERS), CaptionsAnswer.GATED)
"""What leaves youtube-transcript-api only."""


def refusal(status: str, reason: Any, **more: Any) -> dict[str, Any]:
    return {"playabilityStatus": {"status": status, "reason": reason, **more}}


def metadata_error(adapter: MetadataAdapter) -> ErrorType:
    with pytest.raises(YoutubeError) as caught:
        video_of(adapter, ID)
    return caught.value.error_type


def captions_error(
    adapter: CaptionsAdapter, track: CaptionTrack | None = None, answers: Mapping[str, CaptionsAnswer] | None = None
) -> ErrorType:
    with pytest.raises(YoutubeError) as caught:
        adapter.fetch(ID, track, answers)
    return caught.value.error_type


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (Fault(kind=Kind.NEXT, status=429), ErrorType.RATE_LIMITED),
        (Fault(kind=Kind.NEXT, status=403), ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(kind=Kind.NEXT, status=500), ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(kind=Kind.NEXT, stall_seconds=30), ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(kind=Kind.NEXT, cut_after_bytes=5), ErrorType.UPSTREAM_UNAVAILABLE),
    ],
    ids=["429", "403", "500", "timeout", "cut"],
)
def test_a_blocked_second_source_is_not_a_video_without_a_channel(
    fake_youtube: FakeYoutube,
    metadata: MetadataAdapter,
    hasty_metadata: MetadataAdapter,
    fault: Fault,
    error_type: ErrorType,
) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, body="<html>nothing in it</html>"))
    fake_youtube.faults.add(fault)
    assert metadata_error(hasty_metadata if fault.stall_seconds else metadata) is error_type
    assert [request.kind for request in fake_youtube.requests] == [Kind.WATCH, Kind.NEXT]


def test_a_redirect_to_the_page_for_blocked_addresses(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter
) -> None:
    track = video_of(metadata, ID).caption_track
    fake_youtube.faults.add(Fault(path="/sorry/*", status=429, body='<div class="g-recaptcha">'))
    fake_youtube.faults.add(Fault(status=302, headers={"Location": "https://www.youtube.com/sorry/index"}))
    assert metadata_error(metadata) is ErrorType.RATE_LIMITED
    assert captions_error(captions_adapter) is ErrorType.RATE_LIMITED
    assert captions_error(captions_adapter, track) is ErrorType.RATE_LIMITED
    assert len(fake_youtube.requests) == 2 + 3 * 2


@APOSTROPHES
@pytest.mark.parametrize(
    ("status", "reason", "error_type"),
    [
        ("LOGIN_REQUIRED", BOT_CHECK, ErrorType.BOT_CHECK),
        ("UNPLAYABLE", RATE_LIMIT, ErrorType.RATE_LIMITED),
        ("ERROR", RATE_LIMIT, ErrorType.RATE_LIMITED),
    ],
)
def test_a_block_by_words(
    fake_youtube: FakeYoutube,
    metadata: MetadataAdapter,
    captions_adapter: CaptionsAdapter,
    apostrophe: str,
    status: str,
    reason: str,
    error_type: ErrorType,
) -> None:
    answer(fake_youtube, refusal(status, reason.format(apostrophe), errorScreen=LEARN_MORE))
    assert metadata_error(metadata) is error_type
    assert captions_error(captions_adapter) is error_type


def test_a_captcha_of_the_player_is_a_bot_check(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter
) -> None:
    answer(
        fake_youtube,
        refusal("ERROR", "Video unavailable", errorScreen={"playerCaptchaViewModel": {"trackingParams": "x"}}),
    )
    assert metadata_error(metadata) is ErrorType.BOT_CHECK
    assert captions_error(captions_adapter) is ErrorType.BOT_CHECK


def test_players_of_other_videos_only_are_a_block(fake_youtube: FakeYoutube, metadata: MetadataAdapter) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, body="<html></html>"))
    answer(fake_youtube, {"playabilityStatus": {"status": "OK"}, "videoDetails": {"videoId": "another0000"}})
    assert metadata_error(metadata) is ErrorType.BOT_CHECK  # "All player responses are invalid. Your IP …"


@pytest.mark.parametrize(
    ("text", "error_type"),
    [
        ("This video is private", ErrorType.VIDEO_PRIVATE),
        ("Unknown error.", ErrorType.UNEXPECTED_ANSWER),
    ],
)
def test_alerts_in_an_answer_are_youtubes_words(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, text: str, error_type: ErrorType
) -> None:
    answer(fake_youtube, {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": text}}}]})
    assert metadata_error(metadata) is error_type
    assert len(fake_youtube.requests) == 2


OK = {"playabilityStatus": {"status": "OK"}}
ONE_TRACK = {"languageCode": "en", "name": {"runs": [{"text": "English"}]}}


@pytest.mark.parametrize(
    "body",
    [
        OK | {"videoDetails": {"videoId": ID}, "streamingData": None},
        OK | {"videoDetails": {"videoId": ID, "title": "T", "keywords": [None]}},
        {"alerts": [{"alertRenderer": "text"}]},
        refusal("UNPLAYABLE", 3),
    ],
    ids=["TypeError", "AttributeError", "AttributeError in an alert", "AttributeError in a reason"],
)
def test_bugs_of_yt_dlp_do_not_escape(fake_youtube: FakeYoutube, metadata: MetadataAdapter, body: Any) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, body="<html></html>"))
    answer(fake_youtube, body)
    assert metadata_error(metadata) is ErrorType.UNEXPECTED_ANSWER


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        OK | {"captions": {"playerCaptionsTracklistRenderer": {"captionTracks": [{}]}}},
        OK | {"captions": {"playerCaptionsTracklistRenderer": {"captionTracks": [ONE_TRACK | {"baseUrl": 3}]}}},
        OK | {"captions": {"playerCaptionsTracklistRenderer": {"captionTracks": None}}},
    ],
    ids=["no object", "AttributeError", "KeyError", "AttributeError in a track", "TypeError"],
)
def test_bugs_of_youtube_transcript_api_do_not_escape(
    fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter, body: Any
) -> None:
    answer(fake_youtube, body)
    assert captions_error(captions_adapter, answers=LAST_CLIENT) is ErrorType.UNEXPECTED_ANSWER


@pytest.mark.parametrize(
    "body",
    [
        refusal("UNPLAYABLE", {"simpleText": "odd"}),
        refusal("UNPLAYABLE", None, errorScreen={"playerErrorMessageRenderer": {"subreason": {"runs": [{"text": 3}]}}}),
        refusal("UNPLAYABLE", "This video is not available"),
        refusal("ERROR", "This video is unavailable"),
        OK,
    ],
    ids=["no text", "no text in it", "not available", "unavailable", "no captions"],
)
def test_youtube_transcript_api_alone_is_not_believed(
    fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter, body: Any
) -> None:
    answer(fake_youtube, body)
    assert captions_error(captions_adapter, answers=LAST_CLIENT) is ErrorType.CAPTIONS_TOKEN_REQUIRED


@pytest.mark.parametrize(("cookie", "requests"), [("", 1), (COOKIE, 2)])
def test_a_consent_page_that_stays(
    fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter, cookie: str, requests: int
) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, body=CONSENT.format(cookie)))
    assert captions_error(captions_adapter, answers=LAST_CLIENT) is ErrorType.UNEXPECTED_ANSWER
    assert len(fake_youtube.requests) == requests


def test_a_consent_page_is_answered(fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, times=1, body=CONSENT.format(COOKIE)))
    assert captions_adapter.fetch(ID, None, LAST_CLIENT).lines[0].text == "Hello"
    assert len(fake_youtube.requests) == 4
