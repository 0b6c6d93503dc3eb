"""Runs the Alembic migrations, from code and without an ini file, while others use the database.

Each migration is a transaction of its own and waits only briefly for a lock: everybody who comes after a migration that
waits for a table waits as well. Then it lets the others pass, and tries again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.connection import raw_connection
from shared.db.errors import driver_error
from shared.db.schema import NEWEST_SCHEMA, OLDEST_CODE, OLDEST_SCHEMA, Schema
from shared.db.workers import SILENT_SECONDS, workers_at_work
from shared.logs import get_logger

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_233_001
"""Advisory lock: two installations of one database migrate one after the other."""
LOCK_SECONDS = 2.0
"""How long a migration waits for a lock, and keeps others waiting."""
LOCK_ATTEMPTS = 60
"""No transaction of ours takes longer than a statement may (`shared.db.engine.StatementLimits`)."""
PAUSE_SECONDS = 1.0
"""Between two attempts."""
LOG_AGAIN_SECONDS = 10.0
"""How often a migration that takes long is logged."""

_IN_USE = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
_SET_LOCK_TIMEOUT = "SELECT set_config('lock_timeout', :value, false)"
_SAVE_OLDEST_CODE = text(
    """
    INSERT INTO installation (name, value) VALUES (:name, :value)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
    """
)

logger = get_logger(__name__)

_Command = Callable[[Config, str], None]


class MigrationError(Exception):
    """The database cannot be brought to the wanted schema; the text says why."""


def alembic_config(connection: Connection | None = None, migrations: Path = MIGRATIONS) -> Config:
    """Alembic's configuration for Vidferry's migrations."""
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = connection
    config.attributes["on_version_apply"] = _save_oldest_code
    return config


async def upgrade(engine: AsyncEngine, revision: str = "head", *, migrations: Path = MIGRATIONS) -> None:
    """Bring the database to `revision`; safe to run twice and by several processes at once.

    A newer schema with which this code works is left alone. `engine` has no limits of its own. Raises MigrationError.
    """
    scripts = ScriptDirectory.from_config(alembic_config(migrations=migrations))
    target = _known(scripts, revision)
    async with _migrating(engine) as connection:
        current = await _current(connection)
        if current is not None and _script(scripts, current) is None:
            await _refuse_unless_compatible(connection, current)
            logger.info("schema_newer", schema=current, known=NEWEST_SCHEMA)
        elif current is None or current < target:
            for script in reversed(list(scripts.iterate_revisions(target, current or "base"))):
                await _apply(connection, migrations, command.upgrade, script, script.revision)


async def downgrade(engine: AsyncEngine, revision: str, *, migrations: Path = MIGRATIONS) -> None:
    """Take the database back to `revision`, or to "base". Not beneath workers that do not work with that schema.

    `engine` has no limits of its own. Raises MigrationError.
    """
    scripts = ScriptDirectory.from_config(alembic_config(migrations=migrations))
    target = _known(scripts, revision)
    async with _migrating(engine) as connection:
        current = await _current(connection)
        if current is None:
            return
        if _script(scripts, current) is None:
            raise MigrationError(f"The database has schema {current}, which only a newer version can take back.")
        if current < target:
            raise MigrationError(f"The database has schema {current}, which is older than {target}.")
        if target < OLDEST_SCHEMA <= current:
            await _refuse_while_workers_run(connection, revision)
        for script in list(scripts.iterate_revisions(current, target or "base")):
            await _apply(connection, migrations, command.downgrade, script, str(script.down_revision or "base"))


async def _refuse_while_workers_run(connection: AsyncConnection, revision: str) -> None:
    if workers := await workers_at_work(raw_connection(connection)):
        raise MigrationError(
            f"This version does not work with schema {revision}: stop Vidferry first. A worker that was killed "
            f"counts for {SILENT_SECONDS:.0f} seconds. At work: {', '.join(workers)}."
        )


def _known(scripts: ScriptDirectory, revision: str) -> str:
    """The number of a migration; empty for "base". Raises MigrationError."""
    if revision == "base":
        return ""
    script = _script(scripts, revision)
    if script is None:
        raise MigrationError(f"There is no migration {revision}: the newest one is {scripts.get_current_head()}.")
    return script.revision


def _script(scripts: ScriptDirectory, revision: str) -> Script | None:
    try:
        return scripts.get_revision(revision)
    except CommandError:
        return None


@asynccontextmanager
async def _migrating(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that holds the lock. It is asked for again and again: an index that is built concurrently would wait
    for a statement that waits for the lock, and the other way round."""
    connection = await engine.connect()
    try:
        while not await _fetch(connection, "SELECT pg_try_advisory_lock(:value)", MIGRATION_LOCK):
            logger.info("waiting_for_migration", why="another process migrates")
            await asyncio.sleep(PAUSE_SECONDS)
        yield connection
    finally:
        await connection.invalidate()  # its session ends, and with it lock and settings
        await connection.close()


