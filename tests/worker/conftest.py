"""The production worker."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from shared.settings import Settings
from tests.standin import Standin
from tests.support.worker import worker_at_work


@pytest.fixture
async def worker(client: Client, settings: Settings, engine: AsyncEngine, standin: Standin) -> AsyncIterator[None]:
    """The production worker at work."""
    async with worker_at_work(client, settings, engine, standin):
        yield
