"""Group commit: few transactions, and a result per request."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.background.video_inserts import MAX_BATCH, GroupCommit, create_adding_engine
from services.api.dependencies import POOL_SIZE
from services.api.http.database import Database
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from shared.db.lists import create_list
from shared.db.video_inserts import LostRace, NewVideo
from shared.db.videos import ChangedVideo
from shared.settings import Settings
from tests.api.support import Api, problem, youtube_id
from tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture
async def list_id(engine: AsyncEngine, local_user_id: UUID) -> UUID:
    """An empty list."""
    async with engine.begin() as connection:
        return (await create_list(connection, local_user_id, "Lighthouses")).id


async def test_concurrent_additions_share_a_commit(engine: AsyncEngine, local_user_id: UUID, list_id: UUID) -> None:
    adder = GroupCommit(Database(engine))
    wanted = [NewVideo(local_user_id, list_id, youtube_id(number)) for number in range(MAX_BATCH + 50)]

    added = await asyncio.gather(*(adder.add(new) for new in wanted))

    assert [changed.video.youtube_id for changed in added if changed] == [new.youtube_id for new in wanted]
    assert all(changed and changed.event for changed in added)
    async with engine.connect() as connection:
        transactions = await connection.execute(text("SELECT count(DISTINCT xmin::text) FROM videos"))
        assert transactions.scalar() == 2


async def test_abandoned_request_does_not_affect_others(
    engine: AsyncEngine, local_user_id: UUID, list_id: UUID
) -> None:
    adder = GroupCommit(Database(engine))
    given_up, other = [
        asyncio.create_task(adder.add(NewVideo(local_user_id, list_id, youtube_id(number)))) for number in range(2)
    ]
    await asyncio.sleep(0)

    given_up.cancel()

    added = await other
    assert added is not None
    assert added.video.youtube_id == youtube_id(1)


async def test_after_a_failure_the_next_ones_are_added(engine: AsyncEngine, local_user_id: UUID, list_id: UUID) -> None:
    adder = GroupCommit(Database(engine))
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


async def test_failed_addition_does_not_affect_others(engine: AsyncEngine, local_user_id: UUID, list_id: UUID) -> None:
    adder = GroupCommit(Database(engine))
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


async def test_deadlock_victim_is_retried(engine: AsyncEngine, local_user_id: UUID, list_id: UUID) -> None:
    adder = GroupCommit(Database(engine))
    async with engine.connect() as other:
        await other.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # so that the adder is the victim
        await _insert(other, local_user_id, list_id, 2)
        adding = [asyncio.create_task(adder.add(NewVideo(local_user_id, list_id, youtube_id(n)))) for n in (1, 2)]
        await _until_waiting(engine, 1)
        await _lock_videos(other)
        await other.rollback()

    assert all(added and added.event for added in await asyncio.gather(*adding))


@pytest.fixture
async def adding_engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The connections of an adder, as the API opens them."""
    engine = create_adding_engine(settings)
    yield engine
    await engine.dispose()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocked requests wait longer than a busy machine needs."""
    monkeypatch.setattr("services.api.background.video_inserts.WAIT_SECONDS", 60)


@pytest.mark.usefixtures("patience")
async def test_locked_list_delays_only_its_own_additions(
    engine: AsyncEngine, adding_engine: AsyncEngine, local_user_id: UUID, list_id: UUID
) -> None:
    adder = GroupCommit(Database(adding_engine))
    async with engine.begin() as connection:
        others = [(await create_list(connection, local_user_id, "Lamps")).id for _ in range(3)]

    def add(to: UUID, number: int) -> "asyncio.Task[ChangedVideo | None]":
        return asyncio.create_task(adder.add(NewVideo(local_user_id, to, youtube_id(number))))

    async with engine.begin() as locking:
        await locking.execute(text("SELECT FROM lists WHERE id = :id FOR UPDATE"), {"id": list_id})
        held_up = [add(list_id, number) for number in range(3)]
        for number in range(3):  # in one group with them at first, then while they are apart
            added = await asyncio.gather(*(add(other, number) for other in others))
            assert all(each and each.event for each in added)
        assert not any(task.done() for task in held_up)
    assert all(each and each.event for each in await asyncio.gather(*held_up))
    added_late = await add(list_id, 3)
    assert added_late
    assert added_late.event


@pytest.mark.usefixtures("patience")
async def test_locked_video_delays_no_other(
    engine: AsyncEngine, adding_engine: AsyncEngine, local_user_id: UUID, list_id: UUID
) -> None:
    adder = GroupCommit(Database(adding_engine))
    async with engine.connect() as locking:
        await _insert(locking, local_user_id, list_id, 2)
        adding = [
            asyncio.create_task(adder.add(NewVideo(local_user_id, list_id, youtube_id(number)))) for number in range(4)
        ]
        held_up = adding.pop(2)
        assert all(each and each.event for each in await asyncio.gather(*adding))
        assert not held_up.done()
        await locking.commit()
    there = await held_up
    assert there is not None
    assert there.event is None


@pytest.mark.usefixtures("patience")
async def test_locked_lists_are_tried_in_turn_however_many_wait_for_one_of_them(
    engine: AsyncEngine, settings: Settings, local_user_id: UUID, list_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.api.background.video_inserts.LOCK_SECONDS", 0.05)
    tried: list[UUID] = []
    was_tried_often = asyncio.Event()

    class RecordingAdder(GroupCommit):
        async def _add(self, wanted: Sequence[NewVideo]) -> list[ChangedVideo | LostRace | None] | None:
            tried.append(wanted[0].list_id)
            if len(tried) == 40:  # by then each is a group of its own
                was_tried_often.set()
            return await super()._add(wanted)

    adding_engine = create_adding_engine(settings)
    adder = RecordingAdder(Database(adding_engine))
    async with engine.begin() as connection:
        other = (await create_list(connection, local_user_id, "Lamps")).id
    async with engine.begin() as locking:
        await locking.execute(text("SELECT FROM lists FOR UPDATE"))
        wanted = [*((list_id, number) for number in range(8)), (other, 0)]
        adding = [
            asyncio.create_task(adder.add(NewVideo(local_user_id, to, youtube_id(number)))) for to, number in wanted
        ]
        await asyncio.wait_for(was_tried_often.wait(), 60)
    assert all(each and each.event for each in await asyncio.gather(*adding))
    await adding_engine.dispose()
    assert all(pair.count(other) == 1 for pair in pairwise(tried[20:40]))


async def test_requests_time_out(
    engine: AsyncEngine,
    adding_engine: AsyncEngine,
    local_user_id: UUID,
    list_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adder = GroupCommit(Database(adding_engine))
    new = NewVideo(local_user_id, list_id, youtube_id(1))
    async with engine.begin() as locking:
        await locking.execute(text("SELECT FROM users FOR NO KEY UPDATE"))
        monkeypatch.setattr("services.api.background.video_inserts.WAIT_SECONDS", 0.1)
        with pytest.raises(Problem) as refused:
            await adder.add(new)
        monkeypatch.undo()
    assert refused.value.code is ProblemCode.DATABASE_AWAY
    added = await adder.add(new)
    assert added is not None


async def test_when_too_many_wait_further_ones_are_refused_at_once(
    engine: AsyncEngine,
    adding_engine: AsyncEngine,
    local_user_id: UUID,
    list_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.api.background.video_inserts.MAX_WAITING", 3)
    adder = GroupCommit(Database(adding_engine))
    async with engine.begin() as locking:
        await locking.execute(text("SELECT FROM users FOR NO KEY UPDATE"))
        waiting = [
            asyncio.create_task(adder.add(NewVideo(local_user_id, list_id, youtube_id(number)))) for number in range(3)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            await adder.add(NewVideo(local_user_id, list_id, youtube_id(3)))
    assert refused.value.code is ProblemCode.DATABASE_AWAY
    assert all(await asyncio.gather(*waiting))
    assert await adder.add(NewVideo(local_user_id, list_id, youtube_id(3)))


async def test_additions_need_none_of_the_connections_that_other_requests_occupy(
    api_without_temporal: Api, engine: AsyncEngine
) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    video = await api.add(list_id)
    async with engine.begin() as locking:
        await locking.execute(text("LOCK TABLE chapters IN ACCESS EXCLUSIVE MODE"))
        reading = [asyncio.create_task(api.get(f"/videos/{video['id']}/chapters")) for _ in range(POOL_SIZE)]
        await _until_waiting(engine, POOL_SIZE)
        assert (await api.post_url(list_id, youtube_id(2))).status_code == 201
        assert not any(task.done() for task in reading)
    await asyncio.gather(*reading)


async def test_unavailable_responses_have_retry_after(
    api_without_temporal: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = await api_without_temporal.new_list()
    monkeypatch.setattr("services.api.background.video_inserts.MAX_WAITING", 0)
    response = await api_without_temporal.post_url(list_id, youtube_id(1))
    problem(response, 503, "database_away")
    assert int(response.headers["Retry-After"]) > 0


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
    async with engine.connect() as connection, asyncio.timeout(PATIENCE_SECONDS):
        while (await connection.execute(waiting)).scalar() != count:
            await connection.rollback()  # the view is fixed within a transaction


async def _terminate_who_waits(engine: AsyncEngine) -> None:
    terminate = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with engine.connect() as connection, asyncio.timeout(PATIENCE_SECONDS):
        while not (await connection.execute(terminate)).scalar():
            await connection.rollback()  # the view is fixed within a transaction
