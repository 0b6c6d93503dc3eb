"""What a pool may hand out, take back and close: nothing here ever waits for the server."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.logs import get_logger

logger = get_logger(__name__)


def guard_pool(engine: AsyncEngine) -> None:
    """Let the pool of `engine` hand out no closed connection, and keep none that is in a transaction."""
    event.listen(engine.sync_engine, "checkout", _refuse_if_closed)
    event.listen(engine.sync_engine, "checkin", _drop_unless_idle)
    event.listen(engine.sync_engine, "close", _close_at_once)


def _refuse_if_closed(connection: Any, record: object, proxy: object) -> None:
    """After a restart of PostgreSQL the pool is full of them; asyncpg knows it without asking the server."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _drop_unless_idle(connection: Any, record: object) -> None:
    """Its next user would write into a transaction that is never committed."""
    if connection is None or (driver := connection.driver_connection).is_closed() or _is_idle(driver):
        return
    logger.error("connection_returned_in_transaction")
    driver.terminate()


def _is_idle(driver: Any) -> bool:
    """Whether an open connection is in no transaction, and in none soon.

    asyncpg has no public names for two of three: a transaction of its own whose BEGIN was cut off is remembered, and
    every later one is a savepoint of it; and what becomes of a statement that was cut off is not known yet.
    """
    is_cut_off = driver._top_xact is not None or driver._protocol._is_cancelling()
    return not is_cut_off and not driver.is_in_transaction()


def _close_at_once(connection: Any, record: object) -> None:
    """SQLAlchemy would close the session first, and wait 2 s for a server that hangs."""
    connection.driver_connection.terminate()