async def _apply(connection: AsyncConnection, migrations: Path, run: _Command, script: Script, revision: str) -> None:
    """Run one migration up or down to `revision`. Raises MigrationError."""
    begun = time.monotonic()
    fields = {"migration": script.revision, "direction": run.__name__}
    logger.info("migration_started", **fields, what=script.doc)
    async with _logged_while_running(fields):
        for attempt in range(1, LOCK_ATTEMPTS + 1):
            await _fetch(connection, _SET_LOCK_TIMEOUT, str(round(LOCK_SECONDS * 1000)))
            try:
                await connection.run_sync(lambda sync: run(alembic_config(sync, migrations), revision))
                await connection.commit()
                break
            except DBAPIError as error:
                await connection.rollback()
                if not isinstance(driver_error(error), _IN_USE):
                    raise
                if attempt == LOCK_ATTEMPTS:
                    raise MigrationError(
                        f"Migration {script.revision} did not get its locks: end what keeps the tables busy."
                    ) from error
                logger.info("migration_waits_for_lock", **fields, attempt=attempt, error=driver_error(error))
                await asyncio.sleep(PAUSE_SECONDS)
    logger.info("migration_finished", **fields, seconds=round(time.monotonic() - begun, 1))


@asynccontextmanager
async def _logged_while_running(fields: dict[str, str]) -> AsyncIterator[None]:
    async def keep_logging() -> None:
        begun = time.monotonic()
        while True:
            await asyncio.sleep(LOG_AGAIN_SECONDS)
            logger.info("migration_running", **fields, seconds=round(time.monotonic() - begun))

    task = asyncio.create_task(keep_logging())
    try:
        yield
    finally:
        task.cancel()


async def _refuse_unless_compatible(connection: AsyncConnection, revision: str) -> None:
    oldest_code = await _fetch(connection, "SELECT value FROM installation WHERE name = :value", OLDEST_CODE)
    if not Schema(revision, oldest_code or revision).is_compatible:
        raise MigrationError(
            f"The database has schema {revision}, with which this version does not work: it knows {NEWEST_SCHEMA}. "
            f"Use the newer version, or let it take the schema back: `vidferry downgrade {NEWEST_SCHEMA}`."
        )


def _save_oldest_code(*, ctx: MigrationContext, step: MigrationInfo, **_: Any) -> None:
    """In the transaction of a migration, say which code works with the new schema."""
    if ctx.connection is None or not inspect(ctx.connection).has_table("installation"):
        return
    [revision] = step.destination_revision_ids
    scripts = cast("Iterable[Script]", step.revision_map.iterate_revisions(revision, "base"))
    oldest_code = max(getattr(script.module, "oldest_code", script.revision) for script in scripts)
    ctx.connection.execute(_SAVE_OLDEST_CODE, {"name": OLDEST_CODE, "value": oldest_code})


async def _current(connection: AsyncConnection) -> str | None:
    revision = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    await connection.commit()
    return revision


async def _fetch(connection: AsyncConnection, statement: str, value: object) -> Any:
    found = await connection.scalar(text(statement), {"value": value})
    await connection.commit()
    return found
