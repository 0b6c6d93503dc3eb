"""Deleted lists: no writer goes on for them, and their rows are removed piece by piece."""

import asyncio
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.subscriptions import CheckStarted
from shared.db import audio_jobs, batch_window, enrichments, imports, list_deletion, subscriptions
from shared.db.batch_listing import ListingPage, add_page, current_cursor
from shared.db.batches import requeue_failed, summary_of
from shared.db.connection import raw_connection, transaction
from shared.db.estimates import Backlog, work_ahead
from shared.db.imports import open_batches, unstarted_videos
from shared.db.list_deletion import Piece
from shared.db.lists import delete_list
from shared.db.models import LOCAL_USER_ID
from tests.support.batches import add_batch, add_list, add_listed_batch, release
from tests.support.entries import add_video, find_video
from tests.support.subscriptions import ADDRESSES, follow

IDS = [f"abcdefghij{number}" for number in range(5)]
TABLES = ("lists", "videos", "import_events", "import_batches", "subscriptions", "subscription_videos")


async def delete(engine: AsyncEngine, list_id: UUID) -> None:
    async with engine.begin() as connection:
        assert await delete_list(connection, LOCAL_USER_ID, list_id)


async def remove_all(engine: AsyncEngine, list_id: UUID, size: int) -> list[Piece]:
    """Every piece that is removed."""
    pieces: list[Piece] = []
    while not pieces or not pieces[-1].is_last:
        async with transaction(engine) as connection:
            pieces.append(await list_deletion.delete_piece(connection, list_id, size))
    return pieces


