"""The real yt-dlp behind the audio adapter, against the fake YouTube: the choice of a format, and its download."""

import errno
import json
import random
import resource
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.youtube import Audio, FakeVideo, FakeYoutube, Fault, Kind, VideoState, refuse_client, retire_client
from fakes.youtube.recorded import RecordedYoutube
from fakes.youtube.shapes import player_response
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.audio import AudioAdapter, DownloadedAudio
from services.worker.adapters.youtube.connection import Connection
from shared.contracts.errors import ErrorType
from tests.support.recordings import needs_recordings
from tests.support.youtube_audio import audio_adapter
from tests.worker.adapters.conftest import HASTY_SECONDS

ID = "abcdefghijk"
CONTENT = random.Random(1).randbytes(1_000_000)  # noqa: S311 - only variety is wanted
OPUS, PICTURES = 'audio/webm; codecs="opus"', 'video/mp4; codecs="avc1.42001E, mp4a.40.2"'
PICTURES_ALONE = Audio(mime_type='video/mp4; codecs="avc1.42001E"', itag=160)
BLOCK_BYTES = 1 << 16
GONE = Fault(kind=Kind.PLAYER, body='{"playabilityStatus": {"status": "ERROR", "reason": "This video is unavailable"}}')
FILE, PART = "source.140.m4a", "source.140.m4a.part"


@pytest.fixture
def adapter(fake_youtube: FakeYoutube) -> AudioAdapter:
    """The adapter as the worker builds it; the fake YouTube has one video."""
    fake_youtube.library.add(FakeVideo(ID, audios=(Audio(CONTENT),)))
    return audio_adapter(fake_youtube)


@pytest.fixture
def hasty(adapter: AudioAdapter, fake_youtube: FakeYoutube) -> AudioAdapter:
    """An adapter that does not wait long."""
    return audio_adapter(fake_youtube, timeout_seconds=HASTY_SECONDS)


def ignored(_: float) -> None:
    """Ignore the progress."""


def fetch(adapter: AudioAdapter, folder: Path, on_progress: Callable[[float], None]) -> DownloadedAudio:
    """Find the audio and download it; the database stores the address in between."""
    media = json.loads(json.dumps(adapter.find(ID)))
    return adapter.download(media, folder, on_progress)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def starts(fake_youtube: FakeYoutube) -> list[int]:
    """The first requested byte of each request for audio."""
    wanted = [request.byte_range or "" for request in fake_youtube.requests if request.kind is Kind.AUDIO]
    return [int(each.removeprefix("bytes=").partition("-")[0]) for each in wanted]


def application_error(adapter: AudioAdapter, folder: Path) -> YoutubeError:
    with pytest.raises(YoutubeError) as caught:
        fetch(adapter, folder, ignored)
    assert caught.value.__cause__ is None, "causes may quote signed URLs, and would travel into a workflow's history"
    return caught.value


def low(itag: int, kbps: int, content: bytes = b"other", mime_type: str = OPUS, **more: Any) -> Audio:
    return Audio(content, mime_type, itag, kbps * 1000, **more)


@pytest.mark.parametrize(
    ("audios", "name"),
    [
        ([Audio(b"x"), low(249, 50, CONTENT), low(250, 70)], "source.249.webm"),
        ([low(600, 29), low(249, 30, CONTENT), low(250, 70)], "source.249.webm"),
        ([low(600, 16), low(599, 24, CONTENT), low(601, 20)], "source.599.webm"),
        ([low(249, 50, is_protected=True), low(250, 70, CONTENT)], "source.250.webm"),
        ([low(18, 40, mime_type=PICTURES), low(251, 130, CONTENT)], "source.251.webm"),
        ([low(18, 40, mime_type=PICTURES), low(600, 20, CONTENT)], "source.600.webm"),
        ([PICTURES_ALONE, low(18, 300, CONTENT, PICTURES), low(22, 900, mime_type=PICTURES)], "source.18.mp4"),
        ([low(249, 48, dubbed_language="de"), low(249, 50, CONTENT), low(250, 70)], "source.249.webm"),
        ([low(249, 50, dubbed_language="de"), low(600, 20, CONTENT)], "source.600.webm"),
        ([low(249, 50, dubbed_language="de"), low(18, 300, CONTENT, PICTURES)], "source.18.mp4"),
    ],
)
def test_the_cheapest_that_can_be_understood(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path, audios: list[Audio], name: str
) -> None:
    fake_youtube.library.add(FakeVideo(ID, audios=tuple(audios), audio_language="en"))
    assert fetch(adapter, tmp_path, ignored) == DownloadedAudio(tmp_path / name, len(CONTENT))
    assert (tmp_path / name).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "video",
    [
        FakeVideo(ID, audios=()),
        FakeVideo(ID, audios=(PICTURES_ALONE,)),
        FakeVideo(ID, audios=(Audio(is_protected=True),)),
        FakeVideo(ID, state=VideoState.KIDS),
    ],
    ids=["nothing", "no audio", "protected", "made for kids"],
)
def test_no_format_at_all(fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path, video: FakeVideo) -> None:
    fake_youtube.library.add(video)
    assert application_error(adapter, tmp_path).error_type is ErrorType.AUDIO_UNAVAILABLE
    assert [request.kind for request in fake_youtube.requests] == [Kind.PLAYER]


