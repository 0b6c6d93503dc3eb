"""The real yt-dlp behind the audio adapter, against the stand-in: the choice of a format, and its download."""

import errno
import json
import random
import resource
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.worker.adapters.audio import AudioAdapter, DownloadedAudio
from services.worker.adapters.connection import Connection
from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ErrorType
from tests import recordings
from tests.standin import Audio, Fault, Kind, Standin, StandinVideo, VideoState
from tests.standin.recorded import RecordedYoutube
from tests.standin.shapes import player_response
from tests.worker.adapters.conftest import HASTY_SECONDS

ID = "abcdefghijk"
SOUND = random.Random(1).randbytes(1_000_000)  # noqa: S311 - only variety is wanted
OPUS, PICTURES = 'audio/webm; codecs="opus"', 'video/mp4; codecs="avc1.42001E, mp4a.40.2"'
PICTURES_ALONE = Audio(mime_type='video/mp4; codecs="avc1.42001E"', itag=160)
BLOCK_BYTES = 1 << 16
FILE, PART = "source.140.m4a", "source.140.m4a.part"


@pytest.fixture
def adapter(standin: Standin) -> AudioAdapter:
    """The adapter as the worker builds it; the stand-in has one video."""
    standin.library.add(StandinVideo(ID, audios=(Audio(SOUND),)))
    return AudioAdapter(Connection(standin.proxy_url, standin.ca_file))


@pytest.fixture
def hasty(adapter: AudioAdapter, standin: Standin) -> AudioAdapter:
    """An adapter that does not wait long."""
    return AudioAdapter(Connection(standin.proxy_url, standin.ca_file, timeout_seconds=HASTY_SECONDS))


