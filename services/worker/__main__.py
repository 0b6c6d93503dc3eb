"""`python -m services.worker`: polls the task queues until it is asked to stop, then drains."""

import asyncio
import logging

from temporalio.client import Client
from temporalio.worker import Worker

from services.worker.build import build_workers, pool_size
from services.worker.dependencies import configure_governors, dependencies
from services.worker.health import are_polled, serve_health
from shared import process
from shared.db.engine import create_engine
from shared.settings import Settings, TranscriptionOff
from shared.temporal.client import TEMPORAL_AWAY, connect
from shared.temporal.feed import ensure_feed

RECONNECT_SECONDS = 1.0

logger = logging.getLogger(__name__)


async def main() -> int:
    """Work with the settings of the environment until SIGTERM or SIGINT."""
    settings = Settings()
    process.configure_logging(settings.log_level)
    stop = process.stop_requested()
    if (client := await _connected(settings, stop)) is None:
        return 0
    engine = create_engine(settings, pool_size=pool_size(settings))
    if settings.transcription_off:
        logger.info("no speech-to-text: %s", _OFF[settings.transcription_off])
    async with dependencies(client, settings, engine) as needs:
        await _work(client, build_workers(client, settings, needs), settings, stop)
    await engine.dispose()
    return 0


async def _connected(settings: Settings, stop: asyncio.Event) -> Client | None:
    """A connected client, or None when asked to stop before Temporal answered."""
    while not stop.is_set():
        try:
            client = await connect(settings, lazy=False)
            await asyncio.gather(*(ensure_feed(client, shard) for shard in range(settings.feed_shards)))
            await configure_governors(client, settings)
        except TEMPORAL_AWAY as error:
            logger.warning("waiting for Temporal at %s: %s", settings.temporal_address, error)
            await asyncio.sleep(RECONNECT_SECONDS)
        else:
            return client
    return None


_OFF = {
    TranscriptionOff.SWITCHED_OFF: "TRANSCRIPTION_ENABLED is off",
    TranscriptionOff.NO_KEY: "neither GROQ_API_KEY nor TRANSCRIPTION_API_KEY is set",
}


async def _work(client: Client, workers: list[Worker], settings: Settings, stop: asyncio.Event) -> None:
    """Run the workers until `stop`; then finish what has begun. Raises what made a worker give up."""
    runs = [asyncio.create_task(worker.run()) for worker in workers]
    stopping = asyncio.create_task(stop.wait())
    async with serve_health(settings.health_port, lambda: are_polled(client, [w.task_queue for w in workers])):
        logger.info("polling %s", ", ".join(worker.task_queue for worker in workers))
        await asyncio.wait([stopping, *runs], return_when=asyncio.FIRST_COMPLETED)
    logger.info("draining for up to %d s", settings.drain_seconds)
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    stopping.cancel()
    await asyncio.gather(*runs)


if __name__ == "__main__":
    process.run(main)
