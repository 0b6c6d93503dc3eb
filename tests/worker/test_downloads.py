"""The real yt-dlp downloads audio: with progress, interruptible at any time, and resumable."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from fakes.youtube import Audio, FakeVideo, FakeYoutube, Fault, Kind
from services.worker.activities import downloads
from services.worker.activities.downloads import AudioClient, DownloadActivities
from services.worker.activities.support import blocking_download as watching
from services.worker.activities.support import heartbeats
from services.worker.activities.support.blocking_download import DownloadInterruptedError
from services.worker.activities.support.progress import ProgressReporter
from services.worker.adapters.audio.store import AudioStore
from services.worker.adapters.youtube.audio import AudioAdapter, DownloadedAudio, Media
from services.worker.adapters.youtube.exits import UNREACHABLE_SECONDS, Exits
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.imports import VideoRef
from shared.contracts.messages import FeedItem
from shared.contracts.stages import SPEECH_DOWNLOADED, ImportStage
from shared.contracts.transcription import ExtractedAudio
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db import imports as import_progress
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.models import Video
from shared.settings import Settings
from shared.temporal.client import connect
from tests.support.entries import add_video, find_video, messages_of
from tests.support.servers import free_port
from tests.support.waiting import PATIENCE_SECONDS, eventually
from tests.support.youtube_audio import audio_adapter
from workflows.rate_limits.client import GovernorClient

pytestmark = pytest.mark.usefixtures("video")

ID = "abcdefghijk"
NAME, PART = "source.140.m4a", "source.140.m4a.part"
CONTENT = bytes(range(256)) * 60_000
"""Two requests' worth."""
HELD = Fault(kind=Kind.AUDIO, stall_after_bytes=3_000_000, stall_seconds=PATIENCE_SECONDS)
"""A download stops amidst its first request until the faults are cleared."""
HELD_AT = 3_000_000 / len(CONTENT)
DONE = ExtractedAudio(name=NAME, byte_count=len(CONTENT))


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that happens now and then happens often."""
    monkeypatch.setattr(watching, "WATCH_SECONDS", 0.02)
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(downloads, "LOCK_RETRY_SECONDS", 0.02)


@pytest.fixture
def published() -> list[FeedItem]:
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The video's, in the audio store."""
    return AudioStore(str(tmp_path)).workspace(ID)


@pytest.fixture
async def video(engine: AsyncEngine, fake_youtube: FakeYoutube) -> Video:
    """An entry whose import is at its captions, and the video itself."""
    fake_youtube.library.add(FakeVideo(ID, audios=(Audio(CONTENT),)))
    entry = await add_video(engine, ID)
    async with transaction(engine) as connection:
        await import_progress.advance(connection, ID, ImportStage.METADATA)
    return entry


class RecordingReporter(UpstreamReporter):
    """Records outcomes and sends nothing."""

    def __init__(self, governor: GovernorClient) -> None:
        super().__init__(governor)
        self.outcomes: list[ErrorType | None] = []

    def call_finished(
        self, status: UpstreamStatus | None, youtube_id: str, error_type: ErrorType | None, **options: object
    ) -> None:
        self.outcomes.append(error_type)


@pytest.fixture
async def reporter() -> RecordingReporter:
    settings = Settings()
    return RecordingReporter(GovernorClient(await connect(settings), Upstream.YOUTUBE, settings.youtube_rate_limits))


class Source:
    """The audio adapter; says whether the last download that began is to stop."""

    def __init__(self, adapter: AudioAdapter) -> None:
        self._adapter = adapter
        self._on_progress: Callable[[float], None]

    def find(self, youtube_id: str) -> Media:
        return self._adapter.find(youtube_id)

    def download(self, media: Media, folder: Path, on_progress: Callable[[float], None]) -> DownloadedAudio:
        self._on_progress = on_progress
        return self._adapter.download(media, folder, on_progress)

    async def is_to_stop(self) -> bool:
        try:
            self._on_progress(HELD_AT)
        except DownloadInterruptedError:
            return True
        return False


@pytest.fixture
def source(fake_youtube: FakeYoutube) -> Source:
    """Waits for as long as an answer is held."""
    return Source(audio_adapter(fake_youtube, timeout_seconds=PATIENCE_SECONDS))


