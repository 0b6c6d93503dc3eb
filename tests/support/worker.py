"""The production worker inside the test process, talking to the fake YouTube."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.youtube import FakeYoutube
from services.worker.background.governors import configure_governors
from services.worker.dependencies import dependencies
from services.worker.workers import build_workers
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.installation import save_generation
from shared.settings import Settings
from shared.temporal.names import WORKFLOW_GENERATION


async def permit_workers(settings: Settings) -> None:
    """Let worker processes of today's workflow generation run, as set-up does at its end."""
    engine = create_engine(settings, pool_size=1)
    async with transaction(engine) as connection:
        await save_generation(connection, WORKFLOW_GENERATION)
    await engine.dispose()


@asynccontextmanager
async def worker_at_work(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    """Workers for every task queue, built as in production."""
    place = {"youtube_proxy": SecretStr(fake_youtube.proxy_url), "youtube_ca_file": fake_youtube.ca_file}
    settings = settings.model_copy(update=place)
    await configure_governors(client, settings)
    async with AsyncExitStack() as stack:
        needs = await stack.enter_async_context(dependencies(client, settings, engine))
        for worker in build_workers(client, settings, needs):
            await stack.enter_async_context(worker)
        yield
