"""A video with audio and no captions, a server that hears something in it, and a worker that uses both."""

from collections.abc import AsyncIterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.speech.server import FakeTranscriptionServer, SpeechSegment
from fakes.speech.sound import SAMPLE_BYTES, SAMPLE_RATE, noise
from fakes.youtube import Audio, FakeVideo, FakeYoutube
from shared.settings import Settings
from tests.support.worker import worker_at_work

ID = "abcdefghijk"
KEY = "gsk_a-secret-of-the-tests"
SECONDS = 150
CHUNK_SECONDS = 60
"""150 s make three chunks: two seams, 10 s of overlap each."""


def something(sound: bytes) -> Sequence[SpeechSegment]:
    """A sentence every ten seconds, for any audio."""
    seconds = len(sound) // SAMPLE_RATE // SAMPLE_BYTES
    return [SpeechSegment(start + 1, start + 4, f"Sentence at {start}.") for start in range(0, seconds - 4, 10)]


@cache
def hiss() -> bytes:
    """The audio of the video."""
    return noise(SECONDS)


@pytest.fixture
def video(fake_youtube: FakeYoutube) -> FakeVideo:
    """A video without captions."""
    audio = Audio(hiss(), itag=139, bits_per_second=48_000)
    video = FakeVideo(ID, title="Unheard of", duration_seconds=SECONDS, audios=(audio,))
    fake_youtube.library.add(video)
    return video


@pytest.fixture
async def speech() -> AsyncIterator[FakeTranscriptionServer]:
    """A transcription server that needs a key."""
    async with FakeTranscriptionServer.start(something, key=KEY) as server:
        yield server


@pytest.fixture
def settings(settings: Settings, speech: FakeTranscriptionServer) -> Settings:
    """Settings with speech-to-text, and a rate limit that lets a test end."""
    return settings.model_copy(
        update={
            "transcription_base_url": speech.base_url,
            "transcription_api_key": SecretStr(KEY),
            "transcription_chunk_seconds": CHUNK_SECONDS,
            "transcription_requests_per_minute": 6000,
            "youtube_pause_seconds": 1,
        }
    )


@pytest.fixture
async def worker(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    """The production worker."""
    async with worker_at_work(client, settings, engine, fake_youtube):
        yield


def left_in(settings: Settings) -> list[Path]:
    """What is in the audio store."""
    return [path for path in Path(settings.audio_store.get_secret_value()).rglob("*") if path.is_file()]