@pytest.fixture
async def make(
    engine: AsyncEngine, published: list[FeedItem], source: Source, tmp_path: Path, reporter: RecordingReporter
) -> AsyncIterator[Callable[..., DownloadActivities]]:
    """The activities as the worker builds them."""
    with ThreadPoolExecutor(3) as threads:

        def make(
            engine: AsyncEngine = engine, store: type[AudioStore] = AudioStore, source: AudioClient = source
        ) -> DownloadActivities:
            return DownloadActivities(
                engine,
                ProgressReporter(engine, published.extend),
                store=store(str(tmp_path)),
                source=source,
                reporter=reporter,
                threads=threads,
                download_threads=threads,
            )

        yield make


@pytest.fixture
def activities(make: Callable[..., DownloadActivities]) -> DownloadActivities:
    return make()


class Attempt:
    """An attempt under way, and its heartbeats."""

    def __init__(self, activities: DownloadActivities) -> None:
        self.beats: list[Any] = []
        self.environment = ActivityEnvironment()
        self.environment.on_heartbeat = lambda *details: self.beats.append(*details or [None])
        self.running = asyncio.ensure_future(self._run(activities))

    async def _run(self, activities: DownloadActivities) -> ExtractedAudio:
        await find(activities)
        return await self.environment.run(activities.extract_audio, VideoRef(youtube_id=ID))

    async def is_amidst(self) -> bool:
        assert not self.running.done()
        return self.beats[-1:] not in ([], ["0.0%"])

    async def ended(self) -> Any:
        """Its result or the exception that it raised, once it has ended."""
        return (await asyncio.gather(self.running, return_exceptions=True))[0]


async def find(activities: DownloadActivities) -> None:
    await ActivityEnvironment().run(activities.find_audio, VideoRef(youtube_id=ID))


async def extract(activities: DownloadActivities) -> ExtractedAudio:
    await find(activities)
    return await ActivityEnvironment().run(activities.extract_audio, VideoRef(youtube_id=ID))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {downloads.LOCK_NAME}


def size(path: Path) -> int:
    return path.stat().st_size


