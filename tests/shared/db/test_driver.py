"""What asyncpg knows beneath SQLAlchemy."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.driver import driver_of, replace_closed_connections
from tests.support.waiting import eventually


async def test_a_statement_of_the_driver_runs_on_the_same_connection(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        own = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        assert await driver_of(connection).fetchval("SELECT pg_backend_pid()") == own


async def test_connections_that_the_server_closed_are_not_handed_out(engine: AsyncEngine) -> None:
    replace_closed_connections(engine)
    async with engine.connect() as first, engine.connect() as second:
        lost = [driver_of(first), driver_of(second)]
        await lost[1].execute("SELECT pg_terminate_backend($1)", lost[0].get_server_pid())

    await eventually(lambda: _is_closed(lost[0]))

    for _ in range(3):
        async with engine.connect() as one, engine.connect() as other:
            for connection in (one, other):
                assert (await connection.execute(text("SELECT 1"))).scalar() == 1


async def _is_closed(driver: Any) -> bool:
    return bool(driver.is_closed())
