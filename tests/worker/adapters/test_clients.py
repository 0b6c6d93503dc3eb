"""From client to client: which answers lead to the next one, what that costs, and when YouTube is believed at once."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from fakes.youtube import (
    CLIENT_REFUSALS,
    Audio,
    Captions,
    Chapter,
    FakeVideo,
    FakeYoutube,
    Fault,
    Kind,
    VideoState,
    captions,
    refuse_client,
    retire_client,
)
from services.worker.adapters.models import ExtractedVideo, TrackCounts, Transcript, YoutubeError
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.client_health import FAILED_IN_A_ROW, RETRY_SECONDS, ClientHealth, Stage
from services.worker.adapters.youtube.clients import Clients
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.metadata import MetadataAdapter
from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.youtube import CaptionsAnswer
from tests.worker.adapters.reading import video_of

ID = "abcdefghijk"
EVERY_CLIENT = ("WEB", "VISIONOS", "ANDROID", "IOS")
REFUSALS = [*CLIENT_REFUSALS, "HTTP 400"]
PAGE, TEXT = "watch", "timedtext"
CONCURRENT = 3
"""Calls of a worker at a time, as it is set up."""
LAST_CLIENT = [PAGE, "ANDROID"]
"""youtube-transcript-api, which does not fetch a track that needs a token."""


@pytest.fixture
def importer(metadata: MetadataAdapter, captions_adapter: CaptionsAdapter) -> "Importer":
    """The two stages that call YouTube for each video."""
    return Importer(metadata, captions_adapter)


class Importer:
    """Imports videos as the worker does: what the first stage learns, the second one knows."""

    def __init__(self, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter) -> None:
        self._metadata = metadata
        self._captions = captions_adapter

    def run(self, youtube_id: str = ID) -> tuple[ExtractedVideo, Transcript]:
        video = video_of(self._metadata, youtube_id)
        return video, self._captions.fetch(youtube_id, video.caption_track, video.captions_answers)

    def error(self) -> YoutubeError:
        with pytest.raises(YoutubeError) as caught:
            self.run()
        return caught.value


def serve(fake_youtube: FakeYoutube, *tracks: Captions, state: VideoState = VideoState.OK) -> None:
    video = FakeVideo(ID, captions=tracks, state=state, chapters=(Chapter(0, "Start"),), audio_language="de")
    fake_youtube.library.add(replace(video, audios=(Audio(), Audio(dubbed_language="fr"))))


def hello(*token_clients: str) -> Captions:
    return captions("en", "Hello", automatic=True, token_clients=token_clients)


def refuse(fake_youtube: FakeYoutube, name: str, *clients: str | None) -> None:
    for client in clients:
        fake_youtube.faults.add(retire_client(client) if name == "HTTP 400" else refuse_client(client, name))


def steps(fake_youtube: FakeYoutube) -> list[str]:
    """Page, clients and tracks, in the order of the requests."""
    return [request.client or request.kind for request in fake_youtube.requests]


def assert_complete(found: tuple[ExtractedVideo, Transcript]) -> None:
    """Nothing is lost, whichever client it came from."""
    video, transcript = found
    assert (video.title, video.channel, video.duration_seconds) == ("A day at the harbour", "Harbour Films", 300)
    assert (video.published_at is None, video.categories, video.view_count) == (False, ["Education"], 1234)
    assert [chapter.title for chapter in video.chapters] == ["Start"]
    assert video.language == "de"
    assert (transcript.language, transcript.lines[0].text) == ("en", "Hello")


@pytest.mark.parametrize(
    ("gated", "requests"),
    [
        ((), [PAGE, TEXT]),
        (("WEB",), [PAGE, "VISIONOS", TEXT]),
        (("WEB", "VISIONOS"), [PAGE, "VISIONOS", "ANDROID", TEXT]),
        (("WEB", "VISIONOS", "ANDROID"), [PAGE, "VISIONOS", "ANDROID", "IOS", TEXT]),
    ],
    ids=["none", "page", "page and first", "all but one"],
)
def test_tracks_that_need_a_token(
    fake_youtube: FakeYoutube, importer: Importer, gated: Iterable[str], requests: list[str]
) -> None:
    serve(fake_youtube, hello(*gated))
    assert_complete(importer.run())
    assert steps(fake_youtube) == requests


def test_tracks_that_need_a_token_for_every_client_are_looked_for_again_later(
    fake_youtube: FakeYoutube, importer: Importer
) -> None:
    serve(fake_youtube, hello(*EVERY_CLIENT))
    error = importer.error()
    assert error.error_type is ErrorType.CAPTIONS_TOKEN_REQUIRED
    assert ERROR_RULES[error.error_type].is_transient
    assert not ERROR_RULES[error.error_type].allows_transcription
    assert steps(fake_youtube) == [PAGE, "VISIONOS", "ANDROID", "IOS", *LAST_CLIENT]


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize(
    ("refused", "requests"),
    [
        (("VISIONOS",), [PAGE, "VISIONOS", "ANDROID", TEXT]),
        (("VISIONOS", "ANDROID"), [PAGE, "VISIONOS", "ANDROID", "IOS", TEXT]),
    ],
    ids=["first", "first two"],
)
def test_a_refused_client_says_nothing_about_the_video(
    fake_youtube: FakeYoutube, importer: Importer, name: str, refused: tuple[str, ...], requests: list[str]
) -> None:
    serve(fake_youtube, hello("WEB"))
    refuse(fake_youtube, name, *refused)
    assert_complete(importer.run())
    assert steps(fake_youtube) == requests


@pytest.mark.parametrize("name", REFUSALS)
def test_a_page_that_is_enough_needs_no_client(fake_youtube: FakeYoutube, importer: Importer, name: str) -> None:
    serve(fake_youtube, hello())
    refuse(fake_youtube, name, None)
    assert_complete(importer.run())
    assert steps(fake_youtube) == [PAGE, TEXT]


@pytest.mark.parametrize("name", REFUSALS)
def test_an_extractor_whose_clients_are_all_refused_is_outdated(
    fake_youtube: FakeYoutube, importer: Importer, name: str
) -> None:
    serve(fake_youtube, hello("WEB"))
    refuse(fake_youtube, name, None)
    error = importer.error()
    assert error.error_type is ErrorType.EXTRACTOR_OUTDATED
    assert steps(fake_youtube) == [PAGE, "VISIONOS", "ANDROID", "IOS"]
    assert error.are_clients_retired is (name == "HTTP 400")


def test_one_client_that_is_no_longer_answered_is_no_proof(fake_youtube: FakeYoutube, importer: Importer) -> None:
    serve(fake_youtube, hello("WEB"))
    refuse(fake_youtube, "HTTP 400", "VISIONOS")
    refuse(fake_youtube, "page reload", None)
    error = importer.error()
    assert (error.error_type, error.are_clients_retired) == (ErrorType.EXTRACTOR_OUTDATED, False)


def test_refusals_while_captions_are_looked_for(fake_youtube: FakeYoutube, importer: Importer) -> None:
    serve(fake_youtube, hello())
    fake_youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, body=""))
    refuse(fake_youtube, "page reload", None)
    assert importer.error().error_type is ErrorType.EXTRACTOR_OUTDATED
    assert steps(fake_youtube) == [PAGE, TEXT, "VISIONOS", "ANDROID", "IOS", *LAST_CLIENT]


@pytest.mark.parametrize(
    "fault",
    [Fault(body=""), Fault(status=403), Fault(status=404), Fault(status=410), Fault(body='{"events": []}')],
    ids=["no body", "forbidden", "not found", "gone", "no lines"],
)
@pytest.mark.parametrize(
    ("times", "requests"),
    [(1, [PAGE, TEXT, "VISIONOS", TEXT]), (2, [PAGE, TEXT, "VISIONOS", TEXT, "ANDROID", TEXT])],
)
def test_a_track_that_is_denied(
    fake_youtube: FakeYoutube, importer: Importer, fault: Fault, times: int, requests: list[str]
) -> None:
    serve(fake_youtube, hello())
    fake_youtube.faults.add(replace(fault, kind=Kind.TIMEDTEXT, times=times))
    if times == 2 and fault.body and "events" in fault.body:
        assert importer.error().error_type is ErrorType.CAPTIONS_NONE  # two clients, and no line of text
        return
    assert_complete(importer.run())
    assert steps(fake_youtube) == requests


def test_a_track_whose_time_is_over_is_named_anew_by_the_same_client(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter
) -> None:
    serve(fake_youtube, hello("WEB"))
    video = video_of(metadata, ID)
    assert video.caption_track is not None
    old = video.caption_track.model_copy(update={"url": f"https://www.youtube.com/api/timedtext?v={ID}&expire=1"})
    fake_youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, status=404, times=1))
    assert captions_adapter.fetch(ID, old, video.captions_answers).lines[0].text == "Hello"
    assert steps(fake_youtube) == [PAGE, "VISIONOS", TEXT, "VISIONOS", TEXT]


@pytest.mark.parametrize(
    ("state", "refused", "requests"),
    [
        (VideoState.OK, (), [PAGE, "VISIONOS"]),
        (VideoState.KIDS, (), [PAGE, "VISIONOS", "ANDROID"]),
        (VideoState.OK, ("VISIONOS",), [PAGE, "VISIONOS", "ANDROID"]),
    ],
    ids=["page and first", "made for kids", "first refused"],
)
def test_two_clients_without_a_track_end_the_search(
    fake_youtube: FakeYoutube, importer: Importer, state: VideoState, refused: tuple[str, ...], requests: list[str]
) -> None:
    serve(fake_youtube, state=state)
    refuse(fake_youtube, "page reload", *refused)
    assert importer.error().error_type is ErrorType.CAPTIONS_DISABLED
    assert steps(fake_youtube) == requests


@pytest.mark.parametrize("kind", [Kind.PLAYER, Kind.TIMEDTEXT])
@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (Fault(status=429), ErrorType.RATE_LIMITED),
        (Fault(body='<div class="g-recaptcha">'), None),
        (Fault(status=503), ErrorType.UPSTREAM_UNAVAILABLE),
    ],
    ids=["429", "captcha", "server error"],
)
def test_a_block_never_leads_to_the_next_client(
    fake_youtube: FakeYoutube, importer: Importer, kind: Kind, fault: Fault, error_type: ErrorType | None
) -> None:
    serve(fake_youtube, hello("WEB"))
    fake_youtube.faults.add(replace(fault, kind=kind))
    of_captcha = ErrorType.BOT_CHECK if kind is Kind.TIMEDTEXT else ErrorType.UNEXPECTED_ANSWER
    assert importer.error().error_type is (error_type or of_captcha)
    assert steps(fake_youtube) == [PAGE, "VISIONOS", TEXT][: 2 + (kind is Kind.TIMEDTEXT)]


@pytest.mark.parametrize(
    ("state", "error_type"),
    [
        (VideoState.BOT_CHECK, ErrorType.BOT_CHECK),
        (VideoState.RATE_LIMITED, ErrorType.RATE_LIMITED),
        (VideoState.GEO_BLOCKED, ErrorType.GEO_BLOCKED),
        (VideoState.PAYMENT_REQUIRED, ErrorType.PAYMENT_REQUIRED),
        (VideoState.AGE_RESTRICTED, ErrorType.AGE_RESTRICTED),
        (VideoState.LIVE_NOW, ErrorType.LIVE_NOW),
        (VideoState.UPCOMING, ErrorType.UPCOMING),
        (VideoState.UNAVAILABLE, ErrorType.VIDEO_UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("refused", [None, "page reload"])
def test_what_page_and_client_say_is_not_asked_again(
    fake_youtube: FakeYoutube, importer: Importer, state: VideoState, error_type: ErrorType, refused: str | None
) -> None:
    serve(fake_youtube, state=state)
    if refused and state not in (VideoState.UNAVAILABLE, VideoState.LIVE_NOW):
        refuse(fake_youtube, refused, None)
    assert importer.error().error_type is error_type
    assert steps(fake_youtube) == [PAGE, "VISIONOS"]


@pytest.mark.parametrize(
    ("state", "error_type"),
    [
        (VideoState.PRIVATE, ErrorType.VIDEO_PRIVATE),
        (VideoState.MEMBERS_ONLY, ErrorType.MEMBERS_ONLY),
        (VideoState.REMOVED, ErrorType.VIDEO_UNAVAILABLE),
        (VideoState.TERMINATED, ErrorType.VIDEO_UNAVAILABLE),
    ],
)
def test_the_page_is_believed_where_it_says_so_in_words(
    fake_youtube: FakeYoutube, importer: Importer, state: VideoState, error_type: ErrorType
) -> None:
    serve(fake_youtube, state=state)
    assert importer.error().error_type is error_type
    assert steps(fake_youtube) == [PAGE]


def test_a_player_alone_does_not_say_that_a_video_is_gone(fake_youtube: FakeYoutube, importer: Importer) -> None:
    gone = '{"playabilityStatus": {"status": "ERROR", "reason": "This video is unavailable"}}'
    serve(fake_youtube, hello("WEB"))
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, client="VISIONOS", body=gone))
    assert_complete(importer.run())
    assert steps(fake_youtube) == [PAGE, "VISIONOS", "ANDROID", TEXT]
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, client="ANDROID", body=gone))
    assert_complete(importer.run())  # not even two of them, where the page plays it
    assert steps(fake_youtube)[4:] == [PAGE, "VISIONOS", "ANDROID", "IOS", TEXT]
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, client="IOS", body=gone))
    assert importer.error().error_type is ErrorType.EXTRACTOR_OUTDATED


def test_every_player_request_comes_from_a_guest(fake_youtube: FakeYoutube, importer: Importer) -> None:
    serve(fake_youtube, hello("WEB", "VISIONOS", "ANDROID"))
    importer.run()
    players = [request for request in fake_youtube.requests if request.kind is Kind.PLAYER]
    assert [request.client for request in players] == ["VISIONOS", "ANDROID", "IOS"]
    assert {request.visitor_data for request in players} == {"fake_youtube"}


def test_a_client_without_a_guest_requests_a_page_first(fake_youtube: FakeYoutube, clients: Clients) -> None:
    serve(fake_youtube, hello("WEB"))
    clients.ask(ID, "ios")
    clients.ask(ID, "ios")
    assert steps(fake_youtube) == [PAGE, "IOS", "IOS"]


def test_what_page_player_and_tracks_said_is_counted(fake_youtube: FakeYoutube) -> None:
    counted: list[TrackCounts] = []
    connection = Connection(fake_youtube.proxy_url, fake_youtube.ca_file, on_tracks=counted.append)
    clients = Clients(connection)
    importer = Importer(MetadataAdapter(connection, clients), CaptionsAdapter(connection, clients))
    serve(fake_youtube, hello("WEB", "VISIONOS"), captions("fr", "Bonjour"))
    video, _ = importer.run()
    assert counted == [TrackCounts("web", 2, 2), TrackCounts("visionos", 2, 1), TrackCounts("android", 2, 0)]
    assert video.captions_answers == {"web": CaptionsAnswer.GATED, "visionos": CaptionsAnswer.GATED}


def test_a_client_that_is_refused_to_everybody_soon_comes_last(fake_youtube: FakeYoutube, importer: Importer) -> None:
    ids = [f"video{number:06}" for number in range(40)]
    fake_youtube.library.add(*(FakeVideo(each, captions=(hello("WEB"),)) for each in ids))
    with ThreadPoolExecutor(CONCURRENT) as pool:
        found = list(pool.map(importer.run, ids[:20]))
        refuse(fake_youtube, "page reload", "VISIONOS")
        found += pool.map(importer.run, ids[20:])
    assert [video.youtube_id for video, _ in found] == ids
    extra = len(fake_youtube.requests) - 3 * len(ids)
    assert FAILED_IN_A_ROW <= extra < FAILED_IN_A_ROW + CONCURRENT
    assert steps(fake_youtube).count("VISIONOS") == 20 + extra


def test_a_page_that_is_enough_takes_nobodys_turn_to_try_a_failing_client(fake_youtube: FakeYoutube) -> None:
    now = 0.0
    health = ClientHealth(lambda: now)
    connection = Connection(fake_youtube.proxy_url, fake_youtube.ca_file)
    metadata = MetadataAdapter(connection, Clients(connection, health))
    for number in range(FAILED_IN_A_ROW):
        health.failed("visionos", Stage.PLAYER, f"video{number}")
    now += RETRY_SECONDS
    fake_youtube.library.add(FakeVideo("enoughofit0", captions=(hello(),)))
    serve(fake_youtube, hello("WEB"))
    for youtube_id in ("enoughofit0", ID):
        video_of(metadata, youtube_id)
    assert steps(fake_youtube) == [PAGE, PAGE, "VISIONOS"]


def test_the_last_client_is_left_out_once_it_gets_nobodys_captions(
    fake_youtube: FakeYoutube, importer: Importer
) -> None:
    ids = [f"video{number:06}" for number in range(FAILED_IN_A_ROW + 1)]
    fake_youtube.library.add(*(FakeVideo(each, captions=(hello(*EVERY_CLIENT),)) for each in ids))
    for each in ids:
        with pytest.raises(YoutubeError) as caught:
            importer.run(each)
        assert caught.value.error_type is ErrorType.CAPTIONS_TOKEN_REQUIRED
    assert steps(fake_youtube)[-2 * len(LAST_CLIENT) - 2 :] == [*LAST_CLIENT, PAGE, "VISIONOS", "ANDROID", "IOS"]


def test_tracks_that_are_denied_to_everybody_are_soon_fetched_elsewhere(
    fake_youtube: FakeYoutube, importer: Importer
) -> None:
    ids = [f"video{number:06}" for number in range(10)]
    fake_youtube.library.add(*(FakeVideo(each, captions=(hello("WEB", "VISIONOS"),)) for each in ids))
    for each in ids:
        importer.run(each)
    assert len(fake_youtube.requests) == 3 * len(ids) + FAILED_IN_A_ROW
    assert steps(fake_youtube)[-3:] == [PAGE, "ANDROID", TEXT]
