"""Whatever goes wrong on the way to captions from speech: the import completes, and no sound is left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.worker.audio.store import AudioStore
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import Upstream, UpstreamState
from shared.contracts.youtube import CaptionsSource
from shared.db.driver import transaction
from shared.db.enrichments import find_enrichment
from shared.db.models import VideoEnrichment
from shared.db.upstreams import find_status
from shared.settings import Settings
from tests.speech.faults import SpeechFault
from tests.speech.server import SpeechServer
from tests.standin import Fault, Kind, Standin, StandinVideo
from tests.support.entries import add_video
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from tests.transcription.conftest import ID, KEY, SECONDS, left_in
from workflows.start import start_import

LONGEST_GAP_SECONDS = 15
"""`something` is said every ten seconds, in each piece anew."""


@dataclass(frozen=True)
class Case:
    """Something that goes wrong, and what the server has been asked by the end."""

    fault: SpeechFault
    requests: int
    """Three where nothing goes wrong."""


PASSING = {
    "a limit with its time": Case(SpeechFault(times=1, status=429, headers={"Retry-After": "2"}), 4),
    "limits without a time": Case(SpeechFault(times=3, status=429), 6),
    "no capacity": Case(SpeechFault(times=1, status=498), 4),
    "a broken server": Case(SpeechFault(times=2, status=500, body="<html>oops</html>"), 5),
    "an overloaded server": Case(SpeechFault(times=1, status=503), 4),
    "a hang-up": Case(SpeechFault(times=1, cut_after_bytes=20), 4),
    "a server that stalls": Case(SpeechFault(times=1, stall_seconds=10), 4),
    "truncated JSON": Case(SpeechFault(times=1, body='{"text": "half of'), 4),
    "not what was asked for": Case(SpeechFault(times=1, body="<html>Welcome to the hotel</html>"), 4),
    "a piece too large": Case(SpeechFault(times=1, status=413), 5),
}

LASTING = {
    "a wrong key": (SpeechFault(status=401), ErrorType.TRANSCRIPTION_MISCONFIGURED),
    "an unknown address": (SpeechFault(status=404), ErrorType.TRANSCRIPTION_MISCONFIGURED),
    "sound that is not liked": (SpeechFault(status=400), ErrorType.TRANSCRIPTION_REFUSED),
    "pieces too large however small": (SpeechFault(status=413), ErrorType.CHUNK_TOO_LARGE),
    "never anything readable": (SpeechFault(body="{}"), ErrorType.TRANSCRIPTION_UNEXPECTED),
    "nothing said": (SpeechFault(is_silent=True), ErrorType.SPEECH_NONE),
}


def begun_at(standin: Standin) -> list[int]:
    """The first byte that each request for sound wanted."""
    ranges = [request.byte_range or "bytes=0-" for request in standin.requests if request.kind is Kind.AUDIO]
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
    """Trouble of the speech-to-text server."""

    @pytest.mark.parametrize("case", PASSING.values(), ids=PASSING)
    async def test_what_passes_costs_one_piece_and_no_captions(
        self, client: Client, engine: AsyncEngine, settings: Settings, speech: SpeechServer, case: Case
    ) -> None:
        speech.faults.add(case.fault)
        known = await imported(client, engine)
        assert known.captions_source == CaptionsSource.WHISPER
        assert known.captions_language == "en"
        assert_nothing_is_missing(await starts(engine))
        assert len(speech.requests) == case.requests
        assert left_in(settings) == []

    @pytest.mark.parametrize(("fault", "reason"), LASTING.values(), ids=LASTING)
    async def test_what_lasts_is_a_video_without_captions_that_says_why(
        self,
        client: Client,
        engine: AsyncEngine,
        settings: Settings,
        speech: SpeechServer,
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
        self, client: Client, engine: AsyncEngine, speech: SpeechServer
    ) -> None:
        video = await add_video(engine, ID)
        handle = await start_import(client, ID, video.user_id)
        await handle.result()
        assert {request.status for request in speech.requests} == {200}
        assert KEY not in (await handle.fetch_history()).to_json()


@pytest.mark.usefixtures("worker", "video")
class TestOfYoutube:
    """Trouble on the way to the sound."""

    @pytest.mark.parametrize(
        "fault",
        [Fault(status=403), Fault(status=503), Fault(status=429)],
        ids=["an expired address", "a broken server", "a limit"],
    )
    async def test_a_download_that_is_refused_is_tried_again(
        self, client: Client, engine: AsyncEngine, standin: Standin, settings: Settings, fault: Fault
    ) -> None:
        standin.faults.add(replace(fault, kind=Kind.AUDIO, times=1))
        known = await imported(client, engine)
        assert known.captions_source == CaptionsSource.WHISPER
        assert begun_at(standin) == [0, 0]
        assert left_in(settings) == []

    async def test_a_download_that_stopped_is_taken_up_where_it_did(
        self, client: Client, engine: AsyncEngine, standin: Standin, settings: Settings
    ) -> None:
        standin.faults.add(Fault(kind=Kind.AUDIO, cut_after_bytes=300_000, times=1))
        known = await imported(client, engine)
        assert known.captions_source == CaptionsSource.WHISPER
        first, second = begun_at(standin)
        assert first == 0
        assert second == pytest.approx(300_000, abs=70_000)
        assert left_in(settings) == []


@pytest.mark.usefixtures("worker", "video")
async def test_a_full_disk_is_a_video_without_captions(
    client: Client, engine: AsyncEngine, settings: Settings, speech: SpeechServer
) -> None:
    folder = AudioStore(settings.audio_store.get_secret_value()).workspace(ID)
    (folder / "source.139.m4a.part").symlink_to("/dev/full")
    known = await imported(client, engine)
    assert known.captions_missing == ErrorType.AUDIO_STORE_FULL
    assert speech.requests == []
    assert left_in(settings) == []


async def test_a_wrong_key_is_one_failure_and_not_a_thousand(
    client: Client, engine: AsyncEngine, settings: Settings, standin: Standin, video: StandinVideo, speech: SpeechServer
) -> None:
    wrong = settings.model_copy(update={"transcription_api_key": SecretStr("gsk_wrong"), "youtube_pause_seconds": 60})
    others = [f"other{number:06}" for number in range(5)]
    for youtube_id in others:
        standin.library.add(StandinVideo(youtube_id, duration_seconds=150, audios=video.audios))
    async with worker_at_work(client, wrong, engine, standin):
        assert (await imported(client, engine)).captions_missing == ErrorType.TRANSCRIPTION_MISCONFIGURED
        asked = len(speech.requests)
        for youtube_id in others:
            entry = await add_video(engine, youtube_id)
            result = await (await start_import(client, youtube_id, entry.user_id)).result()
            assert result.stage is ImportStage.COMPLETE
        assert len(speech.requests) == asked
        assert not [each for each in standin.requests if each.kind is Kind.AUDIO and each.youtube_id in others]

    async with worker_at_work(client, settings, engine, standin):  # with the right key, the next import looks again

        async def is_tried() -> bool:
            async with transaction(engine) as connection:
                status = await find_status(connection, Upstream.TRANSCRIPTION)
            return status is not None and status.state is UpstreamState.HALF_OPEN

        await eventually(is_tried)
        assert (await imported(client, engine)).captions_source == CaptionsSource.WHISPER


@pytest.mark.usefixtures("worker", "video")
async def test_every_piece_is_written_down_with_what_it_cost(client: Client, engine: AsyncEngine) -> None:
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
