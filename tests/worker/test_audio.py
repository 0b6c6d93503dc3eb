"""Audio is cut into chunks that are known by their times, and no audio stays behind; with the real ffmpeg."""

import asyncio
import math
import os
import random
import subprocess
import time
from array import array
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]  # there are none
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from fakes.speech.sound import SAMPLE_BYTES, SAMPLE_RATE, decoded
from services.worker.activities.audio import ORPHAN_AFTER_SECONDS, AudioActivities
from services.worker.activities.support.visibility import list_running_imports
from services.worker.adapters.audio.store import AudioStore
from shared.contracts.errors import ErrorType
from shared.contracts.imports import UpstreamFailure, VideoRef
from shared.contracts.transcription import (
    OVERLAP_SECONDS,
    AudioChunk,
    AudioChunks,
    ExtractedAudio,
    SplitAudioInput,
    SplitChunkInput,
    SweepResult,
)
from shared.contracts.youtube_requests import Endpoint, RequestRecord, SentRequest
from shared.db import audio_jobs
from shared.db.audio_jobs import MAX_ADMITTED
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID
from shared.db.transcription import KEEP_CHUNKS, TranscribedChunk, TranscriptionCost, keep_chunk, transcribed_chunks
from shared.db.youtube_requests import KEEP_REQUESTS, record
from shared.temporal.names import SWEEP_AUDIO_SCHEDULE_ID, import_video_id
from tests.support.entries import add_video
from tests.support.waiting import eventually
from workflows.imports.client import start_import

ID, OTHER_ID, YOUNG_ID = "abcdefghijk", "lmnopqrstuv", "wxyzabcdefg"
NAME = "source.140.m4a"
SECONDS, CHUNK_SECONDS = 100, 40
SPLIT = SplitAudioInput(youtube_id=ID, audio=ExtractedAudio(name=NAME, byte_count=1))
HOUR = 3600


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A tone that rises, so that the position of a part can be measured."""
    path = tmp_path_factory.mktemp("sound") / NAME
    tone = f"aevalsrc=sin(2*PI*300*t)*t/{SECONDS}:d={SECONDS}:s={SAMPLE_RATE}"
    subprocess.run([get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", tone, str(path)], check=True)
    return path.read_bytes()


@pytest.fixture
def store(tmp_path: Path) -> AudioStore:
    return AudioStore(str(tmp_path / "store"))


@pytest.fixture
def folder(store: AudioStore, sound: bytes) -> Path:
    """The video's folder, after the download."""
    path = store.workspace(ID)
    (path / NAME).write_bytes(sound)
    return path


@pytest.fixture
def audio(engine: AsyncEngine, client: Client, store: AudioStore) -> AudioActivities:
    return AudioActivities(engine, client, store, chunk_seconds=CHUNK_SECONDS)


async def split(audio: AudioActivities) -> list[AudioChunk]:
    return (await ActivityEnvironment().run(audio.split_audio, SPLIT)).chunks


async def halve(audio: AudioActivities, chunk: AudioChunk) -> AudioChunks:
    return await ActivityEnvironment().run(audio.split_chunk, SplitChunkInput(youtube_id=ID, chunk=chunk))


def assert_are_what_their_names_say(folder: Path, chunks: list[AudioChunk]) -> None:
    for chunk in chunks:
        samples = array("h", decoded((folder / chunk.name).read_bytes()))
        assert len(samples) / SAMPLE_RATE == pytest.approx(chunk.duration_seconds, abs=0.1)
        third = (chunk.end_seconds**3 - chunk.start_seconds**3) / 3 / chunk.duration_seconds
        loudness = math.sqrt(sum(sample * sample for sample in samples) / len(samples)) / 2 ** (8 * SAMPLE_BYTES - 1)
        assert loudness == pytest.approx(math.sqrt(third / 2) / SECONDS, rel=0.05)


