"""Which errors are outages of PostgreSQL, through connections and transactions."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.http.database import Database
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from shared.db.connection import raw_connection

Speak = Callable[[AsyncConnection, str], Awaitable[object]]


async def _through_sqlalchemy(connection: AsyncConnection, name: str) -> object:
    statement = text("SELECT pg_terminate_backend(CASE CAST(:name AS text) WHEN 'self' THEN pg_backend_pid() END)")
    return await connection.execute(statement, {"name": name})


async def _through_asyncpg(connection: AsyncConnection, name: str) -> object:
    statement = "SELECT pg_terminate_backend(CASE $1::text WHEN 'self' THEN pg_backend_pid() END)"
    return await raw_connection(connection).fetch(statement, name)


@pytest.mark.parametrize("speak", [_through_sqlalchemy, _through_asyncpg])
async def test_terminated_connection_is_an_outage(engine: AsyncEngine, speak: Speak) -> None:
    with pytest.raises(Problem) as raised:
        async with Database(engine).connection() as connection:
            await speak(connection, "self")

    assert raised.value.code is ProblemCode.DATABASE_AWAY


@pytest.mark.parametrize("speak", [_through_sqlalchemy, _through_asyncpg])
async def test_invalid_value_is_not_an_outage(engine: AsyncEngine, speak: Speak) -> None:
    number: object = 7

    with pytest.raises((asyncpg.DataError, DBAPIError)):
        async with Database(engine).connection() as connection:
            await speak(connection, number)  # type: ignore[arg-type] # that is the mistake


async def test_a_transaction_that_fails_leaves_nothing(engine: AsyncEngine) -> None:
    database = Database(engine)

    async def fail_on_the_way() -> None:
        async with database.transaction() as connection:
            await connection.execute("DELETE FROM users")
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError):
        await fail_on_the_way()
    async with database.transaction() as connection:
        await connection.execute("UPDATE users SET name = 'kept'")

    async with database.connection() as reading:
        assert await raw_connection(reading).fetchval("SELECT name FROM users") == "kept"


async def test_a_transaction_whose_connection_ends_is_an_outage(engine: AsyncEngine) -> None:
    with pytest.raises(Problem) as raised:
        async with Database(engine).transaction() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    assert raised.value.code is ProblemCode.DATABASE_AWAY
