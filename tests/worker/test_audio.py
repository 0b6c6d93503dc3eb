"""Sound is cut into pieces that are known by their times, and no sound stays behind; with the real ffmpeg."""

import asyncio
import math
import os
import random
import subprocess
import time
from array import array
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]  # there are none
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from services.worker.activities.audio import LEFT_BEHIND_SECONDS, AudioActivities
from services.worker.audio.store import AudioStore
from services.worker.running import running_imports
from shared.contracts.errors import ErrorType
from shared.contracts.imports import UpstreamFailure, VideoRef
from shared.contracts.speech import (
    OVERLAP_SECONDS,
    AudioChunk,
    AudioChunks,
    ExtractedAudio,
    HalveChunkInput,
    SplitAudioInput,
    SweepResult,
)
from shared.db.driver import transaction
from shared.db.models import LOCAL_USER_ID
from shared.db.speech import KEEP_CHUNKS, RecognisedChunk, TranscriptionCost, keep_chunk, recognised_chunks
from shared.temporal.names import SWEEP_AUDIO_SCHEDULE_ID, import_video_id
from tests.speech.sound import SAMPLE_BYTES, SAMPLE_RATE, decoded
from tests.support.entries import add_video
from tests.support.waiting import eventually
from workflows.start import start_import

ID, OTHER_ID, YOUNG_ID = "abcdefghijk", "lmnopqrstuv", "wxyzabcdefg"
NAME = "source.140.m4a"
SECONDS, CHUNK_SECONDS = 100, 40
SPLIT = SplitAudioInput(youtube_id=ID, audio=ExtractedAudio(name=NAME, byte_count=1))
HOUR = 3600


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A tone that grows, so that a part of it tells where it is from."""
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
    return await ActivityEnvironment().run(audio.halve_chunk, HalveChunkInput(youtube_id=ID, chunk=chunk))


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


async def test_overlapping_pieces_of_the_whole(audio: AudioActivities, folder: Path) -> None:
    chunks = await split(audio)
    assert chunks[0].start_ms == 0
    assert chunks[-1].end_seconds == pytest.approx(SECONDS, abs=0.1)
    assert all(chunk.duration_seconds <= CHUNK_SECONDS for chunk in chunks)
    overlaps = {before.end_ms - after.start_ms for before, after in pairwise(chunks)}
    assert overlaps == {OVERLAP_SECONDS * 1000}
    assert_are_what_their_names_say(folder, chunks)
    assert identities(folder).keys() == {NAME, *(chunk.name for chunk in chunks)}


async def test_the_shortest_pieces_that_a_setting_allows(
    engine: AsyncEngine, client: Client, store: AudioStore, folder: Path
) -> None:
    chunks = await split(AudioActivities(engine, client, store, chunk_seconds=30))
    assert max(chunk.duration_seconds for chunk in chunks) <= 30
    assert_are_what_their_names_say(folder, chunks)


async def test_what_an_earlier_attempt_has_cut_stays(audio: AudioActivities, folder: Path) -> None:
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


async def test_sound_that_cannot_be_decoded(audio: AudioActivities, folder: Path) -> None:
    (folder / NAME).write_bytes(random.Random(1).randbytes(100_000))  # noqa: S311 - only variety is wanted
    assert (await refusal(audio)).type == ErrorType.AUDIO_UNAVAILABLE


async def test_sound_in_another_machines_store(audio: AudioActivities, caplog: pytest.LogCaptureFixture) -> None:
    assert (await refusal(audio)).type == ErrorType.SPEECH_FAILED
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "VIDFERRY_AUDIO_STORE" in record.message


async def test_what_is_discarded_does_not_come_back(audio: AudioActivities, folder: Path) -> None:
    """An attempt that Temporal has given up on is still at work."""
    splitting = asyncio.create_task(split(audio))
    await eventually(lambda: _has_pieces(folder))
    for _ in range(2):
        await ActivityEnvironment().run(audio.discard_audio, VideoRef(youtube_id=ID))
    await asyncio.gather(splitting, return_exceptions=True)
    assert not is_there(folder)


def is_there(path: Path) -> bool:
    return path.exists()


async def _has_pieces(folder: Path) -> bool:
    return any(name.endswith(".ogg") for name in identities(folder))


def age(folder: Path, seconds: float) -> None:
    """Let nobody have touched it for so long."""
    at = time.time() - seconds
    for path in (*folder.iterdir(), folder):
        os.utime(path, (at, at))


async def sweep(audio: AudioActivities) -> SweepResult:
    return await ActivityEnvironment().run(audio.sweep_audio)


async def is_listed(client: Client, youtube_id: str) -> bool:
    return youtube_id in await running_imports(client)


async def test_sound_is_swept_that_no_running_import_needs(
    audio: AudioActivities, client: Client, store: AudioStore
) -> None:
    folders = {youtube_id: store.workspace(youtube_id) for youtube_id in (ID, OTHER_ID, YOUNG_ID)}
    for youtube_id, path in folders.items():
        (path / f"{NAME}.part").write_bytes(b"sound")
        age(path, LEFT_BEHIND_SECONDS + (-60 if youtube_id == YOUNG_ID else 60))
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
    """Does not delete one video's sound."""

    async def discard(self, youtube_id: str) -> None:
        """As the real one does, where somebody else owns the folder."""
        if youtube_id == ID:
            raise PermissionError("not yours")
        await super().discard(youtube_id)


