"""What the request log learns of each request, with the real libraries against the fake YouTube."""

from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

import pytest

from fakes.youtube import Audio, FakeVideo, FakeYoutube, Fault, Kind, VideoState, captions
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.audio import AudioAdapter
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.listing import ListingAdapter
from services.worker.adapters.youtube.metadata import MetadataAdapter
from services.worker.adapters.youtube.sent_requests import Call, calling
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsKind, CaptionTrack
from shared.contracts.youtube_requests import CallStage, Endpoint, SentRequest

ID = "abcdefghijk"
TRACK = CaptionTrack(
    language="en", kind=CaptionsKind.MANUAL, url=f"https://www.youtube.com/api/timedtext?v={ID}&lang=en&fmt=json3"
)
CHANNEL = "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv/videos"


class Sent(list[SentRequest]):
    """The requests of one connection, in order."""

    def __init__(self, fake_youtube: FakeYoutube) -> None:
        super().__init__()
        self.connection = Connection(fake_youtube.proxy_url, fake_youtube.ca_file, on_request=self.append)


@pytest.fixture
def sent(fake_youtube: FakeYoutube) -> Sent:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),), audios=(Audio(b"sound" * 1000),)))
    return Sent(fake_youtube)


def test_an_import_is_told_from_its_requests(sent: Sent) -> None:
    with calling(Call(ID, CallStage.METADATA)):
        MetadataAdapter(sent.connection).ask(ID)
    with calling(Call(ID, CallStage.CAPTIONS)):
        CaptionsAdapter(sent.connection).fetch(ID, TRACK)
    found = [(each.stage, each.endpoint, each.client, each.http_status, each.playability) for each in sent]
    assert found == [
        (CallStage.METADATA, Endpoint.WATCH, "web", 200, "ok"),
        (CallStage.METADATA, Endpoint.PLAYER, "visionos", 200, "ok"),
        (CallStage.CAPTIONS, Endpoint.TIMEDTEXT, None, 200, None),
    ]
    assert {(each.youtube_id, each.reason) for each in sent} == {(ID, None)}
    assert all(each.byte_count and each.milliseconds >= 0 for each in sent)


def test_nothing_of_an_address_is_recorded(sent: Sent, tmp_path: Path) -> None:
    with calling(Call(ID, CallStage.AUDIO)):
        audio = AudioAdapter(sent.connection)
        audio.download(audio.find(ID), tmp_path, lambda _: None)
    media = sent[-1]
    assert (media.endpoint, media.youtube_id, media.byte_count) == (Endpoint.MEDIA, ID, 5000)
    with calling(Call(CHANNEL, CallStage.LISTING)), suppress(YoutubeError):
        ListingAdapter(sent.connection).page(CHANNEL, None)
    listing = [each for each in sent if each.stage is CallStage.LISTING]
    assert listing
    assert {each.youtube_id for each in listing} == {None}
    assert "/" not in "".join(str(value) for each in sent for value in astuple(each))


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (Fault(kind=Kind.PLAYER, status=429), 429, ErrorType.RATE_LIMITED),
        (Fault(kind=Kind.PLAYER, status=404), 404, None),
        (Fault(kind=Kind.PLAYER, cut_after_bytes=3), 200, ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(kind=Kind.PLAYER, body='{"playabilityStatus": {"status"'), 200, None),
        (Fault(kind=Kind.PLAYER, body='"playerCaptchaViewModel"'), 200, ErrorType.BOT_CHECK),
        (Fault(kind=Kind.PLAYER, body="[" * 100_000), 200, None),
    ],
    ids=["429", "404", "cut", "torn", "captcha", "deep"],
)
def test_a_failure_has_its_reason(
    fake_youtube: FakeYoutube, sent: Sent, fault: Fault, status: int, reason: ErrorType | None
) -> None:
    fake_youtube.faults.add(fault)
    with pytest.raises(YoutubeError):
        MetadataAdapter(sent.connection).ask(ID)
    (player,) = (each for each in sent if each.endpoint is Endpoint.PLAYER)
    assert (player.http_status, player.reason, player.playability) == (status, reason, None)


def test_a_refusal_has_youtubes_status_and_its_reason(fake_youtube: FakeYoutube, sent: Sent) -> None:
    fake_youtube.library.add(FakeVideo(ID, state=VideoState.PRIVATE))
    with pytest.raises(YoutubeError):
        MetadataAdapter(sent.connection).ask(ID)
    assert (sent[-1].playability, sent[-1].reason) == ("login_required", ErrorType.VIDEO_PRIVATE)


def test_an_empty_track_is_not_taken_for_captions(fake_youtube: FakeYoutube, sent: Sent) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, body="", times=1))
    CaptionsAdapter(sent.connection).fetch(ID, TRACK)
    assert (sent[0].http_status, sent[0].byte_count, sent[0].reason) == (200, 0, ErrorType.CAPTIONS_TOKEN_REQUIRED)
