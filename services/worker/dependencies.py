"""What the activities of one worker work with, made from the settings."""

from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.worker.adapters.audio import AudioAdapter
from services.worker.adapters.captions import CaptionsAdapter
from services.worker.adapters.connection import Connection
from services.worker.adapters.listing import ListingAdapter
from services.worker.adapters.metadata import MetadataAdapter
from services.worker.adapters.transcription import TranscriptionAdapter
from services.worker.audio.store import AudioStore
from services.worker.batch_hints import BatchHints
from services.worker.build import Dependencies
from services.worker.reporting import UpstreamReporter
from shared.contracts.messages import FeedItem
from shared.contracts.upstreams import Upstream
from shared.settings import Settings
from shared.temporal.feed import FeedPublisher, Publish
from workflows.governors import GovernorClient


@asynccontextmanager
async def dependencies(client: Client, settings: Settings, engine: AsyncEngine) -> AsyncIterator[Dependencies]:
    """Everything, until the context is left: what waits to be told is told then."""
    governors = _governors(client, settings)
    async with AsyncExitStack() as stack:
        feed = await stack.enter_async_context(FeedPublisher(client, settings.feed_shards))
        hints = await stack.enter_async_context(BatchHints(client))
        youtube = await stack.enter_async_context(UpstreamReporter(governors[Upstream.YOUTUBE]))
        transcription = await stack.enter_async_context(UpstreamReporter(governors[Upstream.TRANSCRIPTION]))
        proxy = settings.youtube_proxy.get_secret_value() if settings.youtube_proxy else None
        connection = Connection(proxy, settings.youtube_ca_file, on_request=youtube.request_sent)
        threads = ThreadPoolExecutor(settings.youtube_max_concurrent, thread_name_prefix="youtube")
        stack.callback(threads.shutdown, wait=False)  # a request that is stuck must not keep the process
        yield Dependencies(
            engine=engine,
            publish=_to_both(feed.publish, hints.note),
            metadata=MetadataAdapter(connection),
            captions=CaptionsAdapter(connection),
            audio=AudioAdapter(connection),
            lists=ListingAdapter(connection),
            recogniser=await stack.enter_async_context(_recogniser(settings)),
            store=AudioStore(settings.audio_store.get_secret_value()),
            youtube_reporter=youtube,
            transcription_reporter=transcription,
            threads=threads,
        )


async def configure_governors(client: Client, settings: Settings) -> None:
    """Have the settings of this worker obeyed. Raises one of TEMPORAL_AWAY when it is."""
    governors = _governors(client, settings)
    await governors[Upstream.YOUTUBE].configure()
    if settings.transcription_off is None:
        await governors[Upstream.TRANSCRIPTION].configure()


def _to_both(first: Publish, second: Publish) -> Publish:
    def publish(items: Iterable[FeedItem]) -> None:
        told = list(items)
        first(told)
        second(told)

    return publish


def _governors(client: Client, settings: Settings) -> dict[Upstream, GovernorClient]:
    paces = {Upstream.YOUTUBE: settings.youtube_pace, Upstream.TRANSCRIPTION: settings.transcription_pace}
    return {upstream: GovernorClient(client, upstream, pace) for upstream, pace in paces.items()}


def _recogniser(settings: Settings) -> TranscriptionAdapter:
    return TranscriptionAdapter(
        base_url=settings.transcription_base_url,
        api_key=settings.transcription_api_key,
        model=settings.transcription_model,
        timeout_seconds=settings.transcription_timeout_seconds,
    )
