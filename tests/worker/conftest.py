"""The production worker."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.youtube import FakeYoutube
from services.worker.background import governor_watch, queue_rate
from shared.settings import Settings
from tests.support.waiting import PATIENCE_SECONDS
from tests.support.worker import worker_at_work


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporal may take its time to say what a queue's rate is: the machine may be busy."""
    for module in (queue_rate, governor_watch):
        monkeypatch.setattr(module, "RPC_TIMEOUT", timedelta(seconds=PATIENCE_SECONDS))


@pytest.fixture
async def worker(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    """The production worker at work."""
    async with worker_at_work(client, settings, engine, fake_youtube):
        yield
