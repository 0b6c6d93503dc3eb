"""Builds what the activities of one worker depend on, from the settings."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.worker.activities.downloads import AudioClient
from services.worker.activities.listing import ListingClient
from services.worker.activities.subscriptions import FeedClient
from services.worker.activities.transcription import Transcriber
from services.worker.activities.youtube import CaptionClient, MetadataClient
from services.worker.adapters.audio.store import AudioStore
from services.worker.adapters.models import AccessError
from services.worker.adapters.transcription.client import TranscriptionAdapter
from services.worker.adapters.youtube.access import Access, js_runtime
from services.worker.adapters.youtube.account import Account
from services.worker.adapters.youtube.audio import AudioAdapter
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.clients import Clients
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.exits import Exits
from services.worker.adapters.youtube.feed import FeedAdapter
from services.worker.adapters.youtube.listing import ListingAdapter
from services.worker.adapters.youtube.metadata import MetadataAdapter
from services.worker.adapters.youtube.token_server import TokenServer
from services.worker.background.batch_notifications import BatchNotifier, WakeBatches
from services.worker.background.governor_watch import GovernorWatch
from services.worker.background.governors import called_upstreams, governor_clients
from services.worker.background.request_log import RequestLog
from services.worker.background.usage_reports import UpstreamReporter
from shared.background import running
from shared.contracts.messages import FeedItem
from shared.contracts.upstreams import Upstream
from shared.contracts.youtube_requests import SentRequest
from shared.logs import get_logger
from shared.settings import Settings
from shared.temporal.feed import FeedPublisher, Publish

logger = get_logger(__name__)


@dataclass(frozen=True)
class Dependencies:
    """What the activities depend on."""

    engine: AsyncEngine
    publish: Publish
    wake_batches: WakeBatches
    metadata: MetadataClient
    captions: CaptionClient
    audio: AudioClient
    lists: ListingClient
    feeds: FeedClient
    transcriber: Transcriber
    store: AudioStore
    exits: Exits
    youtube_reporter: UpstreamReporter
    transcription_reporter: UpstreamReporter
    threads: Executor
    """At least `youtube_max_concurrent` of them, and one for feeds."""
    download_threads: Executor
    """At least `youtube_max_downloads` of them."""


@asynccontextmanager
async def dependencies(client: Client, settings: Settings, engine: AsyncEngine) -> AsyncIterator[Dependencies]:
    """Open everything until the context is left, which sends waiting events, signals and reports."""
    governors = governor_clients(client, settings)
    async with AsyncExitStack() as stack:
        feed = FeedPublisher(client, settings.feed_shards)
        batches = BatchNotifier(client)
        youtube = UpstreamReporter(governors[Upstream.YOUTUBE])
        transcription = UpstreamReporter(governors[Upstream.TRANSCRIPTION])
        watches = [
            GovernorWatch(client, engine, governors[upstream], settings.reconcile_interval_seconds)
            for upstream in called_upstreams(settings)
        ]
        log = RequestLog(engine, client.identity)
        await stack.enter_async_context(running(feed, batches, youtube, transcription, log, *watches))

        def count(request: SentRequest) -> None:
            youtube.request_sent()
            log.request_sent(request)

        exits = Exits(
            settings.youtube_proxies,
            pause_seconds=settings.youtube_bot_check_pause_seconds,
            max_pause_seconds=settings.youtube_max_pause_seconds,
        )
        connection = Connection(
            exits,
            settings.youtube_ca_file,
            access=await _access(settings),
            on_request=count,
            on_tracks=log.tracks_named,
        )
        clients = Clients(connection)
        feed_connection = Connection(exits, settings.youtube_ca_file, on_request=log.request_sent)  # not in the budget
        threads = ThreadPoolExecutor(settings.youtube_max_concurrent + 1, thread_name_prefix="youtube")
        download_threads = ThreadPoolExecutor(settings.youtube_max_downloads, thread_name_prefix="download")
        for executor in (threads, download_threads):
            stack.callback(executor.shutdown, wait=False)  # a stuck request must not keep the process alive
        yield Dependencies(
            engine=engine,
            publish=_to_both(feed.publish, batches.video_finished),
            wake_batches=batches.wake_batches,
            metadata=MetadataAdapter(connection, clients),
            captions=CaptionsAdapter(connection, clients),
            audio=AudioAdapter(connection, clients),
            lists=ListingAdapter(connection),
            feeds=FeedAdapter(feed_connection),
            transcriber=await stack.enter_async_context(_transcriber(settings)),
            store=AudioStore(settings.audio_store.get_secret_value()),
            exits=exits,
            youtube_reporter=youtube,
            transcription_reporter=transcription,
            threads=threads,
            download_threads=download_threads,
        )


async def _access(settings: Settings) -> Access:
    """What is permitted and works; what does not is logged, and `vidferry doctor` says it as well."""
    runtime = js_runtime(settings.youtube_js_runtime)
    if runtime and not await _works("youtube_js_runtime", runtime.check):
        runtime = None
    server = TokenServer(settings.youtube_pot_provider_url) if settings.youtube_pot_provider_url else None
    if server and not await _works("youtube_token_server", server.load_plugin):
        server = None
    return Access(runtime, await _account(settings, has_runtime=runtime is not None), server)


async def _account(settings: Settings, *, has_runtime: bool) -> Account | None:
    """Also one that cannot be used now: its file may be corrected without a restart."""
    if settings.youtube_cookies_file is None:
        return None
    if not has_runtime:
        logger.warning("youtube_account_unusable", reason="no JavaScript runtime")
        return None
    account = Account(settings.youtube_cookies_file, settings.youtube_account_directory)
    await _works("youtube_account", account.check)
    return account


async def _works(name: str, check: Callable[[], str]) -> bool:
    try:
        found = await asyncio.to_thread(check)
    except AccessError as error:
        logger.warning(f"{name}_unusable", error=error)
        return False
    logger.info(f"{name}_found", found=found)
    return True


def _to_both(first: Publish, second: Publish) -> Publish:
    def publish(items: Iterable[FeedItem]) -> None:
        published = list(items)
        first(published)
        second(published)

    return publish


def _transcriber(settings: Settings) -> TranscriptionAdapter:
    return TranscriptionAdapter(
        base_url=settings.transcription_base_url,
        api_key=settings.transcription_api_key,
        model=settings.transcription_model,
        timeout_seconds=settings.transcription_timeout_seconds,
    )