def identities(folder: Path) -> dict[str, tuple[int, int]]:
    """Of all files: another one of the same name is another."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


async def test_chunks_overlap_and_cover_the_whole(audio: AudioActivities, folder: Path) -> None:
    chunks = await split(audio)
    assert chunks[0].start_ms == 0
    assert chunks[-1].end_seconds == pytest.approx(SECONDS, abs=0.1)
    assert all(chunk.duration_seconds <= CHUNK_SECONDS for chunk in chunks)
    overlaps = {before.end_ms - after.start_ms for before, after in pairwise(chunks)}
    assert overlaps == {OVERLAP_SECONDS * 1000}
    assert_are_what_their_names_say(folder, chunks)
    assert identities(folder).keys() == {NAME, *(chunk.name for chunk in chunks)}


async def test_the_shortest_chunks_that_a_setting_allows(
    engine: AsyncEngine, client: Client, store: AudioStore, folder: Path
) -> None:
    chunks = await split(AudioActivities(engine, client, store, chunk_seconds=30))
    assert max(chunk.duration_seconds for chunk in chunks) <= 30
    assert_are_what_their_names_say(folder, chunks)


async def test_chunks_of_an_earlier_attempt_are_reused(audio: AudioActivities, folder: Path) -> None:
    chunks = await split(audio)
    (folder / chunks[1].name).unlink()
    before = identities(folder)
    assert await split(audio) == chunks
    after = identities(folder)
    after.pop(chunks[1].name)
    assert after == before


async def test_two_attempts_at_once_do_not_disturb_each_other(audio: AudioActivities, folder: Path) -> None:
    first, second = await asyncio.gather(split(audio), split(audio))
    assert first == second
    assert_are_what_their_names_say(folder, first)
    assert identities(folder).keys() == {NAME, *(chunk.name for chunk in first)}


async def test_halves_keep_the_times_of_the_video(audio: AudioActivities, folder: Path) -> None:
    whole = (await split(audio))[1]
    halves = (await halve(audio, whole)).chunks
    assert len(halves) == 2
    assert (halves[0].start_ms, halves[1].end_ms) == (whole.start_ms, whole.end_ms)
    assert_are_what_their_names_say(folder, halves)
    before = identities(folder)
    quarters = (await halve(audio, halves[1])).chunks
    assert_are_what_their_names_say(folder, quarters)
    assert (await halve(audio, whole)).chunks == halves
    assert before.items() <= identities(folder).items()


async def refusal(audio: AudioActivities) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await split(audio)
    assert caught.value.non_retryable
    UpstreamFailure.model_validate(caught.value.details[0])
    return caught.value


async def test_audio_that_cannot_be_decoded(audio: AudioActivities, folder: Path) -> None:
    (folder / NAME).write_bytes(random.Random(1).randbytes(100_000))  # noqa: S311 - only variety is wanted
    assert (await refusal(audio)).type == ErrorType.AUDIO_UNAVAILABLE


async def test_audio_in_another_machines_store(audio: AudioActivities, caplog: pytest.LogCaptureFixture) -> None:
    assert (await refusal(audio)).type == ErrorType.SPEECH_FAILED
    [record] = [
        record for record in caplog.records if record.levelname == "ERROR" and record.name.startswith("services")
    ]
    assert "VIDFERRY_AUDIO_STORE" in record.message


async def test_discarded_audio_does_not_come_back(audio: AudioActivities, folder: Path) -> None:
    """An attempt that Temporal has given up on is still at work."""
    splitting = asyncio.create_task(split(audio))
    await eventually(lambda: asyncio.to_thread(has_chunks_on_disk, folder))
    for _ in range(2):
        await ActivityEnvironment().run(audio.discard_audio, VideoRef(youtube_id=ID))
    await asyncio.gather(splitting, return_exceptions=True)
    assert not is_there(folder)


def is_there(path: Path) -> bool:
    return path.exists()


def has_chunks_on_disk(folder: Path) -> bool:
    return any(path.name.endswith(".ogg") for path in folder.iterdir())


def age(folder: Path, seconds: float) -> None:
    """Make the files as old as an orphan's."""
    at = time.time() - seconds
    for path in (*folder.iterdir(), folder):
        os.utime(path, (at, at))


