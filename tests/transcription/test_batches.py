"""Batches in which some videos have no captions: those that wait for transcription hold up none of the others."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.youtube import Audio, FakeVideo, FakeYoutube, captions
from shared.contracts.batches import BatchState, BatchSummary
from shared.contracts.upstreams import Upstream
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID
from shared.db.upstreams import find_status
from shared.settings import Settings
from tests.support.batches import add_batch, how_it_stands, when_over
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from tests.transcription.conftest import SECONDS, hiss, left_in
from workflows.batches.client import start_batch
from workflows.rate_limits.client import GovernorClient

WINDOW = 3
CAPTIONED = [f"captioned{number:02}" for number in range(8)]
CAPTIONLESS = [f"uncaption{number:02}" for number in range(5)]
"""More than the window holds; they come first."""


@pytest.fixture(autouse=True)
async def worker(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    """A worker whose batches have a small window."""
    audio = Audio(hiss(), itag=139, bits_per_second=48_000)
    track = captions("en", "Good morning, harbour")
    fake_youtube.library.add(
        *(FakeVideo(youtube_id, captions=(track,)) for youtube_id in CAPTIONED),
        *(FakeVideo(youtube_id, duration_seconds=SECONDS, audios=(audio,)) for youtube_id in CAPTIONLESS),
    )
    async with worker_at_work(client, settings.model_copy(update={"batch_window": WINDOW}), engine, fake_youtube):
        yield


@pytest.fixture
def governor(client: Client, settings: Settings) -> GovernorClient:
    """The one of the transcription server."""
    return GovernorClient(client, Upstream.TRANSCRIPTION, settings.transcription_rate_limits)


def replace_by_a_file(folder: Path) -> None:
    """From now on, no file can be stored there."""
    folder.rmdir()
    folder.touch()


async def is_paused(engine: AsyncEngine) -> bool:
    async with transaction(engine) as connection:
        status = await find_status(connection, Upstream.TRANSCRIPTION)
    return status is not None and status.is_paused


async def stands_at(engine: AsyncEngine, batch_id: UUID, *, imported: int, running: int) -> BatchSummary:
    stands = await how_it_stands(engine, batch_id)
    assert (stands.imported, stands.running, stands.queued, stands.state) == (imported, running, 0, BatchState.OPEN)
    return stands


async def test_videos_that_wait_for_transcription_take_no_slot(
    client: Client, engine: AsyncEngine, settings: Settings, governor: GovernorClient
) -> None:
    await governor.pause()
    await eventually(partial(is_paused, engine))
    batch_id = await add_batch(engine, [*CAPTIONLESS, *CAPTIONED])
    await start_batch(client, batch_id, LOCAL_USER_ID)
    all_captioned = partial(stands_at, engine, batch_id, imported=len(CAPTIONED), running=len(CAPTIONLESS))
    await eventually(all_captioned)

    await governor.resume()
    over = await when_over(engine, batch_id)
    assert (over.state, over.imported, over.without_captions, over.failed) == (
        *(BatchState.COMPLETE, len(CAPTIONED) + len(CAPTIONLESS)),
        *(0, 0),
    )
    assert left_in(settings) == []


async def test_a_video_that_is_transcribed_already_takes_no_slot_of_another_batch(
    client: Client, engine: AsyncEngine, governor: GovernorClient
) -> None:
    await governor.pause()
    await eventually(partial(is_paused, engine))
    first = await add_batch(engine, CAPTIONLESS)
    await start_batch(client, first, LOCAL_USER_ID)
    await eventually(partial(stands_at, engine, first, imported=0, running=len(CAPTIONLESS)))
    second = await add_batch(engine, [*CAPTIONLESS, *CAPTIONED])
    await start_batch(client, second, LOCAL_USER_ID)
    all_captioned = partial(stands_at, engine, second, imported=len(CAPTIONED), running=len(CAPTIONLESS))
    await eventually(all_captioned)


async def test_a_broken_audio_store_holds_up_no_other_video(
    client: Client, engine: AsyncEngine, settings: Settings
) -> None:
    replace_by_a_file(Path(settings.audio_store.get_secret_value()))
    batch_id = await add_batch(engine, [*CAPTIONLESS, *CAPTIONED])
    await start_batch(client, batch_id, LOCAL_USER_ID)
    all_captioned = partial(stands_at, engine, batch_id, imported=len(CAPTIONED), running=len(CAPTIONLESS))
    await eventually(all_captioned)
