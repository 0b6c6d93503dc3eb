"""Connections for requests: one statement each, and one kind of failure."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from shared.db.driver import DATABASE_AWAY, DriverConnection, driver_of
from shared.db.migrate import is_current

logger = logging.getLogger(__name__)


class Database:
    """Postgres as requests see it.

    Nearly every request's change is one statement, so statements commit by themselves: one round trip instead of three.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection that commits each statement. Raises Problem (503) when Postgres is away."""
        try:
            connection = await self._engine.connect()
        except Exception as error:  # refused, timed out, starting up, wrong password: no connection is no connection
            raise _away(error) from error
        driver = driver_of(connection)
        try:
            yield connection
        except DATABASE_AWAY as error:
            if driver.is_closed() or _is_outage(error):
                raise _away(error) from error
            raise
        finally:
            await connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[DriverConnection]:
        """A transaction, for what takes several statements. Raises Problem (503) when Postgres is away."""
        async with self.connection() as connection:
            driver = driver_of(connection)
            async with driver.transaction():
                yield driver

    async def is_migrated(self) -> bool:
        """Whether the database has every migration of this code. Raises Problem (503) when Postgres is away."""
        try:
            return await is_current(self._engine)
        except Exception as error:
            raise _away(error) from error


def _is_outage(error: Exception) -> bool:
    """Whether it is Postgres that is away, rather than the statement that is wrong: some errors tell of either."""
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
    return isinstance(cause, DATABASE_AWAY) and not isinstance(cause, asyncpg.InterfaceError)


def _away(error: Exception) -> Problem:
    logger.warning("Postgres cannot be reached: %r", error)
    return Problem(ProblemCode.DATABASE_AWAY)
