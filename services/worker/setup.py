"""`python -m services.worker.setup`: one-shot, before the services start: migrations and Temporal's namespace."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import DBAPIError

from shared import process
from shared.db.engine import create_engine, ping
from shared.db.migrate import upgrade
from shared.settings import Settings
from shared.temporal.client import TEMPORAL_AWAY, connect
from shared.temporal.setup import set_up_namespace

WAIT_SECONDS = 60
"""How long the servers may take to answer."""
PAUSE_SECONDS = 0.5

logger = logging.getLogger(__name__)


async def set_up(settings: Settings) -> None:
    """Bring database and namespace to what this code needs; safe to repeat and to run several times at once."""
    engine = create_engine(settings, pool_size=1)
    try:
        await _when_it_answers("PostgreSQL", lambda: ping(engine))
        await upgrade(engine)
    finally:
        await engine.dispose()
    client = await connect(settings)
    await _when_it_answers(
        "Temporal",
        lambda: set_up_namespace(client, reconcile_interval_seconds=settings.reconcile_interval_seconds),
    )


async def _when_it_answers(server: str, do: Callable[[], Awaitable[None]]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return await do()
        except (OSError, DBAPIError, *TEMPORAL_AWAY) as error:
            if time.monotonic() > deadline:
                raise
            logger.info("waiting for %s: %s", server, error)
        await asyncio.sleep(PAUSE_SECONDS)


async def main() -> int:
    """Set up with the settings of the environment."""
    settings = Settings()
    process.configure_logging(settings.log_level)
    await set_up(settings)
    logger.info("the database and Temporal are ready for Vidferry")
    return 0


if __name__ == "__main__":
    process.run(main)
