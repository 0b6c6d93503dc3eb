"""A chunk is one request, paid for once, and its answer does not get lost; against a real HTTP server."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.activity import ActivityCancellationDetails
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from fakes.speech.faults import SpeechFault
from fakes.speech.server import FakeTranscriptionServer, SpeechSegment
from fakes.speech.sound import noise
from services.worker.activities.support.progress import ProgressReporter
from services.worker.activities.transcription import TranscriptionActivities
from services.worker.adapters.audio.store import AudioStore
from services.worker.adapters.transcription.client import TranscriptionAdapter
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.messages import FeedItem
from shared.contracts.stages import ImportStage
from shared.contracts.transcription import AudioChunk, TranscribeChunkInput
from shared.contracts.upstreams import ThrottledCall, Upstream, UpstreamReport
from shared.db import imports, transcription
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.enrichments import save_metadata
from shared.db.models import Video, VideoEnrichment
from shared.db.transcription import TranscribedChunk
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.names import rate_governor_id
from tests.support.entries import add_video, find_video, messages_of
from tests.support.waiting import eventually
from workflows.rate_limits.client import GovernorClient

ID, KEY = "abcdefghijk", "gsk_4fTq81LmZx0bVnRpWc7Y"
CHUNKS = [AudioChunk(start_ms=start, end_ms=start + 20_000) for start in (0, 10_000, 20_000)]
CHUNK, VIDEO_MS = CHUNKS[0], 40_000
SAID = [SpeechSegment(0.5, 3.25, "This lens weighs four tons."), SpeechSegment(4, 5.5, "It floats.")]
HEARD = TranscribedChunk(CHUNK, "en", [(0.5, 3.25, "This lens weighs four tons."), (4, 5.5, "It floats.")])


class Ear:
    """What the server hears; it listens for as long as a test wants."""

    def __init__(self) -> None:
        self.is_asked, self.may_answer = threading.Event(), threading.Event()
        self.may_answer.set()

    def hear(self, _sound: bytes) -> list[SpeechSegment]:
        self.is_asked.set()
        assert self.may_answer.wait(20)
        return SAID

    async def is_listening(self) -> bool:
        return self.is_asked.is_set()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def server(ear: Ear) -> AsyncIterator[FakeTranscriptionServer]:
    async with FakeTranscriptionServer.start(ear.hear, key=KEY) as server:
        yield server


@pytest.fixture
def settings(settings: Settings, server: FakeTranscriptionServer) -> Settings:
    return settings.model_copy(
        update={
            "transcription_base_url": server.base_url,
            "transcription_api_key": SecretStr(KEY),
            "transcription_model": "whisper-test",
            "transcription_usd_per_hour": 0.36,  # a second is 0.0001
        }
    )


@pytest.fixture(scope="module")
def audio() -> bytes:
    return noise(2)


@pytest.fixture
def folder(tmp_path: Path, audio: bytes) -> Path:
    """The video's, in the audio store, with all chunks."""
    path = AudioStore(str(tmp_path / "audio")).workspace(ID)
    for chunk in CHUNKS:
        (path / chunk.name).write_bytes(audio)
    return path


@pytest.fixture(autouse=True)
async def video(engine: AsyncEngine) -> Video:
    """An entry whose import has downloaded the audio."""
    entry = await add_video(engine, ID)
    async with transaction(engine) as connection:
        await save_metadata(connection, VideoEnrichment(youtube_id=ID, title="A lens"))
        await imports.advance(connection, ID, ImportStage.METADATA)
    return entry


@pytest.fixture
def published() -> list[FeedItem]:
    return []


Make = Callable[..., TranscriptionActivities]


@pytest.fixture
async def make(settings: Settings, engine: AsyncEngine, published: list[FeedItem], folder: Path) -> AsyncIterator[Make]:
    """The activities as the worker builds them; of one server, with any other settings."""
    own = settings
    quiet = UpstreamReporter(GovernorClient(await connect(own), Upstream.TRANSCRIPTION, own.transcription_rate_limits))
    adapter = TranscriptionAdapter(
        base_url=own.transcription_base_url,
        api_key=own.transcription_api_key,
        model=own.transcription_model,
        timeout_seconds=20,
    )

    def make(
        engine: AsyncEngine = engine,
        store: type[AudioStore] = AudioStore,
        reporter: UpstreamReporter = quiet,
        **changes: Any,
    ) -> TranscriptionActivities:
        return TranscriptionActivities(
            engine,
            ProgressReporter(engine, published.extend),
            own.model_copy(update=changes),
            store=store(own.audio_store.get_secret_value()),
            transcriber=adapter,
            reporter=reporter,
        )

    async with adapter:
        yield make


@pytest.fixture
def activities(make: Make) -> TranscriptionActivities:
    return make()


