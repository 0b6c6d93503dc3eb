"""Creates batches: all videos in one transaction, then their imports start."""

from dataclasses import dataclass

import asyncpg

from services.api.dependencies import AppContext
from services.api.http.database import Database
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from services.api.lists.lookup import find_list
from shared.contracts.batches import BatchKind
from shared.db import batches
from shared.db.batches import CreatedBatch, NewBatch
from shared.db.videos import VideoRecord


@dataclass(frozen=True, slots=True)
class AddedBatch:
    """A batch that was created."""

    batch: CreatedBatch
    videos: list[VideoRecord]
    """Its list entries in the order of the list, if they were asked for."""


_NOTHING = AddedBatch(CreatedBatch(batch_id=None, created={}, present={}), [])


async def add_batch(context: AppContext, new: NewBatch, *, with_videos: bool = False) -> AddedBatch:
    """Create a batch and start it. Raises Problem: 404 without the list, 503 if PostgreSQL is unavailable.

    All that the response needs is read before the commit: what was created is not answered with 503 because of a read.
    """
    if not new.youtube_ids and new.kind in {BatchKind.URLS, BatchKind.FILE}:
        await find_list(context.database, new.user_id, new.list_id)
        return _NOTHING
    try:
        added = await _create(context.database, new, with_videos)
    except asyncpg.DeadlockDetectedError:  # rolled back; the other transaction can continue now
        added = await _create(context.database, new, with_videos)
    if added.batch.batch_id:
        context.commands.start_batch(added.batch.batch_id, new.user_id)
    return added


async def _create(database: Database, new: NewBatch, with_videos: bool) -> AddedBatch:
    async with database.transaction() as connection:
        batch = await batches.create_batch(connection, new)
        batch_id = batch.batch_id if batch and with_videos else None
        videos = await batches.videos_of(connection, batch_id) if batch_id else []
    if batch is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    return AddedBatch(batch, videos)