async def counts(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return {
            table: (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() for table in TABLES
        }


async def test_imports_move_and_tell_only_what_is_on_a_list(engine: AsyncEngine) -> None:
    gone, kept = await add_video(engine, IDS[0]), await add_video(engine, IDS[0])
    await add_video(engine, IDS[1])
    alone = await add_video(engine, IDS[2])
    for video in (gone, alone):
        await delete(engine, video.list_id)

    async with transaction(engine) as connection:
        told = await imports.advance(connection, IDS[0], ImportStage.METADATA)
        told += await imports.set_subprogress(connection, IDS[0], ImportStage.CAPTIONS, 40)
        told += await imports.fail(connection, IDS[0], ErrorType.VIDEO_PRIVATE)
        assert await imports.fail(connection, IDS[2], ErrorType.VIDEO_PRIVATE) == []
        wanted = await imports.wanted(connection, [IDS[1], IDS[2]])
        known = await enrichments.find_starting_point(connection, IDS[2], has_speech_to_text=False)
        ahead = await work_ahead(connection)

    assert [item.message.video_id for item in told] == [kept.id] * 3
    assert (await find_video(engine, gone.id)).import_stage == ImportStage.CREATED
    assert (wanted, known.waiting) == ({IDS[1]}, False)
    assert ahead == Backlog(pending_metadata=1, without_captions=0)


async def test_nothing_of_it_waits_for_a_workflow(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    batch_id = await add_batch(engine, IDS, list_id=list_id)
    await release(engine, batch_id, 3)
    await delete(engine, list_id)

    async with engine.connect() as connection:
        assert await unstarted_videos(raw_connection(connection), older_than_seconds=-1, except_ids=[], limit=10) == []
        assert await open_batches(raw_connection(connection), older_than_seconds=-1) == []


async def test_its_batches_are_over_for_their_workflows(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    batch_id = await add_batch(engine, IDS, list_id=list_id)
    listed = await add_listed_batch(engine, ADDRESSES[min(ADDRESSES)], list_id=list_id)
    async with transaction(engine) as connection:
        place = await current_cursor(connection, listed)
    assert place is not None
    page = ListingPage(title=None, announced=None, youtube_ids=["fromapage01"], unavailable=0, cursor={"page": 2})
    await delete(engine, list_id)
    before = await counts(engine)

    async with transaction(engine) as connection:
        assert await batch_window.lock(connection, batch_id) is None
        assert await summary_of(connection, batch_id) is None
        assert not await requeue_failed(connection, LOCAL_USER_ID, batch_id)
        assert await current_cursor(connection, listed) is None
        assert not (await add_page(connection, listed, place, page)).has_more
    assert await counts(engine) == before


async def test_its_videos_have_no_slots_that_could_be_freed(engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    gone, kept = await add_batch(engine, [IDS[0]], list_id=list_id), await add_batch(engine, [IDS[0]])
    for batch_id in (gone, kept):
        await release(engine, batch_id, 1)
    await delete(engine, list_id)

    async with transaction(engine) as connection:
        await audio_jobs.join(connection, IDS[0], is_interactive=False)
        assert await batch_window.free_slots(connection, IDS[0]) == {kept}


async def test_its_subscriptions_look_no_more_and_need_no_schedule(engine: AsyncEngine) -> None:
    subscription = await follow(engine)
    await delete(engine, subscription.list_id)

    async with transaction(engine) as connection:
        look = await subscriptions.start_check(connection, subscription.id, uuid4())
        assert await subscriptions.lock_schedule(connection, subscription.id) is None
        assert await subscriptions.stale_schedules(connection) == []
        assert await subscriptions.subscription_ids(connection) == set()
        assert await list_deletion.subscriptions_of(connection, subscription.list_id) == [subscription.id]
    assert look == CheckStarted(is_subscribed=False)


async def test_rows_are_removed_in_pieces_and_those_of_others_stay(engine: AsyncEngine) -> None:
    subscription = await follow(engine)
    kept_batch = await add_batch(engine, IDS)
    await add_video(engine, IDS[0])
    kept = {**await counts(engine), "lists": 2, "subscriptions": 0}
    batch_ids = [await add_batch(engine, [youtube_id], list_id=subscription.list_id) for youtube_id in IDS]
    for batch_id in (batch_ids[0], kept_batch):
        await release(engine, batch_id, 5)
    async with transaction(engine) as connection:
        await imports.advance(connection, IDS[1], ImportStage.METADATA)
        await connection.execute("INSERT INTO subscription_videos VALUES ($1, 'seenvideo01')", subscription.id)
    kept["import_events"] += 1 - 2 + 1  # a stage elsewhere; what was told of the list; its deletion
    await delete(engine, subscription.list_id)

    pieces = await remove_all(engine, subscription.list_id, size=2)

    assert sorted(youtube_id for piece in pieces for youtube_id in piece.under_way) == [IDS[0]]
    assert len(pieces) == 3 + 3 + 1 + 1  # videos, batches, seen videos, the list
    assert await counts(engine) == kept


async def test_a_list_that_is_not_deleted_is_left_alone(engine: AsyncEngine) -> None:
    subscription = await follow(engine)
    await add_batch(engine, IDS, list_id=subscription.list_id)
    before = await counts(engine)

    assert await remove_all(engine, subscription.list_id, size=2) == [Piece(is_last=True, under_way=[])]
    assert await counts(engine) == before
    async with transaction(engine) as connection:
        assert await list_deletion.deleted_lists(connection) == []


async def test_removal_and_everything_else_do_not_wait_for_each_other_in_a_circle(engine: AsyncEngine) -> None:
    for _ in range(10):
        gone, kept = await add_list(engine), await add_list(engine)
        youtube_ids = [f"{uuid4().hex[:8]}{number:03}" for number in range(60)]
        batch_id = await add_batch(engine, youtube_ids, list_id=gone)
        await add_batch(engine, [*reversed(youtube_ids)], list_id=kept)

        async def move(youtube_ids: list[str]) -> None:
            for youtube_id in youtube_ids:
                async with transaction(engine) as connection:
                    await imports.advance(connection, youtube_id, ImportStage.METADATA)

        await asyncio.gather(
            move(youtube_ids[:30]),
            move(youtube_ids[:-30:-1]),
            release(engine, batch_id, 40),
            requeue(engine, batch_id),
            _delete_and_remove(engine, gone),
        )
    assert (await counts(engine))["lists"] == 10


async def requeue(engine: AsyncEngine, batch_id: UUID) -> None:
    async with transaction(engine) as connection:
        await requeue_failed(connection, LOCAL_USER_ID, batch_id)


async def _delete_and_remove(engine: AsyncEngine, list_id: UUID) -> None:
    await delete(engine, list_id)
    await remove_all(engine, list_id, size=7)