def test_ten_megabytes_a_request_and_every_request_counted(fake_youtube: FakeYoutube, tmp_path: Path) -> None:
    content = CONTENT * 25
    counted: list[int] = []
    fractions: list[tuple[float, int]] = []
    fake_youtube.library.add(FakeVideo(ID, audios=(Audio(content),)))
    adapter = audio_adapter(fake_youtube, on_request=lambda _: counted.append(1))

    def on_progress(fraction: float) -> None:
        fractions.append((fraction, threading.get_ident()))

    found = fetch(adapter, tmp_path, on_progress)
    assert found == DownloadedAudio(tmp_path / FILE, len(content))
    assert found.path.read_bytes() == content
    assert names(tmp_path) == [FILE]
    assert [request.kind for request in fake_youtube.requests] == [Kind.PLAYER, *[Kind.AUDIO] * 3]
    assert len(counted) == 4
    assert fractions == sorted(set(fractions))
    assert fractions[0][0] < 0.01
    assert fractions[-1] == (1.0, threading.get_ident())


def test_a_file_that_is_complete_costs_no_request(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path
) -> None:
    media = adapter.find(ID)
    first = adapter.download(media, tmp_path, ignored)
    fake_youtube.clear()
    assert adapter.download(media, tmp_path, ignored) == first
    assert fake_youtube.requests == []


def test_the_answer_between_fetching_and_reading_is_small(adapter: AudioAdapter) -> None:
    media = adapter.find(ID)
    assert {"url", "format_id", "ext", "filesize"} <= media.keys()
    assert len(json.dumps(media)) < 10_000


@pytest.mark.parametrize("came", [1, 300_000, len(CONTENT) - 1])
def test_a_hang_up_costs_less_than_a_block(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path, came: int
) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, cut_after_bytes=came, times=1))
    assert application_error(adapter, tmp_path).error_type is ErrorType.UPSTREAM_UNAVAILABLE
    assert fetch(adapter, tmp_path, ignored).path.read_bytes() == CONTENT
    assert names(tmp_path) == [FILE]
    begun_at, continued_at = starts(fake_youtube)
    assert begun_at == 0
    assert came - BLOCK_BYTES < continued_at <= came


class EnoughError(Exception):
    """Raised by a progress callback to end the download."""


def test_a_cancelled_download_goes_on_where_it_was(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path
) -> None:
    enough = EnoughError()

    def until_half(fraction: float) -> None:
        if fraction >= 0.5:
            raise enough

    with pytest.raises(EnoughError) as caught:
        fetch(adapter, tmp_path, until_half)
    assert caught.value is enough
    come = (tmp_path / PART).stat().st_size
    assert len(CONTENT) / 2 <= come < len(CONTENT)
    fractions: list[float] = []
    assert fetch(adapter, tmp_path, fractions.append).path.read_bytes() == CONTENT
    assert fractions[0] > 0.5
    assert starts(fake_youtube) == [0, come]


def test_a_download_that_was_cancelled_at_its_last_byte(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path
) -> None:
    def until_the_end(fraction: float) -> None:
        if fraction == 1:
            raise EnoughError

    with pytest.raises(EnoughError):
        fetch(adapter, tmp_path, until_the_end)
    assert names(tmp_path) == [PART]
    assert fetch(adapter, tmp_path, ignored).path.read_bytes() == CONTENT
    assert (names(tmp_path), starts(fake_youtube)) == ([FILE], [0])


def test_a_partial_file_that_is_longer_than_the_audio(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path
) -> None:
    (tmp_path / PART).write_bytes(CONTENT + b"x")
    assert application_error(adapter, tmp_path).error_type is ErrorType.UNEXPECTED_ANSWER
    assert fetch(adapter, tmp_path, ignored).path.read_bytes() == CONTENT


