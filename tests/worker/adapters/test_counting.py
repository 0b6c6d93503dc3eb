"""Every request to YouTube is counted once: compared with what the fake YouTube got."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind, VideoState, captions
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.clients import PLAYERS
from services.worker.adapters.youtube.connection import MAX_REDIRECTS, TIMEOUT_SECONDS, Connection
from services.worker.adapters.youtube.metadata import MetadataAdapter
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsAnswer, CaptionsKind, CaptionTrack
from shared.contracts.youtube_requests import SentRequest
from tests.worker.adapters.conftest import HASTY_SECONDS
from tests.worker.adapters.reading import video_of

ID = "abcdefghijk"
URL = f"https://www.youtube.com/api/timedtext?v={ID}&lang=en&fmt=json3"
TRACK = CaptionTrack(language="en", kind=CaptionsKind.MANUAL, url=URL)


class Client:
    """Both adapters, and the threads on which their requests were counted."""

    def __init__(self, proxy: str | None, ca_file: Path | None, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.counted_on: list[int] = []

        def count(_: SentRequest) -> None:
            self.counted_on.append(threading.get_ident())

        self.metadata = MetadataAdapter(Connection(proxy, ca_file, timeout_seconds=timeout_seconds, on_request=count))
        self.captions = CaptionsAdapter(Connection(proxy, ca_file, timeout_seconds=timeout_seconds, on_request=count))


def title(client: Client) -> None:
    video_of(client.metadata, ID)


def named_track(client: Client) -> None:
    client.captions.fetch(ID, TRACK)


def listed_track(client: Client) -> None:
    client.captions.fetch(ID, None)


def last_client(client: Client) -> None:
    client.captions.fetch(ID, None, dict.fromkeys(("web", *PLAYERS), CaptionsAnswer.GATED))


Ask = Callable[[Client], None]
every_way = pytest.mark.parametrize("ask", [title, named_track, listed_track, last_client])


@pytest.fixture(autouse=True)
def video(fake_youtube: FakeYoutube) -> None:
    """One video with captions."""
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),)))


@pytest.fixture
def client(fake_youtube: FakeYoutube) -> Client:
    """A client whose requests are counted."""
    return Client(fake_youtube.proxy_url, fake_youtube.ca_file)


def failure(ask: Ask, client: Client) -> ErrorType:
    with pytest.raises(YoutubeError) as caught:
        ask(client)
    return caught.value.error_type


@pytest.mark.parametrize(("ask", "requests"), [(title, 2), (named_track, 1), (listed_track, 3), (last_client, 3)])
def test_successful_requests(fake_youtube: FakeYoutube, client: Client, ask: Ask, requests: int) -> None:
    ask(client)
    assert len(client.counted_on) == len(fake_youtube.requests) == requests
    assert set(client.counted_on) == {threading.get_ident()}


def test_a_video_made_for_kids_costs_a_third_request(fake_youtube: FakeYoutube, client: Client) -> None:
    fake_youtube.library.add(FakeVideo(ID, state=VideoState.KIDS))
    title(client)
    assert len(client.counted_on) == len(fake_youtube.requests) == 3


def test_a_track_that_has_expired_costs_all_four(fake_youtube: FakeYoutube, client: Client) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, status=403, times=1))
    named_track(client)
    assert len(client.counted_on) == len(fake_youtube.requests) == 4


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429),
        Fault(status=403),
        Fault(status=503),
        Fault(status=404),
        Fault(body="not json"),
        Fault(body='<div class="g-recaptcha">'),
        Fault(cut_after_bytes=3),
    ],
    ids=["429", "403", "503", "404", "nonsense", "captcha", "cut"],
)
@every_way
def test_requests_that_fail_at_once(fake_youtube: FakeYoutube, client: Client, ask: Ask, fault: Fault) -> None:
    fake_youtube.faults.add(fault)
    failure(ask, client)
    assert len(client.counted_on) == len(fake_youtube.requests) > 0


@pytest.mark.parametrize("fault", [Fault(kind=Kind.PLAYER, status=429), Fault(kind=Kind.PLAYER, cut_after_bytes=3)])
@pytest.mark.parametrize("ask", [title, listed_track, last_client])
def test_requests_that_fail_midway(fake_youtube: FakeYoutube, client: Client, ask: Ask, fault: Fault) -> None:
    fake_youtube.faults.add(fault)
    failure(ask, client)
    assert len(client.counted_on) == len(fake_youtube.requests) == 2


@every_way
def test_requests_without_an_answer_were_sent_all_the_same(fake_youtube: FakeYoutube, ask: Ask) -> None:
    client = Client(fake_youtube.proxy_url, fake_youtube.ca_file, timeout_seconds=HASTY_SECONDS)
    fake_youtube.faults.add(Fault(stall_seconds=30))
    assert failure(ask, client) is ErrorType.UPSTREAM_UNAVAILABLE
    assert len(client.counted_on) == len(fake_youtube.requests) == 1


@every_way
def test_each_request_of_a_redirect_counts(fake_youtube: FakeYoutube, client: Client, ask: Ask) -> None:
    fake_youtube.faults.add(Fault(times=2, status=302, headers={"Location": "/elsewhere"}))
    failure(ask, client)
    assert len(client.counted_on) == len(fake_youtube.requests) >= 3


@every_way
def test_redirects_in_a_circle_end_soon(fake_youtube: FakeYoutube, client: Client, ask: Ask) -> None:
    fake_youtube.faults.add(Fault(status=302, headers={"Location": "/watch"}))
    assert failure(ask, client) is ErrorType.UNEXPECTED_ANSWER
    assert len(client.counted_on) == len(fake_youtube.requests) == 1 + MAX_REDIRECTS


@every_way
def test_requests_that_were_never_sent_are_not_counted(
    fake_youtube: FakeYoutube, unused_tcp_port: int, ask: Ask
) -> None:
    untrusting = Client(fake_youtube.proxy_url, None)
    assert failure(ask, untrusting) is ErrorType.CERTIFICATE_UNTRUSTED
    without_proxy = Client(f"http://127.0.0.1:{unused_tcp_port}", fake_youtube.ca_file)
    assert failure(ask, without_proxy) is ErrorType.UPSTREAM_UNAVAILABLE
    assert untrusting.counted_on == without_proxy.counted_on == []
    assert fake_youtube.requests == []


def test_many_threads_are_counted_together(fake_youtube: FakeYoutube, client: Client) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, times=5, status=503))

    def both(_: int) -> None:
        for ask in (title, named_track, listed_track):
            with suppress(YoutubeError):
                ask(client)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(both, range(12)))
    assert len(client.counted_on) == len(fake_youtube.requests) >= 12 * 3