def content(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def starts(fake_youtube: FakeYoutube) -> list[int]:
    """The first requested byte of each request for audio."""
    wanted = [request.byte_range or "" for request in fake_youtube.requests if request.kind is Kind.AUDIO]
    return [int(each.removeprefix("bytes=").partition("-")[0]) for each in wanted]


async def test_audio_is_stored_and_its_progress_is_published(
    activities: DownloadActivities,
    engine: AsyncEngine,
    fake_youtube: FakeYoutube,
    video: Video,
    folder: Path,
    published: list[FeedItem],
) -> None:
    somewhere_else = await add_video(engine, ID)  # at another stage: its import has not looked yet
    fake_youtube.faults.add(HELD)
    attempt = Attempt(activities)
    await eventually(attempt.is_amidst)
    await eventually(lambda: _is_told(published))
    fake_youtube.faults.clear()
    assert await attempt.ended() == DONE
    assert content(folder / NAME) == CONTENT

    assert (await find_video(engine, video.id)).import_progress == SPEECH_DOWNLOADED
    assert (await find_video(engine, somewhere_else.id)).import_progress == 0
    told = messages_of(published)
    assert {(each.video_id, each.stage) for each in told} == {(video.id, ImportStage.CAPTIONS)}
    percentages = [each.progress for each in told]
    assert percentages == sorted(set(percentages))
    assert 25 < percentages[0] < percentages[-1] == SPEECH_DOWNLOADED
    shares = [float(beat.removesuffix("%")) for beat in attempt.beats if beat]
    assert shares == sorted(shares)
    assert any(0 < share < 100 for share in shares)


async def _is_told(published: list[FeedItem]) -> bool:
    return bool(published)


async def test_the_governor_hears_of_the_answer_before_the_download(
    activities: DownloadActivities, reporter: RecordingReporter
) -> None:
    await find(activities)
    assert reporter.outcomes == [None]
    await extract(activities)
    assert reporter.outcomes == [None, None]  # one call each time


async def test_finding_audio_is_one_request_and_a_download_is_no_call(
    activities: DownloadActivities, fake_youtube: FakeYoutube
) -> None:
    await find(activities)
    assert [request.kind for request in fake_youtube.requests] == [Kind.PLAYER]
    await ActivityEnvironment().run(activities.extract_audio, VideoRef(youtube_id=ID))
    assert [request.kind for request in fake_youtube.requests] == [Kind.PLAYER, Kind.AUDIO, Kind.AUDIO]


async def test_a_download_needs_the_address_of_the_audio(
    activities: DownloadActivities, fake_youtube: FakeYoutube
) -> None:
    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(activities.extract_audio, VideoRef(youtube_id=ID))
    assert caught.value.type == ErrorType.LINK_EXPIRED
    assert fake_youtube.requests == []


@pytest.mark.parametrize(
    ("fault", "noted"),
    [
        (Fault(kind=Kind.AUDIO, status=429), [None, ErrorType.RATE_LIMITED]),
        (Fault(kind=Kind.AUDIO, status=503), [None]),
        (Fault(kind=Kind.PLAYER, status=403), [ErrorType.UPSTREAM_UNAVAILABLE]),
    ],
)
async def test_throttles_of_a_download_are_reported(
    activities: DownloadActivities,
    fake_youtube: FakeYoutube,
    reporter: RecordingReporter,
    fault: Fault,
    noted: list[ErrorType | None],
) -> None:
    fake_youtube.faults.add(fault)
    with pytest.raises(ApplicationError):
        await extract(activities)
    assert reporter.outcomes == noted


def cancel(environment: ActivityEnvironment) -> None:
    environment.cancel(ActivityCancellationDetails(cancel_requested=True))


def shut_down(environment: ActivityEnvironment) -> None:
    environment.worker_shutdown()


@pytest.mark.parametrize(("end", "outcome"), [(cancel, asyncio.CancelledError), (shut_down, DownloadInterruptedError)])
async def test_a_download_ends_with_its_next_bytes_and_is_taken_up_again(
    activities: DownloadActivities,
    source: Source,
    fake_youtube: FakeYoutube,
    folder: Path,
    end: Callable[[ActivityEnvironment], None],
    outcome: type[BaseException],
) -> None:
    fake_youtube.faults.add(HELD)
    attempt = Attempt(activities)
    await eventually(attempt.is_amidst)
    end(attempt.environment)
    await eventually(source.is_to_stop)
    fake_youtube.faults.clear()
    assert type(await attempt.ended()) is outcome
    assert names(folder) == {PART}
    come = size(folder / PART)
    assert 0 < come < len(CONTENT)
    begun = len(starts(fake_youtube))
    assert await extract(activities) == DONE
    assert content(folder / NAME) == CONTENT
    assert starts(fake_youtube)[begun] == come


async def test_a_complete_file_is_reported_as_well(
    activities: DownloadActivities, engine: AsyncEngine, fake_youtube: FakeYoutube, video: Video, folder: Path
) -> None:
    """The worker died after the last byte."""
    write(folder / NAME, CONTENT)
    assert await extract(activities) == DONE
    assert starts(fake_youtube) == []
    assert (await find_video(engine, video.id)).import_progress == SPEECH_DOWNLOADED


async def test_two_attempts_at_once_fetch_every_byte_once(
    activities: DownloadActivities, source: Source, fake_youtube: FakeYoutube, folder: Path
) -> None:
    """After an outage, Temporal times an attempt out that runs until it learns of that."""
    fake_youtube.faults.add(HELD)
    lost = Attempt(activities)
    await eventually(lost.is_amidst)
    second = Attempt(activities)
    await eventually(lambda: _beats(second))
    assert starts(fake_youtube) == [0]
    cancel(lost.environment)
    await eventually(source.is_to_stop)
    fake_youtube.faults.clear()
    assert type(await lost.ended()) is asyncio.CancelledError
    assert await second.ended() == DONE
    assert content(folder / NAME) == CONTENT
    asked_from = starts(fake_youtube)
    assert asked_from == sorted(set(asked_from))


async def _beats(attempt: Attempt) -> bool:
    return len(attempt.beats) > 3


async def test_an_attempt_that_waits_for_another_one_can_be_ended(
    activities: DownloadActivities, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.faults.add(HELD)
    lost = Attempt(activities)
    await eventually(lost.is_amidst)
    second = Attempt(activities)
    await eventually(lambda: _beats(second))
    cancel(second.environment)
    assert type(await second.ended()) is asyncio.CancelledError
    fake_youtube.faults.clear()
    assert await lost.ended() == DONE


async def test_discarded_audio_does_not_come_back(
    activities: DownloadActivities, fake_youtube: FakeYoutube, folder: Path, tmp_path: Path
) -> None:
    """An attempt that Temporal has given up on is still at work, to its end."""
    fake_youtube.faults.add(HELD)
    lost = Attempt(activities)
    await eventually(lost.is_amidst)
    await AudioStore(str(tmp_path)).delete_video(ID)
    fake_youtube.faults.clear()
    assert isinstance(await lost.ended(), ApplicationError)
    assert names(tmp_path) == set()


async def refusal(activities: DownloadActivities) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await extract(activities)
    assert caught.value.non_retryable
    assert caught.value.category == caught.value.category.BENIGN
    return caught.value


async def test_a_refusal_of_youtube_reaches_the_workflow(
    activities: DownloadActivities, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, status=429, headers={"Retry-After": "30"}, times=1))
    error = await refusal(activities)
    assert error.type == ErrorType.RATE_LIMITED
    fake_youtube.library.add(FakeVideo(ID, audios=()))
    assert (await refusal(activities)).type == ErrorType.AUDIO_UNAVAILABLE


@pytest.mark.usefixtures("video")
async def test_a_dead_proxy_costs_one_attempt(
    make: Callable[..., DownloadActivities], fake_youtube: FakeYoutube
) -> None:
    seconds = [0.0]
    proxies = [fake_youtube.proxy_url, f"http://127.0.0.1:{free_port()}"]
    while Exits(proxies).route(ID).proxy != proxies[1]:
        proxies[1] = f"http://127.0.0.1:{free_port()}"
    activities = make(source=audio_adapter(fake_youtube, Exits(proxies, clock=lambda: seconds[0])))
    for step in (activities.find_audio, activities.extract_audio):
        with pytest.raises(ApplicationError) as caught:
            await ActivityEnvironment().run(step, VideoRef(youtube_id=ID))
        assert caught.value.type == ErrorType.UPSTREAM_UNAVAILABLE
        await ActivityEnvironment().run(step, VideoRef(youtube_id=ID))
        seconds[0] += UNREACHABLE_SECONDS


async def test_a_full_disk_reaches_the_workflow_and_the_log(
    activities: DownloadActivities, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / PART).symlink_to("/dev/full")
    assert (await refusal(activities)).type == ErrorType.AUDIO_STORE_FULL
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "audio_store_full" in record.message


async def test_no_request_is_sent_while_postgres_is_unavailable(
    make: Callable[..., DownloadActivities], fake_youtube: FakeYoutube
) -> None:
    away = create_engine(Settings(database_url=SecretStr(f"postgresql://vidferry@127.0.0.1:{free_port()}/vidferry")))
    with pytest.raises(OSError, match="Connect call failed"):
        await extract(make(engine=away))
    assert fake_youtube.requests == []


class Slow(AudioStore):
    """Takes in a file when a test says so."""

    is_called: asyncio.Event
    may_go_on: asyncio.Event

    async def upload(self, youtube_id: str, name: str) -> None:
        """An upload that takes its time."""
        self.is_called.set()
        await self.may_go_on.wait()
        await super().upload(youtube_id, name)


async def test_an_upload_that_takes_its_time_is_not_given_up(make: Callable[..., DownloadActivities]) -> None:
    Slow.is_called, Slow.may_go_on = asyncio.Event(), asyncio.Event()
    attempt = Attempt(make(store=Slow))
    await asyncio.wait_for(Slow.is_called.wait(), PATIENCE_SECONDS)
    attempt.beats.clear()
    await eventually(lambda: _beats(attempt))
    Slow.may_go_on.set()
    assert await attempt.ended() == DONE
