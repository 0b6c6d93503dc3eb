"""The activities of `ImportBatch`: one transaction claims slots, then the imports are started."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from shared.contracts.batches import AdvanceBatchInput, BatchSnapshot, FailListing
from shared.db import batch_listing, batch_window
from shared.db.batches import summary_of
from shared.db.connection import transaction
from shared.logs import get_logger
from shared.temporal.errors import is_not_found, is_temporal_unavailable
from shared.temporal.names import PRIORITY_BULK, import_video_id
from workflows.batches import activities as contract
from workflows.imports.client import start_import

MAX_CONCURRENT_STARTS = 10

logger = get_logger(__name__)


class BatchActivities(contract.BatchActivities):
    """The contract on PostgreSQL and Temporal."""

    def __init__(self, engine: AsyncEngine, client: Client, *, window: int) -> None:
        self._engine = engine
        self._client = client
        self._window = window

    @activity.defn
    async def advance_batch(self, given: AdvanceBatchInput) -> BatchSnapshot:
        """Apply the requested changes, start imports in the free slots of the window, and count.

        If the worker dies before it has started an import that has a slot, `ReconcileImports` starts it.
        """
        async with transaction(self._engine) as connection:
            before = await batch_window.slot_holders(connection, given.batch_id)
            parked = await batch_window.waiting_for_availability(connection, given.batch_id)
            closed = await batch_window.ended(connection, given.batch_id, given.slot_holders)
        closing = await self._running(closed)  # the workflow ends a moment after its rows
        async with transaction(self._engine) as connection:
            user_id = await batch_window.lock(connection, given.batch_id)
            if user_id is None:
                return BatchSnapshot(summary=None, is_done=True)
            for change in given.changes:
                await batch_window.change(connection, given.batch_id, change)
            await batch_window.park(connection, given.batch_id, sorted(parked))
            # Both: some have ended since `before` was read, and an attempt that timed out may have started others.
            in_window = before | await batch_window.slot_holders(connection, given.batch_id)
            taken = (in_window - parked) | closing
            released = await batch_window.claim_next(connection, given.batch_id, self._window - len(taken))
            await batch_window.complete_if_done(connection, given.batch_id)
            summary = await summary_of(connection, given.batch_id)
        await self._start(released, user_id)
        return BatchSnapshot(
            summary=summary,
            slot_holders=sorted(taken.union(released)),
            is_finishing=bool(closing),
            is_done=summary is None or summary.completed_at is not None,
        )

    @activity.defn
    async def fail_listing(self, failure: FailListing) -> None:
        """End the listing of a batch; it continues with the videos that were read."""
        async with transaction(self._engine) as connection:
            await batch_listing.fail(connection, failure.batch_id, failure.error_code)

    async def _running(self, youtube_ids: Iterable[str]) -> set[str]:
        """Those whose import runs, by describing each workflow: Temporal's list lags behind."""

        async def is_running(youtube_id: str) -> bool:
            try:
                described = await self._client.get_workflow_handle(import_video_id(youtube_id)).describe()
            except RPCError as error:
                if not is_not_found(error):
                    raise
                return False
            return described.status is WorkflowExecutionStatus.RUNNING

        candidates = list(youtube_ids)
        running = await asyncio.gather(*(is_running(youtube_id) for youtube_id in candidates))
        return {youtube_id for youtube_id, runs in zip(candidates, running, strict=True) if runs}

    async def _start(self, youtube_ids: Iterable[str], user_id: UUID) -> None:
        semaphore = asyncio.Semaphore(MAX_CONCURRENT_STARTS)

        async def start(youtube_id: str) -> None:
            async with semaphore:
                await start_import(self._client, youtube_id, user_id, priority=PRIORITY_BULK)

        results = await asyncio.gather(*(start(youtube_id) for youtube_id in youtube_ids), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if unexpected := [failure for failure in failures if not is_temporal_unavailable(failure)]:
            raise unexpected[0]
        if failures:
            logger.warning("imports_not_started", count=len(failures), first_error=failures[0])
