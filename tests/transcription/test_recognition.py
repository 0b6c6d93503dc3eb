"""Real speech, from a video without captions to its transcript: nothing doubled, nothing lost, everything in time."""

from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from shared.settings import Settings
from tests.speech.numbers import BEGIN
from tests.speech.recogniser import recognise
from tests.speech.server import SpeechServer
from tests.speech.sound import as_m4a, as_webm
from tests.speech.voice import Speech, numbered_sentences
from tests.standin import Audio, Kind, Standin, StandinVideo
from tests.support.entries import add_video
from tests.transcription.conftest import CHUNK_SECONDS, ID, KEY, left_in
from workflows.start import start_import

SENTENCES = 120
"""Four to six minutes: five seams or more."""


@pytest.fixture
async def speech() -> AsyncIterator[SpeechServer]:
    """A server that really recognises speech: in another process, whose threads have to wait meanwhile."""
    with ProcessPoolExecutor(1, get_context("spawn")) as recogniser:
        async with SpeechServer.start(lambda sound: recogniser.submit(recognise, sound).result(), key=KEY) as server:
            yield server


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with the patience of production: whoever asks again doubles the work."""
    patience = Settings.model_fields["transcription_timeout_seconds"].default
    return settings.model_copy(update={"transcription_timeout_seconds": patience})


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


def video_of(speech: Speech, sound: bytes, mime_type: str, itag: int) -> StandinVideo:
    audio = Audio(sound, mime_type=mime_type, itag=itag, bits_per_second=48_000)
    return StandinVideo(ID, title="Numbers", duration_seconds=int(speech.duration_seconds) + 1, audios=(audio,))


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("served_as", "mime_type", "itag", "pause_seconds"),
    [(as_m4a, 'audio/mp4; codecs="mp4a.40.5"', 139, 0.6), (as_webm, 'audio/webm; codecs="opus"', 249, 0)],
    ids=["with pauses", "without a pause"],
)
async def test_every_numbered_sentence_is_there_once_and_in_time(
    client: Client,
    engine: AsyncEngine,
    standin: Standin,
    settings: Settings,
    speech: SpeechServer,
    served_as: Callable[[bytes], bytes],
    mime_type: str,
    itag: int,
    pause_seconds: float,
) -> None:
    spoken = numbered_sentences(SENTENCES, pause_seconds=pause_seconds)
    standin.library.add(video_of(spoken, served_as(spoken.wav), mime_type, itag))
    video = await add_video(engine, ID)
    await (await start_import(client, ID, video.user_id)).result()

    found = sentences_of(await lines(engine))
    assert [said for _, said in found] == [each.text for each in spoken.sentences]
    for (start, _), true in zip(found, spoken.sentences, strict=True):
        assert start == pytest.approx(true.start_seconds, abs=1)
    assert len(speech.requests) >= spoken.duration_seconds // CHUNK_SECONDS
    assert [request.kind for request in standin.requests].count(Kind.AUDIO) == 1
    assert left_in(settings) == []
