"""A video with sound and no captions, a server that hears something in it, and a worker that uses both."""

from collections.abc import AsyncIterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from shared.settings import Settings
from tests.speech.server import Heard, SpeechServer
from tests.speech.sound import SAMPLE_BYTES, SAMPLE_RATE, noise
from tests.standin import Audio, Standin, StandinVideo
from tests.support.worker import worker_at_work

ID = "abcdefghijk"
KEY = "gsk_a-secret-of-the-tests"
SECONDS = 150
CHUNK_SECONDS = 60
"""150 s make three pieces: two seams, 10 s of overlap each."""


def something(sound: bytes) -> Sequence[Heard]:
    """A sentence every ten seconds, whatever the sound."""
    seconds = len(sound) // SAMPLE_RATE // SAMPLE_BYTES
    return [Heard(start + 1, start + 4, f"Sentence at {start}.") for start in range(0, seconds - 4, 10)]


@cache
def hiss() -> bytes:
    """The sound of the video."""
    return noise(SECONDS)


@pytest.fixture
def video(standin: Standin) -> StandinVideo:
    """A video without captions."""
    audio = Audio(hiss(), itag=139, bits_per_second=48_000)
    video = StandinVideo(ID, title="Unheard of", duration_seconds=SECONDS, audios=(audio,))
    standin.library.add(video)
    return video


@pytest.fixture
async def speech() -> AsyncIterator[SpeechServer]:
    """A speech-to-text server that needs a key."""
    async with SpeechServer.start(something, key=KEY) as server:
        yield server


@pytest.fixture
def settings(settings: Settings, speech: SpeechServer) -> Settings:
    """Settings with speech-to-text, and a pace that lets a test end."""
    return settings.model_copy(
        update={
            "transcription_base_url": speech.base_url,
            "transcription_api_key": SecretStr(KEY),
            "transcription_chunk_seconds": CHUNK_SECONDS,
            "transcription_requests_per_minute": 6000,
            "transcription_timeout_seconds": 5,
            "youtube_pause_seconds": 1,
        }
    )


@pytest.fixture
async def worker(client: Client, settings: Settings, engine: AsyncEngine, standin: Standin) -> AsyncIterator[None]:
    """The production worker."""
    async with worker_at_work(client, settings, engine, standin):
        yield


def left_in(settings: Settings) -> list[Path]:
    """What is in the audio store."""
    return [path for path in Path(settings.audio_store.get_secret_value()).rglob("*") if path.is_file()]
