"""The production worker inside the test process, talking to the stand-in."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.worker.build import build_workers
from services.worker.dependencies import configure_governors, dependencies
from shared.settings import Settings
from tests.standin import Standin


@asynccontextmanager
async def worker_at_work(
    client: Client, settings: Settings, engine: AsyncEngine, standin: Standin
) -> AsyncIterator[None]:
    """Workers for every task queue, built as in production."""
    place = {"youtube_proxy": SecretStr(standin.proxy_url), "youtube_ca_file": standin.ca_file}
    settings = settings.model_copy(update=place)
    await configure_governors(client, settings)
    async with AsyncExitStack() as stack:
        needs = await stack.enter_async_context(dependencies(client, settings, engine))
        for worker in build_workers(client, settings, needs):
            await stack.enter_async_context(worker)
        yield