async def sweep(audio: AudioActivities) -> SweepResult:
    return await ActivityEnvironment().run(audio.sweep_audio)


async def is_listed(client: Client, youtube_id: str) -> bool:
    return youtube_id in await list_running_imports(client)


async def test_orphaned_audio_is_swept(audio: AudioActivities, client: Client, store: AudioStore) -> None:
    folders = {youtube_id: store.workspace(youtube_id) for youtube_id in (ID, OTHER_ID, YOUNG_ID)}
    for youtube_id, path in folders.items():
        (path / f"{NAME}.part").write_bytes(b"audio")
        age(path, ORPHAN_AFTER_SECONDS + (-60 if youtube_id == YOUNG_ID else 60))
    await start_import(client, ID, LOCAL_USER_ID)  # no worker: it runs for ever
    await eventually(lambda: is_listed(client, ID))

    assert await sweep(audio) == SweepResult(discarded=1)
    assert {youtube_id for youtube_id, path in folders.items() if is_there(path)} == {ID, YOUNG_ID}

    await client.get_workflow_handle(import_video_id(ID)).terminate("somebody did")

    async def swept() -> SweepResult:
        found = await sweep(audio)
        assert found.discarded
        return found

    assert await eventually(swept) == SweepResult(discarded=1)
    assert {youtube_id for youtube_id, path in folders.items() if is_there(path)} == {YOUNG_ID}


class Stubborn(AudioStore):
    """Does not delete one video's audio."""

    async def delete_video(self, youtube_id: str) -> None:
        """As the real one does where another user owns the folder."""
        if youtube_id == ID:
            raise PermissionError("not yours")
        await super().delete_video(youtube_id)


async def add_chunks(engine: AsyncEngine, youtube_id: str, age: timedelta) -> None:
    chunk = TranscribedChunk(AudioChunk(start_ms=0, end_ms=1000), "en", [])
    async with transaction(engine) as connection:
        await keep_chunk(connection, youtube_id, chunk, TranscriptionCost("whisper", 1, 0.001))
        await connection.execute(
            "UPDATE transcribed_chunks SET at = now() - $1::interval WHERE youtube_id = $2", age, youtube_id
        )


async def has_chunks(engine: AsyncEngine, youtube_id: str) -> bool:
    async with transaction(engine) as connection:
        return bool(await transcribed_chunks(connection, youtube_id))


async def add_request(engine: AsyncEngine, age: timedelta) -> None:
    request = SentRequest(at=datetime.now(UTC) - age, endpoint=Endpoint.WATCH, milliseconds=1)
    async with transaction(engine) as connection:
        await record(connection, [RequestRecord(request)], yt_dlp_version="1", worker="me")


async def count_requests(engine: AsyncEngine) -> int:
    async with transaction(engine) as connection:
        return int(await connection.fetchval("SELECT count(*) FROM youtube_requests"))


