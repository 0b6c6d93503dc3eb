"""The chain of a user's events: whoever has seen n never misses a smaller number."""

import asyncio
from itertools import pairwise
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.events import events_since, latest_seq, latest_seqs
from shared.db.models import LOCAL_USER_ID, Video
from tests.support.entries import add_user, add_video, append_events
from tests.support.waiting import PATIENCE_SECONDS, eventually


async def tell(engine: AsyncEngine, video: Video) -> None:
    async with engine.begin() as connection:
        await append_events(connection, [video.id])


async def test_concurrent_writers_form_one_chain(engine: AsyncEngine) -> None:
    videos = [await add_video(engine, f"abcdefghi{number:02}") for number in range(4)]
    await asyncio.gather(*(tell(engine, video) for video in videos for _ in range(25)))
    async with engine.connect() as connection:
        chain = await events_since(connection, LOCAL_USER_ID, 0)
    assert len(chain) == 4 * (1 + 1 + 25), "each video's list, its addition, and what was told"
    assert chain[0].prev_seq is None
    assert all(later.prev_seq == earlier.message.seq for earlier, later in pairwise(chain))


async def test_a_smaller_number_is_never_committed_later(engine: AsyncEngine) -> None:
    video = await add_video(engine, "abcdefghijk")
    async with engine.connect() as slow, slow.begin():
        first = (await append_events(slow, [video.id]))[0].message.seq
        other = asyncio.create_task(_append_and_read_seq(engine, video))
        await _is_blocked(engine)
        assert not other.done()
    assert first is not None
    assert await other > first


async def test_users_do_not_wait_for_each_other(engine: AsyncEngine) -> None:
    mine = await add_video(engine, "abcdefghijk")
    theirs = await add_video(engine, "abcdefghijk", await add_user(engine))
    async with engine.connect() as slow, slow.begin():
        await append_events(slow, [mine.id])
        await asyncio.wait_for(tell(engine, theirs), timeout=PATIENCE_SECONDS)


async def test_one_statement_may_tell_of_several_videos_and_users(engine: AsyncEngine) -> None:
    somebody = await add_user(engine)
    videos = [await add_video(engine, "abcdefghijk", user) for user in (LOCAL_USER_ID, somebody, LOCAL_USER_ID)]
    async with engine.begin() as connection:
        items = await append_events(connection, [video.id for video in videos])
    mine = [item for item in items if item.user_id == LOCAL_USER_ID]
    assert mine[1].prev_seq == mine[0].message.seq


async def test_reading_is_by_user_range_and_limit(engine: AsyncEngine) -> None:
    video = await add_video(engine, "abcdefghijk")
    await add_video(engine, "abcdefghijk", await add_user(engine))
    for _ in range(4):
        await tell(engine, video)
    async with engine.connect() as connection:
        seqs = await _seqs(connection, LOCAL_USER_ID, 0)
        assert await _seqs(connection, LOCAL_USER_ID, seqs[1]) == seqs[2:]
        items = await events_since(connection, LOCAL_USER_ID, seqs[0], up_to=seqs[3], limit=2)
        assert [item.message.seq for item in items] == seqs[1:3]
        assert await latest_seq(connection, LOCAL_USER_ID) == seqs[-1]


async def test_the_latest_of_many_users(engine: AsyncEngine) -> None:
    somebody, silent = await add_user(engine), await add_user(engine)
    await add_video(engine, "abcdefghijk", somebody)
    async with engine.connect() as connection:
        latest = await latest_seq(connection, somebody)
        assert await latest_seqs(connection, [somebody, silent]) == {somebody: latest}
        assert await latest_seq(connection, silent) == 0


async def _append_and_read_seq(engine: AsyncEngine, video: Video) -> int:
    async with engine.begin() as connection:
        seq = (await append_events(connection, [video.id]))[0].message.seq
    assert seq is not None
    return seq


async def _seqs(connection: AsyncConnection, user_id: UUID, after: int) -> list[int]:
    return [item.message.seq or 0 for item in await events_since(connection, user_id, after)]


async def _is_blocked(engine: AsyncEngine) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

    async def blocked() -> bool:
        async with engine.connect() as connection:
            return bool(await connection.scalar(waiting))

    await eventually(blocked)
