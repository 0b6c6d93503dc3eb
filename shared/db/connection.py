"""The one way to take a connection and to own a transaction, with asyncpg beneath SQLAlchemy.

A connection is in no transaction when it goes back to the pool. A context that ends with an exception or a cancellation
drops its connection instead, without waiting for the server: a server that hangs answers no ROLLBACK. Both
drivers keep a transaction's state on the client's side, and lose it when BEGIN is cut off; so BEGIN and COMMIT are
plain statements here, and the server's own state is the only one (docs/adr/0010).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class AsyncpgConnection(Protocol):
    """What is used of an `asyncpg.Connection`; the package has no types.

    Its `transaction()` is left out on purpose: see `transaction` below.
    """

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement and return its command tag."""

    async def fetch(self, query: str, *args: object) -> list[Mapping[str, Any]]:
        """All rows."""

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """The first row, if there is one."""

    async def fetchval(self, query: str, *args: object) -> Any:
        """The first row's first column."""

    def is_closed(self) -> bool:
        """Whether the socket is gone."""

    def terminate(self) -> None:
        """Close the socket at once; the server rolls back."""


class RolledBackError(Exception):
    """A transaction that could not commit, because the failure of one of its statements was suppressed."""


@asynccontextmanager
async def autocommit(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that commits each statement, in one round trip.

    Raises ConnectionError when the connection was lost, and what asyncpg and SQLAlchemy raise; see
    `shared.db.errors.is_database_unavailable`.
    """
    async with _taken(engine) as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncpgConnection]:
    """A transaction, spoken to by asyncpg alone; committed when its context ends without an exception.

    A statement takes about a third of the CPU time that it takes through SQLAlchemy. An exception out of COMMIT leaves
    open whether it was committed. Raises what `autocommit` raises, and RolledBackError.
    """
    async with _taken(engine) as connection:
        driver = raw_connection(connection)
        await driver.execute("BEGIN")
        yield driver
        await _commit(driver)


@asynccontextmanager
async def snapshot(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection for reading several things as they are at one moment. Raises what `autocommit` raises."""
    async with autocommit(engine) as connection:
        driver = raw_connection(connection)
        await driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection
        await _commit(driver)


def raw_connection(connection: AsyncConnection) -> AsyncpgConnection:
    """The `asyncpg.Connection` of an open connection."""
    if connection.sync_connection is None:
        raise RuntimeError("the connection is not open")
    return cast("AsyncpgConnection", connection.sync_connection.connection.driver_connection)


@asynccontextmanager
async def _taken(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool that goes back to it only if all went well."""
    connection = await engine.connect()
    driver = raw_connection(connection)
    try:
        yield connection
    except BaseException as error:
        was_lost = driver.is_closed() and isinstance(error, (asyncpg.InterfaceError, DBAPIError))
        driver.terminate()
        if was_lost:  # both raise an InterfaceError for it, as they do for mistakes in the use of a connection
            raise ConnectionResetError("the connection to PostgreSQL was lost") from error
        raise
    finally:
        await connection.close()  # waits for nothing: SQLAlchemy has begun no transaction


async def _commit(driver: AsyncpgConnection) -> None:
    """Commit. A transaction in which a statement has failed answers COMMIT with ROLLBACK, which is no error to SQL."""
    if (tag := await driver.execute("COMMIT")) != "COMMIT":
        raise RolledBackError(f"COMMIT was answered with {tag}")