async def transcribe(
    activities: TranscriptionActivities, chunk: AudioChunk = CHUNK, environment: ActivityEnvironment | None = None
) -> None:
    given = TranscribeChunkInput(youtube_id=ID, chunk=chunk, video_ms=VIDEO_MS)
    await (environment or ActivityEnvironment()).run(activities.transcribe_chunk, given)


async def kept(engine: AsyncEngine) -> list[TranscribedChunk]:
    async with transaction(engine) as connection:
        return await transcription.transcribed_chunks(connection, ID)


async def paid(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    statement = "SELECT youtube_id, model, audio_seconds, estimated_usd FROM transcription_calls ORDER BY id"
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def test_a_chunk_is_one_request_whose_text_and_cost_are_saved(
    activities: TranscriptionActivities, engine: AsyncEngine, server: FakeTranscriptionServer
) -> None:
    await transcribe(activities)
    [request] = server.requests
    assert (request.file_name, request.model, request.status) == (CHUNK.name, "whisper-test", 200)
    assert await kept(engine) == [HEARD]
    assert await paid(engine) == [(ID, "whisper-test", 20.0, pytest.approx(0.0020))]


async def test_a_transcribed_chunk_costs_nothing(
    activities: TranscriptionActivities, engine: AsyncEngine, server: FakeTranscriptionServer, folder: Path
) -> None:
    for _ in range(2):
        await transcribe(activities)
    assert len(server.requests) == 1
    assert not is_there(folder / CHUNK.name)
    assert (len(await kept(engine)), len(await paid(engine))) == (1, 1)


def is_there(path: Path) -> bool:
    return path.exists()


async def test_two_concurrent_attempts_are_saved_once(
    activities: TranscriptionActivities, engine: AsyncEngine, server: FakeTranscriptionServer, ear: Ear
) -> None:
    """One that Temporal has given up on is not waited for: it may never end."""
    ear.may_answer.clear()
    lost = asyncio.create_task(transcribe(activities))
    await eventually(ear.is_listening)
    second = asyncio.create_task(transcribe(activities))
    await eventually(lambda: _is_asked(server, 2))
    ear.may_answer.set()
    await asyncio.gather(lost, second)
    assert await kept(engine) == [HEARD]
    assert len(await paid(engine)) == 1


async def _is_asked(server: FakeTranscriptionServer, times: int) -> bool:
    return len(server.requests) == times


@pytest.mark.parametrize(("milliseconds", "usd"), [(3_000, 0.0010), (10_000, 0.0010), (10_500, 0.00105)])
async def test_no_request_costs_less_than_ten_seconds(
    activities: TranscriptionActivities, engine: AsyncEngine, folder: Path, milliseconds: int, usd: float
) -> None:
    short = AudioChunk(start_ms=0, end_ms=milliseconds)
    (folder / CHUNK.name).rename(folder / short.name)
    await transcribe(activities, short)
    assert await paid(engine) == [(ID, "whisper-test", milliseconds / 1000, pytest.approx(usd))]


@pytest.mark.parametrize(
    ("setting", "youtubes", "hint"), [(None, None, None), (None, "de-AT", "de"), ("fr", "de", "fr"), ("fr", None, "fr")]
)
async def test_the_language_is_the_settings_or_youtubes(
    make: Make,
    engine: AsyncEngine,
    server: FakeTranscriptionServer,
    setting: str | None,
    youtubes: str | None,
    hint: str | None,
) -> None:
    async with transaction(engine) as connection:
        await save_metadata(connection, VideoEnrichment(youtube_id=ID, title="A lens", language=youtubes))
    await transcribe(make(transcription_language=setting))
    assert server.requests[-1].language == hint


async def test_the_percentage_grows_with_every_chunk_for_waiting_entries(
    activities: TranscriptionActivities, engine: AsyncEngine, video: Video, published: list[FeedItem]
) -> None:
    created, chaptered = await add_video(engine, ID), await add_video(engine, ID)
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE videos SET import_stage = 'chapters', import_progress = 90 WHERE id = :id"),
            {"id": chaptered.id},
        )
    for number in (2, 0, 2, 1, 0):  # some are repeated
        await transcribe(activities, CHUNKS[number])
    told = messages_of(published)
    assert {(each.video_id, each.stage) for each in told} == {(video.id, ImportStage.CAPTIONS)}
    assert [each.progress for each in told] == [50, 59]  # they overlap by half: two are as long as the video
    assert (await find_video(engine, video.id)).import_progress == 59
    assert (await find_video(engine, created.id)).import_progress == 0
    assert (await find_video(engine, chaptered.id)).import_progress == 90


