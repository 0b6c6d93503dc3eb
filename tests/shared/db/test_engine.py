"""How DATABASE_URL is understood, and the limits of a session."""

import asyncio

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.connection import transaction
from shared.db.engine import LIMITS, StatementLimits, create_engine, ping
from shared.db.errors import is_database_unavailable
from shared.settings import Settings
from tests.support.standstill import nothing_is_left_open, observer
from tests.support.waiting import eventually
from workflows.common.activity_options import DATABASE_TIMEOUT

LOCK = "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"


async def ping_with(database_url: str) -> None:
    engine = create_engine(Settings(database_url=SecretStr(database_url)), pool_size=1)
    try:
        await ping(engine)
    finally:
        await engine.dispose()


async def test_sslmode_means_what_it_means_elsewhere(database_url: str) -> None:
    await ping_with(f"{database_url}?sslmode=prefer")
    with pytest.raises(ConnectionError, match="SSL"):  # the embedded server has no certificate
        await ping_with(f"{database_url}?sslmode=require")


def limited(database_url: str, limits: StatementLimits | None) -> AsyncEngine:
    return create_engine(Settings(database_url=SecretStr(database_url)), pool_size=2, limits=limits)


async def test_whoever_waits_for_a_lock_gives_up_soon_and_knows_why(database_url: str) -> None:
    engine = limited(database_url, StatementLimits(lock=0.1))
    async with transaction(engine) as holder:
        await holder.execute(LOCK)
        with pytest.raises(asyncpg.LockNotAvailableError) as raised:
            async with transaction(engine) as waiter:
                await waiter.execute(LOCK)

    assert is_database_unavailable(raised.value)
    await engine.dispose()


async def test_the_server_ends_a_statement_that_takes_too_long(database_url: str) -> None:
    engine = limited(database_url, StatementLimits(statement=0.1))
    with pytest.raises(asyncpg.QueryCanceledError) as raised:
        async with transaction(engine) as connection:
            await connection.execute("SELECT pg_sleep(60)")

    assert is_database_unavailable(raised.value)
    await engine.dispose()


async def test_a_transaction_that_nobody_goes_on_with_holds_no_lock_for_long(database_url: str) -> None:
    engine = limited(database_url, StatementLimits(idle_in_transaction=0.1))

    async def forget() -> None:
        async with transaction(engine) as connection:
            await connection.execute(LOCK)
            await nothing_is_left_open(database_url)

    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one it is, is what is asked next
        await forget()
    assert is_database_unavailable(raised.value)
    await engine.dispose()


async def test_a_server_that_waits_for_a_lock_notices_that_its_client_is_gone(database_url: str) -> None:
    engine = limited(database_url, None)
    async with transaction(engine) as holder:
        await holder.execute(LOCK)

        async def wait() -> None:
            async with transaction(engine) as connection:
                await connection.execute(LOCK)

        waiting = asyncio.create_task(wait())
        await eventually(lambda: _waiters(database_url, 1))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await eventually(lambda: _waiters(database_url, 0))
    await engine.dispose()


async def test_without_limits_a_migration_takes_as_long_as_it_takes(database_url: str) -> None:
    engine = limited(database_url, None)
    async with transaction(engine) as connection:
        for name in LIMITS.server_settings():
            assert await connection.fetchval("SELECT current_setting($1)", name) == "0"
    await engine.dispose()


def test_the_server_gives_up_before_the_client_and_a_lock_before_a_local_activity() -> None:
    assert LIMITS.lock < DATABASE_TIMEOUT.total_seconds()
    assert LIMITS.lock < LIMITS.statement < LIMITS.answer


async def _waiters(database_url: str, expected: int) -> bool:
    async with observer(database_url) as connection:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE "
        return bool(await connection.fetchval(f"{waiting} datname = current_database())") == expected)
