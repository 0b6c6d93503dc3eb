"""What everybody reads of an upstream."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.upstreams import PauseReason, Upstream
from shared.db.connection import raw_connection, transaction
from shared.db.upstreams import all_statuses, find_status, keep_status
from tests.support.upstreams import GOING, paused

PAUSED = paused(PauseReason.BOT_CHECK, resume_at=GOING.at)


async def test_what_was_kept_is_found(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        assert await find_status(connection, Upstream.YOUTUBE) is None
        await keep_status(connection, PAUSED)
        assert await find_status(connection, Upstream.YOUTUBE) == PAUSED
    async with engine.connect() as reading:
        assert await all_statuses(raw_connection(reading)) == [PAUSED]


async def test_what_a_newer_version_wrote_is_nobodys_error(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await keep_status(connection, PAUSED)
    async with engine.begin() as writing:
        newer = """'{"reason": "moon_phase"}'::jsonb"""
        await writing.execute(text(f"UPDATE upstreams SET status = status || {newer}"))
    async with transaction(engine) as connection:
        assert await find_status(connection, Upstream.YOUTUBE) is None
    async with engine.connect() as reading:
        assert await all_statuses(raw_connection(reading)) == []
