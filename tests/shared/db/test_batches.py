"""Batches: what is written of them, counted, shown and tried again."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.batches import BatchChange, BatchKind, BatchState, BatchSummary
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.db import batch_window, batches
from shared.db.batches import CreatedBatch, NewBatch
from shared.db.connection import raw_connection, transaction
from shared.db.imports import WaitingBatch, WaitingVideo, advance, fail, open_batches, unstarted_videos
from shared.db.lists import FIRST_PAGE, PageStart, delete_list
from shared.db.models import LOCAL_USER_ID, VideoEnrichment
from shared.db.video_inserts import NewVideo, add_video
from shared.db.videos import delete_video, page_of_videos
from tests.support.batches import add_batch, add_list, add_listed_batch, change, entries, how_it_stands, release
from tests.support.entries import add_user


def ids(count: int, start: int = 0) -> list[str]:
    """YouTube ids whose order is neither that of the alphabet nor its opposite."""
    return [f"v{number * 7919 % 100_000:05d}batch" for number in range(start, start + count)]


async def create(engine: AsyncEngine, list_id: UUID, youtube_ids: list[str], **more: object) -> CreatedBatch | None:
    values = {"user_id": LOCAL_USER_ID, "kind": BatchKind.FILE, "source": "videos.csv", **more}
    async with transaction(engine) as connection:
        return await batches.create_batch(connection, NewBatch(list_id=list_id, youtube_ids=youtube_ids, **values))  # type: ignore[arg-type]


async def on_the_list(engine: AsyncEngine, list_id: UUID) -> dict[str, UUID]:
    """Ids by YouTube id, in the order in which people see them."""
    async with engine.connect() as connection:
        page = await page_of_videos(connection, LOCAL_USER_ID, list_id, limit=1000)
    return {video.youtube_id: video.id for video in page}


async def reach(engine: AsyncEngine, youtube_id: str, stage: ImportStage) -> None:
    async with transaction(engine) as connection:
        await advance(connection, youtube_id, stage)


async def break_off(engine: AsyncEngine, youtube_id: str, error_code: ErrorType = ErrorType.VIDEO_PRIVATE) -> None:
    async with transaction(engine) as connection:
        await fail(connection, youtube_id, error_code)


async def requeue(engine: AsyncEngine, batch_id: UUID, user_id: UUID = LOCAL_USER_ID) -> bool:
    async with transaction(engine) as connection:
        return await batches.requeue_failed(connection, user_id, batch_id)


async def close(engine: AsyncEngine, batch_id: UUID) -> None:
    async with transaction(engine) as connection:
        await batch_window.complete_if_done(connection, batch_id)


async def page(engine: AsyncEngine, limit: int, after: BatchSummary | None = None) -> list[BatchSummary]:
    start = PageStart(after.created_at, after.batch_id) if after else FIRST_PAGE
    async with transaction(engine) as connection:
        return await batches.page_of_batches(connection, LOCAL_USER_ID, after=start, limit=limit)


def figures(summary: BatchSummary) -> dict[str, int]:
    """Those that are not zero."""
    names = ("total", "queued", "running", "waiting", "imported", "without_captions", "failed", "cancelled")
    return {
        name: value for name in (*names, "duplicates", "invalid", "unavailable") if (value := getattr(summary, name))
    }


async def test_a_batch_stands_in_the_list_in_its_order_above_what_was_there(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    older, newer = ids(30), ids(200, start=30)
    await add_batch(engine, older, list_id=list_id)
    batch_id = await add_batch(engine, newer, list_id=list_id)
    assert list(await on_the_list(engine, list_id)) == newer + older
    assert await entries(engine, batch_id) == [(youtube_id, "created") for youtube_id in newer]


async def test_what_is_new_is_told_from_what_is_there(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    await add_batch(engine, ids(3), list_id=list_id)
    there = await on_the_list(engine, list_id)
    elsewhere = await add_list(engine)
    await add_batch(engine, ids(6), list_id=elsewhere)

    created = await create(engine, list_id, ids(6), repeated=4, invalid=2)

    assert created is not None
    assert created.batch_id is not None
    assert created.present == there
    assert {**created.created, **created.present} == await on_the_list(engine, list_id)
    summary = await how_it_stands(engine, created.batch_id)
    assert figures(summary) == {"total": 3, "queued": 3, "duplicates": 3 + 4, "invalid": 2}
    assert (summary.kind, summary.source, summary.state) == (BatchKind.FILE, "videos.csv", BatchState.OPEN)
    assert (summary.list_id, summary.listing, summary.completed_at) == (list_id, None, None)


async def test_nothing_new_leaves_no_batch(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    first = await create(engine, list_id, ids(3))
    assert first is not None
    assert await create(engine, list_id, ids(3)) == CreatedBatch(None, {}, first.created)
    assert [summary.batch_id for summary in await page(engine, 10)] == [first.batch_id]


async def test_a_file_may_be_called_whatever_it_likes(engine: AsyncEngine) -> None:
    created = await create(engine, await add_list(engine), ids(1), source="a\0b\ud800.csv")
    assert created is not None
    assert created.batch_id is not None
    assert (await how_it_stands(engine, created.batch_id)).source == "ab.csv"


async def test_a_list_that_the_user_has_not(engine: AsyncEngine) -> None:
    list_id = await add_list(engine, await add_user(engine))
    assert await create(engine, list_id, ids(1)) is None
    assert await create(engine, uuid4(), ids(1)) is None
    assert await page(engine, 10) == []


async def test_batches_at_the_same_moment_neither_block_nor_double_each_other(engine: AsyncEngine) -> None:
    shuffle = random.Random(5).sample  # noqa: S311 - no secret, and the same each time
    list_id, wanted = await add_list(engine), ids(400)
    for start in range(0, 400, 20):
        some = wanted[start : start + 20]
        orders = some[:15], some[5:][::-1], shuffle(some, 15), shuffle(some, 15)

        results = await asyncio.gather(*(create(engine, list_id, order) for order in orders))

        created = [result for result in results if result]
        assert len(created) == 4
        for order, result in zip(orders, created, strict=True):
            assert {*result.created, *result.present} == {*order}
            assert len(result.created) + len(result.present) == 15
        new = [entry for result in created for entry in result.created.values()]
        assert len(new) == len({*new}) == 20
        for summary in [await how_it_stands(engine, result.batch_id) for result in created if result.batch_id]:
            assert summary.total + summary.duplicates == 15
    assert {*await on_the_list(engine, list_id)} == {*wanted}


async def test_a_list_may_be_deleted_at_any_moment(engine: AsyncEngine) -> None:
    async def delete(list_id: UUID) -> None:
        async with engine.begin() as connection:
            assert await delete_list(connection, LOCAL_USER_ID, list_id)

    for _ in range(15):
        list_id = await add_list(engine)
        batch_id = await add_batch(engine, ids(50), list_id=list_id)
        await break_off(engine, ids(1)[0])
        await asyncio.gather(
            create(engine, list_id, ids(50, start=40)),
            release(engine, batch_id, 20),
            delete(list_id),
            requeue(engine, batch_id),
            change(engine, batch_id, BatchChange.CANCEL),
        )
    assert await page(engine, 10) == []


async def test_every_stage_is_counted(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, ids(9))
    released = await release(engine, batch_id, 6)
    assert released == ids(6)
    for youtube_id, stage in zip(
        released, (ImportStage.METADATA, ImportStage.CAPTIONS, ImportStage.COMPLETE), strict=False
    ):
        await reach(engine, youtube_id, stage)
    await break_off(engine, ids(9)[3])
    await break_off(engine, ids(9)[8], ErrorType.IMPORT_CANCELLED)  # begun by itself, and called off
    async with transaction(engine) as connection:
        await batch_window.park(connection, batch_id, [ids(9)[4]])
    expected = {"total": 9, "queued": 2, "running": 3, "waiting": 1, "imported": 1, "failed": 1, "cancelled": 1}
    assert figures(await how_it_stands(engine, batch_id)) == expected

    await change(engine, batch_id, BatchChange.CANCEL)
    assert figures(await how_it_stands(engine, batch_id)) == {
        **{name: expected[name] for name in ("total", "running", "waiting", "imported", "failed")},
        "cancelled": 3,
    }


@pytest.mark.parametrize(("captions_source", "without_captions"), [("none", 1), ("youtube", 0), ("whisper", 0)])
async def test_what_has_no_captions_is_imported_all_the_same(
    engine: AsyncEngine, captions_source: str, without_captions: int
) -> None:
    batch_id = await add_batch(engine, ids(2))
    async with engine.begin() as connection:
        for youtube_id in ids(2):
            video = VideoEnrichment(youtube_id=youtube_id, title="", captions_source=captions_source)
            await connection.execute(insert(VideoEnrichment).values(video.model_dump(exclude={"fetched_at"})))
    await release(engine, batch_id, 2)
    await reach(engine, ids(1)[0], ImportStage.COMPLETE)
    await reach(engine, ids(2)[1], ImportStage.CAPTIONS)
    summary = await how_it_stands(engine, batch_id)
    assert (summary.imported, summary.without_captions, summary.running) == (1, without_captions, 1)


async def test_what_is_taken_off_the_list_is_no_longer_counted(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    batch_id = await add_batch(engine, ids(3), list_id=list_id)
    async with engine.begin() as connection:
        await delete_video(connection, LOCAL_USER_ID, (await on_the_list(engine, list_id))[ids(1)[0]])
    assert figures(await how_it_stands(engine, batch_id)) == {"total": 2, "queued": 2}


async def test_what_failed_or_was_cancelled_is_queued_once_more(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, ids(5))
    await release(engine, batch_id, 3)
    await reach(engine, ids(5)[0], ImportStage.COMPLETE)
    await break_off(engine, ids(5)[1])
    await reach(engine, ids(5)[2], ImportStage.METADATA)
    await break_off(engine, ids(5)[2])
    await change(engine, batch_id, BatchChange.CANCEL)
    await close(engine, batch_id)
    assert (await how_it_stands(engine, batch_id)).completed_at is not None

    assert not await requeue(engine, batch_id, await add_user(engine))
    assert not await requeue(engine, uuid4())
    assert (await how_it_stands(engine, batch_id)).failed == 2
    assert await requeue(engine, batch_id)

    summary = await how_it_stands(engine, batch_id)
    assert figures(summary) == {"total": 5, "queued": 4, "imported": 1}
    assert (summary.state, summary.completed_at) == (BatchState.OPEN, None)
    assert await release(engine, batch_id, 10) == ids(5)[1:]
    assert not await requeue(engine, batch_id)


async def test_a_paused_batch_stays_paused_when_failures_are_queued_again(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, ids(2))
    await break_off(engine, ids(1)[0])
    await change(engine, batch_id, BatchChange.PAUSE)
    assert await requeue(engine, batch_id)
    assert (await how_it_stands(engine, batch_id)).state is BatchState.PAUSED


async def test_batches_come_newest_first_and_page_by_page(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    async with transaction(engine) as connection:  # all at the same moment
        for number in range(5):
            new = NewBatch(
                user_id=LOCAL_USER_ID,
                list_id=list_id,
                kind=BatchKind.URLS,
                youtube_ids=ids(number + 1, start=number * 10),
            )
            await batches.create_batch(connection, new)
    newest = await add_batch(engine, ids(1, start=90), list_id=list_id)
    await add_batch(engine, ids(1), user_id=await add_user(engine))

    first = await page(engine, 4)
    second = await page(engine, 4, after=first[-1])

    assert first[0].batch_id == newest
    assert sorted(summary.total for summary in [*first[1:], *second]) == [1, 2, 3, 4, 5]
    assert await page(engine, 4, after=second[-1]) == []


async def test_a_batch_is_shown_to_its_user_only(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, ids(1))
    stranger = await add_user(engine)
    async with transaction(engine) as connection:
        assert await batches.get_summary(connection, stranger, batch_id) is None
        assert await batches.get_summary(connection, LOCAL_USER_ID, uuid4()) is None
        mine = await batches.get_summary(connection, LOCAL_USER_ID, batch_id)
        assert mine == await batches.summary_of(connection, batch_id)
        assert await batches.summary_of(connection, uuid4()) is None


async def test_batches_of_some_users_that_are_not_over(engine: AsyncEngine) -> None:
    stranger, third = await add_user(engine), await add_user(engine)
    mine, theirs = await add_batch(engine, ids(1)), await add_batch(engine, ids(1), user_id=stranger)
    await add_batch(engine, ids(1), user_id=third)
    over = [await add_batch(engine, ids(1, start=number)) for number in (1, 2)]
    for number, batch_id in enumerate(over, start=1):
        await break_off(engine, ids(1, start=number)[0])
        await close(engine, batch_id)
    async with transaction(engine) as connection:
        found = await batches.batches_of_users(connection, [LOCAL_USER_ID, stranger], also=[over[1]])
        not_theirs = await batches.batches_of_users(connection, [stranger], also=[over[1]])
    assert [(user_id, summary.batch_id) for user_id, summary in found] == [
        (LOCAL_USER_ID, mine),
        (stranger, theirs),
        (LOCAL_USER_ID, over[1]),
    ]
    assert [summary.batch_id for _, summary in not_theirs] == [theirs]


async def test_queued_videos_wait_for_their_batch_and_for_nobody_else(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, ids(4))
    await release(engine, batch_id, 2)
    single = NewVideo(LOCAL_USER_ID, await add_list(engine), ids(3)[2])
    async with engine.begin() as connection:
        await add_video(raw_connection(connection), single.user_id, single.list_id, single.youtube_id)
        waiting = await unstarted_videos(
            raw_connection(connection), older_than_seconds=-1, except_ids=[ids(1)[0]], limit=10
        )
    assert waiting == [
        WaitingVideo(ids(2)[1], LOCAL_USER_ID, bulk=True),
        WaitingVideo(ids(3)[2], LOCAL_USER_ID, bulk=False),
    ]


async def test_batches_that_need_a_workflow(engine: AsyncEngine) -> None:
    stranger = await add_user(engine)
    batch_ids = [
        await add_listed_batch(engine, "https://www.youtube.com/@harbour"),
        await add_batch(engine, ids(1)),
        await add_batch(engine, ids(1), user_id=stranger),
    ]
    over = await add_batch(engine, ids(1, start=7))
    await break_off(engine, ids(1, start=7)[0])
    await close(engine, over)
    await change(engine, batch_ids[1], BatchChange.PAUSE)
    async with engine.connect() as connection:
        assert await open_batches(raw_connection(connection), older_than_seconds=3600) == []
        assert await open_batches(raw_connection(connection), older_than_seconds=-1) == [
            WaitingBatch(batch_id, user_id)
            for batch_id, user_id in zip(batch_ids, (LOCAL_USER_ID, LOCAL_USER_ID, stranger), strict=True)
        ]
