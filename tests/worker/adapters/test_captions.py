"""Captions from a track's URL, from yt-dlp's clients and from the real youtube-transcript-api."""

import pytest

from fakes.youtube import Captions, FakeVideo, FakeYoutube, Fault, Kind, VideoState, captions
from services.worker.adapters.models import Transcript, TranscriptLine, YoutubeError
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.clients import PLAYERS
from services.worker.adapters.youtube.metadata import MetadataAdapter
from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.youtube import CaptionsAnswer, CaptionsKind, CaptionTrack
from tests.worker.adapters.reading import video_of

ID = "abcdefghijk"
AUTOMATIC, MANUAL = CaptionsKind.AUTOMATIC, CaptionsKind.MANUAL
THREE_REQUESTS = [Kind.WATCH, Kind.PLAYER, Kind.TIMEDTEXT]
NOTHING_KNOWN: dict[str, CaptionsAnswer] = {}
LAST_CLIENT = dict.fromkeys(("web", *PLAYERS), CaptionsAnswer.GATED)
"""What leaves youtube-transcript-api only."""
both_libraries = pytest.mark.parametrize("answers", [NOTHING_KNOWN, LAST_CLIENT], ids=["yt-dlp", "last client"])


def serve(fake_youtube: FakeYoutube, *tracks: Captions, state: VideoState = VideoState.OK) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=tracks, state=state))


def track(language: str = "en", kind: CaptionsKind = MANUAL) -> CaptionTrack:
    query = f"v={ID}&lang={language}&fmt=json3" + ("&kind=asr" if kind is AUTOMATIC else "")
    return CaptionTrack(language=language, kind=kind, url=f"https://www.youtube.com/api/timedtext?{query}")


def asked(fake_youtube: FakeYoutube) -> list[Kind]:
    return [request.kind for request in fake_youtube.requests]


def application_error(
    adapter: CaptionsAdapter, wanted: CaptionTrack | None = None, answers: dict[str, CaptionsAnswer] | None = None
) -> YoutubeError:
    with pytest.raises(YoutubeError) as caught:
        adapter.fetch(ID, wanted, answers)
    assert caught.value.__cause__ is None, "causes may quote signed URLs, and would travel into a workflow's history"
    return caught.value


@pytest.mark.parametrize("automatic", [False, True])
def test_a_named_track_takes_one_request(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter, automatic: bool
) -> None:
    serve(fake_youtube, captions("en", "Hello & welcome", "to the harbour", automatic=automatic))
    video = video_of(metadata, ID)
    transcript = captions_adapter.fetch(ID, video.caption_track)
    assert asked(fake_youtube) == [Kind.WATCH, Kind.PLAYER, Kind.TIMEDTEXT]
    assert transcript == Transcript(
        "en",
        AUTOMATIC if automatic else MANUAL,
        [TranscriptLine(0, 2.5, "Hello & welcome"), TranscriptLine(2.5, 5, "to the harbour")],
    )


@both_libraries
def test_without_a_track_it_takes_three_requests(
    fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter, answers: dict[str, CaptionsAnswer]
) -> None:
    serve(fake_youtube, captions("en", "Tom & Jerry <3", "bye", automatic=True))
    assert captions_adapter.fetch(ID, None, answers) == Transcript(
        "en", AUTOMATIC, [TranscriptLine(0, 2.5, "Tom & Jerry <3"), TranscriptLine(2.5, 5, "bye")]
    )
    assert asked(fake_youtube) == THREE_REQUESTS
    assert fake_youtube.requests[1].client == ("ANDROID" if answers else "VISIONOS")


@pytest.mark.parametrize(
    ("tracks", "hint", "best"),
    [
        ([("en", False), ("de", False), ("de", True)], None, ("de", MANUAL)),
        ([("en", False), ("de", True)], None, ("de", AUTOMATIC)),
        ([("fr", False), ("en", False)], None, ("en", MANUAL)),
        ([("en", False), ("fr", False)], "fr", ("fr", MANUAL)),
    ],
)
@both_libraries
def test_both_libraries_prefer_the_same_tracks(
    fake_youtube: FakeYoutube,
    captions_adapter: CaptionsAdapter,
    answers: dict[str, CaptionsAnswer],
    tracks: list[tuple[str, bool]],
    hint: str | None,
    best: tuple[str, CaptionsKind],
) -> None:
    serve(fake_youtube, *(captions(language, f"in {language}", automatic=automatic) for language, automatic in tracks))
    if hint:
        fake_youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, status=404, times=1))
    found = captions_adapter.fetch(ID, track(hint) if hint else None, answers)
    assert (found.language, found.kind) == best
    assert found.lines[0].text == f"in {best[0]}"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.TIMEDTEXT, status=403, times=1),
        Fault(kind=Kind.TIMEDTEXT, status=404, times=1),
        Fault(kind=Kind.TIMEDTEXT, status=410, times=1),
        Fault(kind=Kind.TIMEDTEXT, body="", times=1),
        Fault(kind=Kind.TIMEDTEXT, body='{"events": []}', times=1),
    ],
    ids=["forbidden", "not found", "gone", "no body", "no lines"],
)
@both_libraries
def test_an_expired_or_empty_track_is_named_anew(
    fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter, fault: Fault, answers: dict[str, CaptionsAnswer]
) -> None:
    serve(fake_youtube, captions("en", "Hello"))
    fake_youtube.faults.add(fault)
    assert captions_adapter.fetch(ID, track(), answers).lines == [TranscriptLine(0, 2.5, "Hello")]
    assert asked(fake_youtube) == [Kind.TIMEDTEXT, *THREE_REQUESTS]


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (Fault(status=429, headers={"Retry-After": "30"}), ErrorType.RATE_LIMITED),
        (Fault(body='<div class="g-recaptcha">'), ErrorType.BOT_CHECK),
        (Fault(status=500), ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(body="<html>This video is private</html>"), ErrorType.UNEXPECTED_ANSWER),
    ],
    ids=["rate limit", "captcha", "server error", "something else"],
)
def test_a_block_is_never_taken_for_a_video_without_captions(
    fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter, fault: Fault, error_type: ErrorType
) -> None:
    serve(fake_youtube, captions("en", "Hello"))
    fake_youtube.faults.add(fault)
    error = application_error(captions_adapter, track())
    assert error.error_type is error_type
    assert error.retry_after_seconds == (30 if fault.headers else None)
    assert len(fake_youtube.requests) == 1


