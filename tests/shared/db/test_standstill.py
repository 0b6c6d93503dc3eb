"""What is acknowledged is committed, wherever the transaction before it was cut off."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.connection import autocommit, raw_connection, snapshot, transaction
from shared.db.engine import LIMITS, StatementLimits, create_engine
from shared.settings import Settings
from tests.support.standstill import CancelledAt, StoppablePostgres, nothing_is_left_open, observer
from tests.support.waiting import PATIENCE_SECONDS

SHORT = 0.3
"""Seconds; nothing is measured by it, because what stands still answers never."""
LIMITED = StatementLimits(answer=2)
"""Also for each statement before and afterwards, on a busy machine."""
INSERT = "INSERT INTO users (id, name) VALUES (gen_random_uuid(), $1)"

Write = Callable[[AsyncEngine, str], Coroutine[Any, Any, None]]


async def write(engine: AsyncEngine, name: str) -> None:
    async with transaction(engine) as connection:
        await connection.execute(INSERT, name)


async def write_in_one_statement(engine: AsyncEngine, name: str) -> None:
    async with autocommit(engine) as connection:
        await connection.execute(text(INSERT.replace("$1", ":name")), {"name": name})


async def read_and_write(engine: AsyncEngine, name: str) -> None:
    async with snapshot(engine) as connection:
        await connection.execute(text("SELECT name FROM users"))
    await write(engine, name)


async def write_as_migrations_do(engine: AsyncEngine, name: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(INSERT.replace("$1", ":name")), {"name": name})


async def names(url: str) -> set[str]:
    async with observer(url) as connection:
        return {row["name"] for row in await connection.fetch("SELECT name FROM users")}


@asynccontextmanager
async def pool_of_one(settings: Settings, limits: StatementLimits = LIMITS) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(settings, pool_size=1, limits=limits)
    try:
        yield engine
    finally:
        await engine.dispose()


@pytest.mark.parametrize("by", ["cancelled", "timed-out"])
@pytest.mark.parametrize("where", ["begin", "statement", "commit"])
async def test_a_standstill_loses_no_acknowledged_write(
    stoppable_postgres: StoppablePostgres, where: str, by: str
) -> None:
    postgres, mark = stoppable_postgres, f"{where} {by} "

    async def cut_off(engine: AsyncEngine) -> None:
        if where == "begin":
            postgres.stop()
        async with transaction(engine) as connection:
            if where == "statement":
                postgres.stop()
            await connection.execute(INSERT, f"{mark}cut off")
            postgres.stop()

    limits = LIMITED if by == "timed-out" else LIMITS
    async with pool_of_one(postgres.settings, limits) as engine:
        await write(engine, f"{mark}before")
        try:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SHORT if by == "cancelled" else None):
                    await cut_off(engine)
        finally:
            postgres.go_on()
        for number in range(3):
            await write(engine, f"{mark}{number}")
        await write_in_one_statement(engine, f"{mark}alone")

        expected = {f"{mark}{each}" for each in ("before", 0, 1, 2, "alone")}
        assert expected <= await names(postgres.url)
        await nothing_is_left_open(postgres.url)
        assert (f"{mark}cut off" in await names(postgres.url)) <= (where == "commit")  # there it is unknown


@pytest.mark.parametrize(
    "begin",
    [lambda driver: driver.transaction().start(), lambda driver: driver.execute("BEGIN")],
    ids=["asyncpg", "plain"],
)
async def test_a_connection_whose_begin_was_cut_off_unheard_is_not_kept(
    stoppable_postgres: StoppablePostgres, begin: Callable[[Any], Awaitable[None]]
) -> None:
    async with pool_of_one(stoppable_postgres.settings, LIMITED) as engine:
        async with engine.connect() as connection:
            driver = raw_connection(connection)
            with stoppable_postgres.standing_still(), pytest.raises(TimeoutError):
                await begin(driver)
        assert driver.is_closed()
        await write(engine, f"after {begin}")

        assert f"after {begin}" in await names(stoppable_postgres.url)
        await nothing_is_left_open(stoppable_postgres.url)


async def test_a_pool_is_closed_while_the_server_stands_still(stoppable_postgres: StoppablePostgres) -> None:
    engine = create_engine(stoppable_postgres.settings, pool_size=1, limits=None)
    await write(engine, "before the end")
    with stoppable_postgres.standing_still():
        async with asyncio.timeout(PATIENCE_SECONDS):
            await engine.dispose()
    await nothing_is_left_open(stoppable_postgres.url)


@pytest.mark.parametrize("once_answered", [False, True], ids=["unanswered", "answered"])
@pytest.mark.parametrize("pool", ["cold", "warm"])
@pytest.mark.parametrize("act", [write, write_in_one_statement, read_and_write, write_as_migrations_do])
async def test_a_cancellation_at_any_moment_loses_no_acknowledged_write(
    database_url: str, act: Write, pool: str, once_answered: bool
) -> None:
    settings, acknowledged = Settings(database_url=SecretStr(database_url)), set()
    async with pool_of_one(settings) as warm:
        await write(warm, "warm")
        for number in itertools.count():
            async with pool_of_one(settings) as cold:
                engine = warm if pool == "warm" else cold
                act_cut_off = CancelledAt(act(engine, f"cut off {number}"), number, once_answered=once_answered)
                with suppress(asyncio.CancelledError):
                    await asyncio.create_task(finish(act_cut_off))
                    acknowledged.add(f"cut off {number}")
                await write(engine, f"after {number}")
                acknowledged.add(f"after {number}")
                assert acknowledged <= await names(database_url), f"cancelled at {number}"
                await nothing_is_left_open(database_url)
            if not act_cut_off.is_reached:
                break
    assert number >= 2


async def finish(awaitable: Awaitable[None]) -> None:
    await awaitable
