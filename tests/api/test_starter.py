"""The starter: nothing it does can hurt a request, and little of it is lost."""

import logging
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.api import starter
from services.api.database import Database
from services.api.starter import ImportStarter
from shared.contracts.messages import FeedItem
from shared.db.lists import create_list
from shared.db.videos import add_video
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.feed import FeedPublisher
from shared.temporal.names import IMPORT_BATCH, import_batch_id, import_video_id
from tests.api.support import youtube_id
from tests.support.servers import free_port


async def _added(engine: AsyncEngine, user_id: UUID, number: int) -> FeedItem:
    """The event of a video that was just added."""
    async with Database(engine).connection() as connection:
        into = await create_list(connection, user_id, "Lighthouses")
        added = await add_video(connection, user_id, into.id, youtube_id(number))
    assert added is not None
    assert added.event is not None
    return added.event


async def _away(settings: Settings) -> Client:
    return await connect(settings.model_copy(update={"temporal_address": f"127.0.0.1:{free_port()}"}))


async def test_what_was_handed_over_is_started_before_the_end(
    client: Client, engine: AsyncEngine, local_user_id: UUID
) -> None:
    events = [await _added(engine, local_user_id, number) for number in range(5)]
    batch_id, publisher = uuid4(), FeedPublisher(client, 1)
    async with ImportStarter(client, publisher, Database(engine)) as imports:
        for event in events:
            imports.start(event)
        imports.begin_batch(batch_id, local_user_id)

    batch = await client.get_workflow_handle(import_batch_id(batch_id)).describe()
    assert batch.workflow_type == IMPORT_BATCH
    for number in range(5):
        await client.get_workflow_handle(import_video_id(youtube_id(number))).describe()


async def test_an_outage_is_told_once_and_ends_nothing(
    settings: Settings, engine: AsyncEngine, local_user_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    away = await _away(settings)
    events = [await _added(engine, local_user_id, number) for number in range(5)]

    with caplog.at_level(logging.WARNING, starter.__name__):
        async with ImportStarter(away, FeedPublisher(away, 1), Database(engine)) as imports:
            for event in events:
                imports.start(event)
                imports.hurry(event.message.youtube_id, local_user_id)
                imports.cancel(event.message.youtube_id)
                imports.begin_batch(uuid4(), local_user_id)

    [record] = caplog.records
    for follows in ("ReconcileImports starts", "goes on at its own time", "ends by itself"):
        assert follows in record.getMessage()


async def test_without_room_it_drops_instead_of_waiting(
    client: Client, engine: AsyncEngine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "MAX_WAITING_JOBS", 2)
    imports = ImportStarter(client, FeedPublisher(client, 1), Database(engine))

    with caplog.at_level(logging.WARNING, starter.__name__):
        for number in range(4):
            imports.cancel(youtube_id(number))
        async with imports:
            pass

    [record] = caplog.records
    assert "too many jobs wait" in record.getMessage()


async def test_a_fault_of_one_job_does_not_touch_the_next(
    client: Client, engine: AsyncEngine, local_user_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    event = await _added(engine, local_user_id, 1)
    broken = event.model_copy(update={"user_id": object()})  # no payload can be made of it

    with caplog.at_level(logging.ERROR, starter.__name__):
        async with ImportStarter(client, FeedPublisher(client, 1), Database(engine)) as imports:
            imports.hurry(youtube_id(1), broken.user_id)
            imports.start(event)

    assert [record.getMessage() for record in caplog.records] == ["a job failed unexpectedly"]
    await client.get_workflow_handle(import_video_id(youtube_id(1))).describe()
