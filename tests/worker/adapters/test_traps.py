"""What the libraries hide, swallow or let escape: every answer ends as a YoutubeError of the right type."""

import json
from typing import Any

import pytest

from services.worker.adapters.captions import CaptionsAdapter
from services.worker.adapters.metadata import MetadataAdapter
from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionTrack
from tests.standin import Fault, Kind, Standin, StandinVideo, captions

ID = "abcdefghijk"
CONSENT = '<form action="https://consent.youtube.com/s">{}</form>'
COOKIE = '<input name="v" value="cb.20260101">'
RATE_LIMIT = "This content isn{}t available, try again later."
BOT_CHECK = "Sign in to confirm you{}re not a bot"
APOSTROPHES = pytest.mark.parametrize("apostrophe", ["’", "'"])
LEARN_MORE = {"playerErrorMessageRenderer": {"subreason": {"runs": [{"text": "Learn more"}]}}}


@pytest.fixture(autouse=True)
def video(standin: Standin) -> None:
    """One video with captions."""
    standin.library.add(StandinVideo(ID, captions=(captions("en", "Hello"),)))


def answer(standin: Standin, body: Any, *, client: str | None = None) -> None:
    """Let the player answer `body`."""
    standin.faults.add(Fault(kind=Kind.PLAYER, client=client, body=json.dumps(body)))


def refusal(status: str, reason: Any, **more: Any) -> dict[str, Any]:
    return {"playabilityStatus": {"status": status, "reason": reason, **more}}


def metadata_error(adapter: MetadataAdapter) -> ErrorType:
    with pytest.raises(YoutubeError) as caught:
        adapter.extract(ID)
    return caught.value.error_type


def captions_error(adapter: CaptionsAdapter, track: CaptionTrack | None = None) -> ErrorType:
    with pytest.raises(YoutubeError) as caught:
        adapter.fetch(ID, track)
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
    standin: Standin, hasty_metadata: MetadataAdapter, fault: Fault, error_type: ErrorType
) -> None:
    standin.faults.add(Fault(kind=Kind.WATCH, body="<html>nothing in it</html>"))
    standin.faults.add(fault)
    assert metadata_error(hasty_metadata) is error_type
    assert [request.kind for request in standin.requests] == [Kind.WATCH, Kind.NEXT]


def test_a_redirect_to_the_page_for_blocked_addresses(
    standin: Standin, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter
) -> None:
    track = metadata.extract(ID).caption_track
    standin.faults.add(Fault(path="/sorry/*", status=429, body='<div class="g-recaptcha">'))
    standin.faults.add(Fault(status=302, headers={"Location": "https://www.youtube.com/sorry/index"}))
    assert metadata_error(metadata) is ErrorType.RATE_LIMITED
    assert captions_error(captions_adapter) is ErrorType.RATE_LIMITED
    assert captions_error(captions_adapter, track) is ErrorType.RATE_LIMITED
    assert len(standin.requests) == 2 + 3 * 2


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
    standin: Standin,
    metadata: MetadataAdapter,
    captions_adapter: CaptionsAdapter,
    apostrophe: str,
    status: str,
    reason: str,
    error_type: ErrorType,
) -> None:
    answer(standin, refusal(status, reason.format(apostrophe), errorScreen=LEARN_MORE))
    assert metadata_error(metadata) is error_type
    assert captions_error(captions_adapter) is error_type


def test_a_captcha_of_the_player_is_a_block_and_not_a_video_that_is_gone(
    standin: Standin, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter
) -> None:
    answer(
        standin, refusal("ERROR", "Video unavailable", errorScreen={"playerCaptchaViewModel": {"trackingParams": "x"}})
    )
    assert metadata_error(metadata) is ErrorType.BOT_CHECK
    assert captions_error(captions_adapter) is ErrorType.BOT_CHECK


def test_an_app_that_is_too_old_says_nothing_about_the_video(
    standin: Standin, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter
) -> None:
    too_old = refusal("UNPLAYABLE", "The following content is not available on this app.", errorScreen=LEARN_MORE)
    answer(standin, too_old, client="VISIONOS")
    assert metadata.extract(ID).caption_track is not None
    assert [request.client for request in standin.requests] == [None, "VISIONOS", "ANDROID"]
    answer(standin, too_old, client="ANDROID")
    assert metadata_error(metadata) is ErrorType.UNEXPECTED_ANSWER
    assert captions_error(captions_adapter) is ErrorType.CAPTIONS_TOKEN_REQUIRED


def test_players_of_other_videos_only_are_a_block(standin: Standin, metadata: MetadataAdapter) -> None:
    standin.faults.add(Fault(kind=Kind.WATCH, body="<html></html>"))
    answer(standin, {"playabilityStatus": {"status": "OK"}, "videoDetails": {"videoId": "another0000"}})
    assert metadata_error(metadata) is ErrorType.BOT_CHECK  # "All player responses are invalid. Your IP …"


@pytest.mark.parametrize(
    ("text", "error_type"),
    [
        ("This video is private", ErrorType.VIDEO_PRIVATE),
        ("Unknown error.", ErrorType.UNEXPECTED_ANSWER),
    ],
)
def test_alerts_in_an_answer_are_youtubes_words(
    standin: Standin, metadata: MetadataAdapter, text: str, error_type: ErrorType
) -> None:
    answer(standin, {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": text}}}]})
    assert metadata_error(metadata) is error_type
    assert len(standin.requests) == 2


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
def test_bugs_of_yt_dlp_do_not_escape(standin: Standin, metadata: MetadataAdapter, body: Any) -> None:
    standin.faults.add(Fault(kind=Kind.WATCH, body="<html></html>"))
    answer(standin, body)
    assert metadata_error(metadata) is ErrorType.UNEXPECTED_ANSWER


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        OK | {"captions": {"playerCaptionsTracklistRenderer": {"captionTracks": [{}]}}},
        OK | {"captions": {"playerCaptionsTracklistRenderer": {"captionTracks": [ONE_TRACK | {"baseUrl": 3}]}}},
        OK | {"captions": {"playerCaptionsTracklistRenderer": {"captionTracks": None}}},
        refusal("UNPLAYABLE", {"simpleText": "odd"}),
        refusal("UNPLAYABLE", None, errorScreen={"playerErrorMessageRenderer": {"subreason": {"runs": [{"text": 3}]}}}),
    ],
    ids=["no object", "AttributeError", "KeyError", "AttributeError in a track", "TypeError", "reason", "subreason"],
)
def test_bugs_of_youtube_transcript_api_do_not_escape(
    standin: Standin, captions_adapter: CaptionsAdapter, body: Any
) -> None:
    answer(standin, body)
    assert captions_error(captions_adapter) is ErrorType.UNEXPECTED_ANSWER


@pytest.mark.parametrize(("cookie", "requests"), [("", 1), (COOKIE, 2)])
def test_a_consent_page_that_stays(
    standin: Standin, captions_adapter: CaptionsAdapter, cookie: str, requests: int
) -> None:
    standin.faults.add(Fault(kind=Kind.WATCH, body=CONSENT.format(cookie)))
    assert captions_error(captions_adapter) is ErrorType.UNEXPECTED_ANSWER
    assert len(standin.requests) == requests


def test_a_consent_page_is_answered(standin: Standin, captions_adapter: CaptionsAdapter) -> None:
    standin.faults.add(Fault(kind=Kind.WATCH, times=1, body=CONSENT.format(COOKIE)))
    assert captions_adapter.fetch(ID, None).lines[0].text == "Hello"
    assert len(standin.requests) == 4
