"""Batches as the API would have written them, and a look at how they stand."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from shared.contracts.batches import BatchKind, BatchSummary
from shared.db.batches import NewBatch, create_batch, summary_of
from shared.db.driver import transaction
from shared.db.models import LOCAL_USER_ID, VideoList
from shared.temporal.names import IMPORT_VIDEO
from tests.support.waiting import eventually


async def add_list(engine: AsyncEngine, user_id: UUID = LOCAL_USER_ID) -> UUID:
    """A new, empty list."""
    video_list = VideoList(user_id=user_id, name=str(uuid4()))
    async with engine.begin() as connection:
        await connection.execute(insert(VideoList).values(video_list.model_dump(exclude={"created_at"})))
    return video_list.id


async def add_batch(
    engine: AsyncEngine, youtube_ids: Sequence[str], *, list_id: UUID | None = None, user_id: UUID = LOCAL_USER_ID
) -> UUID:
    """A batch with these videos on a list; nothing is started."""
    new = NewBatch(
        user_id=user_id,
        list_id=list_id or await add_list(engine, user_id),
        kind=BatchKind.URLS,
        youtube_ids=youtube_ids,
    )
    return await _create(engine, new)


async def add_listed_batch(
    engine: AsyncEngine, source: str, *, kind: BatchKind = BatchKind.PLAYLIST, list_id: UUID | None = None
) -> UUID:
    """A batch whose videos YouTube has yet to list."""
    list_id = list_id or await add_list(engine)
    return await _create(engine, NewBatch(user_id=LOCAL_USER_ID, list_id=list_id, kind=kind, source=source))


async def how_it_stands(engine: AsyncEngine, batch_id: UUID) -> BatchSummary:
    """The batch's figures, as everybody reads them."""
    async with transaction(engine) as connection:
        summary = await summary_of(connection, batch_id)
    assert summary is not None
    return summary


async def when_over(engine: AsyncEngine, batch_id: UUID, *, within_seconds: float = 30) -> BatchSummary:
    """The batch's figures once nothing is left of it."""
    return await eventually(partial(_over, engine, batch_id), within_seconds=within_seconds)


async def entries(engine: AsyncEngine, batch_id: UUID) -> list[tuple[str, str]]:
    """YouTube id and stage of the batch's videos, in the order of the list."""
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT youtube_id, import_stage FROM videos WHERE batch_id = :batch_id "
                "ORDER BY created_at DESC, id DESC"
            ),
            {"batch_id": batch_id},
        )
        return [(row.youtube_id, row.import_stage) for row in rows]


async def most_open_at_once(client: Client, count: int) -> int:
    """How many imports were running workflows at the same moment; waits until `count` have ended and are listed."""

    async def all_times() -> list[tuple[float, int]]:
        query = f"WorkflowType = '{IMPORT_VIDEO}' AND ExecutionStatus = 'Completed'"
        ended = [execution async for execution in client.list_workflows(query)]
        times = [(each.start_time.timestamp(), 1) for each in ended]
        times += [(each.close_time.timestamp(), -1) for each in ended if each.close_time]
        return times if len(times) >= 2 * count else []

    running = most = 0
    for _, change in sorted(await eventually(all_times)):
        running += change
        most = max(most, running)
    return most


async def _create(engine: AsyncEngine, new: NewBatch) -> UUID:
    async with transaction(engine) as connection:
        created = await create_batch(connection, new)
    assert created is not None
    assert created.batch_id is not None
    return created.batch_id


async def _over(engine: AsyncEngine, batch_id: UUID) -> BatchSummary:
    summary = await how_it_stands(engine, batch_id)
    assert summary.completed_at is not None, summary
    return summary