@both_libraries
@pytest.mark.parametrize("requests", [1, 2, 3])
@pytest.mark.parametrize(
    ("status", "error_type"), [(429, ErrorType.RATE_LIMITED), (503, ErrorType.UPSTREAM_UNAVAILABLE)]
)
def test_the_first_failed_request_is_the_last_one(
    fake_youtube: FakeYoutube,
    captions_adapter: CaptionsAdapter,
    requests: int,
    status: int,
    error_type: ErrorType,
    answers: dict[str, CaptionsAnswer],
) -> None:
    serve(fake_youtube, captions("en", "Hello"))
    fake_youtube.faults.add(Fault(kind=THREE_REQUESTS[requests - 1], status=status, headers={"Retry-After": "7"}))
    error = application_error(captions_adapter, answers=answers)
    assert (error.error_type, error.retry_after_seconds) == (error_type, 7)
    assert len(fake_youtube.requests) == requests


@pytest.mark.parametrize(
    ("kind", "body", "error_type"),
    [
        (Kind.WATCH, '<div class="g-recaptcha">', ErrorType.BOT_CHECK),
        (Kind.WATCH, "<html></html>", ErrorType.UNEXPECTED_ANSWER),
        (Kind.PLAYER, "not json", ErrorType.UNEXPECTED_ANSWER),
        (Kind.PLAYER, "[]", ErrorType.UNEXPECTED_ANSWER),
        (Kind.PLAYER, "{}", ErrorType.UNEXPECTED_ANSWER),
        (Kind.TIMEDTEXT, "", ErrorType.CAPTIONS_TOKEN_REQUIRED),
        (Kind.TIMEDTEXT, "<transcript></transcript>", ErrorType.CAPTIONS_TOKEN_REQUIRED),
        (Kind.TIMEDTEXT, "<transcript", ErrorType.UNEXPECTED_ANSWER),
    ],
)
def test_odd_answers_to_the_last_client(
    fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter, kind: Kind, body: str, error_type: ErrorType
) -> None:
    serve(fake_youtube, captions("en", "Hello"))
    fake_youtube.faults.add(Fault(kind=kind, body=body))
    assert application_error(captions_adapter, answers=LAST_CLIENT).error_type is error_type


@pytest.mark.parametrize(
    ("state", "error_type"),
    [
        (VideoState.OK, ErrorType.CAPTIONS_DISABLED),
        (VideoState.AGE_RESTRICTED, ErrorType.CAPTIONS_AGE_RESTRICTED),
        (VideoState.PRIVATE, ErrorType.VIDEO_PRIVATE),
        (VideoState.UNAVAILABLE, ErrorType.VIDEO_UNAVAILABLE),
        (VideoState.MEMBERS_ONLY, ErrorType.MEMBERS_ONLY),
        (VideoState.GEO_BLOCKED, ErrorType.GEO_BLOCKED),
        (VideoState.BOT_CHECK, ErrorType.BOT_CHECK),
        (VideoState.RATE_LIMITED, ErrorType.RATE_LIMITED),
    ],
)
def test_every_state_of_a_video_has_its_type(
    fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter, state: VideoState, error_type: ErrorType
) -> None:
    serve(fake_youtube, state=state)
    assert application_error(captions_adapter).error_type is error_type


@pytest.mark.parametrize(
    "state",
    [
        *(VideoState.PRIVATE, VideoState.UNAVAILABLE, VideoState.MEMBERS_ONLY, VideoState.GEO_BLOCKED),
        *(VideoState.UPCOMING, VideoState.PAYMENT_REQUIRED),
    ],
)
def test_the_last_client_decides_no_videos_fate(
    fake_youtube: FakeYoutube, captions_adapter: CaptionsAdapter, state: VideoState
) -> None:
    serve(fake_youtube, captions("en", "Hello"), state=state)
    error = application_error(captions_adapter, answers=LAST_CLIENT)
    assert ERROR_RULES[error.error_type].retry not in {Retry.NEVER, Retry.WHEN_AVAILABLE}


@both_libraries
@pytest.mark.parametrize("requests", [1, 2, 3])
def test_answers_that_never_come_or_are_cut(
    fake_youtube: FakeYoutube, hasty_captions: CaptionsAdapter, requests: int, answers: dict[str, CaptionsAnswer]
) -> None:
    serve(fake_youtube, captions("en", "Hello"))
    kind = THREE_REQUESTS[requests - 1]
    for fault in (Fault(kind=kind, stall_seconds=30, times=1), Fault(kind=kind, cut_after_bytes=5, times=1)):
        fake_youtube.faults.add(fault)
        assert application_error(hasty_captions, answers=answers).error_type is ErrorType.UPSTREAM_UNAVAILABLE
