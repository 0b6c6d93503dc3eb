"""Whatever goes wrong on the way to captions from speech: the import completes, and no audio is left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.speech.faults import SpeechFault
from fakes.speech.server import FakeTranscriptionServer
from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind
from services.worker.adapters.audio.store import AudioStore
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import Upstream, UpstreamState
from shared.contracts.youtube import CaptionsSource
from shared.db.connection import transaction
from shared.db.enrichments import find_enrichment
from shared.db.models import VideoEnrichment
from shared.db.upstreams import find_status
from shared.settings import Settings
from tests.support.entries import add_video
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from tests.transcription.conftest import ID, KEY, SECONDS, left_in
from workflows.imports.client import start_import

LONGEST_GAP_SECONDS = 15
"""`something` is said every ten seconds, in each chunk again."""


@dataclass(frozen=True)
class Case:
    """A fault, and the number of requests to the server in the end."""

    fault: SpeechFault
    requests: int
    """Three where nothing goes wrong."""


# One of each rule; `tests/worker/adapters/test_transcription.py` has every answer.
PASSING = {
    "a limit with its time": Case(SpeechFault(times=1, status=429, headers={"Retry-After": "2"}), 4),
    "a broken server": Case(SpeechFault(times=2, status=500, body="<html>oops</html>"), 5),
    "not what was asked for": Case(SpeechFault(times=1, body="<html>Welcome to the hotel</html>"), 4),
    "a chunk too large": Case(SpeechFault(times=1, status=413), 5),
}

LASTING = {
    "an unknown address": (SpeechFault(status=404), ErrorType.TRANSCRIPTION_MISCONFIGURED),
    "audio that is rejected": (SpeechFault(status=400), ErrorType.TRANSCRIPTION_REFUSED),
    "chunks too large at any size": (SpeechFault(status=413), ErrorType.CHUNK_TOO_LARGE),
    "never anything readable": (SpeechFault(body="{}"), ErrorType.TRANSCRIPTION_UNEXPECTED),
    "nothing said": (SpeechFault(is_silent=True), ErrorType.SPEECH_NONE),
}


def begun_at(fake_youtube: FakeYoutube) -> list[int]:
    """The first byte that each request for audio wanted."""
    ranges = [request.byte_range or "bytes=0-" for request in fake_youtube.requests if request.kind is Kind.AUDIO]
    return [int(wanted.removeprefix("bytes=").partition("-")[0]) for wanted in ranges]


async def imported(client: Client, engine: AsyncEngine) -> VideoEnrichment:
    """What is known of the video once its import has ended; it ended well."""
    video = await add_video(engine, ID)
    result = await (await start_import(client, ID, video.user_id)).result()
    assert result.stage is ImportStage.COMPLETE
    async with transaction(engine) as connection:
        found = await find_enrichment(connection, ID)
    assert found is not None
    return found


async def starts(engine: AsyncEngine) -> list[float]:
    """When the lines of the transcript begin, in seconds."""
    query = "SELECT start_seconds FROM transcript_segments ORDER BY position"
    async with engine.connect() as connection:
        return list((await connection.execute(text(query))).scalars())


def assert_nothing_is_missing(starts: Sequence[float]) -> None:
    """From the beginning of the video to its end."""
    gaps = [later - earlier for earlier, later in pairwise([0.0, *starts, float(SECONDS)])]
    assert 0 <= min(gaps) <= max(gaps) <= LONGEST_GAP_SECONDS


@pytest.mark.usefixtures("worker", "video")
class TestOfTheServer:
    """Trouble of the transcription server."""

    @pytest.mark.parametrize("case", PASSING.values(), ids=PASSING)
    async def test_a_transient_fault_costs_one_chunk_and_no_captions(
        self, client: Client, engine: AsyncEngine, settings: Settings, speech: FakeTranscriptionServer, case: Case
    ) -> None:
        speech.faults.add(case.fault)
        known = await imported(client, engine)
        assert known.captions_source == CaptionsSource.WHISPER
        assert known.captions_language == "en"
        assert_nothing_is_missing(await starts(engine))
        assert len(speech.requests) == case.requests
        assert left_in(settings) == []

    @pytest.mark.parametrize(("fault", "reason"), LASTING.values(), ids=LASTING)
    async def test_a_permanent_fault_is_a_video_without_captions_and_its_reason(
        self,
        client: Client,
        engine: AsyncEngine,
        settings: Settings,
        speech: FakeTranscriptionServer,
        fault: SpeechFault,
        reason: ErrorType,
    ) -> None:
        speech.faults.add(fault)
        known = await imported(client, engine)
        assert known.captions_source == CaptionsSource.NONE
        assert known.captions_missing == reason
        assert await starts(engine) == []
        assert left_in(settings) == []

    async def test_the_key_reaches_the_server_and_nothing_else(
        self, client: Client, engine: AsyncEngine, speech: FakeTranscriptionServer
    ) -> None:
        video = await add_video(engine, ID)
        handle = await start_import(client, ID, video.user_id)
        await handle.result()
        assert {request.status for request in speech.requests} == {200}
        assert KEY not in (await handle.fetch_history()).to_json()


@pytest.mark.usefixtures("worker", "video")
class TestOfYoutube:
    """Trouble on the way to the audio."""

    @pytest.mark.parametrize(
        "fault",
        [Fault(status=403), Fault(status=429)],
        ids=["an expired address", "a limit"],
    )
    async def test_a_download_that_is_refused_is_tried_again(
        self, client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, settings: Settings, fault: Fault
    ) -> None:
        fake_youtube.faults.add(replace(fault, kind=Kind.AUDIO, times=1))
        known = await imported(client, engine)
        assert known.captions_source == CaptionsSource.WHISPER
        assert begun_at(fake_youtube) == [0, 0]
        assert left_in(settings) == []

    async def test_a_download_that_stopped_is_taken_up_where_it_did(
        self, client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, settings: Settings
    ) -> None:
        fake_youtube.faults.add(Fault(kind=Kind.AUDIO, cut_after_bytes=300_000, times=1))
        known = await imported(client, engine)
        assert known.captions_source == CaptionsSource.WHISPER
        first, second = begun_at(fake_youtube)
        assert first == 0
        assert second == pytest.approx(300_000, abs=70_000)
        assert left_in(settings) == []


@pytest.mark.usefixtures("worker", "video")
async def test_a_full_disk_is_a_video_without_captions(
    client: Client, engine: AsyncEngine, settings: Settings, speech: FakeTranscriptionServer
) -> None:
    folder = AudioStore(settings.audio_store.get_secret_value()).workspace(ID)
    (folder / "source.139.m4a.part").symlink_to("/dev/full")
    known = await imported(client, engine)
    assert known.captions_missing == ErrorType.AUDIO_STORE_FULL
    assert speech.requests == []
    assert left_in(settings) == []


async def test_a_wrong_key_is_one_failure_and_not_a_thousand(
    client: Client,
    engine: AsyncEngine,
    settings: Settings,
    fake_youtube: FakeYoutube,
    video: FakeVideo,
    speech: FakeTranscriptionServer,
) -> None:
    wrong = settings.model_copy(update={"transcription_api_key": SecretStr("gsk_wrong"), "youtube_pause_seconds": 60})
    others = [f"other{number:06}" for number in range(5)]
    for youtube_id in others:
        fake_youtube.library.add(FakeVideo(youtube_id, duration_seconds=150, audios=video.audios))
    async with worker_at_work(client, wrong, engine, fake_youtube):
        assert (await imported(client, engine)).captions_missing == ErrorType.TRANSCRIPTION_MISCONFIGURED
        asked = len(speech.requests)
        for youtube_id in others:
            entry = await add_video(engine, youtube_id)
            result = await (await start_import(client, youtube_id, entry.user_id)).result()
            assert result.stage is ImportStage.COMPLETE
        assert len(speech.requests) == asked
        assert not [each for each in fake_youtube.requests if each.kind is Kind.AUDIO and each.youtube_id in others]

    async with worker_at_work(
        client, settings, engine, fake_youtube
    ):  # with the right key, the next import checks again

        async def is_tried() -> bool:
            async with transaction(engine) as connection:
                status = await find_status(connection, Upstream.TRANSCRIPTION)
            return status is not None and status.state is UpstreamState.HALF_OPEN

        await eventually(is_tried)
        assert (await imported(client, engine)).captions_source == CaptionsSource.WHISPER


@pytest.mark.usefixtures("worker", "video")
async def test_every_chunk_is_recorded_with_its_cost(client: Client, engine: AsyncEngine) -> None:
    await imported(client, engine)
    async with engine.connect() as connection:
        calls = (await connection.execute(text("SELECT audio_seconds, estimated_usd FROM transcription_calls"))).all()
        chunks = (await connection.execute(text("SELECT count(*) FROM transcribed_chunks"))).scalar()
    assert len(calls) == 3
    assert sum(call.audio_seconds for call in calls) == pytest.approx(150 + 2 * 10, abs=1)
    assert [call.estimated_usd for call in calls] == [
        pytest.approx(call.audio_seconds / 3600 * 0.111) for call in calls
    ]
    assert chunks == 0
