"""asyncpg beneath SQLAlchemy: where its speed or its knowledge of the socket is needed."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


def driver_of(connection: AsyncConnection) -> Any:
    """The `asyncpg.Connection` of an open connection.

    Its statements belong to a transaction only if an earlier statement of SQLAlchemy has begun one.
    """
    if connection.sync_connection is None:
        raise RuntimeError("the connection is not open")
    return connection.sync_connection.connection.driver_connection


def replace_closed_connections(engine: AsyncEngine) -> None:
    """Let `engine` hand out no connection whose socket the server has closed.

    After a restart of Postgres the pool is full of them; asyncpg knows it without asking the server.
    """
    event.listen(engine.sync_engine, "checkout", _refuse_if_closed)


def _refuse_if_closed(connection: Any, record: object, proxy: object) -> None:
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError
