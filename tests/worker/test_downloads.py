"""Sound is downloaded by the real yt-dlp: it tells how far it is, can be ended at any moment, and is taken up again."""

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

from services.worker.activities import downloads, heartbeats, watching
from services.worker.activities.downloads import DownloadActivities
from services.worker.activities.progress import ProgressTeller
from services.worker.activities.watching import Stopped
from services.worker.adapters.audio import AudioAdapter
from services.worker.adapters.connection import Connection
from services.worker.audio.store import AudioStore
from services.worker.reporting import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.imports import UpstreamFailure, VideoRef
from shared.contracts.messages import FeedItem
from shared.contracts.speech import ExtractedAudio
from shared.contracts.stages import SPEECH_DOWNLOADED, ImportStage
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db import import_progress
from shared.db.driver import transaction
from shared.db.engine import create_engine
from shared.db.models import Video
from shared.settings import Settings
from shared.temporal.client import connect
from tests.standin import Audio, Fault, Kind, Standin, StandinVideo
from tests.support.entries import add_video, find_video
from tests.support.servers import free_port
from tests.support.waiting import eventually
from workflows.governors import GovernorClient

pytestmark = pytest.mark.usefixtures("video")

ID = "abcdefghijk"
NAME, PART = "source.140.m4a", "source.140.m4a.part"
SOUND = bytes(range(256)) * 60_000
"""Two requests' worth."""
SLOWLY = Fault(kind=Kind.AUDIO, stall_after_bytes=3_000_000, stall_seconds=1)
"""Each of the requests stops once: long enough to be ended meanwhile."""
DONE = ExtractedAudio(name=NAME, byte_count=len(SOUND))


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that happens now and then happens often."""
    monkeypatch.setattr(watching, "WATCH_SECONDS", 0.02)
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(downloads, "LOOK_AGAIN_SECONDS", 0.02)


@pytest.fixture
def published() -> list[FeedItem]:
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The video's, in the audio store."""
    return AudioStore(str(tmp_path)).workspace(ID)


@pytest.fixture
async def video(engine: AsyncEngine, standin: Standin) -> Video:
    """An entry whose import is at its captions, and the video itself."""
    standin.library.add(StandinVideo(ID, audios=(Audio(SOUND),)))
    entry = await add_video(engine, ID)
    async with transaction(engine) as connection:
        await import_progress.advance(connection, ID, ImportStage.METADATA)
    return entry


class NotedReporter(UpstreamReporter):
    """Notes what it is told, and tells nobody."""

    def __init__(self, governor: GovernorClient) -> None:
        super().__init__(governor)
        self.noted: list[ErrorType | None] = []

    def call_ended(
        self, began: UpstreamStatus | None, youtube_id: str, error_type: ErrorType | None, **options: float | None
    ) -> None:
        self.noted.append(error_type)


@pytest.fixture
async def reporter() -> NotedReporter:
    settings = Settings()
    return NotedReporter(GovernorClient(await connect(settings), Upstream.YOUTUBE, settings.youtube_pace))