async def test_a_failed_deletion_does_not_affect_others(
    engine: AsyncEngine, client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Stubborn(str(tmp_path / "store"))
    for youtube_id in (ID, OTHER_ID):
        age(store.workspace(youtube_id), 2 * HOUR)
    await add_chunks(engine, OTHER_ID, 2 * KEEP_CHUNKS)
    await add_request(engine, 2 * KEEP_REQUESTS)
    swept = await sweep(AudioActivities(engine, client, store, chunk_seconds=CHUNK_SECONDS))
    assert swept == SweepResult(discarded=1)
    assert await store.find_orphans(older_than_seconds=HOUR) == [ID]
    assert not await has_chunks(engine, OTHER_ID)
    assert not await count_requests(engine)
    assert f"audio_not_deleted youtube_id={ID}" in caplog.text


async def test_the_next_import_is_woken_when_there_is_capacity(
    audio: AudioActivities, engine: AsyncEngine, client: Client
) -> None:
    """An import that does not run blocks no other."""
    async with transaction(engine) as connection:
        for number in range(MAX_ADMITTED):
            assert await audio_jobs.join(connection, f"admitted{number:03}", is_interactive=False)
    for waiting in (OTHER_ID, ID, YOUNG_ID):
        async with transaction(engine) as connection:  # one after the other: the time is the transaction's
            assert not await audio_jobs.join(connection, waiting, is_interactive=False)
    running = {youtube_id: await start_import(client, youtube_id, LOCAL_USER_ID) for youtube_id in (ID, YOUNG_ID)}
    await ActivityEnvironment().run(audio.discard_audio, VideoRef(youtube_id="admitted000"))
    assert {youtube_id: await signals(handle) for youtube_id, handle in running.items()} == {
        ID: ["attach", "retry_now"],
        YOUNG_ID: ["attach"],
    }
    async with transaction(engine) as connection:
        assert [await audio_jobs.is_registered(connection, each) for each in (OTHER_ID, ID)] == [False, True]
        assert await audio_jobs.join(connection, ID, is_interactive=False)


async def signals(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """The names of the signals that a workflow was sent."""
    events = [event.workflow_execution_signaled_event_attributes for event in (await handle.fetch_history()).events]
    return [event.signal_name for event in events if event.signal_name]


async def test_a_store_that_fails_to_delete_blocks_no_import(
    engine: AsyncEngine, client: Client, tmp_path: Path
) -> None:
    async with transaction(engine) as connection:
        await audio_jobs.join(connection, ID, is_interactive=True)
    audio = AudioActivities(engine, client, Stubborn(str(tmp_path / "store")), chunk_seconds=CHUNK_SECONDS)
    with pytest.raises(PermissionError):
        await ActivityEnvironment().run(audio.discard_audio, VideoRef(youtube_id=ID))
    async with transaction(engine) as connection:
        assert not await audio_jobs.is_registered(connection, ID)


async def test_media_are_cleaned_of_what_postgres_cannot_store(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await audio_jobs.save_media(connection, ID, {"url": "https://a\0b\ud800", "filesize": 1})
        assert await audio_jobs.find_media(connection, ID) == {"url": "https://ab", "filesize": 1}


async def test_jobs_of_imports_that_were_terminated_are_swept(
    audio: AudioActivities, engine: AsyncEngine, client: Client
) -> None:
    await start_import(client, ID, LOCAL_USER_ID)
    await eventually(lambda: is_listed(client, ID))
    async with transaction(engine) as connection:
        for youtube_id in (ID, OTHER_ID):
            await audio_jobs.join(connection, youtube_id, is_interactive=True)
        await connection.execute("UPDATE audio_jobs SET asked_at = now() - interval '2 hours'")
        await audio_jobs.join(connection, YOUNG_ID, is_interactive=True)
    await sweep(audio)
    async with transaction(engine) as connection:
        found = [await audio_jobs.is_registered(connection, each) for each in (ID, OTHER_ID, YOUNG_ID)]
    assert found == [True, False, True]


async def test_old_chunks_are_deleted_unless_the_video_is_still_waiting(
    audio: AudioActivities, engine: AsyncEngine
) -> None:
    await add_video(engine, ID)
    await add_chunks(engine, ID, 2 * KEEP_CHUNKS)
    await add_chunks(engine, OTHER_ID, 2 * KEEP_CHUNKS)
    await add_chunks(engine, YOUNG_ID, KEEP_CHUNKS / 2)
    await sweep(audio)
    assert [await has_chunks(engine, youtube_id) for youtube_id in (ID, OTHER_ID, YOUNG_ID)] == [True, False, True]


@pytest.mark.usefixtures("worker")
async def test_the_schedule_sweeps(client: Client, tmp_path: Path) -> None:
    path = AudioStore(str(tmp_path / "audio")).workspace(ID)  # the fixture `settings` says where
    age(path, 2 * HOUR)
    await client.get_schedule_handle(SWEEP_AUDIO_SCHEDULE_ID).trigger()

    async def is_gone() -> bool:
        return not is_there(path)

    await eventually(is_gone)
