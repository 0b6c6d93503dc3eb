"""Database connections for requests, whose outages become problems."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from shared.db.connection import AsyncpgConnection, autocommit, transaction
from shared.db.errors import is_database_unavailable
from shared.db.schema import is_compatible
from shared.db.writable import can_write
from shared.logs import get_logger

logger = get_logger(__name__)


class Database:
    """PostgreSQL for requests.

    Nearly every request writes with one statement, so connections autocommit: one round trip instead of three.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """An autocommit connection. Raises Problem (503) if PostgreSQL is unavailable."""
        with _outages_as_problems():
            async with autocommit(self._engine) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncpgConnection]:
        """A transaction. Raises Problem (503) if PostgreSQL is unavailable.

        Data may have been written all the same: the response to COMMIT can get lost.
        """
        with _outages_as_problems():
            async with transaction(self._engine) as connection:
                yield connection

    async def is_migrated(self) -> bool:
        """Whether this code works with the schema. Raises Problem (503) if PostgreSQL is unavailable."""
        with _outages_as_problems():
            return await is_compatible(self._engine)

    async def can_write(self) -> bool:
        """Whether data can be written: not on a full disk. Raises Problem (503) if PostgreSQL is unavailable."""
        with _outages_as_problems():
            return await can_write(self._engine)


@contextmanager
def _outages_as_problems() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not is_database_unavailable(error):
            raise
        logger.warning("database_unavailable", error=error)
        raise Problem(ProblemCode.DATABASE_AWAY) from error