def test_a_server_that_stalls(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, hasty: AudioAdapter, tmp_path: Path
) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, stall_seconds=30, stall_after_bytes=400_000, times=1))
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, stall_seconds=30, times=1))
    for _ in range(2):
        assert application_error(hasty, tmp_path).error_type is ErrorType.UPSTREAM_UNAVAILABLE
    assert fetch(adapter, tmp_path, ignored).path.read_bytes() == CONTENT
    begun_at, *continued_at = starts(fake_youtube)
    assert begun_at == 0
    assert 400_000 - BLOCK_BYTES < continued_at[0] == continued_at[1] <= 400_000


@pytest.mark.parametrize("name", ["source.251.webm.part", "source.140.m4a.x1y2z3.tmp"])
def test_the_beginning_of_another_download_is_not_continued(adapter: AudioAdapter, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"opus")
    assert fetch(adapter, tmp_path, ignored).path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (403, ErrorType.LINK_EXPIRED),
        (429, ErrorType.RATE_LIMITED),
        (503, ErrorType.UPSTREAM_UNAVAILABLE),
        (400, ErrorType.UNEXPECTED_ANSWER),
    ],
)
def test_a_refusal_of_the_media_server_is_one_request(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path, status: int, error_type: ErrorType
) -> None:
    (tmp_path / PART).write_bytes(CONTENT[:1000])
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, status=status, headers={"Retry-After": "30"}))
    error = application_error(adapter, tmp_path)
    assert error.error_type is error_type
    assert error.retry_after_seconds == (None if status == 400 else 30)
    assert "expire=" not in str(error)
    assert starts(fake_youtube) == [1000]
    assert (tmp_path / PART).read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize(
    ("state", "error_type"),
    [
        (VideoState.PRIVATE, ErrorType.VIDEO_PRIVATE),
        (VideoState.AGE_RESTRICTED, ErrorType.AGE_RESTRICTED),
        (VideoState.LIVE_NOW, ErrorType.LIVE_NOW),
        (VideoState.UPCOMING, ErrorType.UPCOMING),
        (VideoState.BOT_CHECK, ErrorType.BOT_CHECK),
        (VideoState.WRONG_VIDEO, ErrorType.BOT_CHECK),
    ],
)
def test_a_video_that_is_not_played(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path, state: VideoState, error_type: ErrorType
) -> None:
    fake_youtube.library.add(FakeVideo(ID, state=state))
    assert application_error(adapter, tmp_path).error_type is error_type
    assert [request.kind for request in fake_youtube.requests] == [Kind.PLAYER]


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (refuse_client("VISIONOS", "page reload"), ErrorType.EXTRACTOR_OUTDATED),
        (refuse_client("VISIONOS", "video unavailable"), ErrorType.EXTRACTOR_OUTDATED),
        (refuse_client("VISIONOS", "no reason"), ErrorType.EXTRACTOR_OUTDATED),
        (retire_client("VISIONOS"), ErrorType.EXTRACTOR_OUTDATED),
        (GONE, ErrorType.EXTRACTOR_OUTDATED),
        (refuse_client("VISIONOS", "not available"), ErrorType.AUDIO_UNAVAILABLE),
    ],
    ids=["page reload", "video unavailable", "no reason", "HTTP 400", "gone", "not available"],
)
def test_a_client_that_is_refused_says_nothing_about_the_video(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path, fault: Fault, error_type: ErrorType
) -> None:
    fake_youtube.faults.add(fault)
    assert application_error(adapter, tmp_path).error_type is error_type


def test_a_request_comes_from_a_guest(fake_youtube: FakeYoutube, adapter: AudioAdapter) -> None:
    adapter.find(ID)
    AudioAdapter(Connection(fake_youtube.proxy_url, fake_youtube.ca_file)).find(ID)
    kinds = [(request.kind, request.visitor_data) for request in fake_youtube.requests]
    assert kinds == [(Kind.PLAYER, "fake_youtube"), (Kind.WATCH, None), (Kind.PLAYER, "fake_youtube")]


def test_a_player_that_fails(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, hasty: AudioAdapter, tmp_path: Path
) -> None:
    for fault, error_type in (
        (Fault(kind=Kind.PLAYER, status=429, times=1), ErrorType.RATE_LIMITED),
        (Fault(kind=Kind.PLAYER, status=503, times=1), ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(kind=Kind.PLAYER, stall_seconds=30, times=1), ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(kind=Kind.PLAYER, body="{}", times=1), ErrorType.UNEXPECTED_ANSWER),
    ):
        fake_youtube.faults.add(fault)
        assert application_error(hasty if fault.stall_seconds else adapter, tmp_path).error_type is error_type
    assert starts(fake_youtube) == []


