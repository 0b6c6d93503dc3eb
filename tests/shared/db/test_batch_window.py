"""The window of a batch: who is next, what a change does, and when it is over."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.batches import BatchChange, BatchKind, BatchState
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.db import batch_listing, batch_window
from shared.db.connection import transaction
from shared.db.imports import advance, fail
from shared.db.models import LOCAL_USER_ID
from tests.support.batches import add_batch, add_listed_batch, change, entries, how_it_stands, release
from tests.support.entries import add_video

IDS = [f"window{number:05d}" for number in range(8)]


async def park(engine: AsyncEngine, batch_id: UUID, *youtube_ids: str) -> None:
    async with transaction(engine) as connection:
        await batch_window.park(connection, batch_id, youtube_ids)


async def in_window(engine: AsyncEngine, batch_id: UUID) -> set[str]:
    async with transaction(engine) as connection:
        return await batch_window.slot_holders(connection, batch_id)


async def reach(engine: AsyncEngine, *youtube_ids: str, stage: ImportStage = ImportStage.COMPLETE) -> None:
    async with transaction(engine) as connection:
        for youtube_id in youtube_ids:
            await advance(connection, youtube_id, stage)


async def close(engine: AsyncEngine, batch_id: UUID) -> BatchState | None:
    """The state in which the batch was closed; None: it is not over."""
    async with transaction(engine) as connection:
        await batch_window.complete_if_done(connection, batch_id)
    summary = await how_it_stands(engine, batch_id)
    return summary.state if summary.completed_at else None


async def test_places_are_given_in_order_and_only_once(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, IDS)
    await add_batch(engine, IDS)
    async with transaction(engine) as connection:
        await fail(connection, IDS[1], ErrorType.VIDEO_PRIVATE)
    assert await release(engine, batch_id, 0) == []
    assert await release(engine, batch_id, -3) == []
    assert sorted(await release(engine, batch_id, 3)) == [IDS[0], *IDS[2:4]]
    assert await in_window(engine, batch_id) == {IDS[0], *IDS[2:4]}
    assert sorted(await release(engine, batch_id, 100)) == IDS[4:]
    assert await release(engine, batch_id, 100) == []


async def test_what_somebody_else_has_begun_is_released_unless_it_is_over(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, IDS[:3])
    await reach(engine, IDS[0])
    await reach(engine, IDS[1], stage=ImportStage.METADATA)
    assert sorted(await release(engine, batch_id, 5)) == IDS[1:3]


async def test_looks_at_the_same_moment_never_give_more_than_the_places(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, IDS)

    async def look() -> list[str]:
        async with transaction(engine) as connection:
            assert await batch_window.lock(connection, batch_id) == LOCAL_USER_ID
            taken = await batch_window.slot_holders(connection, batch_id)
            return await batch_window.claim_next(connection, batch_id, 3 - len(taken))

    released = await asyncio.gather(*(look() for _ in range(8)))
    assert sorted(youtube_id for some in released for youtube_id in some) == IDS[:3]
    async with transaction(engine) as connection:
        assert await batch_window.lock(connection, uuid4()) is None


async def test_the_place_of_what_waits_for_itself_is_free(engine: AsyncEngine) -> None:
    batch_id, other = await add_batch(engine, IDS[:4]), await add_batch(engine, IDS[:4])
    for one in (batch_id, other):
        await release(engine, one, 2)
    await park(engine, batch_id, IDS[0], IDS[3], "nosuchvideo")
    assert await in_window(engine, batch_id) == {IDS[1]}
    assert await in_window(engine, other) == {*IDS[:2]}
    assert sorted(await release(engine, batch_id, 5)) == IDS[2:4]


async def test_pausing_and_resuming(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, IDS)
    await release(engine, batch_id, 2)
    await change(engine, batch_id, BatchChange.PAUSE)
    assert (await how_it_stands(engine, batch_id)).state is BatchState.PAUSED
    assert await release(engine, batch_id, 2) == []
    assert await in_window(engine, batch_id) == {*IDS[:2]}
    await change(engine, batch_id, BatchChange.RESUME)
    assert sorted(await release(engine, batch_id, 2)) == IDS[2:4]


@pytest.mark.parametrize("paused_before", [False, True])
async def test_cancelling_ends_what_has_not_begun(engine: AsyncEngine, paused_before: bool) -> None:
    batch_id, other = await add_batch(engine, IDS), await add_batch(engine, IDS)
    await release(engine, batch_id, 3)
    await park(engine, batch_id, IDS[2])
    await reach(engine, IDS[1], IDS[3], stage=ImportStage.METADATA)  # the latter for somebody else
    if paused_before:
        await change(engine, batch_id, BatchChange.PAUSE)
    await change(engine, batch_id, BatchChange.CANCEL)
    summary = await how_it_stands(engine, batch_id)
    assert (summary.state, summary.running, summary.waiting) == (BatchState.CANCELLED, 3, 1)
    assert (summary.queued, summary.cancelled) == (0, 4)
    stages = ["created", "metadata", "created", "metadata", *["error"] * 4]
    assert await entries(engine, batch_id) == list(zip(IDS, stages, strict=True))
    assert await in_window(engine, batch_id) == {IDS[0], IDS[1], IDS[3]}
    assert (await how_it_stands(engine, other)).queued == 8
    for wanted in BatchChange:
        await change(engine, batch_id, wanted)
        assert (await how_it_stands(engine, batch_id)).state is BatchState.CANCELLED
    assert await release(engine, batch_id, 8) == []


async def test_cancelling_reads_no_further(engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, "https://www.youtube.com/playlist?list=PLharbour")
    await change(engine, batch_id, BatchChange.CANCEL)
    async with transaction(engine) as connection:
        assert await batch_listing.current_cursor(connection, batch_id) is None
    assert await close(engine, batch_id) is BatchState.CANCELLED


async def test_a_batch_that_is_over_stays_as_it_is(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, IDS)
    await reach(engine, *IDS)
    assert await close(engine, batch_id) is BatchState.COMPLETE
    over = await how_it_stands(engine, batch_id)
    for wanted in BatchChange:
        await change(engine, batch_id, wanted)
        await close(engine, batch_id)
    assert await how_it_stands(engine, batch_id) == over


async def test_it_is_over_when_nothing_is_queued_or_in_the_window(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, IDS[:4])
    assert await close(engine, batch_id) is None
    await release(engine, batch_id, 4)
    await reach(engine, *IDS[:2])
    assert await close(engine, batch_id) is None
    await park(engine, batch_id, IDS[2])
    assert await close(engine, batch_id) is None
    async with transaction(engine) as connection:
        await fail(connection, IDS[3], ErrorType.VIDEO_PRIVATE)
    assert await close(engine, batch_id) is BatchState.COMPLETE
    summary = await how_it_stands(engine, batch_id)
    assert (summary.imported, summary.failed, summary.waiting, summary.progress) == (2, 1, 1, 100)


async def test_a_paused_batch_is_over_only_when_nothing_is_left_to_begin(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, IDS[:2])
    await release(engine, batch_id, 1)
    await change(engine, batch_id, BatchChange.PAUSE)
    await reach(engine, IDS[0])
    assert await close(engine, batch_id) is None
    await reach(engine, IDS[1])  # somebody else wanted it
    assert await close(engine, batch_id) is BatchState.COMPLETE


async def test_a_cancelled_batch_is_over_when_what_was_begun_is(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, IDS[:3])
    await release(engine, batch_id, 1)
    await change(engine, batch_id, BatchChange.CANCEL)
    assert await close(engine, batch_id) is None
    await reach(engine, IDS[0])
    assert await close(engine, batch_id) is BatchState.CANCELLED


async def test_it_is_not_over_while_its_list_is_read(engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, "https://www.youtube.com/@harbour", kind=BatchKind.CHANNEL)
    assert await close(engine, batch_id) is None
    async with transaction(engine) as connection:
        await batch_listing.fail(connection, batch_id, ErrorType.VIDEO_PRIVATE)
    assert await close(engine, batch_id) is BatchState.COMPLETE


async def test_other_batches_do_not_keep_it_open(engine: AsyncEngine) -> None:
    batch_id, _ = await add_batch(engine, IDS[:1]), await add_batch(engine, IDS[1:])
    await add_video(engine, IDS[2])
    await reach(engine, IDS[0])
    assert await close(engine, batch_id) is BatchState.COMPLETE
