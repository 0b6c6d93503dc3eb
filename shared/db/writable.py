"""Whether PostgreSQL can write: to its log, and onto a disk that has room."""

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.connection import transaction
from shared.logs import get_logger

ROWS = 50_000
"""As a temporary file they are a little more than one mebibyte."""

_WRITE = f"""
SELECT pg_logical_emit_message(true, 'vidferry', 'can it be written?'), count(*) FROM generate_series(1, {ROWS})
"""  # noqa: S608 - a constant
"""A row that is updated would find room where it is also on a full disk: so a temporary file, which must have new room.
The message is a commit that has to reach the disk; it changes nothing."""

logger = get_logger(__name__)


async def can_write(engine: AsyncEngine) -> bool:
    """Whether a commit and a mebibyte of new data can be written. Raises what an outage raises."""
    try:
        async with transaction(engine) as connection:
            await connection.execute("SET LOCAL work_mem = '64kB'")
            await connection.execute(_WRITE)
    except (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.TooManyConnectionsError):
        raise
    except asyncpg.PostgresError as error:
        logger.warning("database_not_writable", error=error)
        return False
    return True
