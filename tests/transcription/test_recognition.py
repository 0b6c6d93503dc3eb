"""Real speech, from a video without captions to its transcript: nothing doubled, nothing lost, everything in time."""

from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.speech.numbers import BEGIN
from fakes.speech.server import FakeTranscriptionServer
from fakes.speech.sound import as_m4a, as_webm
from fakes.speech.transcriber import transcribe
from fakes.speech.voice import Speech, numbered_sentences
from fakes.youtube import Audio, FakeVideo, FakeYoutube, Kind
from shared.settings import Settings
from tests.support.entries import add_video
from tests.transcription.conftest import CHUNK_SECONDS, ID, KEY, left_in
from workflows.imports.client import start_import

SENTENCES = 60
"""Two to three minutes: two seams or more."""


@pytest.fixture
async def speech() -> AsyncIterator[FakeTranscriptionServer]:
    """A server that really recognises speech: in another process, whose threads have to wait meanwhile."""
    with ProcessPoolExecutor(1, get_context("spawn")) as recogniser:
        async with FakeTranscriptionServer.start(
            lambda sound: recogniser.submit(transcribe, sound).result(), key=KEY
        ) as server:
            yield server


async def lines(engine: AsyncEngine) -> Sequence[tuple[float, float, str]]:
    """The transcript: start, end, text."""
    query = "SELECT start_seconds, end_seconds, text FROM transcript_segments ORDER BY position"
    async with engine.connect() as connection:
        return [(row.start_seconds, row.end_seconds, row.text) for row in await connection.execute(text(query))]


def sentences_of(transcript: Sequence[tuple[float, float, str]]) -> list[tuple[float, str]]:
    """Start and text of every sentence; a seam may have parted one into two lines."""
    found: list[tuple[float, str]] = []
    for start, _, said in transcript:
        if said.startswith(BEGIN) or not found:
            found.append((start, said))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]} {said}")
    return found


def video_of(speech: Speech, sound: bytes, mime_type: str, itag: int) -> FakeVideo:
    audio = Audio(sound, mime_type=mime_type, itag=itag, bits_per_second=48_000)
    return FakeVideo(ID, title="Numbers", duration_seconds=int(speech.duration_seconds) + 1, audios=(audio,))


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("served_as", "mime_type", "itag", "pause_seconds"),
    [(as_m4a, 'audio/mp4; codecs="mp4a.40.5"', 139, 0.6), (as_webm, 'audio/webm; codecs="opus"', 249, 0)],
    ids=["with pauses", "without a pause"],
)
async def test_every_numbered_sentence_is_there_once_and_in_time(
    client: Client,
    engine: AsyncEngine,
    fake_youtube: FakeYoutube,
    settings: Settings,
    speech: FakeTranscriptionServer,
    served_as: Callable[[bytes], bytes],
    mime_type: str,
    itag: int,
    pause_seconds: float,
) -> None:
    spoken = numbered_sentences(SENTENCES, pause_seconds=pause_seconds)
    fake_youtube.library.add(video_of(spoken, served_as(spoken.wav), mime_type, itag))
    video = await add_video(engine, ID)
    await (await start_import(client, ID, video.user_id)).result()

    found = sentences_of(await lines(engine))
    assert [said for _, said in found] == [each.text for each in spoken.sentences]
    for (start, _), true in zip(found, spoken.sentences, strict=True):
        assert start == pytest.approx(true.start_seconds, abs=1)
    assert len(speech.requests) >= spoken.duration_seconds // CHUNK_SECONDS
    assert [request.kind for request in fake_youtube.requests].count(Kind.AUDIO) == 1
    assert left_in(settings) == []
