"""Reading a list page by page: what is queued, what is kept of the place, and what subscriptions make of it."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from shared.contracts.batches import BatchChange, BatchKind, BatchSummary, ListedPage, ListingState, VideoFilter
from shared.contracts.errors import ErrorType
from shared.db import batch_listing, batch_window
from shared.db.batch_listing import ListingCursor, ListingPage
from shared.db.batches import NewBatch, create_batch, page_of_batches, summary_of
from shared.db.connection import transaction
from shared.db.lists import delete_list
from shared.db.models import LOCAL_USER_ID, ImportBatch, Subscription
from shared.db.videos import delete_video, page_of_videos
from shared.youtube.filters import ListedVideo
from tests.support.batches import add_batch, add_list, add_listed_batch, entries, how_it_stands

SOURCE = "https://www.youtube.com/playlist?list=PLharbour"
MORE = {"continuation": "4qmF", "depth": [1, {"last": None}]}


def ids(count: int, start: int = 0) -> list[str]:
    """YouTube ids whose order is neither that of the alphabet nor its opposite."""
    return [f"p{number * 7919 % 100_000:05d}pages" for number in range(start, start + count)]


def a_page(youtube_ids: list[str], cursor: dict[str, Any] | None = None, **more: Any) -> ListingPage:
    values: dict[str, Any] = {"title": None, "announced": None, "unavailable": 0, **more}
    return ListingPage(youtube_ids=youtube_ids, cursor=cursor, **values)


async def current_cursor(engine: AsyncEngine, batch_id: UUID) -> ListingCursor | None:
    async with transaction(engine) as connection:
        return await batch_listing.current_cursor(connection, batch_id)


async def add(engine: AsyncEngine, batch_id: UUID, page: ListingPage, place: ListingCursor | None = None) -> ListedPage:
    """Add what was found at a place, or else at the next one."""
    place = place or await current_cursor(engine, batch_id)
    assert place is not None
    async with transaction(engine) as connection:
        return await batch_listing.add_page(connection, batch_id, place, page)


async def give_up(engine: AsyncEngine, batch_id: UUID) -> None:
    async with transaction(engine) as connection:
        await batch_listing.fail(connection, batch_id, ErrorType.UPSTREAM_UNAVAILABLE)


async def queued(engine: AsyncEngine, batch_id: UUID) -> list[str]:
    return [youtube_id for youtube_id, _ in await entries(engine, batch_id)]


async def test_pages_follow_each_other_as_in_the_list(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    before = await add_batch(engine, ids(1, start=99), list_id=list_id)
    batch_id = await add_listed_batch(engine, SOURCE, list_id=list_id)
    assert await current_cursor(engine, batch_id) == ListingCursor(SOURCE, page=0, attempt=1, cursor=None)

    first = await add(engine, batch_id, a_page(ids(30), MORE, title="Har\0bour", announced=75, unavailable=3))

    assert first == ListedPage(has_more=True, page=1)
    assert await current_cursor(engine, batch_id) == ListingCursor(SOURCE, page=1, attempt=1, cursor=MORE)
    repeated = [*ids(3), *ids(20, start=30), ids(1, start=99)[0], *ids(2, start=30)]
    await add(engine, batch_id, a_page(repeated, MORE, unavailable=2))
    assert await add(engine, batch_id, a_page(ids(14, start=50))) == ListedPage(has_more=False, page=3)

    assert await current_cursor(engine, batch_id) is None
    assert await queued(engine, batch_id) == ids(64)
    async with engine.connect() as connection:
        page = await page_of_videos(connection, LOCAL_USER_ID, list_id, limit=100)
    assert [video.youtube_id for video in page] == ids(64) + await queued(engine, before)
    summary = await how_it_stands(engine, batch_id)
    assert (summary.title, summary.announced, summary.listing) == ("Harbour", 75, ListingState.DONE)
    assert (summary.total, summary.duplicates, summary.unavailable, summary.error_code) == (64, 6, 5, None)


async def test_entries_for_members_and_those_that_a_filter_leaves_out_are_counted(engine: AsyncEngine) -> None:
    wanted = VideoFilter(title_contains="tide", published_after=date(2026, 1, 1))
    new = NewBatch(
        user_id=LOCAL_USER_ID, list_id=await add_list(engine), kind=BatchKind.CHANNEL, source=SOURCE, filter=wanted
    )
    async with transaction(engine) as connection:
        created = await create_batch(connection, new)
    assert created is not None
    assert created.batch_id is not None
    old = datetime(2024, 1, 1, tzinfo=UTC)
    for start, published_by, has_more in ((0, None, True), (2, old, False)):
        titles = dict(zip(ids(2, start), ("Tides", "Fog"), strict=True))
        videos = [ListedVideo(each, title, None, published_by) for each, title in titles.items()]
        page = a_page(ids(2, start), MORE, members_only=1, videos=videos)
        assert (await add(engine, created.batch_id, page)).has_more == has_more
    assert await queued(engine, created.batch_id) == ids(1)
    summary = await how_it_stands(engine, created.batch_id)
    assert (summary.total, summary.filtered, summary.members_only, summary.duplicates) == (1, 3, 2, 0)
    assert (summary.listing, summary.error_code) == (ListingState.DONE, None)


async def test_a_video_stands_where_its_page_has_it_first(engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, SOURCE)
    await add(engine, batch_id, a_page([*ids(40), *ids(40)[::-1]]))
    assert await queued(engine, batch_id) == ids(40)


async def test_a_page_that_is_added_twice_changes_nothing(engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, SOURCE)
    place = await current_cursor(engine, batch_id)
    page = a_page(ids(20), MORE, unavailable=1)

    answers = await asyncio.gather(*(add(engine, batch_id, page, place) for _ in range(4)))

    assert answers == [ListedPage(has_more=True, page=1)] * 4
    once = await how_it_stands(engine, batch_id)
    assert (once.total, once.duplicates, once.unavailable) == (20, 0, 1)
    last = await current_cursor(engine, batch_id)
    for _ in range(2):
        assert not (await add(engine, batch_id, a_page(ids(5, start=20)), last)).has_more
    assert not (await add(engine, batch_id, page, place)).has_more
    assert await queued(engine, batch_id) == ids(25)


async def test_a_list_that_ends_too_soon_is_read_again(engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, SOURCE)
    await add(engine, batch_id, a_page(ids(10), MORE, announced=40, unavailable=2))
    first_way = await current_cursor(engine, batch_id)
    assert await add(engine, batch_id, a_page(ids(20, start=10))) == ListedPage(has_more=True, restarts=True)
    assert await current_cursor(engine, batch_id) == ListingCursor(SOURCE, page=0, attempt=2, cursor=None)
    assert await add(engine, batch_id, a_page(ids(9), MORE), first_way) == ListedPage(has_more=True, page=0)

    await add(engine, batch_id, a_page(ids(10), MORE, unavailable=2))
    assert await add(engine, batch_id, a_page(ids(28, start=10))) == ListedPage(has_more=False, page=2)

    assert await queued(engine, batch_id) == ids(38)
    summary = await how_it_stands(engine, batch_id)
    assert (summary.listing, summary.announced, summary.unavailable) == (ListingState.DONE, 40, 2)
    assert (summary.total, summary.duplicates) == (38, 0)


async def test_a_list_that_stays_short_says_so(engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, SOURCE)
    answers = [
        await add(engine, batch_id, a_page(ids(10), announced=40)) for _ in range(batch_listing.MAX_LISTING_ATTEMPTS)
    ]
    assert [answer.has_more for answer in answers] == [True, True, False]
    summary = await how_it_stands(engine, batch_id)
    assert (summary.listing, summary.total) == (ListingState.SHORT, 10)
    assert summary.error_code is ErrorType.LIST_SHORT


async def test_an_empty_list(engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, SOURCE)
    assert not (await add(engine, batch_id, a_page([], announced=0))).has_more
    async with transaction(engine) as connection:
        await batch_window.complete_if_done(connection, batch_id)
    summary = await how_it_stands(engine, batch_id)
    assert (summary.listing, summary.total, summary.progress) == (ListingState.DONE, 0, 100)


async def test_what_was_read_of_a_list_that_fails_stays(engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, SOURCE)
    await add(engine, batch_id, a_page(ids(5), MORE))
    late = await current_cursor(engine, batch_id)
    await give_up(engine, batch_id)
    assert await current_cursor(engine, batch_id) is None
    assert not (await add(engine, batch_id, a_page(ids(5, start=5), MORE), late)).has_more
    summary = await how_it_stands(engine, batch_id)
    assert (summary.listing, summary.error_code) == (ListingState.FAILED, ErrorType.UPSTREAM_UNAVAILABLE)
    assert await queued(engine, batch_id) == ids(5)


async def test_a_list_that_nobody_reads_cannot_fail(engine: AsyncEngine) -> None:
    cancelled, without_list = await add_listed_batch(engine, SOURCE), await add_batch(engine, ids(1))
    late = await current_cursor(engine, cancelled)
    async with transaction(engine) as connection:
        await batch_window.change(connection, cancelled, BatchChange.CANCEL)
    for batch_id in (cancelled, without_list, uuid4()):
        await give_up(engine, batch_id)
    assert not (await add(engine, cancelled, a_page(ids(5), MORE), late)).has_more
    assert [
        (one.listing, one.error_code, one.total)
        for one in (await how_it_stands(engine, cancelled), await how_it_stands(engine, without_list))
    ] == [(ListingState.CANCELLED, None, 0), (None, None, 1)]


async def test_a_list_may_be_deleted_while_it_is_filled(engine: AsyncEngine) -> None:
    async def delete(list_id: UUID) -> None:
        async with engine.begin() as connection:
            assert await delete_list(connection, LOCAL_USER_ID, list_id)

    for _ in range(15):
        list_id = await add_list(engine)
        batch_id = await add_listed_batch(engine, SOURCE, list_id=list_id)
        await add(engine, batch_id, a_page(ids(50), MORE))
        place = await current_cursor(engine, batch_id)
        page = a_page(ids(50, start=50), MORE)
        await asyncio.gather(add(engine, batch_id, page, place), delete(list_id), add(engine, batch_id, page, place))
        assert await current_cursor(engine, batch_id) is None


class Follower:
    """A subscription that looks when it is told to."""

    def __init__(self, engine: AsyncEngine, subscription: Subscription) -> None:
        self.engine = engine
        self.row = subscription

    async def begin(self) -> UUID:
        """The batch of one more look."""
        new = NewBatch(
            user_id=LOCAL_USER_ID,
            list_id=self.row.list_id,
            kind=BatchKind(self.row.kind),
            source=self.row.source,
            is_whole=False,
        )
        async with transaction(self.engine) as connection:
            created = await create_batch(connection, new, subscription_id=self.row.id)
        assert created is not None
        assert created.batch_id is not None
        return created.batch_id

    async def look(self, *pages: list[str]) -> tuple[list[str], int]:
        """What a look at these pages queues, and how many of them it read."""
        batch_id, count = await self.begin(), 0
        for page in pages:
            count += 1
            cursor = MORE if count < len(pages) else None
            if not (await add(self.engine, batch_id, a_page(page, cursor, title="Harbour"))).has_more:
                break
        return await queued(self.engine, batch_id), count

    async def now(self) -> Subscription:
        """The subscription as it is now."""
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(Subscription).where(col(Subscription.id) == self.row.id))
            return Subscription.model_validate(dict(rows.mappings().one()))


async def follow(
    engine: AsyncEngine, kind: BatchKind = BatchKind.CHANNEL, *, import_existing: bool = False
) -> Follower:
    subscription = Subscription(
        user_id=LOCAL_USER_ID,
        list_id=await add_list(engine),
        kind=kind,
        source=SOURCE,
        interval_seconds=3600,
        import_existing=import_existing,
    )
    async with engine.begin() as connection:
        await connection.execute(insert(Subscription).values(subscription.model_dump(exclude={"created_at"})))
    return Follower(engine, subscription)


async def test_the_first_look_only_remembers(engine: AsyncEngine) -> None:
    follower = await follow(engine)
    assert await follower.look(ids(5, start=10), ids(5, start=15)) == ([], 2)
    first = await follower.now()
    assert (first.has_baseline, first.last_new, first.title, first.error_code) == (True, 0, "Harbour", None)
    assert first.checked_at is not None
    assert await follower.look([*ids(3), *ids(2, start=10)], ids(5, start=12), ids(5, start=17)) == (ids(3), 2)
    assert (await follower.now()).last_new == 3


async def test_the_first_look_may_import_what_is_there(engine: AsyncEngine) -> None:
    follower = await follow(engine, import_existing=True)
    assert await follower.look(ids(5), ids(5, start=5)) == (ids(10), 2)
    assert await follower.look(ids(5), ids(5, start=5)) == ([], 1)


@pytest.mark.parametrize(("kind", "pages_read"), [(BatchKind.CHANNEL, 1), (BatchKind.PLAYLIST, 3)])
async def test_only_a_channel_ends_where_nothing_is_new(engine: AsyncEngine, kind: BatchKind, pages_read: int) -> None:
    follower = await follow(engine, kind)
    await follower.look(ids(5), ids(5, start=5))
    found = await follower.look(ids(5), ids(5, start=5), ids(2, start=10))
    assert found == ([] if kind is BatchKind.CHANNEL else ids(2, start=10), pages_read)


async def test_a_page_without_any_video_does_not_end_a_channel(engine: AsyncEngine) -> None:
    follower = await follow(engine)
    await follower.look(ids(5, start=10))
    assert await follower.look([], ids(2), ids(5, start=10)) == (ids(2), 3)


async def test_a_look_that_failed_is_made_up_for(engine: AsyncEngine) -> None:
    follower = await follow(engine)
    await follower.look(ids(5, start=10))
    batch_id = await follower.begin()
    await add(engine, batch_id, a_page(ids(5), MORE))
    await give_up(engine, batch_id)
    failed = await follower.now()
    assert (failed.error_code, failed.last_new, failed.has_baseline) == (ErrorType.UPSTREAM_UNAVAILABLE, 5, True)
    assert await follower.look(ids(5), ids(7, start=5), ids(3, start=12)) == (ids(5, start=5), 3)
    assert (await follower.now()).error_code is None


async def test_a_first_look_that_failed_does_not_make_everything_new(engine: AsyncEngine) -> None:
    follower = await follow(engine)
    batch_id = await follower.begin()
    await add(engine, batch_id, a_page(ids(5), MORE))
    await give_up(engine, batch_id)
    assert not (await follower.now()).has_baseline
    assert await follower.look(ids(5), ids(5, start=5)) == ([], 2)


async def test_what_somebody_took_off_the_list_does_not_come_back(engine: AsyncEngine) -> None:
    follower = await follow(engine, BatchKind.PLAYLIST, import_existing=True)
    await follower.look(ids(3))
    async with engine.begin() as connection:
        for video in await page_of_videos(connection, LOCAL_USER_ID, follower.row.list_id, limit=2):
            await delete_video(connection, LOCAL_USER_ID, video.id)
    assert await follower.look(ids(4)) == (ids(1, start=3), 1)


async def test_a_short_list_is_read_again_by_a_subscription_too(engine: AsyncEngine) -> None:
    follower = await follow(engine, BatchKind.PLAYLIST, import_existing=True)
    batch_id = await follower.begin()
    assert (await add(engine, batch_id, a_page(ids(3), announced=5))).restarts
    assert not (await add(engine, batch_id, a_page(ids(5)))).has_more
    assert sorted(await queued(engine, batch_id)) == sorted(ids(5))
    assert (await follower.now()).last_new == 5


async def test_what_a_cancelled_look_has_not_read_is_not_lost(engine: AsyncEngine) -> None:
    """New videos below seen ones: the next look does not stop at the first page that it knows."""
    follower = await follow(engine, BatchKind.CHANNEL)
    await add(engine, await follower.begin(), a_page(ids(3)))
    cancelled = await follower.begin()
    await add(engine, cancelled, a_page(ids(3, start=3), MORE))
    async with transaction(engine) as connection:
        await batch_window.change(connection, cancelled, BatchChange.CANCEL)
    assert (await follower.now()).error_code == ErrorType.IMPORT_CANCELLED
    look = await follower.begin()
    assert (await add(engine, look, a_page(ids(3, start=3), MORE))).has_more
    await add(engine, look, a_page([*ids(2, start=6), *ids(3)]))
    assert sorted(await queued(engine, look)) == sorted(ids(2, start=6))


async def test_a_primed_subscription_waits_for_its_next_look_where_a_list_is_short(engine: AsyncEngine) -> None:
    follower = await follow(engine, BatchKind.PLAYLIST)
    await add(engine, await follower.begin(), a_page(ids(3)))
    answer = await add(engine, await follower.begin(), a_page(ids(2), announced=5))
    assert (answer.has_more, answer.restarts) == (False, False)
    assert (await follower.now()).error_code == ErrorType.LIST_SHORT


async def test_a_look_without_success_leaves_nothing_behind(engine: AsyncEngine) -> None:
    follower = await follow(engine)
    fruitless = await follower.begin()
    assert await shown(engine) == []
    await add(engine, fruitless, a_page(ids(3)))
    fruitful = await follower.begin()
    await add(engine, fruitful, a_page(ids(4)[::-1]))
    for batch_id in (fruitless, fruitful):
        async with transaction(engine) as connection:
            await batch_window.complete_if_done(connection, batch_id)
            assert (await summary_of(connection, batch_id) is None) == (batch_id == fruitless)
    [summary] = await shown(engine)
    assert (summary.batch_id, summary.total, summary.duplicates) == (fruitful, 1, 0)
    assert summary.completed_at is None


async def shown(engine: AsyncEngine) -> list[BatchSummary]:
    async with transaction(engine) as connection:
        return await page_of_batches(connection, LOCAL_USER_ID, limit=10)


async def test_pages_that_lead_in_a_circle_come_to_an_end(engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, SOURCE)
    async with engine.begin() as connection:
        last_but_one = batch_listing.MAX_PAGES - 2
        await connection.execute(update(ImportBatch).values(listing_pages=last_but_one))
    assert (await add(engine, batch_id, a_page(ids(3), MORE))).has_more
    assert not (await add(engine, batch_id, a_page(ids(3), MORE))).has_more
    assert (await how_it_stands(engine, batch_id)).listing is ListingState.SHORT
