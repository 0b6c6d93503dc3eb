"""A notifier in this process, and the feed it reads."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from services.notifier.server import Notifier
from shared.settings import Settings
from shared.temporal.feed import FeedPublisher
from shared.temporal.names import TaskQueue
from tests.notifier.support import Library
from workflows.progress_feed import ProgressFeed


@pytest.fixture
async def library(engine: AsyncEngine) -> Library:
    """The local user's videos; their list was there long before anybody connects."""
    library = Library(engine)
    await library.the_list()
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM import_events"))
    return library


@pytest.fixture
async def publisher(client: Client, settings: Settings) -> AsyncIterator[FeedPublisher]:
    """A running feed, and the way into it."""
    worker = Worker(client, task_queue=TaskQueue.IMPORTS, workflows=[ProgressFeed])
    async with worker, FeedPublisher(client, settings.feed_shards) as publisher:
        yield publisher


@pytest.fixture
def any_port(settings: Settings) -> Settings:
    """Settings of a notifier that takes any port, so that several fit on one machine."""
    return settings.model_copy(update={"notifier_port": 0})


@pytest.fixture
async def notifier(any_port: Settings, engine: AsyncEngine, client: Client) -> AsyncIterator[Notifier]:
    """A running notifier."""
    async with Notifier(any_port, engine, client) as notifier:
        yield notifier