def ignored(_: float) -> None:
    """For whoever does not watch the progress."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def starts(standin: Standin) -> list[int]:
    """From which byte on the sound was asked for, request by request."""
    wanted = [request.byte_range or "" for request in standin.requests if request.kind is Kind.AUDIO]
    return [int(each.removeprefix("bytes=").partition("-")[0]) for each in wanted]


def refused(adapter: AudioAdapter, folder: Path) -> YoutubeError:
    with pytest.raises(YoutubeError) as caught:
        adapter.download(ID, folder, ignored)
    assert caught.value.__cause__ is None, "causes may quote signed URLs, and would travel into a workflow's history"
    return caught.value


def low(itag: int, kbps: int, content: bytes = b"other", mime_type: str = OPUS, **more: Any) -> Audio:
    return Audio(content, mime_type, itag, kbps * 1000, **more)


@pytest.mark.parametrize(
    ("audios", "name"),
    [
        ([Audio(b"x"), low(249, 50, SOUND), low(250, 70)], "source.249.webm"),
        ([low(600, 29), low(249, 30, SOUND), low(250, 70)], "source.249.webm"),
        ([low(600, 16), low(599, 24, SOUND), low(601, 20)], "source.599.webm"),
        ([low(249, 50, is_protected=True), low(250, 70, SOUND)], "source.250.webm"),
        ([low(18, 40, mime_type=PICTURES), low(251, 130, SOUND)], "source.251.webm"),
        ([low(18, 40, mime_type=PICTURES), low(600, 20, SOUND)], "source.600.webm"),
        ([PICTURES_ALONE, low(18, 300, SOUND, PICTURES), low(22, 900, mime_type=PICTURES)], "source.18.mp4"),
        ([low(249, 48, dubbed_language="de"), low(249, 50, SOUND), low(250, 70)], "source.249.webm"),
        ([low(249, 50, dubbed_language="de"), low(600, 20, SOUND)], "source.600.webm"),
        ([low(249, 50, dubbed_language="de"), low(18, 300, SOUND, PICTURES)], "source.18.mp4"),
    ],
)
def test_the_cheapest_that_can_be_understood(
    standin: Standin, adapter: AudioAdapter, tmp_path: Path, audios: list[Audio], name: str
) -> None:
    standin.library.add(StandinVideo(ID, audios=tuple(audios), audio_language="en"))
    assert adapter.download(ID, tmp_path, ignored) == DownloadedAudio(tmp_path / name, len(SOUND))
    assert (tmp_path / name).read_bytes() == SOUND


@pytest.mark.parametrize(
    "video",
    [
        StandinVideo(ID, audios=()),
        StandinVideo(ID, audios=(PICTURES_ALONE,)),
        StandinVideo(ID, audios=(Audio(is_protected=True),)),
        StandinVideo(ID, state=VideoState.KIDS),
    ],
    ids=["nothing", "no sound", "protected", "made for kids"],
)
def test_no_format_at_all(standin: Standin, adapter: AudioAdapter, tmp_path: Path, video: StandinVideo) -> None:
    standin.library.add(video)
    assert refused(adapter, tmp_path).error_type is ErrorType.AUDIO_UNAVAILABLE
    assert [request.kind for request in standin.requests] == [Kind.PLAYER]


def test_ten_megabytes_a_request_and_every_request_counted(standin: Standin, tmp_path: Path) -> None:
    sound = SOUND * 25
    counted: list[int] = []
    fractions: list[tuple[float, int]] = []
    standin.library.add(StandinVideo(ID, audios=(Audio(sound),)))
    connection = Connection(standin.proxy_url, standin.ca_file, on_request=lambda: counted.append(1))

    def on_progress(fraction: float) -> None:
        fractions.append((fraction, threading.get_ident()))

    found = AudioAdapter(connection).download(ID, tmp_path, on_progress)
    assert found == DownloadedAudio(tmp_path / FILE, len(sound))
    assert found.path.read_bytes() == sound
    assert names(tmp_path) == [FILE]
    assert [request.kind for request in standin.requests] == [Kind.PLAYER, *[Kind.AUDIO] * 3]
    assert len(counted) == 4
    assert fractions == sorted(set(fractions))
    assert fractions[0][0] < 0.01
    assert fractions[-1] == (1.0, threading.get_ident())


def test_a_file_that_is_complete_costs_no_request(standin: Standin, adapter: AudioAdapter, tmp_path: Path) -> None:
    first = adapter.download(ID, tmp_path, ignored)
    standin.clear()
    assert adapter.download(ID, tmp_path, ignored) == first
    assert standin.requests == []


@pytest.mark.parametrize("came", [1, 300_000, len(SOUND) - 1])
def test_a_hang_up_costs_less_than_a_block(standin: Standin, adapter: AudioAdapter, tmp_path: Path, came: int) -> None:
    standin.faults.add(Fault(kind=Kind.AUDIO, cut_after_bytes=came, times=1))
    assert refused(adapter, tmp_path).error_type is ErrorType.UPSTREAM_UNAVAILABLE
    assert adapter.download(ID, tmp_path, ignored).path.read_bytes() == SOUND
    assert names(tmp_path) == [FILE]
    begun_at, continued_at = starts(standin)
    assert begun_at == 0
    assert came - BLOCK_BYTES < continued_at <= came


class Enough(Exception):
    """What somebody raises who wants no more."""


def test_a_cancelled_download_goes_on_where_it_was(standin: Standin, adapter: AudioAdapter, tmp_path: Path) -> None:
    enough = Enough()

    def until_half(fraction: float) -> None:
        if fraction >= 0.5:
            raise enough

    with pytest.raises(Enough) as caught:
        adapter.download(ID, tmp_path, until_half)
    assert caught.value is enough
    come = (tmp_path / PART).stat().st_size
    assert len(SOUND) / 2 <= come < len(SOUND)
    fractions: list[float] = []
    assert adapter.download(ID, tmp_path, fractions.append).path.read_bytes() == SOUND
    assert fractions[0] > 0.5
    assert starts(standin) == [0, come]


def test_a_download_that_was_cancelled_at_its_last_byte(
    standin: Standin, adapter: AudioAdapter, tmp_path: Path
) -> None:
    def until_the_end(fraction: float) -> None:
        if fraction == 1:
            raise Enough

    with pytest.raises(Enough):
        adapter.download(ID, tmp_path, until_the_end)
    assert names(tmp_path) == [PART]
    assert adapter.download(ID, tmp_path, ignored).path.read_bytes() == SOUND
    assert (names(tmp_path), starts(standin)) == ([FILE], [0])


def test_a_beginning_that_is_longer_than_the_sound(standin: Standin, adapter: AudioAdapter, tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(SOUND + b"x")
    assert refused(adapter, tmp_path).error_type is ErrorType.UNEXPECTED_ANSWER
    assert adapter.download(ID, tmp_path, ignored).path.read_bytes() == SOUND


def test_a_server_that_stalls(standin: Standin, hasty: AudioAdapter, tmp_path: Path) -> None:
    standin.faults.add(Fault(kind=Kind.AUDIO, stall_seconds=30, stall_after_bytes=400_000, times=1))
    standin.faults.add(Fault(kind=Kind.AUDIO, stall_seconds=30, times=1))
    for _ in range(2):
        assert refused(hasty, tmp_path).error_type is ErrorType.UPSTREAM_UNAVAILABLE
    assert hasty.download(ID, tmp_path, ignored).path.read_bytes() == SOUND
    begun_at, *continued_at = starts(standin)
    assert begun_at == 0
    assert 400_000 - BLOCK_BYTES < continued_at[0] == continued_at[1] <= 400_000


@pytest.mark.parametrize("name", ["source.251.webm.part", "source.140.m4a.x1y2z3.tmp"])
def test_the_beginning_of_another_download_is_not_continued(adapter: AudioAdapter, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"opus")
    assert adapter.download(ID, tmp_path, ignored).path.read_bytes() == SOUND


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (403, ErrorType.LINK_EXPIRED),
        (429, ErrorType.RATE_LIMITED),
        (503, ErrorType.UPSTREAM_UNAVAILABLE),
        (400, ErrorType.UNEXPECTED_ANSWER),
    ],
)
def test_a_refusal_of_the_media_server_is_asked_for_once(
    standin: Standin, adapter: AudioAdapter, tmp_path: Path, status: int, error_type: ErrorType
) -> None:
    (tmp_path / PART).write_bytes(SOUND[:1000])
    standin.faults.add(Fault(kind=Kind.AUDIO, status=status, headers={"Retry-After": "30"}))
    error = refused(adapter, tmp_path)
    assert error.error_type is error_type
    assert error.retry_after_seconds == (None if status == 400 else 30)
    assert "expire=" not in str(error)
    assert starts(standin) == [1000]
    assert (tmp_path / PART).read_bytes() == SOUND[:1000]


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
    standin: Standin, adapter: AudioAdapter, tmp_path: Path, state: VideoState, error_type: ErrorType
) -> None:
    standin.library.add(StandinVideo(ID, state=state))
    assert refused(adapter, tmp_path).error_type is error_type
    assert [request.kind for request in standin.requests] == [Kind.PLAYER]


def test_a_player_that_fails(standin: Standin, hasty: AudioAdapter, tmp_path: Path) -> None:
    for fault, error_type in (
        (Fault(kind=Kind.PLAYER, status=429, times=1), ErrorType.RATE_LIMITED),
        (Fault(kind=Kind.PLAYER, status=503, times=1), ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(kind=Kind.PLAYER, stall_seconds=30, times=1), ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(kind=Kind.PLAYER, body="{}", times=1), ErrorType.UNEXPECTED_ANSWER),
    ):
        standin.faults.add(fault)
        assert refused(hasty, tmp_path).error_type is error_type
    assert starts(standin) == []


@pytest.mark.parametrize("body", ["<html>not the sound</html>", "", "x" * (len(SOUND) + 1)])
@pytest.mark.parametrize("come", [b"", SOUND[:1000]], ids=["new", "resumed"])
def test_what_has_another_length_is_not_the_sound(
    standin: Standin, adapter: AudioAdapter, tmp_path: Path, body: str, come: bytes
) -> None:
    (tmp_path / PART).write_bytes(come)
    standin.faults.add(Fault(kind=Kind.AUDIO, body=body, times=1))
    assert refused(adapter, tmp_path).error_type is ErrorType.UNEXPECTED_ANSWER
    assert adapter.download(ID, tmp_path, ignored).path.read_bytes() == SOUND


@pytest.mark.parametrize("size", [1000, len(SOUND)])
def test_a_full_disk(standin: Standin, adapter: AudioAdapter, tmp_path: Path, size: int) -> None:
    standin.library.add(StandinVideo(ID, audios=(Audio(SOUND[:size]),)))
    (tmp_path / PART).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        adapter.download(ID, tmp_path, ignored)
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


def test_a_disk_that_has_room_again(standin: Standin, adapter: AudioAdapter, tmp_path: Path) -> None:
    with files_up_to(500_000), pytest.raises(OSError, match="too large") as caught:
        adapter.download(ID, tmp_path, ignored)
    assert caught.value.errno == errno.EFBIG
    assert adapter.download(ID, tmp_path, ignored).path.read_bytes() == SOUND
    assert starts(standin) == [0, 500_000]


def test_a_length_that_was_not_announced(standin: Standin, adapter: AudioAdapter, tmp_path: Path) -> None:
    answer = player_response(StandinVideo(ID, audios=(Audio(SOUND),)), "VISIONOS")
    del answer["streamingData"]["adaptiveFormats"][0]["contentLength"]
    standin.faults.add(Fault(kind=Kind.PLAYER, body=json.dumps(answer)))
    standin.faults.add(Fault(kind=Kind.AUDIO, cut_after_bytes=300_000, times=1))
    assert refused(adapter, tmp_path).error_type is ErrorType.UPSTREAM_UNAVAILABLE
    fractions: list[float] = []
    assert adapter.download(ID, tmp_path, fractions.append).path.read_bytes() == SOUND
    assert fractions == sorted(set(fractions))
    assert fractions[-1] == 1


def test_a_folder_that_is_gone_is_not_a_full_disk(adapter: AudioAdapter, tmp_path: Path) -> None:
    assert refused(adapter, tmp_path / "gone").error_type is ErrorType.UNEXPECTED_ANSWER


@pytest.fixture
async def recorded() -> AsyncIterator[Standin]:
    """A stand-in that serves the recordings."""
    async with Standin.start(youtube=RecordedYoutube()) as standin:
        yield standin


SPOKEN = ["GJLlxj_dtq8", "M4gD1WSo5mA", "cV5TjZCJkuA", "KI7fMGRg0Wk", "tjz2u2DiveM", "dsMFmonKDD4"]
SILENT = {"made for kids": "it3OtbTxQk0", "needs JavaScript": "iuevw6218F0"}


@recordings.needs_recordings
@pytest.mark.parametrize("youtube_id", SPOKEN)
def test_the_format_of_recorded_answers(recorded: Standin, tmp_path: Path, youtube_id: str) -> None:
    adapter = AudioAdapter(Connection(recorded.proxy_url, recorded.ca_file))
    found = adapter.download(youtube_id, tmp_path, ignored)
    assert found == DownloadedAudio(tmp_path / "source.139.m4a", found.path.stat().st_size)
    player, audio = recorded.requests
    assert (player.kind, audio.kind, audio.query["itag"]) == (Kind.PLAYER, Kind.AUDIO, "139")
    assert "dubbed" not in audio.query.get("xtags", "")


@recordings.needs_recordings
@pytest.mark.parametrize("youtube_id", SILENT.values(), ids=SILENT.keys())
def test_recorded_videos_without_sound(recorded: Standin, tmp_path: Path, youtube_id: str) -> None:
    adapter = AudioAdapter(Connection(recorded.proxy_url, recorded.ca_file))
    with pytest.raises(YoutubeError) as caught:
        adapter.download(youtube_id, tmp_path, ignored)
    assert caught.value.error_type is ErrorType.AUDIO_UNAVAILABLE
