"""`python -m services.worker.setup`: one-shot, before the services start: migrations and Temporal's namespace."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import process
from shared.db.driver import transaction
from shared.db.engine import create_engine, ping
from shared.db.migrate import upgrade
from shared.db.subscriptions import doubt_schedules
from shared.settings import Settings
from shared.temporal.client import TEMPORAL_AWAY, connect
from shared.temporal.setup import set_up_namespace
from shared.temporal.subscriptions import sweep_schedules

PAUSE_SECONDS = 0.5

logger = logging.getLogger(__name__)


class ServerAway(Exception):
    """PostgreSQL or Temporal could not be used in time; the text says which and why."""


async def set_up(settings: Settings) -> None:
    """Bring database and namespace to what this code needs; safe to repeat and to run several times at once.

    Raises ServerAway when one of them cannot be used within `setup_seconds`.
    """
    # A migration may build an index for as long as it takes, or wait for another process that migrates.
    engine = create_engine(settings, pool_size=1, statement_seconds=None)
    try:
        await _when_it_answers("PostgreSQL", settings.setup_seconds, lambda: ping(engine))
        await upgrade(engine)
        async with transaction(engine) as connection:
            await doubt_schedules(connection)
        await _when_it_answers("Temporal", settings.setup_seconds, lambda: _set_up_temporal(settings, engine))
    finally:
        await engine.dispose()


async def _set_up_temporal(settings: Settings, engine: AsyncEngine) -> None:
    client = await connect(settings)
    await set_up_namespace(client, reconcile_interval_seconds=settings.reconcile_interval_seconds)
    await sweep_schedules(engine, client)


async def _when_it_answers(server: str, wait_seconds: float, do: Callable[[], Awaitable[None]]) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return await do()
        except (OSError, DBAPIError, *TEMPORAL_AWAY) as error:
            if time.monotonic() > deadline:
                raise ServerAway(f"{server} did not answer within {wait_seconds:g} s: {error}") from error
            logger.info("waiting for %s: %s", server, error)
        await asyncio.sleep(PAUSE_SECONDS)


async def main() -> int:
    """Set up with the settings of the environment."""
    settings = Settings()
    process.configure_logging(settings.log_level)
    try:
        await set_up(settings)
    except ServerAway as error:
        logger.error("%s", error)
        return 1
    logger.info("the database and Temporal are ready for Vidferry")
    return 0


if __name__ == "__main__":
    process.run(main)
