"""Workers die while audio is downloaded and while speech is transcribed: what was done is not done again."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.speech.faults import SpeechFault
from fakes.speech.server import FakeTranscriptionServer
from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind
from tests.rate_limits.installation import Installation
from tests.support.waiting import eventually
from tests.transcription.conftest import CHUNK_SECONDS, ID, KEY, hiss


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The audio store."""
    return tmp_path / "audio"


@pytest.fixture
async def installation(
    tmp_path: Path, fake_youtube: FakeYoutube, speech: FakeTranscriptionServer, store: Path
) -> AsyncIterator[Installation]:
    """Servers and two workers of their own, with speech-to-text."""
    settings = {
        "YOUTUBE_CALLS_PER_SECOND": "100",
        "VIDFERRY_AUDIO_STORE": str(store),
        "TRANSCRIPTION_BASE_URL": speech.base_url,
        "TRANSCRIPTION_API_KEY": KEY,
        "TRANSCRIPTION_CHUNK_SECONDS": str(CHUNK_SECONDS),
        "TRANSCRIPTION_REQUESTS_PER_MINUTE": "6000",
        "TRANSCRIPTION_MAX_CONCURRENT": "1",
    }
    installation = Installation(tmp_path, fake_youtube, settings)
    try:
        await installation.start()
        yield installation
    finally:
        await installation.close()


def bytes_begun(fake_youtube: FakeYoutube) -> list[int]:
    """Where each request for audio began to read."""
    ranges = [request.byte_range for request in fake_youtube.requests if request.kind is Kind.AUDIO]
    return [int(each.removeprefix("bytes=").partition("-")[0]) if each else 0 for each in ranges]


def part_bytes(store: Path) -> int:
    """How much of a download is there."""
    return sum(path.stat().st_size for path in store.rglob("*.part"))


def files(store: Path) -> list[Path]:
    """What is in the store."""
    return [path for path in store.rglob("*") if path.is_file()]


async def test_a_download_goes_on_where_a_killed_worker_left_it(
    installation: Installation,
    fake_youtube: FakeYoutube,
    speech: FakeTranscriptionServer,
    video: FakeVideo,
    store: Path,
) -> None:
    half = len(hiss()) // 2
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, times=1, stall_after_bytes=half, stall_seconds=60))
    await installation.add(ID)

    async def half_is_here() -> bool:
        return part_bytes(store) > half - 100_000

    await eventually(half_is_here)
    installation.kill_workers()
    kept = part_bytes(store)
    await installation.start_workers()
    await installation.until_complete(ID)

    assert bytes_begun(fake_youtube) == [0, kept]
    assert kept > 0
    assert len(speech.requests) == 3
    assert files(store) == []


async def test_only_the_chunks_in_progress_are_transcribed_again(
    installation: Installation,
    fake_youtube: FakeYoutube,
    speech: FakeTranscriptionServer,
    video: FakeVideo,
    store: Path,
) -> None:
    speech.faults.add(SpeechFault(after_requests=2, times=1, stall_seconds=60))
    await installation.add(ID)

    async def third_is_under_way() -> bool:
        return len(speech.requests) >= 3 and all(request.status for request in speech.requests[:2])

    await eventually(third_is_under_way)
    await eventually(lambda: _transcribed(installation, 2))
    installation.kill_workers()
    await installation.start_workers()
    await installation.until_complete(ID)

    sent = Counter(request.file_name for request in speech.requests)
    answered = Counter(request.file_name for request in speech.requests if request.status == 200)
    assert sorted(sent.values()) == [1, 1, 2]
    assert set(answered) == set(sent)
    assert [request.kind for request in fake_youtube.requests].count(Kind.AUDIO) == 1
    assert files(store) == []
    told = (await installation.told())[ID]
    assert told == ["created", "metadata", "captions", "chapters", "complete"]


async def _transcribed(installation: Installation, chunks: int) -> bool:
    """Whether so many chunks are written down."""
    return await installation.count("transcribed_chunks") >= chunks
