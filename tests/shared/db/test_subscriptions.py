"""Subscriptions in Postgres: what a look has seen, and what Temporal was told."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.batches import ListedPage, SourceKind
from shared.contracts.errors import ErrorType
from shared.contracts.subscriptions import CheckStarted
from shared.db import audio_jobs, batch_listing, feeds, subscriptions
from shared.db.batch_listing import ListingPage
from shared.db.batch_window import complete_if_done, free_slots
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID
from shared.db.subscriptions import SubscriptionRecord
from tests.support.batches import add_list
from tests.support.entries import add_user
from tests.support.subscriptions import follow, now
from tests.support.waiting import eventually

NEXT = {"continuation": "further down"}
FEED_ID = "UULFharbourmornings000001"


async def begin(engine: AsyncEngine, subscription: SubscriptionRecord, batch_id: UUID | None = None) -> UUID:
    """The batch of a look that has just begun."""
    batch_id = batch_id or uuid4()
    async with transaction(engine) as connection:
        look = await subscriptions.start_check(connection, subscription.id, batch_id)
    assert look == CheckStarted(is_subscribed=True, batch_id=batch_id)
    return batch_id


async def read(
    engine: AsyncEngine, batch_id: UUID, *youtube_ids: str, has_more: bool = False, feed_id: str | None = None
) -> ListedPage:
    """YouTube's next page is this one."""
    page = ListingPage(
        title="Harbours",
        announced=None,
        youtube_ids=[*youtube_ids],
        unavailable=0,
        cursor=NEXT if has_more else None,
        feed_id=feed_id,
    )
    async with transaction(engine) as connection:
        place = await batch_listing.current_cursor(connection, batch_id)
        if place is None:
            return ListedPage(has_more=False)
        return await batch_listing.add_page(connection, batch_id, place, page)


async def close(engine: AsyncEngine, batch_id: UUID) -> None:
    """Let everything that the look has brought be imported."""
    async with transaction(engine) as connection:
        await connection.execute("UPDATE videos SET import_stage = 'complete' WHERE batch_id = $1", batch_id)
        await complete_if_done(connection, batch_id)


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
        assert await subscriptions.start_check(connection, subscription.id, uuid4()) == CheckStarted(is_subscribed=True)
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


async def test_what_is_being_transcribed_holds_up_no_look(engine: AsyncEngine) -> None:
    """Speech-to-text may be out of allowance for a day."""
    subscription = await primed(engine, SourceKind.CHANNEL)
    batch_id = await begin(engine, subscription)
    await read(engine, batch_id, "newvideo001")
    async with transaction(engine) as connection:
        await connection.execute("UPDATE videos SET batch_slot = 'running' WHERE batch_id = $1", batch_id)
        await connection.execute("UPDATE import_batches SET listing = 'done' WHERE id = $1", batch_id)
    assert (await now(engine, subscription)).is_checking
    async with transaction(engine) as connection:
        await audio_jobs.join(connection, "newvideo001", is_interactive=False)
        await free_slots(connection, "newvideo001")
    assert not (await now(engine, subscription)).is_checking
    assert await begin(engine, subscription) != batch_id


