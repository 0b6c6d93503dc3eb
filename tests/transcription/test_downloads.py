"""Long downloads do not block other imports."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.speech.server import FakeTranscriptionServer
from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind, captions
from shared.contracts.stages import SPEECH_DOWNLOADED, ImportStage
from shared.db.models import LOCAL_USER_ID, Video
from shared.settings import Settings
from tests.support.entries import add_video, find_video
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from tests.transcription.conftest import ID, hiss
from workflows.imports.client import start_import

CAPTIONED_ID = "captioned01"
HELD_SECONDS = 18
"""Until the faults are cleared; the worker gives an answer up after 20 s."""


@pytest.fixture(autouse=True)
async def worker(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    """A worker that makes one call to YouTube at a time."""
    async with worker_at_work(client, settings.model_copy(update={"youtube_max_concurrent": 1}), engine, fake_youtube):
        yield


async def is_downloading(fake_youtube: FakeYoutube) -> bool:
    return Kind.AUDIO in [request.kind for request in fake_youtube.requests]


async def is_complete(engine: AsyncEngine, entry: Video) -> bool:
    return (await find_video(engine, entry.id)).import_stage == ImportStage.COMPLETE


async def test_other_videos_are_imported_while_audio_is_downloaded(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, speech: FakeTranscriptionServer, video: FakeVideo
) -> None:
    fake_youtube.library.add(FakeVideo(CAPTIONED_ID, captions=(captions("en", "Good morning, harbour"),)))
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, stall_after_bytes=len(hiss()) // 2, stall_seconds=HELD_SECONDS))
    slow, quick = await add_video(engine, ID), await add_video(engine, CAPTIONED_ID)
    await start_import(client, ID, LOCAL_USER_ID)
    await eventually(partial(is_downloading, fake_youtube))
    await start_import(client, CAPTIONED_ID, LOCAL_USER_ID)
    await eventually(partial(is_complete, engine, quick))
    assert (await find_video(engine, slow.id)).import_progress < SPEECH_DOWNLOADED
    fake_youtube.faults.clear()
    await eventually(partial(is_complete, engine, slow))
    assert len(speech.requests) == 3


async def test_an_expired_address_is_requested_again(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, video: FakeVideo
) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, status=403, times=1))
    entry = await add_video(engine, ID)
    await start_import(client, ID, LOCAL_USER_ID)
    await eventually(partial(is_complete, engine, entry))
    kinds = [request.kind for request in fake_youtube.requests if request.kind in {Kind.PLAYER, Kind.AUDIO}]
    assert kinds[-4:] == [Kind.PLAYER, Kind.AUDIO, Kind.PLAYER, Kind.AUDIO]
