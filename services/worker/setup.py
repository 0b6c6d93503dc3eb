"""`python -m services.worker.setup` runs once before the services start: migrations and Temporal's namespace."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.worker.background.governors import restart_governors
from shared import process
from shared.db.connection import transaction
from shared.db.engine import create_engine, ping
from shared.db.errors import is_database_unavailable
from shared.db.installation import clear_other_generation, find_generation, request_start_canary, save_generation
from shared.db.migrate import MigrationError, upgrade
from shared.db.subscriptions import mark_schedules_stale
from shared.db.workers import SILENT_SECONDS, workers_at_work
from shared.logs import get_logger
from shared.settings import Settings, read_settings
from shared.temporal.client import connect
from shared.temporal.errors import is_temporal_unavailable
from shared.temporal.names import WORKFLOW_GENERATION
from shared.temporal.namespace import set_up_namespace, terminate_workflows
from shared.temporal.schedules import delete_orphaned_schedules

T = TypeVar("T")

PAUSE_SECONDS = 0.5
LIST_LAG_SECONDS = 0.5
"""How far Temporal's list of running workflows may lag behind."""

logger = get_logger(__name__)


class SetupError(Exception):
    """Set-up cannot continue; the text says why."""


class ServerUnavailableError(SetupError):
    """PostgreSQL or Temporal could not be used in time; the text says which and why."""


class SchemaError(SetupError):
    """The database cannot get a schema with which this code works; the text says why."""


class WorkersRunningError(SetupError):
    """Workers of another generation keep polling; the text names them."""


async def set_up(settings: Settings) -> None:
    """Set up the database and the namespace for this code; safe to repeat and to run several times at once.

    Raises ServerUnavailableError when one of them cannot be used within `setup_seconds`, SchemaError when the database
    has a schema that only newer code works with or cannot be migrated, WorkersRunningError when workers of another
    generation do not stop.
    """
    # Without limits: a migration may build a large index, or wait for another process that migrates.
    engine = create_engine(settings, pool_size=1, limits=None)
    try:
        await _when_available("PostgreSQL", settings.setup_seconds, lambda: ping(engine))
        await _migrate(engine)
        async with transaction(engine) as connection:
            await mark_schedules_stale(connection)
            await request_start_canary(connection)
        await _stop_other_workers(engine, settings)
        client = await _when_available("Temporal", settings.setup_seconds, lambda: _set_up_temporal(settings, engine))
        # Each pass may take the whole time: there may be thousands of workflows to terminate.
        while not await _when_available(
            "Temporal", settings.setup_seconds, lambda: _end_other_generations(engine, client, settings)
        ):
            pass
    finally:
        await engine.dispose()


async def _migrate(engine: AsyncEngine) -> None:
    try:
        await upgrade(engine)
    except MigrationError as error:
        raise SchemaError(str(error)) from error


async def _set_up_temporal(settings: Settings, engine: AsyncEngine) -> Client:
    client = await connect(settings)
    await set_up_namespace(client, reconcile_interval_seconds=settings.reconcile_interval_seconds)
    await delete_orphaned_schedules(engine, client)
    return client


async def _stop_other_workers(engine: AsyncEngine, settings: Settings) -> None:
    """Permit no other generation from here on, and wait until its workers have stopped.

    A worker reports before its first poll, and notices within `REPORT_SECONDS`. One that was killed is waited for until
    its report is old.
    """
    async with transaction(engine) as connection:
        await clear_other_generation(connection, WORKFLOW_GENERATION)
    deadline = time.monotonic() + settings.drain_seconds + 2 * SILENT_SECONDS
    waited_for: list[str] = []
    while running := await _other_workers(engine):
        if time.monotonic() > deadline:
            raise WorkersRunningError(f"stop these workers of another version first: {', '.join(running)}")
        if running != waited_for:
            logger.info("waiting_for_workers", identities=",".join(running))
        waited_for = running
        await asyncio.sleep(PAUSE_SECONDS)


async def _other_workers(engine: AsyncEngine) -> list[str]:
    async with transaction(engine) as connection:
        if await find_generation(connection) == WORKFLOW_GENERATION:
            return []
        return await workers_at_work(connection)


async def _end_other_generations(engine: AsyncEngine, client: Client, settings: Settings) -> bool:
    """Terminate workflows that other code has started, so that no history is replayed by code that did not write it.

    Nothing is lost: `ReconcileImports` starts what PostgreSQL says is not finished. The generation is saved last, so an
    interrupted run starts over. Returns whether none is left.
    """
    if await _is_of_this_generation(engine):
        return True
    await asyncio.sleep(LIST_LAG_SECONDS)
    reason = f"superseded by workflow generation {WORKFLOW_GENERATION}"
    terminated = await terminate_workflows(client, reason)
    if terminated:
        logger.info("workflows_terminated", count=terminated, reason="other_generation")
        return False
    await restart_governors(client, settings, reason)
    async with transaction(engine) as connection:
        await save_generation(connection, WORKFLOW_GENERATION)
    return True


async def _is_of_this_generation(engine: AsyncEngine) -> bool:
    async with transaction(engine) as connection:
        return await find_generation(connection) == WORKFLOW_GENERATION


async def _when_available(server: str, wait_seconds: float, do: Callable[[], Awaitable[T]]) -> T:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return await do()
        except Exception as error:
            if not is_database_unavailable(error) and not is_temporal_unavailable(error):
                raise
            if time.monotonic() > deadline:
                raise ServerUnavailableError(f"{server} did not answer within {wait_seconds:g} s: {error}") from error
            logger.info("waiting_for_server", server=server, error=error)
        await asyncio.sleep(PAUSE_SECONDS)


async def main() -> int:
    """Set up with the environment's settings."""
    settings = read_settings()
    process.configure_logging(settings.log_level)
    try:
        await set_up(settings)
    except SetupError as error:
        logger.error("setup_failed", error=error)
        return 1
    logger.info("setup_finished")
    return 0


if __name__ == "__main__":
    process.run(main)
