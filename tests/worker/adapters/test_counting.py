"""Every request to YouTube is counted once: compared with what the stand-in got."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from services.worker.adapters.captions import CaptionsAdapter
from services.worker.adapters.connection import MAX_REDIRECTS, Connection
from services.worker.adapters.metadata import MetadataAdapter
from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsKind, CaptionTrack
from tests.standin import Fault, Kind, Standin, StandinVideo, VideoState, captions
from tests.worker.adapters.conftest import HASTY_SECONDS

ID = "abcdefghijk"
URL = f"https://www.youtube.com/api/timedtext?v={ID}&lang=en&fmt=json3"
TRACK = CaptionTrack(language="en", kind=CaptionsKind.MANUAL, url=URL)


class Client:
    """Both adapters, and the threads on which their requests were counted."""

    def __init__(self, proxy: str | None, ca_file: Path | None, **options: float) -> None:
        self.counted_on: list[int] = []

        def count() -> None:
            self.counted_on.append(threading.get_ident())

        self.metadata = MetadataAdapter(Connection(proxy, ca_file, on_request=count, **options))
        self.captions = CaptionsAdapter(Connection(proxy, ca_file, on_request=count, **options))


def title(client: Client) -> None:
    client.metadata.extract(ID)


def named_track(client: Client) -> None:
    client.captions.fetch(ID, TRACK)


def listed_track(client: Client) -> None:
    client.captions.fetch(ID, None)


Ask = Callable[[Client], None]
every_way = pytest.mark.parametrize("ask", [title, named_track, listed_track])


@pytest.fixture(autouse=True)
def video(standin: Standin) -> None:
    """One video with captions."""
    standin.library.add(StandinVideo(ID, captions=(captions("en", "Hello"),)))


@pytest.fixture
def client(standin: Standin) -> Client:
    """A client whose requests are counted."""
    return Client(standin.proxy_url, standin.ca_file)


def failure(ask: Ask, client: Client) -> ErrorType:
    with pytest.raises(YoutubeError) as caught:
        ask(client)
    return caught.value.error_type


@pytest.mark.parametrize(("ask", "requests"), [(title, 2), (named_track, 1), (listed_track, 3)])
def test_what_goes_well(standin: Standin, client: Client, ask: Ask, requests: int) -> None:
    ask(client)
    assert len(client.counted_on) == len(standin.requests) == requests
    assert set(client.counted_on) == {threading.get_ident()}


def test_a_video_made_for_kids_costs_a_third_request(standin: Standin, client: Client) -> None:
    standin.library.add(StandinVideo(ID, state=VideoState.KIDS))
    title(client)
    assert len(client.counted_on) == len(standin.requests) == 3


def test_a_track_that_has_expired_costs_all_four(standin: Standin, client: Client) -> None:
    standin.faults.add(Fault(kind=Kind.TIMEDTEXT, status=403, times=1))
    named_track(client)
    assert len(client.counted_on) == len(standin.requests) == 4


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
def test_what_fails_at_once(standin: Standin, client: Client, ask: Ask, fault: Fault) -> None:
    standin.faults.add(fault)
    failure(ask, client)
    assert len(client.counted_on) == len(standin.requests) > 0


@pytest.mark.parametrize("fault", [Fault(kind=Kind.PLAYER, status=429), Fault(kind=Kind.PLAYER, cut_after_bytes=3)])
@pytest.mark.parametrize("ask", [title, listed_track])
def test_what_fails_on_the_way(standin: Standin, client: Client, ask: Ask, fault: Fault) -> None:
    standin.faults.add(fault)
    failure(ask, client)
    assert len(client.counted_on) == len(standin.requests) == 2


@every_way
def test_requests_without_an_answer_were_sent_all_the_same(standin: Standin, ask: Ask) -> None:
    client = Client(standin.proxy_url, standin.ca_file, timeout_seconds=HASTY_SECONDS)
    standin.faults.add(Fault(stall_seconds=30))
    assert failure(ask, client) is ErrorType.UPSTREAM_UNAVAILABLE
    assert len(client.counted_on) == len(standin.requests) == 1


@every_way
def test_each_request_of_a_redirect_counts(standin: Standin, client: Client, ask: Ask) -> None:
    standin.faults.add(Fault(times=2, status=302, headers={"Location": "/elsewhere"}))
    failure(ask, client)
    assert len(client.counted_on) == len(standin.requests) >= 3


@every_way
def test_redirects_in_a_circle_end_soon(standin: Standin, client: Client, ask: Ask) -> None:
    standin.faults.add(Fault(status=302, headers={"Location": "/watch"}))
    assert failure(ask, client) is ErrorType.UNEXPECTED_ANSWER
    assert len(client.counted_on) == len(standin.requests) == 1 + MAX_REDIRECTS


@every_way
def test_what_never_left_is_not_counted(standin: Standin, unused_tcp_port: int, ask: Ask) -> None:
    untrusting = Client(standin.proxy_url, None)
    assert failure(ask, untrusting) is ErrorType.CERTIFICATE_UNTRUSTED
    without_proxy = Client(f"http://127.0.0.1:{unused_tcp_port}", standin.ca_file)
    assert failure(ask, without_proxy) is ErrorType.UPSTREAM_UNAVAILABLE
    assert untrusting.counted_on == without_proxy.counted_on == []
    assert standin.requests == []


def test_many_threads_are_counted_together(standin: Standin, client: Client) -> None:
    standin.faults.add(Fault(kind=Kind.PLAYER, times=5, status=503))

    def both(_: int) -> None:
        for ask in (title, named_track, listed_track):
            with suppress(YoutubeError):
                ask(client)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(both, range(12)))
    assert len(client.counted_on) == len(standin.requests) >= 12 * 3
