"""Batches as the API would have written them, and a look at how they stand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from shared.contracts.batches import BatchChange, BatchKind, BatchState, BatchSummary
from shared.db import batch_window
from shared.db.batches import NewBatch, create_batch, summary_of
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID, VideoList
from shared.temporal.names import IMPORT_VIDEO
from tests.support.waiting import PATIENCE_SECONDS, eventually

A_BATCH = BatchSummary(
    batch_id=UUID(int=1),
    list_id=UUID(int=3),
    kind=BatchKind.PLAYLIST,
    source="https://www.youtube.com/playlist?list=PLharbours",
    title="Harbours",
    state=BatchState.OPEN,
    total=0,
    queued=0,
    running=0,
    waiting=0,
    imported=0,
    without_captions=0,
    failed=0,
    cancelled=0,
    duplicates=0,
    invalid=0,
    unavailable=0,
    listing=None,
    announced=None,
    error_code=None,
    created_at=datetime(2026, 11, 24, tzinfo=UTC),
    completed_at=None,
)
"""Nothing of it has happened yet."""


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


async def when_over(engine: AsyncEngine, batch_id: UUID, *, within_seconds: float = PATIENCE_SECONDS) -> BatchSummary:
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


async def release(engine: AsyncEngine, batch_id: UUID, places: int) -> list[str]:
    """Give places in the window to queued videos, as a look does; returns them in the order of the list."""
    async with transaction(engine) as connection:
        await batch_window.lock(connection, batch_id)
        released = await batch_window.claim_next(connection, batch_id, places)
    return [youtube_id for youtube_id, _ in await entries(engine, batch_id) if youtube_id in released]


async def change(engine: AsyncEngine, batch_id: UUID, wanted: BatchChange) -> None:
    """Pause, resume or cancel, as a look does."""
    async with transaction(engine) as connection:
        await batch_window.lock(connection, batch_id)
        await batch_window.change(connection, batch_id, wanted)


async def most_open_at_once(client: Client, count: int, since: datetime) -> int:
    """How many imports that began since then were running workflows at the same moment.

    Waits until `count` of them have ended and are listed.
    """

    async def all_times() -> list[tuple[float, int]]:
        began = f"StartTime >= '{since.isoformat()}'"  # the server has run other tests' imports before
        query = f"WorkflowType = '{IMPORT_VIDEO}' AND ExecutionStatus = 'Completed' AND {began}"
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
