"""Removes the rows of deleted lists, and cancels imports that no other list waits for."""

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client

from services.worker.activities.support.heartbeats import heartbeats
from shared.contracts.imports import ListRef
from shared.db import list_deletion
from shared.db.connection import transaction
from shared.db.imports import wanted
from shared.logs import get_logger
from shared.temporal.errors import is_temporal_unavailable
from shared.temporal.schedules import sync_schedule
from workflows.imports.client import cancel_import
from workflows.lists import activities as contract

ROWS_PER_TRANSACTION = 250
"""Rows per transaction, events not counted."""
RUN_SECONDS = 60
"""How long one activity runs."""
CONCURRENT_CANCELS = 10

logger = get_logger(__name__)


class ListDeletionActivities(contract.ListDeletionActivities):
    """The contract on PostgreSQL and Temporal."""

    def __init__(
        self, engine: AsyncEngine, client: Client, *, rows_per_transaction: int = ROWS_PER_TRANSACTION
    ) -> None:
        self._engine = engine
        self._client = client
        self._max_rows = rows_per_transaction
        self._turn = asyncio.Lock()
        """Deletions of several lists take turns, transaction by transaction: imports need the connections."""

    @activity.defn
    async def delete_rows(self, deleted: ListRef) -> bool:
        """Remove rows of a deleted list for a while; returns whether none is left."""
        async with heartbeats():
            await self._prepare(deleted.list_id)
            end = time.monotonic() + RUN_SECONDS
            while time.monotonic() < end:
                async with self._turn:
                    started = time.monotonic()
                    async with transaction(self._engine) as connection:
                        removed = await list_deletion.delete_piece(connection, deleted.list_id, self._max_rows)
                    # Half of the time is left to others who need the disk or a core, however many lists are deleted.
                    await asyncio.sleep(time.monotonic() - started)
                if removed.is_last:
                    return True
                await self._cancel_unwanted(removed.under_way)
        return False

    async def _prepare(self, list_id: UUID) -> None:
        """Ensure that nothing is added to the list any more."""
        async with transaction(self._engine) as connection:
            await list_deletion.await_writers(connection, list_id)
            subscription_ids = await list_deletion.subscriptions_of(connection, list_id)
        for subscription_id in subscription_ids:
            async with transaction(self._engine) as connection:
                await sync_schedule(connection, self._client, subscription_id)

    async def _cancel_unwanted(self, youtube_ids: Sequence[str]) -> None:
        """Cancel imports that no list waits for; one that misses the signal checks later."""
        if not youtube_ids:
            return
        async with transaction(self._engine) as connection:
            unwanted = set(youtube_ids) - await wanted(connection, youtube_ids)
        semaphore = asyncio.Semaphore(CONCURRENT_CANCELS)

        async def cancel(youtube_id: str) -> None:
            async with semaphore:
                await cancel_import(self._client, youtube_id)

        results = await asyncio.gather(*(cancel(youtube_id) for youtube_id in unwanted), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if unexpected := [failure for failure in failures if not is_temporal_unavailable(failure)]:
            raise unexpected[0]
        if failures:
            logger.warning("imports_not_cancelled", count=len(failures), first_error=failures[0])
