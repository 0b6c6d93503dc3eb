"""The production worker inside the test process, talking to the stand-in."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.worker.adapters.captions import CaptionsAdapter
from services.worker.adapters.connection import Connection
from services.worker.adapters.metadata import MetadataAdapter
from services.worker.build import Dependencies, build_workers
from services.worker.reporting import UpstreamReporter
from shared.contracts.upstreams import Upstream
from shared.settings import Settings
from shared.temporal.feed import FeedPublisher
from tests.standin import Standin
from workflows.governors import GovernorClient


@asynccontextmanager
async def worker_at_work(
    client: Client, settings: Settings, engine: AsyncEngine, standin: Standin
) -> AsyncIterator[None]:
    """Workers for every task queue, built as in production."""
    async with AsyncExitStack() as stack:
        feed = await stack.enter_async_context(FeedPublisher(client, settings.feed_shards))
        governor = GovernorClient(client, Upstream.YOUTUBE, settings.youtube_pace)
        await governor.configure()
        reporter = await stack.enter_async_context(UpstreamReporter(governor))
        connection = Connection(standin.proxy_url, standin.ca_file, on_request=reporter.request_sent)
        needs = Dependencies(
            engine=engine,
            publish=feed.publish,
            metadata=MetadataAdapter(connection),
            captions=CaptionsAdapter(connection),
            reporter=reporter,
            threads=stack.enter_context(ThreadPoolExecutor(settings.youtube_max_concurrent)),
        )
        for worker in build_workers(client, settings, needs):
            await stack.enter_async_context(worker)
        yield