async def refusal(activities: TranscriptionActivities) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await transcribe(activities)
    error = caught.value
    assert error.non_retryable
    assert error.category == error.category.BENIGN
    assert KEY not in f"{error} {error.details}"
    return error


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (SpeechFault(status=429, headers={"Retry-After": "30"}), ErrorType.TRANSCRIPTION_LIMITED),
        (SpeechFault(status=400, body=f'{{"error": {{"message": "{KEY}"}}}}'), ErrorType.TRANSCRIPTION_REFUSED),
        (SpeechFault(cut_after_bytes=5), ErrorType.TRANSCRIPTION_UNAVAILABLE),
    ],
)
async def test_a_refusal_reaches_the_workflow_and_costs_nothing(
    make: Make,
    engine: AsyncEngine,
    server: FakeTranscriptionServer,
    caplog: pytest.LogCaptureFixture,
    fault: SpeechFault,
    error_type: ErrorType,
) -> None:
    server.faults.add(fault)
    error = await refusal(make())
    assert error.type == error_type
    assert any(error_type in record.message for record in caplog.records)  # the operator has to find it
    assert KEY not in caplog.text
    assert (await kept(engine), await paid(engine)) == ([], [])


async def test_audio_in_another_machines_store(
    activities: TranscriptionActivities, server: FakeTranscriptionServer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / CHUNK.name).unlink()
    assert (await refusal(activities)).type == ErrorType.SPEECH_FAILED
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "VIDFERRY_AUDIO_STORE" in record.message
    assert server.requests == []


async def test_a_missing_database_socket_is_not_missing_audio(make: Make, server: FakeTranscriptionServer) -> None:
    url = SecretStr("postgresql://vidferry@/vidferry?host=/nowhere")
    with pytest.raises(FileNotFoundError):  # our own trouble: Temporal tries again
        await transcribe(make(engine=create_engine(Settings(database_url=url))))
    assert server.requests == []


async def test_a_call_queued_before_transcription_was_disabled_is_not_sent(
    make: Make, server: FakeTranscriptionServer
) -> None:
    assert (await refusal(make(transcription_enabled=False))).type == ErrorType.SPEECH_FAILED
    assert server.requests == []


async def test_the_answer_of_a_cancelled_call_is_saved(
    activities: TranscriptionActivities, engine: AsyncEngine, ear: Ear
) -> None:
    ear.may_answer.clear()
    environment = ActivityEnvironment()
    running = asyncio.create_task(transcribe(activities, environment=environment))
    await eventually(ear.is_listening)
    environment.cancel(ActivityCancellationDetails(cancel_requested=True))
    await asyncio.sleep(0)
    assert not running.done()
    ear.may_answer.set()
    await running
    assert await kept(engine) == [HEARD]


class Stubborn(AudioStore):
    """Does not let a file go."""

    async def delete_file(self, youtube_id: str, name: str) -> None:
        """As the real one does where another user owns the file."""
        raise PermissionError("not yours")


async def test_trouble_with_the_store_costs_no_answer(
    make: Make, engine: AsyncEngine, server: FakeTranscriptionServer
) -> None:
    with pytest.raises(PermissionError):
        await transcribe(make(store=Stubborn))
    await transcribe(make(store=Stubborn))
    assert await kept(engine) == [HEARD]
    assert len(server.requests) == 1


async def reports(client: Client) -> list[UpstreamReport]:
    """The reports that the governor, which no worker runs, has received."""
    try:
        history = await client.get_workflow_handle(rate_governor_id(Upstream.TRANSCRIPTION)).fetch_history()
    except RPCError:
        return []  # nothing yet
    signals = [event.workflow_execution_signaled_event_attributes for event in history.events]
    payloads = [payload for signal in signals for payload in signal.input.payloads]
    return await pydantic_data_converter.decode(payloads, [UpstreamReport] * len(payloads))


async def test_audio_is_reported_before_the_call_and_its_outcome_afterwards(
    make: Make, client: Client, settings: Settings, server: FakeTranscriptionServer, ear: Ear
) -> None:
    governor = GovernorClient(client, Upstream.TRANSCRIPTION, settings.transcription_rate_limits)
    ear.may_answer.clear()
    async with UpstreamReporter(governor) as reporter:
        running = asyncio.create_task(transcribe(make(reporter=reporter)))
        await eventually(ear.is_listening)

        async def has_heard() -> bool:
            return await reports(client) == [UpstreamReport(epoch=0, calls=0, requests=1, audio_seconds=20)]

        await eventually(has_heard)
        ear.may_answer.set()
        await running
        server.faults.add(SpeechFault(status=429))
        with pytest.raises(ApplicationError):
            await transcribe(make(reporter=reporter), CHUNKS[1])
    told = await reports(client)
    limited = ThrottledCall(error_type=ErrorType.TRANSCRIPTION_LIMITED, youtube_id=ID)
    assert (sum(each.calls for each in told), sum(each.requests for each in told)) == (2, 2)
    assert sum(each.audio_seconds for each in told) == 20  # nobody has listened to the other chunk
    assert any(each.answered for each in told)
    assert told[-1].throttle == limited
