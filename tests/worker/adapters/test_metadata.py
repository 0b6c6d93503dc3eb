"""The real yt-dlp behind the metadata adapter, against the fake YouTube."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from fakes.youtube import Captions, Chapter, FakeVideo, FakeYoutube, Fault, Kind, VideoState, captions
from services.worker.adapters.models import EarlyMetadata, ExtractedChapter, ExtractedVideo, YoutubeError
from services.worker.adapters.youtube.metadata import MetadataAdapter
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsAnswer, CaptionsKind
from tests.worker.adapters.reading import video_of

ID = "abcdefghijk"
TWO_REQUESTS = [(Kind.WATCH, None), (Kind.PLAYER, "VISIONOS")]
SAID_BY_THE_PAGE = {VideoState.PRIVATE, VideoState.REMOVED, VideoState.TERMINATED, VideoState.MEMBERS_ONLY}
CAPTCHA = '<html><div class="g-recaptcha"></div></html>'


def asked(fake_youtube: FakeYoutube) -> list[tuple[Kind, str | None]]:
    return [(request.kind, request.client) for request in fake_youtube.requests]


def application_error(adapter: MetadataAdapter) -> YoutubeError:
    with pytest.raises(YoutubeError) as caught:
        video_of(adapter, ID)
    assert caught.value.__cause__ is None, "causes may quote signed URLs, and would travel into a workflow's history"
    return caught.value


def test_metadata_takes_two_requests(fake_youtube: FakeYoutube, metadata: MetadataAdapter) -> None:
    fake_youtube.library.add(
        FakeVideo(
            ID,
            title="Überfahrt — the ferry",
            channel="Harbour Films",
            duration_seconds=300,
            description="One\nTwo",
            tags=("a", "b"),
            category="Education",
            view_count=7,
            published_at=datetime(2024, 1, 15, 23, 30, tzinfo=UTC),
            captions=(captions("en", "Hello", automatic=True),),
            chapters=(Chapter(0, "Start"), Chapter(60, "End")),
        )
    )
    video = video_of(metadata, ID)
    assert asked(fake_youtube) == TWO_REQUESTS
    assert video.caption_track is not None
    assert dataclasses.replace(video, caption_track=None, channel_id=None) == ExtractedVideo(
        youtube_id=ID,
        title="Überfahrt — the ferry",
        channel="Harbour Films",
        channel_id=None,
        duration_seconds=300,
        published_at=datetime(2024, 1, 15, 23, 30, tzinfo=UTC),
        description="One\nTwo",
        tags=["a", "b"],
        categories=["Education"],
        view_count=7,
        like_count=None,
        language="en",
        live_status="not_live",
        chapters=[ExtractedChapter("Start", 0, 60), ExtractedChapter("End", 60, 300)],
        caption_track=None,
        captions_answers={"web": CaptionsAnswer.GATED, "visionos": CaptionsAnswer.NAMED},
    )
    assert (video.channel_id or "").startswith("UC")


def test_times_in_a_description_are_not_taken_for_youtubes_chapters(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter
) -> None:
    fake_youtube.library.add(FakeVideo(ID, description="0:00 Intro\n0:30 Middle\n1:00 End"))
    assert video_of(metadata, ID).chapters == []


def test_chapters_that_begin_later_get_no_made_up_first_one(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter
) -> None:
    fake_youtube.library.add(FakeVideo(ID, chapters=(Chapter(39, "Build"), Chapter(66, "Screen")), duration_seconds=90))
    assert video_of(metadata, ID).chapters == [ExtractedChapter("Build", 39, 66), ExtractedChapter("Screen", 66, 90)]


@pytest.mark.parametrize(
    ("tracks", "audio_language", "best"),
    [
        ([("en", False), ("de", False), ("de", True)], None, ("de", CaptionsKind.MANUAL)),
        ([("en", False), ("de", True)], None, ("de", CaptionsKind.AUTOMATIC)),
        ([("fr", False), ("de", False), ("en", True)], "de", ("de", CaptionsKind.MANUAL)),
        ([("fr", False), ("en", False)], None, ("en", CaptionsKind.MANUAL)),
        ([("fr", False)], "de", ("fr", CaptionsKind.MANUAL)),
        ([("xx", True)], None, ("xx", CaptionsKind.AUTOMATIC)),
    ],
)
def test_the_best_caption_track_is_named_and_never_a_translation(
    fake_youtube: FakeYoutube,
    metadata: MetadataAdapter,
    tracks: list[tuple[str, bool]],
    audio_language: str | None,
    best: tuple[str, CaptionsKind],
) -> None:
    shelf = tuple(captions(language, "Hi", automatic=automatic) for language, automatic in tracks)
    fake_youtube.library.add(FakeVideo(ID, captions=shelf, audio_language=audio_language))
    track = video_of(metadata, ID).caption_track
    assert track is not None
    assert (track.language, track.kind) == best
    assert "fmt=json3" in track.url
    assert "tlang" not in track.url


def test_a_video_without_captions_has_no_track_and_no_known_language(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter
) -> None:
    fake_youtube.library.add(FakeVideo(ID))
    video = video_of(metadata, ID)
    assert (video.caption_track, video.language) == (None, None)


def test_tracks_that_need_a_token_are_not_named(fake_youtube: FakeYoutube, metadata: MetadataAdapter) -> None:
    track = captions("de", "Hallo", automatic=True, token_clients=("WEB", "VISIONOS"))
    fake_youtube.library.add(FakeVideo(ID, captions=(track,)))
    video = video_of(metadata, ID)
    assert (video.caption_track, video.language) == (None, "de")


def test_a_video_made_for_kids_takes_one_request_more(fake_youtube: FakeYoutube, metadata: MetadataAdapter) -> None:
    track: Captions = captions("en", "Once upon a time", automatic=True)
    fake_youtube.library.add(FakeVideo(ID, state=VideoState.KIDS, captions=(track,), chapters=(Chapter(0, "Tale"),)))
    video = video_of(metadata, ID)
    assert asked(fake_youtube) == [*TWO_REQUESTS, (Kind.PLAYER, "ANDROID")]
    assert (video.title, video.channel) == ("A day at the harbour", "Harbour Films")
    assert video.published_at == datetime(2024, 1, 15, 12, tzinfo=UTC)
    assert [chapter.title for chapter in video.chapters] == ["Tale"]
    assert video.caption_track is not None
    assert video.caption_track.language == "en"


@pytest.mark.parametrize(
    ("state", "error_type"),
    [
        (VideoState.PRIVATE, ErrorType.VIDEO_PRIVATE),
        (VideoState.UNAVAILABLE, ErrorType.VIDEO_UNAVAILABLE),
        (VideoState.REMOVED, ErrorType.VIDEO_UNAVAILABLE),
        (VideoState.TERMINATED, ErrorType.VIDEO_UNAVAILABLE),
        (VideoState.MEMBERS_ONLY, ErrorType.MEMBERS_ONLY),
        (VideoState.MUSIC_PREMIUM, ErrorType.PAYMENT_REQUIRED),
        (VideoState.PAYMENT_REQUIRED, ErrorType.PAYMENT_REQUIRED),
        (VideoState.GEO_BLOCKED, ErrorType.GEO_BLOCKED),
        (VideoState.AGE_RESTRICTED, ErrorType.AGE_RESTRICTED),
        (VideoState.RECORDING_UNAVAILABLE, ErrorType.RECORDING_UNAVAILABLE),
        (VideoState.LIVE_NOW, ErrorType.LIVE_NOW),
        (VideoState.UPCOMING, ErrorType.UPCOMING),
        (VideoState.PREMIERE, ErrorType.UPCOMING),
        (VideoState.BOT_CHECK, ErrorType.BOT_CHECK),
        (VideoState.RATE_LIMITED, ErrorType.RATE_LIMITED),
        (VideoState.WRONG_VIDEO, ErrorType.BOT_CHECK),
    ],
)
def test_every_state_of_a_video_has_its_type_after_two_requests_at_most(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, state: VideoState, error_type: ErrorType
) -> None:
    fake_youtube.library.add(FakeVideo(ID, state=state))
    assert application_error(metadata).error_type is error_type
    assert asked(fake_youtube) == (TWO_REQUESTS[:1] if state in SAID_BY_THE_PAGE else TWO_REQUESTS)


def test_an_unknown_id_is_an_unavailable_video(fake_youtube: FakeYoutube, metadata: MetadataAdapter) -> None:
    assert application_error(metadata).error_type is ErrorType.VIDEO_UNAVAILABLE


@pytest.mark.parametrize("state", [VideoState.UPCOMING, VideoState.PREMIERE])
def test_an_upcoming_video_says_when(fake_youtube: FakeYoutube, metadata: MetadataAdapter, state: VideoState) -> None:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    fake_youtube.library.add(FakeVideo(ID, state=state, starts_at=starts_at))
    assert application_error(metadata).not_before == starts_at


@pytest.mark.parametrize(
    "state", [VideoState.UPCOMING, VideoState.PREMIERE, VideoState.LIVE_NOW, VideoState.MEMBERS_ONLY]
)
def test_what_is_known_of_a_video_that_does_not_play_is_kept(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, state: VideoState
) -> None:
    starts_at = None if state is VideoState.MEMBERS_ONLY else datetime.now(UTC).replace(microsecond=0)
    fake_youtube.library.add(FakeVideo(ID, title="Storm", channel="The Pier", state=state, starts_at=starts_at))
    assert application_error(metadata).early_metadata == EarlyMetadata("Storm", "The Pier", starts_at)


@pytest.mark.parametrize("state", [VideoState.PRIVATE, VideoState.BOT_CHECK, VideoState.RATE_LIMITED])
def test_an_answer_without_a_title_says_nothing_of_the_video(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, state: VideoState
) -> None:
    fake_youtube.library.add(FakeVideo(ID, state=state))
    assert application_error(metadata).early_metadata is None


def _player(status: str, reason: str = "", **details: object) -> str:
    video = ", ".join(f'"{name}": {str(value).lower()}' for name, value in details.items())
    return (
        f'{{"playabilityStatus": {{"status": "{status}", "reason": "{reason}"}},'
        f' "videoDetails": {{"videoId": "{ID}", "title": "T", {video}}}}}'
    )


@pytest.mark.parametrize(
    ("body", "error_type"),
    [
        (_player("LIVE_STREAM_OFFLINE", "Offline.", isUpcoming=True), ErrorType.UPCOMING),
        (_player("UNPLAYABLE", "Something went odd", isLive=True), ErrorType.LIVE_NOW),
        (_player("OK", isPostLiveDvr=True), ErrorType.LIVE_NOW),
        (_player("UNPLAYABLE", "Never said before", isLive=False), ErrorType.UNEXPECTED_ANSWER),
        ("{}", ErrorType.UNEXPECTED_ANSWER),
        ("[]", ErrorType.UNEXPECTED_ANSWER),
        ("This video is private", ErrorType.UNEXPECTED_ANSWER),
        ('{"playabilityStatus": {"status": "OK"}}', ErrorType.UNEXPECTED_ANSWER),
    ],
)
def test_odd_answers_of_the_player(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, body: str, error_type: ErrorType
) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, body="<html></html>"))
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, body=body))
    assert application_error(metadata).error_type is error_type


@pytest.mark.parametrize(
    "body", ["", "not json", "[]", "[1]", "{}", '{"alerts": [{"alertRenderer": {"type": "ERROR"}}]}']
)
def test_a_good_page_does_not_make_up_for_a_bad_answer_of_the_player(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, body: str
) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),)))
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, body=body))
    assert application_error(metadata).error_type is ErrorType.UNEXPECTED_ANSWER


def test_the_trailer_of_a_film_to_pay_for_is_not_the_film(fake_youtube: FakeYoutube, metadata: MetadataAdapter) -> None:
    trailer = '{"playerLegacyDesktopYpcTrailerRenderer": {"trailerVideoId": "trailer0001"}}'
    body = f'{{"playabilityStatus": {{"status": "UNPLAYABLE", "reason": "x", "errorScreen": {trailer}}}}}'
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, body=body))
    assert application_error(metadata).error_type is ErrorType.PAYMENT_REQUIRED
    assert asked(fake_youtube) == TWO_REQUESTS


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (429, ErrorType.RATE_LIMITED),
        (403, ErrorType.UPSTREAM_UNAVAILABLE),
        (500, ErrorType.UPSTREAM_UNAVAILABLE),
        (503, ErrorType.UPSTREAM_UNAVAILABLE),
    ],
)
@pytest.mark.parametrize(("kind", "requests"), [(Kind.WATCH, 1), (Kind.PLAYER, 2)])
def test_the_first_failed_request_is_the_last_one(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, kind: Kind, requests: int, status: int, error_type: ErrorType
) -> None:
    fake_youtube.library.add(FakeVideo(ID))
    fake_youtube.faults.add(Fault(kind=kind, status=status, headers={"Retry-After": "30"}))
    error = application_error(metadata)
    assert (error.error_type, error.retry_after_seconds) == (error_type, 30)
    assert len(fake_youtube.requests) == requests


@pytest.mark.parametrize(("status", "error_type"), [(200, ErrorType.BOT_CHECK), (429, ErrorType.RATE_LIMITED)])
def test_a_captcha_in_the_place_of_the_page_is_a_block(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, status: int, error_type: ErrorType
) -> None:
    fake_youtube.library.add(FakeVideo(ID))
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, status=status, body=CAPTCHA))
    assert application_error(metadata).error_type is error_type
    assert len(fake_youtube.requests) == 1


@pytest.mark.parametrize("kind", [Kind.WATCH, Kind.PLAYER])
def test_answers_that_never_come_or_are_cut(
    fake_youtube: FakeYoutube, hasty_metadata: MetadataAdapter, kind: Kind
) -> None:
    fake_youtube.library.add(FakeVideo(ID))
    for fault in (Fault(kind=kind, stall_seconds=30, times=1), Fault(kind=kind, cut_after_bytes=20, times=1)):
        fake_youtube.faults.add(fault)
        assert application_error(hasty_metadata).error_type is ErrorType.UPSTREAM_UNAVAILABLE