@pytest.mark.parametrize("body", ["<html>not the audio</html>", "", "x" * (len(CONTENT) + 1)])
@pytest.mark.parametrize("come", [b"", CONTENT[:1000]], ids=["new", "resumed"])
def test_a_file_of_another_length_is_rejected(
    fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path, body: str, come: bytes
) -> None:
    (tmp_path / PART).write_bytes(come)
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, body=body, times=1))
    assert application_error(adapter, tmp_path).error_type is ErrorType.UNEXPECTED_ANSWER
    assert fetch(adapter, tmp_path, ignored).path.read_bytes() == CONTENT


@pytest.mark.parametrize("size", [1000, len(CONTENT)])
def test_a_full_disk(fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path, size: int) -> None:
    fake_youtube.library.add(FakeVideo(ID, audios=(Audio(CONTENT[:size]),)))
    (tmp_path / PART).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        fetch(adapter, tmp_path, ignored)
    assert caught.value.errno == errno.ENOSPC


@contextmanager
def files_up_to(byte_count: int) -> Iterator[None]:
    """No file of this process can grow beyond `byte_count`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (byte_count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_has_room_again(fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path) -> None:
    with files_up_to(500_000), pytest.raises(OSError, match="too large") as caught:
        fetch(adapter, tmp_path, ignored)
    assert caught.value.errno == errno.EFBIG
    assert fetch(adapter, tmp_path, ignored).path.read_bytes() == CONTENT
    assert starts(fake_youtube) == [0, 500_000]


def test_a_length_that_was_not_announced(fake_youtube: FakeYoutube, adapter: AudioAdapter, tmp_path: Path) -> None:
    answer = player_response(FakeVideo(ID, audios=(Audio(CONTENT),)), "VISIONOS")
    del answer["streamingData"]["adaptiveFormats"][0]["contentLength"]
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, body=json.dumps(answer)))
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, cut_after_bytes=300_000, times=1))
    assert application_error(adapter, tmp_path).error_type is ErrorType.UPSTREAM_UNAVAILABLE
    fractions: list[float] = []
    assert fetch(adapter, tmp_path, fractions.append).path.read_bytes() == CONTENT
    assert fractions == sorted(set(fractions))
    assert fractions[-1] == 1


def test_a_missing_folder_is_not_a_full_disk(adapter: AudioAdapter, tmp_path: Path) -> None:
    assert application_error(adapter, tmp_path / "gone").error_type is ErrorType.UNEXPECTED_ANSWER


@pytest.fixture
async def recorded() -> AsyncIterator[FakeYoutube]:
    """A fake YouTube that serves the recordings."""
    async with FakeYoutube.start(youtube=RecordedYoutube()) as fake_youtube:
        yield fake_youtube


SPOKEN = ["GJLlxj_dtq8", "M4gD1WSo5mA", "cV5TjZCJkuA", "KI7fMGRg0Wk", "tjz2u2DiveM", "dsMFmonKDD4"]
SILENT = {"made for kids": "it3OtbTxQk0", "needs JavaScript": "iuevw6218F0"}


@needs_recordings
@pytest.mark.parametrize("youtube_id", SPOKEN)
def test_the_format_of_recorded_answers(recorded: FakeYoutube, tmp_path: Path, youtube_id: str) -> None:
    adapter = audio_adapter(recorded)
    found = adapter.download(adapter.find(youtube_id), tmp_path, ignored)
    assert found == DownloadedAudio(tmp_path / "source.139.m4a", found.path.stat().st_size)
    player, audio = recorded.requests
    assert (player.kind, audio.kind, audio.query["itag"]) == (Kind.PLAYER, Kind.AUDIO, "139")
    assert "dubbed" not in audio.query.get("xtags", "")


@needs_recordings
@pytest.mark.parametrize("youtube_id", SILENT.values(), ids=SILENT.keys())
def test_recorded_videos_without_audio(recorded: FakeYoutube, tmp_path: Path, youtube_id: str) -> None:
    adapter = audio_adapter(recorded)
    with pytest.raises(YoutubeError) as caught:
        adapter.download(adapter.find(youtube_id), tmp_path, ignored)
    assert caught.value.error_type is ErrorType.AUDIO_UNAVAILABLE
