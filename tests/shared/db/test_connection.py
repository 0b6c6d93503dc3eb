"""Connections and transactions, and what asyncpg knows beneath SQLAlchemy."""

from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.connection import RolledBackError, autocommit, raw_connection, snapshot, transaction
from shared.db.errors import is_database_unavailable
from tests.support.standstill import nothing_is_left_open
from tests.support.waiting import eventually

INSERT = "INSERT INTO users (id, name) VALUES (gen_random_uuid(), $1)"


async def names(engine: AsyncEngine) -> set[str]:
    async with autocommit(engine) as connection:
        return {row.name for row in await connection.execute(text("SELECT name FROM users WHERE name <> 'local'"))}


async def test_a_statement_of_the_driver_runs_on_the_same_connection(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        own = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        assert await raw_connection(connection).fetchval("SELECT pg_backend_pid()") == own


async def test_connections_that_the_server_closed_are_not_handed_out(engine: AsyncEngine) -> None:
    async with engine.connect() as first, engine.connect() as second:
        lost = [raw_connection(first), raw_connection(second)]
        pid = await lost[0].fetchval("SELECT pg_backend_pid()")
        await lost[1].execute("SELECT pg_terminate_backend($1)", pid)

    await eventually(lambda: _is_closed(lost[0]))

    for _ in range(3):
        async with engine.connect() as one, engine.connect() as other:
            for connection in (one, other):
                assert (await connection.execute(text("SELECT 1"))).scalar() == 1


async def _is_closed(connection: Any) -> bool:
    return bool(connection.is_closed())


async def test_a_transaction_is_all_or_nothing(engine: AsyncEngine) -> None:
    async def insert_half() -> None:
        async with transaction(engine) as connection:
            await connection.execute("INSERT INTO users (id, name) VALUES (gen_random_uuid(), 'half')")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await insert_half()
    async with transaction(engine) as connection:
        await connection.execute("INSERT INTO users (id, name) VALUES (gen_random_uuid(), 'whole')")
    assert await names(engine) == {"whole"}


async def test_a_transaction_whose_statement_failed_unheard_is_no_success(engine: AsyncEngine) -> None:
    async def fail_unheard() -> None:
        async with transaction(engine) as connection:
            await connection.execute(INSERT, "lost")
            with suppress(asyncpg.DivisionByZeroError):
                await connection.execute("SELECT 1 / 0")

    with pytest.raises(RolledBackError):
        await fail_unheard()
    assert await names(engine) == set()


async def test_what_commits_by_itself_stays_whatever_comes_after_it(engine: AsyncEngine) -> None:
    async def fail_afterwards() -> None:
        async with autocommit(engine) as connection:
            await raw_connection(connection).execute(INSERT, "kept")
            raise RuntimeError("afterwards")

    with pytest.raises(RuntimeError, match="afterwards"):
        await fail_afterwards()
    assert await names(engine) == {"kept"}


async def test_a_snapshot_is_one_moment(engine: AsyncEngine) -> None:
    async with snapshot(engine) as connection:
        await connection.execute(text("SELECT 1 FROM users"))
        async with transaction(engine) as writer:
            await writer.execute(INSERT, "later")
        seen = (await connection.execute(text("SELECT name FROM users WHERE name = 'later'"))).scalars().all()

    assert seen == []
    assert await names(engine) == {"later"}


async def test_who_gives_a_connection_back_in_a_transaction_loses_what_was_written(
    engine: AsyncEngine, database_url: str
) -> None:
    async with engine.connect() as connection:
        await raw_connection(connection).execute("BEGIN")
        await raw_connection(connection).execute(INSERT, "never committed")
    for name in ("first", "second"):
        async with transaction(engine) as connection:
            await connection.execute(INSERT, name)

    assert await names(engine) == {"first", "second"}
    await nothing_is_left_open(database_url)


async def test_a_lost_connection_is_an_outage_before_and_during_a_statement(engine: AsyncEngine) -> None:
    async def lose(last: str) -> None:
        async with transaction(engine) as connection:
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            if last == "before":
                async with autocommit(engine) as other:
                    await raw_connection(other).execute("SELECT pg_terminate_backend($1)", pid)
                await eventually(lambda: _is_closed(connection))
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    for last in ("before", "during"):
        with pytest.raises(Exception) as raised:  # noqa: PT011 - which one it is, is what is asked next
            await lose(last)
        assert is_database_unavailable(raised.value), last
