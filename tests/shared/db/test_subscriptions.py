"""Subscriptions in Postgres: what a look has seen, and what Temporal was told."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.batches import ListedPage, SourceKind
from shared.contracts.errors import ErrorType
from shared.contracts.subscriptions import Look
from shared.db import batch_listing, subscriptions
from shared.db.batch_listing import NewPage
from shared.db.batch_window import close_if_over
from shared.db.driver import transaction
from shared.db.models import LOCAL_USER_ID
from shared.db.subscriptions import SubscriptionRecord
from tests.support.batches import add_list
from tests.support.entries import add_user
from tests.support.subscriptions import follow, now
from tests.support.waiting import eventually

NEXT = {"continuation": "further down"}


async def begin(engine: AsyncEngine, subscription: SubscriptionRecord, batch_id: UUID | None = None) -> UUID:
    """The batch of a look that has just begun."""
    batch_id = batch_id or uuid4()
    async with transaction(engine) as connection:
        look = await subscriptions.begin_look(connection, subscription.id, batch_id)
    assert look == Look(is_followed=True, batch_id=batch_id)
    return batch_id


async def read(engine: AsyncEngine, batch_id: UUID, *youtube_ids: str, has_more: bool = False) -> ListedPage:
    """YouTube's next page is this one."""
    page = NewPage(
        title="Harbours", announced=None, youtube_ids=[*youtube_ids], unavailable=0, cursor=NEXT if has_more else None
    )
    async with transaction(engine) as connection:
        place = await batch_listing.next_place(connection, batch_id)
        if place is None:
            return ListedPage(has_more=False)
        return await batch_listing.add_page(connection, batch_id, place, page)


async def close(engine: AsyncEngine, batch_id: UUID) -> None:
    """Let everything that the look has brought be imported."""
    async with transaction(engine) as connection:
        await connection.execute("UPDATE videos SET import_stage = 'complete' WHERE batch_id = $1", batch_id)
        await close_if_over(connection, batch_id)


async def on_list(engine: AsyncEngine, subscription: SubscriptionRecord) -> set[str]:
    async with transaction(engine) as connection:
        rows = await connection.fetch("SELECT youtube_id FROM videos WHERE list_id = $1", subscription.list_id)
    return {row["youtube_id"] for row in rows}


async def primed(engine: AsyncEngine, kind: SourceKind) -> SubscriptionRecord:
    """A subscription that has seen two videos."""
    subscription = await follow(engine, kind)
    batch_id = await begin(engine, subscription)
    await read(engine, batch_id, "oldvideo001", "oldvideo002")
    await close(engine, batch_id)
    return subscription


async def test_a_look_that_is_asked_for_twice_begins_once(engine: AsyncEngine) -> None:
    subscription = await follow(engine)
    batch_id = await begin(engine, subscription)
    assert await begin(engine, subscription, batch_id) == batch_id
    async with transaction(engine) as connection:
        assert await subscriptions.begin_look(connection, subscription.id, uuid4()) == Look(is_followed=True)
        assert await connection.fetchval("SELECT count(*) FROM import_batches") == 1
    assert (await now(engine, subscription)).is_checking


async def test_a_look_whose_batch_is_over_is_not_begun_again(engine: AsyncEngine) -> None:
    """A step that is repeated late must not fail for ever."""
    subscription = await primed(engine, SourceKind.CHANNEL)
    batch_id = await begin(engine, subscription)
    await read(engine, batch_id, "newvideo001")
    await close(engine, batch_id)
    assert not (await now(engine, subscription)).is_checking
    await begin(engine, subscription, batch_id)
    async with transaction(engine) as connection:
        assert await connection.fetchval("SELECT count(*) FROM import_batches") == 1


