"""An upgrade to another workflow generation with work running: nothing is lost, doubled or asked of YouTube again."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowExecutionStatus

from fakes.speech.server import FakeTranscriptionServer, SpeechSegment
from fakes.speech.sound import noise
from fakes.youtube import Audio, FakeList, FakeVideo, FakeYoutube, Fault, Kind, VideoState, captions
from services.worker import setup
from services.worker.background.governors import governor_clients
from services.worker.background.queue_rate import queue_rate
from services.worker.main import OTHER_GENERATION
from services.worker.setup import WorkersRunningError, set_up
from shared.contracts.batches import SourceKind
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ReconcileInput
from shared.contracts.upstreams import Upstream, UpstreamReport, UpstreamState, UpstreamStatus
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID
from shared.db.subscriptions import SubscriptionRecord
from shared.db.upstreams import all_statuses
from shared.db.workers import report, workers_at_work
from shared.settings import Settings
from shared.temporal.names import WORKFLOW_GENERATION, TaskQueue
from shared.temporal.schedules import next_check
from tests.rate_limits.calls import REQUESTS
from tests.rate_limits.installation import STAGES
from tests.support.batches import add_batch, how_it_stands, when_over
from tests.support.entries import add_video
from tests.support.subscriptions import CHANNEL_ID, PLAYLIST_ID, follow, now, remove_schedules, tell_temporal
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from tests.worker.test_health import START_SECONDS, running_worker
from workflows.batches.client import start_batch
from workflows.imports.client import start_import
from workflows.maintenance.workflows import ReconcileImports

NEXT_GENERATION = WORKFLOW_GENERATION + 1
KEY = "gsk_a-secret-of-the-tests"
DONE = ["donevideo01", "donevideo02"]
HELD = ["heldvideo01", "heldvideo02", "heldvideo03"]
IN_BATCH = [f"batchvid{number:03d}" for number in range(6)]
LIVE, UPCOMING, SPOKEN = "livevideo01", "upcoming001", "spokenvid01"
PUBLISHED = "oldvideo001"
WINDOW = 2
HOURLY_REQUESTS = 1000
SECONDS, CHUNK_SECONDS = 150, 60
CHUNKS = 3
"""150 s, with 10 s of overlap at each seam."""


class Ear:
    """Hears a sentence in every chunk, but only once it may."""

    def __init__(self) -> None:
        self.may_hear = threading.Event()

    def hear(self, sound: bytes) -> Sequence[SpeechSegment]:
        """A sentence, whatever the audio is."""
        assert self.may_hear.wait(timeout=120)
        return [SpeechSegment(1, 4, "Good morning, harbour.")]


@pytest.fixture
def ear() -> Iterator[Ear]:
    """The listener of the transcription server."""
    ear = Ear()
    yield ear
    ear.may_hear.set()


@pytest.fixture
async def speech(ear: Ear) -> AsyncIterator[FakeTranscriptionServer]:
    """A transcription server."""
    async with FakeTranscriptionServer.start(ear.hear, key=KEY) as server:
        yield server


@pytest.fixture
def settings(settings: Settings, speech: FakeTranscriptionServer) -> Settings:
    """Settings with a small window, limits that are counted, and a breaker that opens at once and for long."""
    return settings.model_copy(
        update={
            "batch_window": WINDOW,
            "youtube_hourly_requests": HOURLY_REQUESTS,
            "youtube_throttles_to_pause": 1,
            "youtube_pause_seconds": 3600,
            "youtube_bot_check_pause_seconds": 3600,
            "transcription_base_url": speech.base_url,
            "transcription_api_key": SecretStr(KEY),
            "transcription_chunk_seconds": CHUNK_SECONDS,
            "transcription_requests_per_minute": 6000,
            "transcription_max_concurrent": 1,
        }
    )


@dataclass
class Installation:
    """What the test uses of an installation."""

    client: Client
    settings: Settings
    engine: AsyncEngine
    youtube: FakeYoutube
    speech: FakeTranscriptionServer
    ear: Ear

    async def select(self, query: str) -> Sequence[Any]:
        """Rows of the database."""
        async with self.engine.connect() as connection:
            return (await connection.execute(text(query))).all()

    async def stages(self) -> dict[str, str]:
        """The stage of each video."""
        return {row.youtube_id: row.import_stage for row in await self.select("SELECT * FROM videos")}

    async def events(self) -> dict[str, list[str]]:
        """The stages that were reported of each video, oldest first."""
        events: dict[str, list[str]] = {}
        for youtube_id, stage in await self.select(
            "SELECT youtube_id, stage FROM import_events WHERE reaches_stage AND stage IS NOT NULL ORDER BY seq"
        ):
            events.setdefault(youtube_id, []).append(stage)
        return events

    async def begin(self, *youtube_ids: str) -> None:
        """Add videos and start their imports."""
        for youtube_id in youtube_ids:
            await add_video(self.engine, youtube_id)
            await start_import(self.client, youtube_id, LOCAL_USER_ID)

    async def until_complete(self, *youtube_ids: str) -> None:
        """Wait until the videos are imported."""

        async def are_complete() -> bool:
            stages = await self.stages()
            assert {youtube_id: stages.get(youtube_id) for youtube_id in youtube_ids} == dict.fromkeys(
                youtube_ids, "complete"
            )
            return True

        await eventually(are_complete)

    async def until_waiting_for(self, youtube_id: str, error_type: ErrorType) -> None:
        """Wait until the import waits for that."""

        async def waits() -> bool:
            async with self.engine.connect() as connection:
                waits = text("SELECT true FROM videos WHERE youtube_id = :youtube_id AND waiting_for = :error_type")
                values = {"youtube_id": youtube_id, "error_type": error_type}
                return (await connection.execute(waits, values)).first() is not None

        await eventually(waits)

    async def upstreams(self) -> dict[Upstream, UpstreamStatus]:
        """The saved status of each upstream."""
        async with transaction(self.engine) as connection:
            return {status.upstream: status for status in await all_statuses(connection)}

    async def until_stopped(self, upstream: Upstream, state: UpstreamState) -> None:
        """Wait until no call of the upstream goes."""

        async def is_stopped() -> bool:
            status = (await self.upstreams()).get(upstream)
            assert status
            assert status.state is state, status
            assert await queue_rate(self.client, upstream) == 0
            return True

        await eventually(is_stopped)

    async def reconcile(self) -> None:
        """Start what PostgreSQL has and Temporal lacks, without waiting for the schedule."""
        await self.client.execute_workflow(
            ReconcileImports.run,
            ReconcileInput(older_than_seconds=-1),
            id="reconcile-now",
            task_queue=TaskQueue.IMPORTS,
        )


@pytest.fixture
async def here(
    client: Client,
    settings: Settings,
    engine: AsyncEngine,
    fake_youtube: FakeYoutube,
    speech: FakeTranscriptionServer,
    ear: Ear,
) -> AsyncIterator[Installation]:
    """An installation without a worker."""
    yield Installation(client, settings, engine, fake_youtube, speech, ear)
    await remove_schedules(engine, client)


def stock(fake_youtube: FakeYoutube) -> None:
    """Publish everything."""
    fake_youtube.library.add(*(with_captions(youtube_id) for youtube_id in (*DONE, *HELD, *IN_BATCH)))
    fake_youtube.library.add(with_captions(LIVE, VideoState.LIVE_NOW), with_captions(UPCOMING, VideoState.UPCOMING))
    audio = Audio(noise(SECONDS), itag=139, bits_per_second=48_000)
    fake_youtube.library.add(FakeVideo(SPOKEN, duration_seconds=SECONDS, audios=(audio,)), FakeVideo(PUBLISHED))
    for list_id in (PLAYLIST_ID, CHANNEL_ID):
        fake_youtube.library.lists.add(FakeList(list_id, youtube_ids=(PUBLISHED,)))


def with_captions(youtube_id: str, state: VideoState = VideoState.OK) -> FakeVideo:
    starts_at = datetime.now(UTC) + timedelta(hours=1) if state is VideoState.UPCOMING else None
    return FakeVideo(youtube_id, captions=(captions("en", "Hello", "world"),), state=state, starts_at=starts_at)


async def begin_everything(here: Installation) -> tuple[UUID, SubscriptionRecord, SubscriptionRecord]:
    """Leave work in every state: the batch, a subscription that was checked, one whose first check is under way."""
    governors = governor_clients(here.client, here.settings)
    await here.begin(*DONE, SPOKEN)
    await here.until_complete(*DONE)
    checked = await follow(here.engine)
    await tell_temporal(here.engine, here.client, checked)
    await eventually(partial(is_checked, here.engine, checked))

    async def a_chunk_is_sent() -> bool:
        return len(here.speech.requests) == 1

    await eventually(a_chunk_is_sent)
    await governors[Upstream.TRANSCRIPTION].pause()
    await here.until_stopped(Upstream.TRANSCRIPTION, UpstreamState.PAUSED)
    here.ear.may_hear.set()

    async def a_chunk_is_saved() -> bool:
        return len(await here.select("SELECT youtube_id FROM transcribed_chunks")) == 1

    await eventually(a_chunk_is_saved)
    await here.begin(LIVE, UPCOMING)
    await here.until_waiting_for(LIVE, ErrorType.LIVE_NOW)
    await here.until_waiting_for(UPCOMING, ErrorType.UPCOMING)
    for youtube_id in IN_BATCH[WINDOW:]:
        here.youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, youtube_id=youtube_id, status=429))
    batch_id = await add_batch(here.engine, IN_BATCH)
    await start_batch(here.client, batch_id, LOCAL_USER_ID)
    await here.until_stopped(Upstream.YOUTUBE, UpstreamState.OPEN)
    await here.begin(*HELD)
    unchecked = await follow(here.engine, SourceKind.CHANNEL)
    await tell_temporal(here.engine, here.client, unchecked)

    async def is_being_checked() -> bool:
        return (await now(here.engine, unchecked)).is_checking

    await eventually(is_being_checked)
    return batch_id, checked, unchecked


async def test_an_upgrade_loses_and_doubles_nothing(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(here.youtube)
    async with a_worker(here):
        batch_id, checked, unchecked = await begin_everything(here)
    upstreams, stages, events = await here.upstreams(), await here.stages(), await here.events()
    asked, heard = len(here.youtube.requests), len(here.speech.requests)
    next_at, checked_at = await next_check(here.client, checked.id), (await now(here.engine, checked)).checked_at
    batch = await how_it_stands(here.engine, batch_id)
    assert (batch.running, batch.imported > 0, batch.queued > 0) == (WINDOW, True, True)

    monkeypatch.setattr(setup, "WORKFLOW_GENERATION", NEXT_GENERATION)
    await set_up(here.settings)
    assert await running(here.client) == set()
    async with a_worker(here):
        await here.reconcile()
        await here.until_stopped(Upstream.YOUTUBE, UpstreamState.OPEN)
        await here.until_stopped(Upstream.TRANSCRIPTION, UpstreamState.PAUSED)
        for upstream, status in (await here.upstreams()).items():
            assert pause_of(status) == pause_of(upstreams[upstream])
        assert upstreams[Upstream.TRANSCRIPTION].budgets == (await here.upstreams())[Upstream.TRANSCRIPTION].budgets
        await eventually(partial(is_counted, here))
        assert (len(here.youtube.requests), len(here.speech.requests)) == (asked, heard)
        assert (await here.stages(), await here.events()) == (stages, events)
        assert await next_check(here.client, checked.id) == next_at

        here.youtube.faults.clear()
        here.youtube.library.add(with_captions(LIVE), with_captions(UPCOMING))
        governors = governor_clients(here.client, here.settings)
        await governors[Upstream.YOUTUBE].resume()
        await here.until_complete(*HELD, *IN_BATCH, LIVE, UPCOMING)
        assert len(here.speech.requests) == heard
        await governors[Upstream.TRANSCRIPTION].resume()
        await here.until_complete(SPOKEN)
        batch = await when_over(here.engine, batch_id)
        await eventually(partial(is_checked, here.engine, unchecked))
        await eventually(partial(is_counted, here))

    assert (batch.imported, batch.failed) == (len(IN_BATCH), 0)
    singly = dict.fromkeys((*DONE, *HELD, LIVE, UPCOMING, SPOKEN), STAGES)
    assert await here.events() == singly | dict.fromkeys(IN_BATCH, STAGES[1:])
    requests = Counter((request.youtube_id, request.kind) for request in here.youtube.requests[asked:])
    for youtube_id in (*DONE, *HELD, *IN_BATCH, LIVE, UPCOMING):
        missing = missing_requests(stages[youtube_id])
        assert {kind: requests[youtube_id, kind] for kind in REQUESTS} == missing, youtube_id
    # Only the address of the audio, which expires: neither captions nor the audio itself.
    assert {kind for video, kind in requests if video == SPOKEN} == {Kind.PLAYER}
    assert requests[None, Kind.BROWSE] == 1, "the first check of one subscription"
    assert len({request.file_name for request in here.speech.requests}) == len(here.speech.requests) == CHUNKS
    assert await next_check(here.client, checked.id) == next_at
    assert (await now(here.engine, checked)).checked_at == checked_at


async def test_a_governor_keeps_what_came_while_no_worker_ran(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    governor = governor_clients(here.client, here.settings)[Upstream.YOUTUBE]
    async with a_worker(here):
        await eventually(partial(is_counted, here))
    epoch = (await here.upstreams())[Upstream.YOUTUBE].epoch
    await governor.report(UpstreamReport(epoch=epoch, calls=2, requests=7, answered=True))
    await governor.pause()
    monkeypatch.setattr(setup, "WORKFLOW_GENERATION", NEXT_GENERATION)
    await set_up(here.settings)
    async with a_worker(here):
        await here.until_stopped(Upstream.YOUTUBE, UpstreamState.PAUSED)
    assert (await here.upstreams())[Upstream.YOUTUBE].requests_left == HOURLY_REQUESTS - 7


async def test_a_worker_of_another_generation_stops_before_workflows_are_terminated(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_worker(here.settings) as worker:
        await worker.until(200, "ok")
        monkeypatch.setattr(setup, "WORKFLOW_GENERATION", NEXT_GENERATION)
        await set_up(here.settings)
        assert await worker_identities(here.engine) == []
        _, log = await asyncio.wait_for(worker.process.communicate(), START_SECONDS)
    assert worker.process.returncode == OTHER_GENERATION, log.decode()
    assert b"worker_superseded" in log
    async with running_worker(here.settings, is_permitted=False) as worker:
        _, log = await asyncio.wait_for(worker.process.communicate(), START_SECONDS)
    assert worker.process.returncode == OTHER_GENERATION, log.decode()
    assert b"worker_started" not in log


async def test_set_up_terminates_nothing_while_a_worker_of_another_generation_reports(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up(here.settings)
    await add_video(here.engine, HELD[0])
    older = await start_import(here.client, HELD[0], LOCAL_USER_ID)
    async with transaction(here.engine) as connection:
        await report(connection, "123@elsewhere")
    monkeypatch.setattr(setup, "WORKFLOW_GENERATION", NEXT_GENERATION)
    monkeypatch.setattr(setup, "SILENT_SECONDS", 0)
    with pytest.raises(WorkersRunningError, match="123@elsewhere"):
        await set_up(here.settings.model_copy(update={"drain_seconds": 0}))
    assert (await older.describe()).status is WorkflowExecutionStatus.RUNNING


def missing_requests(stage: str) -> dict[Kind, int]:
    """What YouTube has yet to be asked about a video with captions at that stage."""
    if stage == "created":
        return REQUESTS
    return dict.fromkeys(REQUESTS, 0) | ({Kind.TIMEDTEXT: 1} if stage == "metadata" else {})


def pause_of(status: UpstreamStatus) -> tuple[object, ...]:
    """What must outlive an upgrade."""
    return status.state, status.reason, status.since, status.resume_at, status.epoch


@asynccontextmanager
async def a_worker(here: Installation) -> AsyncIterator[None]:
    async with worker_at_work(here.client, here.settings, here.engine, here.youtube):
        yield


async def is_checked(engine: AsyncEngine, subscription: SubscriptionRecord) -> bool:
    found = await now(engine, subscription)
    return found.checked_at is not None and not found.is_checking


async def is_counted(here: Installation) -> bool:
    """Whether every request to YouTube is in the budget, and none twice."""
    status = (await here.upstreams()).get(Upstream.YOUTUBE)
    assert status
    assert status.requests_left == HOURLY_REQUESTS - len(here.youtube.requests)
    return True


async def running(client: Client) -> set[str]:
    """The ids of all running workflows but the governors'."""
    query = "ExecutionStatus = 'Running' AND WorkflowType != 'RateGovernor' AND TemporalNamespaceDivision IS NULL"
    return {execution.id async for execution in client.list_workflows(query)}


async def worker_identities(engine: AsyncEngine) -> list[str]:
    async with transaction(engine) as connection:
        return await workers_at_work(connection)
