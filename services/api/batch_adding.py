"""Many videos into a list, in one transaction; their imports begin afterwards."""

from uuid import UUID

import asyncpg

from services.api.database import Database
from services.api.deps import Resources
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from shared.contracts.batches import BatchKind
from shared.db import batches, lists
from shared.db.batches import CreatedBatch, NewBatch
from shared.db.lists import ListRecord

_NOTHING = CreatedBatch(batch_id=None, created={}, present={})


async def add_batch(shared: Resources, new: NewBatch) -> CreatedBatch:
    """Write a batch and have it begin. Raises Problem: 404 without such a list, 503 when Postgres is away."""
    if not new.youtube_ids and new.kind in {BatchKind.URLS, BatchKind.FILE}:
        await find_list(shared.database, new.user_id, new.list_id)
        return _NOTHING
    try:
        created = await _create(shared.database, new)
    except asyncpg.DeadlockDetectedError:  # nothing of it was written, and the other one may go on now
        created = await _create(shared.database, new)
    if created.batch_id:
        shared.starter.begin_batch(created.batch_id, new.user_id)
    return created


async def find_list(database: Database, user_id: UUID, list_id: UUID) -> ListRecord:
    """A list of the user's. Raises Problem (404)."""
    async with database.connection() as connection:
        found = await lists.get_list(connection, user_id, list_id)
    if found is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    return found


async def _create(database: Database, new: NewBatch) -> CreatedBatch:
    async with database.transaction() as connection:
        created = await batches.create_batch(connection, new)
    if created is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    return created
