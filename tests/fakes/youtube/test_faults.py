"""Each kind of fault reaches the real libraries as the failure that it stands for."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx
import pytest
from youtube_transcript_api import IpBlocked, YouTubeRequestFailed
from yt_dlp.utils import DownloadError

from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind, captions
from tests.fakes.youtube.clients import extract, http, transcripts
from tests.support.waiting import eventually

YOUTUBE_ID = "abcdefghijk"
WATCH = f"https://www.youtube.com/watch?v={YOUTUBE_ID}"


@pytest.fixture
def fake_youtube(fake_youtube: FakeYoutube) -> FakeYoutube:
    """A fake YouTube with one video."""
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, captions=(captions("en", "Hello"),)))
    return fake_youtube


def test_a_status_happens_as_often_as_it_should_with_its_headers(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, status=429, times=2, headers={"Retry-After": "30"}))
    with http(fake_youtube) as client:
        answers = [client.get(WATCH) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "30"
    assert fake_youtube.faults.pending == []
    assert len(fake_youtube.requests) == 3


def test_a_throttled_player_fails_ytdlp(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, client="VISIONOS", status=429))
    with pytest.raises(DownloadError, match="No video formats found!"):
        extract(fake_youtube, YOUTUBE_ID)
    assert [line.text for line in transcripts(fake_youtube).fetch(YOUTUBE_ID)] == ["Hello"]


def test_a_throttled_or_recaptcha_page_blocks_transcript_api(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(path="/watch", status=429, times=1))
    fake_youtube.faults.add(Fault(path="/watch", body='<form><div class="g-recaptcha"></div></form>', times=1))
    for _ in range(2):
        with pytest.raises(IpBlocked):
            transcripts(fake_youtube).list(YOUTUBE_ID)
    assert [line.text for line in transcripts(fake_youtube).fetch(YOUTUBE_ID)] == ["Hello"]


def test_a_server_error_fails_transcript_api(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, status=503))
    with pytest.raises(YouTubeRequestFailed):
        transcripts(fake_youtube).fetch(YOUTUBE_ID)


def test_ytdlp_gets_over_a_server_error_by_trying_again(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, status=500, times=1))
    assert extract(fake_youtube, YOUTUBE_ID)["title"] == "A day at the harbour"
    assert [request.kind for request in fake_youtube.requests] == [Kind.WATCH, Kind.PLAYER, Kind.PLAYER]


def test_an_answer_is_cut(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, cut_after_bytes=10, times=1))
    with http(fake_youtube) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="received 10 bytes"):
            client.get(WATCH)
        assert client.get(WATCH).status_code == 200


def test_a_stall_outlasts_the_clients_patience(fake_youtube: FakeYoutube) -> None:
    with http(fake_youtube) as client:
        client.get(WATCH)  # connects
        fake_youtube.faults.add(Fault(kind=Kind.WATCH, stall_seconds=3600, times=1))
        with pytest.raises(httpx.ReadTimeout):
            client.get(WATCH, timeout=0.3)
        assert client.get(WATCH).status_code == 200


def test_a_stall_in_the_middle_of_an_answer(fake_youtube: FakeYoutube) -> None:
    with http(fake_youtube) as client:
        client.get(WATCH)  # connects
        fake_youtube.faults.add(Fault(kind=Kind.WATCH, stall_seconds=3600, stall_after_bytes=10, times=1))
        with client.stream("GET", WATCH, timeout=2) as answer:
            received = answer.iter_raw()
            assert len(next(received)) == 10
            with pytest.raises(httpx.ReadTimeout):
                next(received)


def test_a_pause_in_the_middle_of_an_answer_harms_nothing(fake_youtube: FakeYoutube) -> None:
    with http(fake_youtube) as client:
        fake_youtube.faults.add(Fault(kind=Kind.WATCH, stall_seconds=0.01, stall_after_bytes=10, times=1))
        paused = client.get(WATCH)
        fake_youtube.faults.add(Fault(kind=Kind.WATCH, stall_after_bytes=10, cut_after_bytes=20, times=1))
        with pytest.raises(httpx.RemoteProtocolError, match="received 20 bytes"):
            client.get(WATCH)
    assert paused.text.endswith("</html>")


async def test_clearing_the_faults_ends_a_stall(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, stall_seconds=3600))
    with http(fake_youtube) as client:
        held = asyncio.create_task(asyncio.to_thread(client.get, WATCH))
        await eventually(partial(_was_asked, fake_youtube))
        fake_youtube.faults.clear()
        assert (await held).status_code == 200


async def _was_asked(fake_youtube: FakeYoutube) -> bool:
    return bool(fake_youtube.requests)


async def test_a_stalled_request_does_not_keep_the_fake_from_stopping(tmp_path: Path) -> None:
    async with FakeYoutube.start(directory=tmp_path) as own:
        with http(own) as client:
            client.get(WATCH)  # connects
            own.faults.add(Fault(stall_seconds=3600))
            with pytest.raises(httpx.ReadTimeout):
                client.get(WATCH, timeout=0.3)
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
def test_a_fault_leaves_other_requests_alone(fake_youtube: FakeYoutube, fault: Fault) -> None:
    fake_youtube.faults.add(fault)
    with http(fake_youtube) as client:
        assert client.get(WATCH).status_code == 200
    assert fake_youtube.faults.pending == [fault]


def watch_statuses(fake_youtube: FakeYoutube, youtube_ids: Sequence[str]) -> list[int]:
    """What each page is answered with."""
    with http(fake_youtube) as client:
        return [client.get(f"https://www.youtube.com/watch?v={each}").status_code for each in youtube_ids]


def test_chance_decides_and_decides_the_same_again(fake_youtube: FakeYoutube) -> None:
    youtube_ids = [f"chance{number % 20:05}" for number in range(60)]
    fault = Fault(kind=Kind.WATCH, status=503, probability=0.3)
    fake_youtube.faults.add(fault)
    statuses = watch_statuses(fake_youtube, youtube_ids)
    assert 10 <= statuses.count(503) <= 26
    assert statuses[:20] != statuses[20:40], "the second page of a video has a luck of its own"

    fake_youtube.faults.clear()
    fake_youtube.faults.add(fault)
    again = watch_statuses(fake_youtube, [*reversed(youtube_ids[:20]), *youtube_ids[20:]])
    assert again == [*reversed(statuses[:20]), *statuses[20:]], "whatever is asked for in between"


def test_two_faults_do_not_strike_the_same_requests(fake_youtube: FakeYoutube) -> None:
    youtube_ids = [f"chance{number:05}" for number in range(60)]
    fake_youtube.faults.add(Fault(status=503, probability=0.3))
    fake_youtube.faults.add(Fault(status=429, probability=0.3))
    assert {200, 429, 503} == set(watch_statuses(fake_youtube, youtube_ids))


def test_cleared_faults_do_not_happen(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(host="www.youtube.com", path="/wat*", youtube_id=YOUTUBE_ID, status=500))
    with http(fake_youtube) as client:
        assert client.get(WATCH).status_code == 500
        fake_youtube.faults.clear()
        assert client.get(WATCH).status_code == 200
