"""`vidferry migrate` and `vidferry downgrade`: change the database's schema."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stack.errors import StackError
from services.stack.group import ProcessGroup
from services.stack.home import Home, HomeLock
from services.stack.launcher import PREPARE_SECONDS
from services.stack.plan import KILL_MARGIN_SECONDS, POSTGRES_STOP_SECONDS, Plan, python_environment
from services.stack.probes import postgres_error
from services.stack.running import running_in
from services.stack.supervisor import Supervisor
from shared.db import migrate
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.schema import NEWEST_SCHEMA, find_schema
from shared.settings import Settings, problems_of

Show = Callable[[str], None]


async def upgrade(home: Home, show: Show) -> int:
    """Apply the migrations of this version that the database lacks. Returns the exit code; raises StackError."""
    return await _change(home, show, migrate.upgrade)


async def downgrade(home: Home, revision: str, show: Show) -> int:
    """Take the database back to a migration. Returns the exit code; raises StackError."""
    return await _change(home, show, lambda engine: migrate.downgrade(engine, revision))


async def _change(home: Home, show: Show, change: Callable[[AsyncEngine], Awaitable[None]]) -> int:
    async with _database(home, show) as settings:
        if error_text := await postgres_error(settings):
            raise StackError(f"PostgreSQL does not answer: {error_text}.")
        # Without limits: a migration may build a large index, or wait for another process that migrates.
        engine = create_engine(settings, pool_size=1, limits=None)
        try:
            await change(engine)
            async with transaction(engine) as connection:
                schema = await find_schema(connection)
        except migrate.MigrationError as error:
            raise StackError(str(error)) from error
        finally:
            await engine.dispose()
    revision = schema.revision if schema else "base"
    show(f"The database has schema {revision}. The newest one of this version is {NEWEST_SCHEMA}.")
    return 0


@asynccontextmanager
async def _database(home: Home, show: Show) -> AsyncIterator[Settings]:
    """Settings that lead to the database: that of the running installation, of DATABASE_URL, or the embedded one."""
    try:
        running = running_in(home)
        if running is not None:
            if (target := running.target()) is None:
                raise StackError(f"Vidferry (pid {running.pid}) was started by another user.")
            yield target.settings
            return
        plan = Plan.make(home, demo=home.is_demo)
    except ValidationError as error:
        raise StackError(" ".join(problems_of(error))) from None
    if not (prepare := plan.prepare_argv()):
        yield plan.settings
        return
    async with _group(home, show) as group:
        supervisor = Supervisor(group, home.logs, show, lambda: None, plan.liveness)
        try:
            await supervisor.run_once("postgres", "Preparing PostgreSQL", prepare, {}, PREPARE_SECONDS)
            await supervisor.start([plan.postgres_process()])
            yield plan.settings
        finally:
            await supervisor.drain()


@asynccontextmanager
async def _group(home: Home, show: Show) -> AsyncIterator[ProcessGroup]:
    """The home's only process group, as a launcher's."""
    grace_seconds = POSTGRES_STOP_SECONDS + KILL_MARGIN_SECONDS
    lock = HomeLock(home)
    await lock.acquire(grace_seconds, lambda: show("Waiting for processes of an earlier run …"))
    try:
        group = ProcessGroup(home.logs, python_environment(), lock.fileno(), grace_seconds, show)
        await group.open()
        try:
            yield group
        finally:
            await group.close()
    finally:
        lock.release()
