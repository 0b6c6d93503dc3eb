"""The production worker."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.youtube import FakeYoutube
from shared.settings import Settings
from tests.support.worker import worker_at_work


@pytest.fixture
async def worker(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    """The production worker at work."""
    async with worker_at_work(client, settings, engine, fake_youtube):
        yield