async def test_a_look_at_nothing_tells_so(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        assert await subscriptions.begin_look(connection, uuid4(), uuid4()) == Look(is_followed=False)


@pytest.mark.parametrize(("kind", "reads_on"), [(SourceKind.CHANNEL, False), (SourceKind.PLAYLIST, True)])
async def test_a_channel_is_read_as_far_as_it_is_new(engine: AsyncEngine, kind: SourceKind, reads_on: bool) -> None:
    subscription = await primed(engine, kind)
    batch_id = await begin(engine, subscription)
    assert (await read(engine, batch_id, "newvideo001", "oldvideo001", has_more=True)).has_more
    assert (await read(engine, batch_id, has_more=True)).has_more  # an empty page tells nothing
    assert (await read(engine, batch_id, "oldvideo002", has_more=True)).has_more == reads_on
    assert await on_list(engine, subscription) == {"newvideo001"}


async def test_what_a_look_did_not_get_to_is_read_by_the_next_one(engine: AsyncEngine) -> None:
    """It saw the newest, which do not show any more that there is something new below them."""
    subscription = await primed(engine, SourceKind.CHANNEL)
    batch_id = await begin(engine, subscription)
    await read(engine, batch_id, "newvideo002", has_more=True)
    async with transaction(engine) as connection:
        await batch_listing.fail(connection, batch_id, ErrorType.UPSTREAM_UNAVAILABLE)
    await close(engine, batch_id)
    assert (await now(engine, subscription)).error_code is ErrorType.UPSTREAM_UNAVAILABLE

    batch_id = await begin(engine, subscription)
    assert (await read(engine, batch_id, "newvideo002", has_more=True)).has_more
    await read(engine, batch_id, "newvideo001", "oldvideo001")
    assert await on_list(engine, subscription) == {"newvideo001", "newvideo002"}
    assert (await now(engine, subscription)).error_code is None


@pytest.mark.parametrize("import_existing", [False, True])
async def test_a_look_reads_no_further_once_nobody_follows(engine: AsyncEngine, import_existing: bool) -> None:
    subscription = await follow(engine, import_existing=import_existing)
    batch_id = await begin(engine, subscription)
    await read(engine, batch_id, "oldvideo001", has_more=True)
    async with transaction(engine) as connection:
        assert await subscriptions.delete_subscription(connection, LOCAL_USER_ID, subscription.id)
        assert not await subscriptions.delete_subscription(connection, LOCAL_USER_ID, subscription.id)

    assert not (await read(engine, batch_id, "oldvideo002")).has_more
    assert await on_list(engine, subscription) == ({"oldvideo001"} if import_existing else set())
    async with transaction(engine) as connection:
        left = await connection.fetch("SELECT listing FROM import_batches")
    assert [row["listing"] for row in left] == (["done"] if import_existing else [])


async def test_every_change_has_to_be_told(engine: AsyncEngine) -> None:
    subscription = await follow(engine)
    async with transaction(engine) as connection:
        assert await subscriptions.unscheduled(connection) == [subscription.id]
        locked = await subscriptions.lock_schedule(connection, subscription.id)
        assert locked is not None
        await subscriptions.note_scheduled(connection, locked)
        assert await subscriptions.unscheduled(connection) == []

        as_it_is = await subscriptions.change_interval(connection, LOCAL_USER_ID, subscription.id, 3600)
        assert as_it_is is not None
        assert as_it_is.is_scheduled
        paused = await subscriptions.set_paused(connection, LOCAL_USER_ID, subscription.id, is_paused=True)
        assert paused is not None
        assert (paused.is_paused, paused.is_scheduled) == (True, False)

        await subscriptions.note_scheduled(connection, locked)  # that was told before it was paused
        assert await subscriptions.unscheduled(connection) == [subscription.id]
        await subscriptions.note_scheduled(connection, paused)
        assert await subscriptions.unscheduled(connection) == []


async def test_one_at_a_time_works_on_a_schedule_and_changes_do_not_wait(engine: AsyncEngine) -> None:
    subscription = await follow(engine)

    async def lock() -> SubscriptionRecord | None:
        async with transaction(engine) as connection:
            return await subscriptions.lock_schedule(connection, subscription.id)

    async def somebody_waits() -> bool:
        async with transaction(engine) as connection:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return bool(await connection.fetchval(waiting))

    async with transaction(engine) as first:
        told = await subscriptions.lock_schedule(first, subscription.id)
        assert told is not None
        async with transaction(engine) as connection:
            await subscriptions.set_paused(connection, LOCAL_USER_ID, subscription.id, is_paused=True)
        second = asyncio.create_task(lock())
        await eventually(somebody_waits)
        assert not second.done()
        await subscriptions.note_scheduled(first, told)
    seen = await second
    assert seen is not None
    assert (seen.is_paused, seen.is_scheduled) == (True, False)


async def test_other_users_are_left_alone(engine: AsyncEngine) -> None:
    subscription, stranger = await follow(engine), await add_user(engine)
    async with transaction(engine) as connection:
        assert await subscriptions.get_subscription(connection, stranger, subscription.id) is None
        assert await subscriptions.page_of_subscriptions(connection, stranger, limit=10) == []
        assert await subscriptions.change_interval(connection, stranger, subscription.id, 900) is None
        assert await subscriptions.set_paused(connection, stranger, subscription.id, is_paused=True) is None
        assert not await subscriptions.delete_subscription(connection, stranger, subscription.id)
    assert await now(engine, subscription) == subscription


async def test_pages_are_of_all_lists_or_of_one(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    first = await follow(engine, SourceKind.PLAYLIST, list_id=list_id)
    second = await follow(engine, SourceKind.CHANNEL, list_id=list_id)
    elsewhere = await follow(engine)
    async with transaction(engine) as connection:
        everything = await subscriptions.page_of_subscriptions(connection, LOCAL_USER_ID, limit=10)
        of_list = await subscriptions.page_of_subscriptions(connection, LOCAL_USER_ID, list_id=list_id, limit=10)
    assert [each.id for each in everything] == [elsewhere.id, second.id, first.id]
    assert [each.id for each in of_list] == [second.id, first.id]