@pytest.fixture
async def make(
    engine: AsyncEngine, published: list[FeedItem], standin: Standin, tmp_path: Path, reporter: NotedReporter
) -> AsyncIterator[Callable[..., DownloadActivities]]:
    """The activities as the worker builds them."""
    with ThreadPoolExecutor(3) as threads:

        def make(engine: AsyncEngine = engine, store: type[AudioStore] = AudioStore) -> DownloadActivities:
            return DownloadActivities(
                engine,
                ProgressTeller(engine, published.extend),
                store=store(str(tmp_path)),
                source=AudioAdapter(Connection(standin.proxy_url, standin.ca_file)),
                reporter=reporter,
                threads=threads,
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
        self.running = asyncio.ensure_future(self.environment.run(activities.extract_audio, VideoRef(youtube_id=ID)))

    async def is_amidst(self) -> bool:
        assert not self.running.done()
        return self.beats[-1:] not in ([], ["0.0%"])

    async def ended(self) -> Any:
        """Its result or the exception that it raised, once it has ended."""
        return (await asyncio.gather(self.running, return_exceptions=True))[0]


async def extract(activities: DownloadActivities) -> ExtractedAudio:
    return await ActivityEnvironment().run(activities.extract_audio, VideoRef(youtube_id=ID))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {downloads.LOCK_NAME}


def size(path: Path) -> int:
    return path.stat().st_size


def content(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def starts(standin: Standin) -> list[int]:
    """From which byte on the sound was asked for, request by request."""
    wanted = [request.byte_range or "" for request in standin.requests if request.kind is Kind.AUDIO]
    return [int(each.removeprefix("bytes=").partition("-")[0]) for each in wanted]


async def test_the_sound_is_in_the_store_and_everybody_knows_how_far_it_is(
    activities: DownloadActivities,
    engine: AsyncEngine,
    standin: Standin,
    video: Video,
    folder: Path,
    published: list[FeedItem],
) -> None:
    somewhere_else = await add_video(engine, ID)  # at another stage: its import has not looked yet
    standin.faults.add(SLOWLY)
    attempt = Attempt(activities)
    assert await attempt.ended() == DONE
    assert content(folder / NAME) == SOUND

    assert (await find_video(engine, video.id)).import_progress == SPEECH_DOWNLOADED
    assert (await find_video(engine, somewhere_else.id)).import_progress == 0
    told = [item.message for item in published]
    assert {(each.video_id, each.stage) for each in told} == {(video.id, ImportStage.CAPTIONS)}
    percentages = [each.progress for each in told]
    assert percentages == sorted(set(percentages))
    assert len(percentages) > 2
    assert 25 < percentages[0] < percentages[-1] == SPEECH_DOWNLOADED
    shares = [float(beat.removesuffix("%")) for beat in attempt.beats if beat]
    assert shares == sorted(shares)
    assert 0 < shares[len(shares) // 2] < 100


async def test_the_governor_hears_of_the_answer_long_before_the_end(
    activities: DownloadActivities, standin: Standin, reporter: NotedReporter
) -> None:
    standin.faults.add(SLOWLY)
    attempt = Attempt(activities)

    async def has_heard() -> bool:
        assert not attempt.running.done()
        return reporter.noted == [None]

    await eventually(has_heard)
    assert await attempt.ended() == DONE
    assert reporter.noted == [None]


@pytest.mark.parametrize(
    ("fault", "noted"),
    [
        (Fault(kind=Kind.AUDIO, status=429), [ErrorType.RATE_LIMITED]),
        (Fault(kind=Kind.AUDIO, status=503), [ErrorType.UPSTREAM_UNAVAILABLE]),
        (Fault(kind=Kind.PLAYER, status=403), [ErrorType.UPSTREAM_UNAVAILABLE]),
    ],
)
async def test_the_governor_hears_of_what_is_no_answer(
    activities: DownloadActivities,
    standin: Standin,
    reporter: NotedReporter,
    fault: Fault,
    noted: list[ErrorType | None],
) -> None:
    standin.faults.add(fault)
    with pytest.raises(ApplicationError):
        await extract(activities)
    assert reporter.noted == noted


def cancel(environment: ActivityEnvironment) -> None:
    environment.cancel(ActivityCancellationDetails(cancel_requested=True))


def shut_down(environment: ActivityEnvironment) -> None:
    environment.worker_shutdown()


@pytest.mark.parametrize(("end", "outcome"), [(cancel, asyncio.CancelledError), (shut_down, Stopped)])
async def test_a_download_ends_with_its_next_bytes_and_is_taken_up_again(
    activities: DownloadActivities,
    standin: Standin,
    folder: Path,
    end: Callable[[ActivityEnvironment], None],
    outcome: type[BaseException],
) -> None:
    standin.faults.add(SLOWLY)
    attempt = Attempt(activities)
    await eventually(attempt.is_amidst)
    end(attempt.environment)
    assert type(await attempt.ended()) is outcome
    assert names(folder) == {PART}
    come = size(folder / PART)
    assert 0 < come < len(SOUND)
    standin.faults.clear()
    begun = len(starts(standin))
    assert await extract(activities) == DONE
    assert content(folder / NAME) == SOUND
    assert starts(standin)[begun] == come


async def test_what_is_here_already_is_told_as_well(
    activities: DownloadActivities, engine: AsyncEngine, standin: Standin, video: Video, folder: Path
) -> None:
    """The worker died after the last byte."""
    write(folder / NAME, SOUND)
    assert await extract(activities) == DONE
    assert standin.requests == []
    assert (await find_video(engine, video.id)).import_progress == SPEECH_DOWNLOADED


async def test_two_attempts_at_once_fetch_every_byte_once(
    activities: DownloadActivities, standin: Standin, folder: Path
) -> None:
    """Temporal was away: it gives an attempt up that goes on until it hears of that."""
    standin.faults.add(SLOWLY)
    lost = Attempt(activities)
    await eventually(lost.is_amidst)
    second = Attempt(activities)
    await eventually(lambda: _beats(second))
    assert starts(standin) == [0]
    cancel(lost.environment)
    assert type(await lost.ended()) is asyncio.CancelledError
    assert await second.ended() == DONE
    assert content(folder / NAME) == SOUND
    asked_from = starts(standin)
    assert asked_from == sorted(set(asked_from))


async def _beats(attempt: Attempt) -> bool:
    return len(attempt.beats) > 3


async def test_an_attempt_that_waits_for_another_one_can_be_ended(
    activities: DownloadActivities, standin: Standin
) -> None:
    standin.faults.add(SLOWLY)
    lost = Attempt(activities)
    await eventually(lost.is_amidst)
    second = Attempt(activities)
    await eventually(lambda: _beats(second))
    cancel(second.environment)
    assert type(await second.ended()) is asyncio.CancelledError
    assert await lost.ended() == DONE


async def test_what_is_discarded_does_not_come_back(
    activities: DownloadActivities, standin: Standin, folder: Path, tmp_path: Path
) -> None:
    """An attempt that Temporal has given up on is still at work, to its end."""
    standin.faults.add(SLOWLY)
    lost = Attempt(activities)
    await eventually(lost.is_amidst)
    await AudioStore(str(tmp_path)).discard(ID)
    assert isinstance(await lost.ended(), ApplicationError)
    assert names(tmp_path) == set()


async def refusal(activities: DownloadActivities) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await extract(activities)
    assert caught.value.non_retryable
    assert caught.value.category == caught.value.category.BENIGN
    return caught.value


async def test_what_youtube_refuses_is_told_to_the_workflow(activities: DownloadActivities, standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.AUDIO, status=429, headers={"Retry-After": "30"}, times=1))
    error = await refusal(activities)
    assert error.type == ErrorType.RATE_LIMITED
    assert UpstreamFailure.model_validate(error.details[0]).retry_after_seconds == 30
    standin.library.add(StandinVideo(ID, audios=()))
    assert (await refusal(activities)).type == ErrorType.AUDIO_UNAVAILABLE


async def test_a_full_disk_is_told_to_the_workflow_and_to_the_operator(
    activities: DownloadActivities, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / PART).symlink_to("/dev/full")
    assert (await refusal(activities)).type == ErrorType.AUDIO_STORE_FULL
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "the audio store is full" in record.message


async def test_youtube_is_not_asked_while_postgres_is_away(
    make: Callable[..., DownloadActivities], standin: Standin
) -> None:
    away = create_engine(Settings(database_url=SecretStr(f"postgresql://vidferry@127.0.0.1:{free_port()}/vidferry")))
    with pytest.raises(OSError, match="Connect call failed"):
        await extract(make(engine=away))
    assert standin.requests == []


class Slow(AudioStore):
    """Takes in a file when a test says so."""

    is_called: asyncio.Event
    may_go_on: asyncio.Event

    async def keep(self, youtube_id: str, name: str) -> None:
        """An upload that takes its time."""
        self.is_called.set()
        await self.may_go_on.wait()
        await super().keep(youtube_id, name)


async def test_an_upload_that_takes_its_time_is_not_given_up(make: Callable[..., DownloadActivities]) -> None:
    Slow.is_called, Slow.may_go_on = asyncio.Event(), asyncio.Event()
    attempt = Attempt(make(store=Slow))
    await asyncio.wait_for(Slow.is_called.wait(), 20)
    attempt.beats.clear()
    await eventually(lambda: _beats(attempt))
    Slow.may_go_on.set()
    assert await attempt.ended() == DONE
