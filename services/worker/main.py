"""The worker process: polls the task queues until it is asked to stop, then drains."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from services.worker.background.governors import configure_governors
from services.worker.dependencies import Dependencies, dependencies
from services.worker.extractor.activation import active_version
from services.worker.extractor.background import ExtractorUpdates
from services.worker.extractor.canary_runs import CanaryRuns
from services.worker.extractor.store import Store
from services.worker.extractor.versions import bundled_version
from services.worker.health import (
    OtherGenerationError,
    WorkerHealth,
    WorkerStatus,
    check_generation,
    record_extractor_version,
)
from services.worker.workers import build_workers, pool_size
from shared import process
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.errors import is_database_unavailable
from shared.db.workers import withdraw
from shared.logs import get_logger
from shared.settings import Settings, TranscriptionOff, forget_secrets, read_settings
from shared.temporal.client import connect
from shared.temporal.errors import is_temporal_unavailable
from shared.temporal.feed import ensure_feed

OTHER_GENERATION = os.EX_CONFIG
"""Exit code of a worker of another generation than the installation's. Started again, it ends before its first poll."""
WITHDRAW_SECONDS = 1.0
"""How long the last write may take: set-up waits for a worker that has not withdrawn its report."""
RECONNECT_SECONDS = 1.0
CONNECT_SECONDS = 30.0
"""For a first answer: a server that accepts connections and does not answer is tried again."""

logger = get_logger(__name__)


async def main() -> int:
    """Work with the environment's settings until SIGTERM or SIGINT."""
    settings = read_settings()
    forget_secrets()
    process.configure_logging(settings.log_level)
    stop = process.stop_requested(drain_seconds=settings.drain_seconds)
    health = WorkerHealth()
    async with health.served(settings.health_port):
        engine = create_engine(settings, pool_size=pool_size(settings))
        try:
            if client := await _connected(settings, engine, stop):
                await _run(client, engine, settings, stop, health)
        except OtherGenerationError as error:
            logger.error("worker_superseded", error=error)
            return OTHER_GENERATION
        finally:
            await engine.dispose()
    return 0


async def _run(
    client: Client, engine: AsyncEngine, settings: Settings, stop: asyncio.Event, health: WorkerHealth
) -> None:
    """Poll until `stop`. Raises what `WorkerHealth` raises, and the error of a failed worker."""
    if settings.transcription_off:
        logger.info("transcription_disabled", reason=_OFF[settings.transcription_off])
    await health.begin(client, engine, stop)
    try:
        async with (
            dependencies(client, settings, engine) as needs,
            _extractor_updates(client, engine, settings, needs, stop),
        ):
            watch = asyncio.create_task(health.watch(client, engine), name="health")
            await _work(build_workers(client, settings, needs), settings, stop, watch, health)
    finally:  # only now: what has waited was sent to the governors and batches
        await _withdraw(client, engine)


@asynccontextmanager
async def _extractor_updates(
    client: Client, engine: AsyncEngine, settings: Settings, needs: Dependencies, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Keep yt-dlp up to date while the context lasts, where there is a directory for that."""
    logger.info("extractor_in_use", version=active_version() or str(bundled_version()), bundled=not active_version())
    if settings.extractor_directory is None:
        yield
        return
    store = Store(settings.extractor_directory)
    try:
        store.create()
    except OSError as error:
        logger.warning("extractor_directory_unusable", directory=str(store.directory), error=error)
        yield
        return
    reporter = needs.youtube_reporter
    canaries = CanaryRuns(engine, settings, reporter, needs.exits, store, client.identity)
    async with ExtractorUpdates(settings, reporter, store, canaries, stop):
        yield


async def _connected(settings: Settings, engine: AsyncEngine, stop: asyncio.Event) -> Client | None:
    """Return a connected client; None: stopped before both servers answered.

    Raises OtherGenerationError before anything of this worker reaches a workflow.
    """
    while not stop.is_set():
        server = "Temporal"
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                client = await connect(settings, lazy=False)
                server = "PostgreSQL"
                await check_generation(engine)
                await record_extractor_version(engine)
                server = "Temporal"
                await asyncio.gather(*(ensure_feed(client, shard) for shard in range(settings.feed_shards)))
                await configure_governors(client, settings)
        except Exception as error:
            if not is_temporal_unavailable(error) and not is_database_unavailable(error):
                raise
            logger.warning("waiting_for_server", server=server, error=error)
            await asyncio.sleep(RECONNECT_SECONDS)
        else:
            return client
    return None


async def _withdraw(client: Client, engine: AsyncEngine) -> None:
    try:
        async with asyncio.timeout(WITHDRAW_SECONDS), transaction(engine) as connection:
            await withdraw(connection, client.identity)
    except Exception as error:  # any failure: the report grows old by itself
        logger.warning("worker_report_not_withdrawn", error=error)


_OFF = {
    TranscriptionOff.SWITCHED_OFF: "TRANSCRIPTION_ENABLED is off",
    TranscriptionOff.NO_KEY: "neither GROQ_API_KEY nor TRANSCRIPTION_API_KEY is set",
}


async def _work(
    workers: list[Worker], settings: Settings, stop: asyncio.Event, watch: asyncio.Task[NoReturn], health: WorkerHealth
) -> None:
    """Run the workers until `stop`, then finish running activities. Raises the error of a failed worker or `watch`."""
    runs = [asyncio.create_task(worker.run()) for worker in workers]
    stopping = asyncio.create_task(stop.wait())
    logger.info("worker_started", task_queues=",".join(worker.task_queue for worker in workers))
    await asyncio.wait([stopping, watch, *runs], return_when=asyncio.FIRST_COMPLETED)
    for ended in [run for run in (watch, *runs) if run.done() and run.exception()]:
        logger.error("worker_failed", error=ended.exception())
    process.end_within(settings.drain_seconds)  # also without a signal
    watch.cancel()
    health.status = WorkerStatus.DRAINING
    logger.info("worker_draining", max_seconds=settings.drain_seconds)
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    stopping.cancel()
    await asyncio.gather(*runs)
    if watch.done() and not watch.cancelled():
        watch.result()