async def add_pieces(engine: AsyncEngine, youtube_id: str, age: timedelta) -> None:
    chunk = RecognisedChunk(AudioChunk(start_ms=0, end_ms=1000), "en", [])
    async with transaction(engine) as connection:
        await keep_chunk(connection, youtube_id, chunk, TranscriptionCost("whisper", 1, 0.001))
        await connection.execute(
            "UPDATE transcribed_chunks SET at = now() - $1::interval WHERE youtube_id = $2", age, youtube_id
        )


async def has_pieces(engine: AsyncEngine, youtube_id: str) -> bool:
    async with transaction(engine) as connection:
        return bool(await recognised_chunks(connection, youtube_id))


async def test_what_cannot_be_deleted_keeps_nothing_else_from_it(
    engine: AsyncEngine, client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Stubborn(str(tmp_path / "store"))
    for youtube_id in (ID, OTHER_ID):
        age(store.workspace(youtube_id), 2 * HOUR)
    await add_pieces(engine, OTHER_ID, 2 * KEEP_CHUNKS)
    swept = await sweep(AudioActivities(engine, client, store, chunk_seconds=CHUNK_SECONDS))
    assert swept == SweepResult(discarded=1)
    assert await store.leftovers(older_than_seconds=HOUR) == [ID]
    assert not await has_pieces(engine, OTHER_ID)
    assert f"the sound of {ID} cannot be deleted" in caplog.text


async def test_old_pieces_are_forgotten_unless_somebody_still_waits_for_the_video(
    audio: AudioActivities, engine: AsyncEngine
) -> None:
    await add_video(engine, ID)
    await add_pieces(engine, ID, 2 * KEEP_CHUNKS)
    await add_pieces(engine, OTHER_ID, 2 * KEEP_CHUNKS)
    await add_pieces(engine, YOUNG_ID, KEEP_CHUNKS / 2)
    await sweep(audio)
    assert [await has_pieces(engine, youtube_id) for youtube_id in (ID, OTHER_ID, YOUNG_ID)] == [True, False, True]


@pytest.mark.usefixtures("worker")
async def test_the_schedule_sweeps(client: Client, tmp_path: Path) -> None:
    path = AudioStore(str(tmp_path / "audio")).workspace(ID)  # the fixture `settings` says where
    age(path, 2 * HOUR)
    await client.get_schedule_handle(SWEEP_AUDIO_SCHEDULE_ID).trigger()

    async def is_gone() -> bool:
        return not is_there(path)

    await eventually(is_gone)
