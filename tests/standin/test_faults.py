"""Each kind of fault reaches the real libraries as the failure that it stands for."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from youtube_transcript_api import IpBlocked, YouTubeRequestFailed
from yt_dlp.utils import DownloadError

from tests.standin import Fault, Kind, Standin, StandinVideo, captions
from tests.standin.clients import extract, http, transcripts

YOUTUBE_ID = "abcdefghijk"
WATCH = f"https://www.youtube.com/watch?v={YOUTUBE_ID}"


@pytest.fixture
def standin(standin: Standin) -> Standin:
    """A stand-in with one video."""
    standin.library.add(StandinVideo(YOUTUBE_ID, captions=(captions("en", "Hello"),)))
    return standin


def test_a_status_happens_as_often_as_it_should_with_its_headers(standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.WATCH, status=429, times=2, headers={"Retry-After": "30"}))
    with http(standin) as client:
        answers = [client.get(WATCH) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "30"
    assert standin.faults.pending == []
    assert len(standin.requests) == 3


def test_a_throttled_player_fails_ytdlp(standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.PLAYER, client="VISIONOS", status=429))
    with pytest.raises(DownloadError, match="No video formats found!"):
        extract(standin, YOUTUBE_ID)
    assert [line.text for line in transcripts(standin).fetch(YOUTUBE_ID)] == ["Hello"]


def test_a_throttled_or_recaptcha_page_blocks_transcript_api(standin: Standin) -> None:
    standin.faults.add(Fault(path="/watch", status=429, times=1))
    standin.faults.add(Fault(path="/watch", body='<form><div class="g-recaptcha"></div></form>', times=1))
    for _ in range(2):
        with pytest.raises(IpBlocked):
            transcripts(standin).list(YOUTUBE_ID)
    assert [line.text for line in transcripts(standin).fetch(YOUTUBE_ID)] == ["Hello"]


def test_a_server_error_fails_transcript_api(standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.TIMEDTEXT, status=503))
    with pytest.raises(YouTubeRequestFailed):
        transcripts(standin).fetch(YOUTUBE_ID)


def test_ytdlp_gets_over_a_server_error_by_trying_again(standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.PLAYER, status=500, times=1))
    assert extract(standin, YOUTUBE_ID)["title"] == "A day at the harbour"
    assert [request.kind for request in standin.requests] == [Kind.WATCH, Kind.PLAYER, Kind.PLAYER]


def test_an_answer_is_cut(standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.WATCH, cut_after_bytes=10, times=1))
    with http(standin) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="received 10 bytes"):
            client.get(WATCH)
        assert client.get(WATCH).status_code == 200


def test_a_stall_outlasts_the_clients_patience(standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.WATCH, stall_seconds=3600, times=1))
    with http(standin, timeout_seconds=0.3) as impatient, pytest.raises(httpx.ReadTimeout):
        impatient.get(WATCH)
    with http(standin) as client:
        assert client.get(WATCH).status_code == 200


def test_a_stall_in_the_middle_of_an_answer(standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.WATCH, stall_seconds=3600, stall_after_bytes=10, times=1))
    with http(standin, timeout_seconds=0.3) as impatient, impatient.stream("GET", WATCH) as answer:
        received = answer.iter_raw()
        assert len(next(received)) == 10
        with pytest.raises(httpx.ReadTimeout):
            next(received)


def test_a_pause_in_the_middle_of_an_answer_harms_nothing(standin: Standin) -> None:
    with http(standin) as client:
        standin.faults.add(Fault(kind=Kind.WATCH, stall_seconds=0.01, stall_after_bytes=10, times=1))
        paused = client.get(WATCH)
        standin.faults.add(Fault(kind=Kind.WATCH, stall_after_bytes=10, cut_after_bytes=20, times=1))
        with pytest.raises(httpx.RemoteProtocolError, match="received 20 bytes"):
            client.get(WATCH)
    assert paused.text.endswith("</html>")


async def test_a_stalled_request_does_not_keep_the_standin_from_stopping(tmp_path: Path) -> None:
    async with Standin.start(directory=tmp_path) as own:
        own.faults.add(Fault(stall_seconds=3600))
        with http(own, timeout_seconds=0.3) as impatient, pytest.raises(httpx.ReadTimeout):
            impatient.get(WATCH)
    with pytest.raises(httpx.ConnectError), http(own) as late:
        late.get(WATCH)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.PLAYER, status=500),
        Fault(host="*.googlevideo.com", status=500),
        Fault(path="/youtubei/*", status=500),
        Fault(youtube_id="another-one", status=500),
        Fault(kind=Kind.WATCH, client="ANDROID", status=500),
    ],
)
def test_a_fault_leaves_other_requests_alone(standin: Standin, fault: Fault) -> None:
    standin.faults.add(fault)
    with http(standin) as client:
        assert client.get(WATCH).status_code == 200
    assert standin.faults.pending == [fault]


def watch_statuses(standin: Standin, youtube_ids: Sequence[str]) -> list[int]:
    """What each page is answered with."""
    with http(standin) as client:
        return [client.get(f"https://www.youtube.com/watch?v={each}").status_code for each in youtube_ids]


def test_chance_decides_and_decides_the_same_again(standin: Standin) -> None:
    youtube_ids = [f"chance{number % 20:05}" for number in range(60)]
    fault = Fault(kind=Kind.WATCH, status=503, probability=0.3)
    standin.faults.add(fault)
    statuses = watch_statuses(standin, youtube_ids)
    assert 10 <= statuses.count(503) <= 26
    assert statuses[:20] != statuses[20:40], "the second page of a video has a luck of its own"

    standin.faults.clear()
    standin.faults.add(fault)
    again = watch_statuses(standin, [*reversed(youtube_ids[:20]), *youtube_ids[20:]])
    assert again == [*reversed(statuses[:20]), *statuses[20:]], "whatever is asked for in between"


def test_two_faults_do_not_strike_the_same_requests(standin: Standin) -> None:
    youtube_ids = [f"chance{number:05}" for number in range(60)]
    standin.faults.add(Fault(status=503, probability=0.3))
    standin.faults.add(Fault(status=429, probability=0.3))
    assert {200, 429, 503} == set(watch_statuses(standin, youtube_ids))


def test_cleared_faults_do_not_happen(standin: Standin) -> None:
    standin.faults.add(Fault(host="www.youtube.com", path="/wat*", youtube_id=YOUTUBE_ID, status=500))
    with http(standin) as client:
        assert client.get(WATCH).status_code == 500
        standin.faults.clear()
        assert client.get(WATCH).status_code == 200