async def test_a_look_at_nothing_tells_so(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        assert await subscriptions.start_check(connection, uuid4(), uuid4()) == CheckStarted(is_subscribed=False)


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
        assert await subscriptions.stale_schedules(connection) == [subscription.id]
        locked = await subscriptions.lock_schedule(connection, subscription.id)
        assert locked is not None
        await subscriptions.mark_schedule_synced(connection, locked)
        assert await subscriptions.stale_schedules(connection) == []

        as_it_is = await subscriptions.change_interval(connection, LOCAL_USER_ID, subscription.id, 3600)
        assert as_it_is is not None
        assert as_it_is.schedule_in_sync
        paused = await subscriptions.set_paused(connection, LOCAL_USER_ID, subscription.id, is_paused=True)
        assert paused is not None
        assert (paused.is_paused, paused.schedule_in_sync) == (True, False)

        await subscriptions.mark_schedule_synced(connection, locked)  # that was told before it was paused
        assert await subscriptions.stale_schedules(connection) == [subscription.id]
        await subscriptions.mark_schedule_synced(connection, paused)
        assert await subscriptions.stale_schedules(connection) == []


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
        await subscriptions.mark_schedule_synced(first, told)
    seen = await second
    assert seen is not None
    assert (seen.is_paused, seen.schedule_in_sync) == (True, False)


async def test_a_check_that_is_requested_meanwhile_is_not_lost(engine: AsyncEngine) -> None:
    subscription = await follow(engine)

    async def sync(*, is_requested_meanwhile: bool) -> SubscriptionRecord:
        async with transaction(engine) as connection:
            told = await subscriptions.lock_schedule(connection, subscription.id)
            assert told is not None
            if is_requested_meanwhile:
                async with transaction(engine) as another:
                    await subscriptions.request_check(another, LOCAL_USER_ID, subscription.id)
            await subscriptions.mark_schedule_synced(connection, told)
        return await now(engine, subscription)

    assert not (await sync(is_requested_meanwhile=True)).schedule_in_sync
    assert (await sync(is_requested_meanwhile=False)).schedule_in_sync


async def fed(engine: AsyncEngine) -> SubscriptionRecord:
    """A subscription to a channel that has seen two videos and knows its feed, six hours ago."""
    subscription = await follow(engine, SourceKind.CHANNEL)
    batch_id = await begin(engine, subscription)
    await read(engine, batch_id, "oldvideo001", "oldvideo002", feed_id=FEED_ID)
    await close(engine, batch_id)
    await hours_pass(engine, 6)
    return subscription


async def hours_pass(engine: AsyncEngine, hours: int) -> None:
    """Move everything that is known into the past."""
    for statement in (
        "UPDATE subscriptions SET heard_at = heard_at - $1::interval, "
        "wholly_listed_at = wholly_listed_at - $1::interval",
        "UPDATE feeds SET asked_at = asked_at - $1::interval, answered_at = answered_at - $1::interval, "
        "paused_until = paused_until - $1::interval",
    ):
        async with transaction(engine) as connection:
            await connection.execute(statement, timedelta(hours=hours))


async def check(engine: AsyncEngine, subscription: SubscriptionRecord, *shown: str) -> UUID | None:
    """The batch of a check whose feed shows these videos; without any, it says nothing."""
    async with transaction(engine) as connection:
        plan = await subscriptions.plan_check(connection, subscription.id)
        if plan.feed_id and shown:
            await feeds.save_answer(connection, plan.feed_id, [*shown])
        elif plan.feed_id:
            await feeds.save_silence(connection, plan.feed_id)
    async with transaction(engine) as connection:
        return (await subscriptions.start_check(connection, subscription.id, uuid4())).batch_id


async def is_listing(engine: AsyncEngine, batch_id: UUID | None) -> bool:
    async with transaction(engine) as connection:
        return bool(
            await connection.fetchval("SELECT listing = 'under_way' FROM import_batches WHERE id = $1", batch_id)
        )


async def test_new_videos_come_from_the_feed(engine: AsyncEngine) -> None:
    subscription = await fed(engine)
    batch_id = await check(engine, subscription, "newvideo001", "oldvideo001", "oldvideo002")
    assert batch_id is not None
    assert not await is_listing(engine, batch_id)
    assert await on_list(engine, subscription) == {"newvideo001"}
    await close(engine, batch_id)
    found = await now(engine, subscription)
    assert (found.last_new, found.error_code, found.is_checking) == (1, None, False)
    await hours_pass(engine, 6)
    assert await check(engine, subscription, "newvideo001", "oldvideo001", "oldvideo002") is None
    assert (await now(engine, subscription)).last_new == 0


async def test_a_feed_without_the_newest_known_video_leads_to_one_listing(engine: AsyncEngine) -> None:
    subscription = await fed(engine)
    assert await check(engine, subscription, "oldvideo001", "oldvideo002") is None
    await hours_pass(engine, 6)
    batch_id = await check(engine, subscription, "newvideo002", "oldvideo002")
    assert batch_id is not None
    assert await is_listing(engine, batch_id)
    assert not (await read(engine, batch_id, "newvideo002", "oldvideo002")).has_more
    await close(engine, batch_id)
    await hours_pass(engine, 6)
    assert await check(engine, subscription, "newvideo002", "oldvideo002") is None


async def test_a_silent_feed_is_no_information_for_a_day(engine: AsyncEngine) -> None:
    subscription = await fed(engine)
    checked_at = (await now(engine, subscription)).checked_at
    for _ in range(3):
        assert await check(engine, subscription) is None
        await hours_pass(engine, 6)
    assert (await now(engine, subscription)).checked_at == checked_at
    assert await is_listing(engine, await check(engine, subscription))


async def test_a_week_later_more_is_listed_than_what_is_new(engine: AsyncEngine) -> None:
    subscription = await fed(engine)
    await hours_pass(engine, 7 * 24)
    async with transaction(engine) as connection:
        assert (await subscriptions.plan_check(connection, subscription.id)).feed_id is None
    batch_id = await begin(engine, subscription)
    assert (await read(engine, batch_id, "oldvideo001", has_more=True)).has_more
    assert (await read(engine, batch_id, "oldvideo002", has_more=True)).has_more
    assert not (await read(engine, batch_id, "oldvideo001", has_more=True)).has_more
    await close(engine, batch_id)
    async with transaction(engine) as connection:
        assert (await subscriptions.plan_check(connection, subscription.id)).feed_id == FEED_ID


async def test_a_listing_that_a_user_wants_takes_place(engine: AsyncEngine) -> None:
    subscription = await fed(engine)
    async with transaction(engine) as connection:
        await subscriptions.request_check(connection, LOCAL_USER_ID, subscription.id)
    batch_id = await check(engine, subscription, "oldvideo001")
    assert batch_id is not None
    assert await is_listing(engine, batch_id)
    await read(engine, batch_id, "oldvideo001")
    await close(engine, batch_id)
    await hours_pass(engine, 6)
    assert await check(engine, subscription, "oldvideo001") is None


async def test_one_request_serves_all_who_follow_and_a_refusal_pauses_all_feeds(engine: AsyncEngine) -> None:
    first, second = await fed(engine), await fed(engine)
    assert await check(engine, first, "newvideo001", "oldvideo001")
    async with transaction(engine) as connection:
        assert (await subscriptions.plan_check(connection, second.id)).feed_id is None  # asked a moment ago
    assert await check(engine, second)
    assert await on_list(engine, second) == {"newvideo001"}
    async with transaction(engine) as connection:
        await feeds.save_refusal(connection, "UULFanother_channel______1", None)
        await feeds.forget_unfollowed(connection)
        assert not await feeds.may_be_asked(connection, "UULFa_third_channel______1")
    await hours_pass(engine, 1)
    async with transaction(engine) as connection:
        assert await feeds.may_be_asked(connection, FEED_ID)
        for subscription in (first, second):
            await subscriptions.delete_subscription(connection, LOCAL_USER_ID, subscription.id)
        assert await connection.fetchval("SELECT count(*) FROM feeds") == 0


async def test_a_playlist_asks_its_feed_once_it_has_been_newest_first_twice(engine: AsyncEngine) -> None:
    subscription = await primed(engine, SourceKind.PLAYLIST)
    asked = []
    for new in ("newvideo001", "newvideo002", "newvideo003"):
        async with transaction(engine) as connection:
            asked.append((await subscriptions.plan_check(connection, subscription.id)).feed_id)
        if asked[-1] is None:
            batch_id = await begin(engine, subscription)
            await read(engine, batch_id, new, "oldvideo001", "oldvideo002", feed_id="PLharbours")
            await close(engine, batch_id)
    assert asked == [None, None, "PLharbours"]


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
