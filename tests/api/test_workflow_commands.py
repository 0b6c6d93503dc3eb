"""Workflow commands: none of them delays or fails a request, and few are lost."""

import logging
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.api.background import workflow_commands
from services.api.background.workflow_commands import WorkflowCommands
from services.api.http.database import Database
from shared import background
from shared.contracts.messages import ImportFeedItem
from shared.db.connection import raw_connection
from shared.db.lists import create_list
from shared.db.video_inserts import add_video
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.feed import FeedPublisher
from shared.temporal.names import IMPORT_BATCH, import_batch_id, import_video_id
from tests.api.support import youtube_id
from tests.support.servers import free_port


async def _added(engine: AsyncEngine, user_id: UUID, number: int) -> ImportFeedItem:
    """The event of a video that was just added."""
    async with Database(engine).connection() as connection:
        into = await create_list(connection, user_id, "Lighthouses")
        added = await add_video(raw_connection(connection), user_id, into.id, youtube_id(number))
    assert added is not None
    assert added.event is not None
    return added.event


async def _away(settings: Settings) -> Client:
    return await connect(settings.model_copy(update={"temporal_address": f"127.0.0.1:{free_port()}"}))


@pytest.mark.usefixtures("fully_drained")
async def test_waiting_commands_are_sent_before_the_end(
    client: Client, engine: AsyncEngine, local_user_id: UUID
) -> None:
    events = [await _added(engine, local_user_id, number) for number in range(5)]
    batch_id, publisher = uuid4(), FeedPublisher(client, 1)
    async with WorkflowCommands(client, publisher, Database(engine)) as imports:
        for event in events:
            imports.start(event)
        imports.start_batch(batch_id, local_user_id)

    batch = await client.get_workflow_handle(import_batch_id(batch_id)).describe()
    assert batch.workflow_type == IMPORT_BATCH
    for number in range(5):
        await client.get_workflow_handle(import_video_id(youtube_id(number))).describe()


async def test_an_outage_is_logged_once_and_ends_nothing(
    settings: Settings, engine: AsyncEngine, local_user_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    away = await _away(settings)
    events = [await _added(engine, local_user_id, number) for number in range(5)]

    with caplog.at_level(logging.WARNING, background.__name__):
        async with WorkflowCommands(away, FeedPublisher(away, 1), Database(engine)) as imports:
            for event in events:
                imports.start(event)
                imports.expedite(event.message.youtube_id, local_user_id)
                imports.cancel(event.message.youtube_id)
                imports.start_batch(uuid4(), local_user_id)

    [record] = caplog.records
    assert record.getMessage().startswith("background_task_failed task=workflow_commands ")


async def test_a_command_without_room_is_dropped(
    client: Client, engine: AsyncEngine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow_commands, "MAX_WAITING_COMMANDS", 2)
    imports = WorkflowCommands(client, FeedPublisher(client, 1), Database(engine))

    with caplog.at_level(logging.WARNING, background.__name__):
        for number in range(4):
            imports.cancel(youtube_id(number))
        async with imports:
            pass

    [record] = caplog.records
    assert "queue_full" in record.getMessage()


@pytest.mark.usefixtures("fully_drained")
async def test_a_failed_command_does_not_affect_the_next(
    client: Client, engine: AsyncEngine, local_user_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    event = await _added(engine, local_user_id, 1)
    broken = event.model_copy(update={"user_id": object()})  # no payload can be made of it

    with caplog.at_level(logging.WARNING, background.__name__):
        async with WorkflowCommands(client, FeedPublisher(client, 1), Database(engine)) as imports:
            imports.expedite(youtube_id(1), broken.user_id)
            imports.start(event)

    [record] = caplog.records
    assert record.exc_info  # a fault of ours is logged with its traceback
    await client.get_workflow_handle(import_video_id(youtube_id(1))).describe()
