"""Connections for requests: one statement each, and one kind of failure."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from shared.db.migrate import is_current

logger = logging.getLogger(__name__)


class Database:
    """Postgres as requests see it.

    Every request's change is one statement, so statements commit by themselves: one round trip instead of three.
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
        try:
            yield connection
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            raise _away(error) from error
        except TimeoutError as error:
            raise _away(error) from error
        finally:
            await connection.close()

    async def is_migrated(self) -> bool:
        """Whether the database has every migration of this code. Raises Problem (503) when Postgres is away."""
        try:
            return await is_current(self._engine)
        except Exception as error:
            raise _away(error) from error


def _away(error: Exception) -> Problem:
    logger.warning("Postgres cannot be reached: %r", error)
    return Problem(ProblemCode.DATABASE_AWAY)
