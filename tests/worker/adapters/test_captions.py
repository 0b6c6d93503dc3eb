"""Captions from a track's URL and from the real youtube-transcript-api, against the stand-in."""

import dataclasses

import pytest

from services.worker.adapters.captions import CaptionsAdapter
from services.worker.adapters.metadata import MetadataAdapter
from services.worker.adapters.models import Transcript, TranscriptLine, YoutubeError
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsKind, CaptionTrack
from tests.standin import Captions, Fault, Kind, Standin, StandinVideo, VideoState, captions

ID = "abcdefghijk"
AUTOMATIC, MANUAL = CaptionsKind.AUTOMATIC, CaptionsKind.MANUAL
SECOND_WAY = [Kind.WATCH, Kind.PLAYER, Kind.TIMEDTEXT]


def serve(standin: Standin, *tracks: Captions, state: VideoState = VideoState.OK) -> None:
    standin.library.add(StandinVideo(ID, captions=tracks, state=state))


def track(language: str = "en", kind: CaptionsKind = MANUAL) -> CaptionTrack:
    query = f"v={ID}&lang={language}&fmt=json3" + ("&kind=asr" if kind is AUTOMATIC else "")
    return CaptionTrack(language=language, kind=kind, url=f"https://www.youtube.com/api/timedtext?{query}")


def asked(standin: Standin) -> list[Kind]:
    return [request.kind for request in standin.requests]


def refused(adapter: CaptionsAdapter, wanted: CaptionTrack | None = None) -> YoutubeError:
    with pytest.raises(YoutubeError) as caught:
        adapter.fetch(ID, wanted)
    assert caught.value.__cause__ is None, "causes may quote signed URLs, and would travel into a workflow's history"
    return caught.value


@pytest.mark.parametrize("automatic", [False, True])
def test_a_named_track_takes_one_request(
    standin: Standin, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter, automatic: bool
) -> None:
    serve(standin, captions("en", "Hello & welcome", "to the harbour", automatic=automatic))
    video = metadata.extract(ID)
    transcript = captions_adapter.fetch(ID, video.caption_track)
    assert asked(standin) == [Kind.WATCH, Kind.PLAYER, Kind.TIMEDTEXT]
    assert transcript == Transcript(
        "en",
        AUTOMATIC if automatic else MANUAL,
        [TranscriptLine(0, 2.5, "Hello & welcome"), TranscriptLine(2.5, 5, "to the harbour")],
    )


def test_without_a_track_the_second_library_looks(standin: Standin, captions_adapter: CaptionsAdapter) -> None:
    serve(standin, captions("en", "Tom & Jerry <3", "bye", automatic=True))
    assert captions_adapter.fetch(ID, None) == Transcript(
        "en", AUTOMATIC, [TranscriptLine(0, 2.5, "Tom & Jerry <3"), TranscriptLine(2.5, 5, "bye")]
    )
    assert asked(standin) == SECOND_WAY
    assert standin.requests[1].client == "ANDROID"


@pytest.mark.parametrize(
    ("tracks", "hint", "best"),
    [
        ([("en", False), ("de", False), ("de", True)], None, ("de", MANUAL)),
        ([("en", False), ("de", True)], None, ("de", AUTOMATIC)),
        ([("fr", False), ("en", False)], None, ("en", MANUAL)),
        ([("en", False), ("fr", False)], "fr", ("fr", MANUAL)),
    ],
)
def test_the_second_library_prefers_the_same_tracks(
    standin: Standin,
    captions_adapter: CaptionsAdapter,
    tracks: list[tuple[str, bool]],
    hint: str | None,
    best: tuple[str, CaptionsKind],
) -> None:
    serve(standin, *(captions(language, f"in {language}", automatic=automatic) for language, automatic in tracks))
    if hint:
        standin.faults.add(Fault(kind=Kind.TIMEDTEXT, status=404, times=1))
    found = captions_adapter.fetch(ID, track(hint) if hint else None)
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
def test_an_expired_or_empty_track_is_looked_for_the_second_way(
    standin: Standin, captions_adapter: CaptionsAdapter, fault: Fault
) -> None:
    serve(standin, captions("en", "Hello"))
    standin.faults.add(fault)
    assert captions_adapter.fetch(ID, track()).lines == [TranscriptLine(0, 2.5, "Hello")]
    assert asked(standin) == [Kind.TIMEDTEXT, *SECOND_WAY]


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
    standin: Standin, captions_adapter: CaptionsAdapter, fault: Fault, error_type: ErrorType
) -> None:
    serve(standin, captions("en", "Hello"))
    standin.faults.add(fault)
    error = refused(captions_adapter, track())
    assert error.error_type is error_type
    assert error.retry_after_seconds == (30 if fault.headers else None)
    assert len(standin.requests) == 1


