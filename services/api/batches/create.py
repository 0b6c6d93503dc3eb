"""Creates batches: all videos in one transaction, then their imports start."""

import asyncpg

from services.api.dependencies import AppContext
from services.api.http.database import Database
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from services.api.lists.lookup import find_list
from shared.contracts.batches import BatchKind
from shared.db import batches
from shared.db.batches import CreatedBatch, NewBatch

_NOTHING = CreatedBatch(batch_id=None, created={}, present={})


async def add_batch(context: AppContext, new: NewBatch) -> CreatedBatch:
    """Create a batch and start it. Raises Problem: 404 without the list, 503 if PostgreSQL is unavailable."""
    if not new.youtube_ids and new.kind in {BatchKind.URLS, BatchKind.FILE}:
        await find_list(context.database, new.user_id, new.list_id)
        return _NOTHING
    try:
        created = await _create(context.database, new)
    except asyncpg.DeadlockDetectedError:  # rolled back; the other transaction can continue now
        created = await _create(context.database, new)
    if created.batch_id:
        context.commands.start_batch(created.batch_id, new.user_id)
    return created


async def _create(database: Database, new: NewBatch) -> CreatedBatch:
    async with database.transaction() as connection:
        created = await batches.create_batch(connection, new)
    if created is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    return created
