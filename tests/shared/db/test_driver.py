"""What asyncpg knows beneath SQLAlchemy."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.driver import driver_of, transaction
from tests.support.waiting import eventually


async def test_a_statement_of_the_driver_runs_on_the_same_connection(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        own = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        assert await driver_of(connection).fetchval("SELECT pg_backend_pid()") == own


async def test_connections_that_the_server_closed_are_not_handed_out(engine: AsyncEngine) -> None:
    async with engine.connect() as first, engine.connect() as second:
        lost = [driver_of(first), driver_of(second)]
        pid = await lost[0].fetchval("SELECT pg_backend_pid()")
        await lost[1].execute("SELECT pg_terminate_backend($1)", pid)

    await eventually(lambda: _is_closed(lost[0]))

    for _ in range(3):
        async with engine.connect() as one, engine.connect() as other:
            for connection in (one, other):
                assert (await connection.execute(text("SELECT 1"))).scalar() == 1


async def _is_closed(driver: Any) -> bool:
    return bool(driver.is_closed())


async def test_a_transaction_is_all_or_nothing(engine: AsyncEngine) -> None:
    async def insert_half() -> None:
        async with transaction(engine) as driver:
            await driver.execute("INSERT INTO users (id, name) VALUES (gen_random_uuid(), 'half')")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await insert_half()
    async with transaction(engine) as driver:
        await driver.execute("INSERT INTO users (id, name) VALUES (gen_random_uuid(), 'whole')")
    async with engine.connect() as connection:
        names = (await connection.execute(text("SELECT name FROM users WHERE name <> 'local'"))).scalars().all()
    assert names == ["whole"]