@pytest.mark.parametrize("requests", [1, 2, 3])
@pytest.mark.parametrize(
    ("status", "error_type"), [(429, ErrorType.RATE_LIMITED), (503, ErrorType.UPSTREAM_UNAVAILABLE)]
)
def test_the_second_way_ends_at_its_first_failed_request(
    standin: Standin, captions_adapter: CaptionsAdapter, requests: int, status: int, error_type: ErrorType
) -> None:
    serve(standin, captions("en", "Hello"))
    standin.faults.add(Fault(kind=SECOND_WAY[requests - 1], status=status, headers={"Retry-After": "7"}))
    error = refused(captions_adapter)
    assert (error.error_type, error.retry_after_seconds) == (error_type, 7)
    assert len(standin.requests) == requests


@pytest.mark.parametrize(
    ("kind", "body", "error_type"),
    [
        (Kind.WATCH, '<div class="g-recaptcha">', ErrorType.BOT_CHECK),
        (Kind.WATCH, "<html></html>", ErrorType.UNEXPECTED_ANSWER),
        (Kind.PLAYER, "not json", ErrorType.UNEXPECTED_ANSWER),
        (Kind.PLAYER, "[]", ErrorType.UNEXPECTED_ANSWER),
        (Kind.PLAYER, "{}", ErrorType.UNEXPECTED_ANSWER),
        (Kind.TIMEDTEXT, "", ErrorType.CAPTIONS_TOKEN_REQUIRED),
        (Kind.TIMEDTEXT, "<transcript></transcript>", ErrorType.CAPTIONS_NONE),
        (Kind.TIMEDTEXT, "<transcript", ErrorType.UNEXPECTED_ANSWER),
    ],
)
def test_odd_answers_to_the_second_library(
    standin: Standin, captions_adapter: CaptionsAdapter, kind: Kind, body: str, error_type: ErrorType
) -> None:
    serve(standin, captions("en", "Hello"))
    standin.faults.add(Fault(kind=kind, body=body))
    assert refused(captions_adapter).error_type is error_type


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
    standin: Standin, captions_adapter: CaptionsAdapter, state: VideoState, error_type: ErrorType
) -> None:
    serve(standin, state=state)
    assert refused(captions_adapter).error_type is error_type


def test_a_track_that_needs_a_token(standin: Standin, captions_adapter: CaptionsAdapter) -> None:
    serve(standin, dataclasses.replace(captions("en", "Hello"), token_clients=frozenset({"VISIONOS", "ANDROID"})))
    assert refused(captions_adapter).error_type is ErrorType.CAPTIONS_TOKEN_REQUIRED


def test_a_track_that_only_the_first_client_needs_a_token_for_is_found(
    standin: Standin, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter
) -> None:
    serve(standin, dataclasses.replace(captions("en", "Hello"), token_clients=frozenset({"VISIONOS"})))
    assert captions_adapter.fetch(ID, metadata.extract(ID).caption_track).lines[0].text == "Hello"


def test_a_refusal_of_the_second_client_says_nothing_about_the_video(
    standin: Standin, captions_adapter: CaptionsAdapter
) -> None:
    refusal = '{"playabilityStatus": {"status": "UNPLAYABLE", "reason": "This video is not available"}}'
    standin.faults.add(Fault(kind=Kind.PLAYER, body=refusal))
    assert refused(captions_adapter).error_type is ErrorType.CAPTIONS_TOKEN_REQUIRED


@pytest.mark.parametrize("requests", [1, 2, 3])
def test_answers_that_never_come_or_are_cut(standin: Standin, hasty_captions: CaptionsAdapter, requests: int) -> None:
    serve(standin, captions("en", "Hello"))
    kind = SECOND_WAY[requests - 1]
    for fault in (Fault(kind=kind, stall_seconds=30, times=1), Fault(kind=kind, cut_after_bytes=5, times=1)):
        standin.faults.add(fault)
        assert refused(hasty_captions).error_type is ErrorType.UPSTREAM_UNAVAILABLE
