"""Group commit: few transactions, and everybody's own answer."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.adder import MAX_BATCH, VideoAdder
from services.api.database import Database
from services.api.problems import Problem
from shared.db.lists import create_list
from shared.db.videos import ChangedVideo, NewVideo
from tests.api.support import youtube_id


@pytest.fixture
async def list_id(engine: AsyncEngine, local_user_id: UUID) -> UUID:
    """An empty list."""
    async with engine.begin() as connection:
        return (await create_list(connection, local_user_id, "Lighthouses")).id


async def test_what_arrives_together_is_committed_together(
    engine: AsyncEngine, local_user_id: UUID, list_id: UUID
) -> None:
    adder = VideoAdder(Database(engine))
    wanted = [NewVideo(local_user_id, list_id, youtube_id(number)) for number in range(MAX_BATCH + 50)]

    added = await asyncio.gather(*(adder.add(new) for new in wanted))

    assert [changed.video.youtube_id for changed in added if changed] == [new.youtube_id for new in wanted]
    assert all(changed and changed.event for changed in added)
    async with engine.connect() as connection:
        transactions = await connection.execute(text("SELECT count(DISTINCT xmin::text) FROM videos"))
        assert transactions.scalar() == 2


async def test_a_request_that_was_given_up_does_not_disturb_the_others(
    engine: AsyncEngine, local_user_id: UUID, list_id: UUID
) -> None:
    adder = VideoAdder(Database(engine))
    given_up, other = [
        asyncio.create_task(adder.add(NewVideo(local_user_id, list_id, youtube_id(number)))) for number in range(2)
    ]
    await asyncio.sleep(0)

    given_up.cancel()

    added = await other
    assert added is not None
    assert added.video.youtube_id == youtube_id(1)


async def test_after_a_failure_the_next_ones_are_added(engine: AsyncEngine, local_user_id: UUID, list_id: UUID) -> None:
    adder = VideoAdder(Database(engine))
    new = NewVideo(local_user_id, list_id, youtube_id(1))
    async with engine.begin() as locking:
        await locking.execute(text("LOCK TABLE videos"))
        failing = [asyncio.create_task(adder.add(new)) for _ in range(2)]
        await _terminate_who_waits(engine)
        for outcome in await asyncio.gather(*failing, return_exceptions=True):
            assert isinstance(outcome, Problem)

    added = await adder.add(new)

    assert added is not None
    assert added.event is not None


async def test_one_that_was_outrun_and_then_fails_takes_nobody_with_it(
    engine: AsyncEngine, local_user_id: UUID, list_id: UUID
) -> None:
    adder = VideoAdder(Database(engine))
    async with engine.connect() as locking:
        async with engine.begin() as faster:
            await _insert(faster, local_user_id, list_id, 1)
            adding = [asyncio.create_task(adder.add(NewVideo(local_user_id, list_id, youtube_id(n)))) for n in (1, 2)]
            await _until_waiting(engine, 1)
            # Gets its turn between the statement that is outrun and the one that follows.
            locked = asyncio.create_task(_lock_videos(locking))
            await _until_waiting(engine, 2)
        await locked
        await _terminate_who_waits(engine)
        outrun, other = await asyncio.gather(*adding, return_exceptions=True)

    assert isinstance(outrun, Problem)
    assert isinstance(other, ChangedVideo)


async def test_the_victim_of_a_deadlock_tries_again(engine: AsyncEngine, local_user_id: UUID, list_id: UUID) -> None:
    adder = VideoAdder(Database(engine))
    async with engine.connect() as other:
        await other.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # so that the adder is the victim
        await _insert(other, local_user_id, list_id, 2)
        adding = [asyncio.create_task(adder.add(NewVideo(local_user_id, list_id, youtube_id(n)))) for n in (1, 2)]
        await _until_waiting(engine, 1)
        await _lock_videos(other)
        await other.rollback()

    assert all(added and added.event for added in await asyncio.gather(*adding))


async def _insert(connection: AsyncConnection, user_id: UUID, list_id: UUID, number: int) -> None:
    insert = text(
        "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url) "
        "VALUES (gen_random_uuid(), :list_id, :user_id, :youtube_id, '')"
    )
    await connection.execute(insert, {"list_id": list_id, "user_id": user_id, "youtube_id": youtube_id(number)})


async def _lock_videos(connection: AsyncConnection) -> None:
    await connection.execute(text("LOCK TABLE videos"))


async def _until_waiting(engine: AsyncEngine, count: int) -> None:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with engine.connect() as connection, asyncio.timeout(20):
        while (await connection.execute(waiting)).scalar() != count:
            await connection.rollback()  # the view is fixed within a transaction


async def _terminate_who_waits(engine: AsyncEngine) -> None:
    terminate = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with engine.connect() as connection, asyncio.timeout(20):
        while not (await connection.execute(terminate)).scalar():
            await connection.rollback()  # the view is fixed within a transaction
