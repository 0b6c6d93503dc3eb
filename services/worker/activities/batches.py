"""What `ImportBatch` does: one transaction decides who is next, then Temporal is told."""

import asyncio
import logging
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from shared.contracts.batches import BatchView, FailListing, LookAtBatch
from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.db import batch_listing, batch_window
from shared.db.batches import summary_of
from shared.db.driver import transaction
from shared.temporal.client import TEMPORAL_AWAY
from shared.temporal.names import PRIORITY_BULK, import_video_id
from workflows.activities import BatchSteps
from workflows.progress import running_status
from workflows.start import start_import

CALLS_AT_ONCE = 10

logger = logging.getLogger(__name__)


class BatchActivities(BatchSteps):
    """`BatchSteps` on Postgres and Temporal."""

    def __init__(self, engine: AsyncEngine, client: Client, *, window: int) -> None:
        self._engine = engine
        self._client = client
        self._window = window

    @activity.defn
    async def look_at_batch(self, look: LookAtBatch) -> BatchView:
        """Do what was asked of the batch, begin what there is room for in its window, and count.

        What was given a place and not begun, by a worker that died in between, `ReconcileImports` begins.
        """
        async with transaction(self._engine) as connection:
            before = await batch_window.in_window(connection, look.batch_id)
            closed = await batch_window.closed(connection, look.batch_id, look.watched)
        closing = await self._running(closed)  # an import whose rows are done still is a workflow for a moment
        aside = await self._waiting_alone(before) if look.asks_around else set()
        async with transaction(self._engine) as connection:
            user_id = await batch_window.lock(connection, look.batch_id)
            if user_id is None:
                return BatchView(summary=None, is_over=True)
            for change in look.changes:
                await batch_window.change(connection, look.batch_id, change)
            await batch_window.set_aside(connection, look.batch_id, sorted(aside))
            # Both: some have ended since the first look, and a look that was given up may have begun others.
            in_window = before | await batch_window.in_window(connection, look.batch_id)
            taken = (in_window - aside) | closing
            released = await batch_window.release(connection, look.batch_id, self._window - len(taken))
            await batch_window.close_if_over(connection, look.batch_id)
            summary = await summary_of(connection, look.batch_id)
        await self._begin(released, user_id)
        return BatchView(
            summary=summary,
            watched=sorted(taken.union(released)),
            is_closing=bool(closing),
            is_over=summary is None or summary.completed_at is not None,
        )

    @activity.defn
    async def fail_listing(self, failure: FailListing) -> None:
        """Go on with what was read of the batch's list."""
        async with transaction(self._engine) as connection:
            await batch_listing.fail(connection, failure.batch_id, failure.error_code)

    async def _running(self, youtube_ids: Iterable[str]) -> set[str]:
        """Those whose import is a running workflow, by the server's own word (its list lags behind)."""

        async def is_running(youtube_id: str) -> bool:
            try:
                described = await self._client.get_workflow_handle(import_video_id(youtube_id)).describe()
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                return False
            return described.status is WorkflowExecutionStatus.RUNNING

        asked = list(youtube_ids)
        running = await asyncio.gather(*(is_running(youtube_id) for youtube_id in asked))
        return {youtube_id for youtube_id, runs in zip(asked, running, strict=True) if runs}

    async def _waiting_alone(self, youtube_ids: Iterable[str]) -> set[str]:
        """Those that wait for something of their own, a premiere for example, and not for YouTube."""
        asked = list(youtube_ids)
        statuses = await asyncio.gather(*(running_status(self._client, youtube_id) for youtube_id in asked))
        return {status.youtube_id for status in statuses if status and _waits_alone(status.waiting_for)}

    async def _begin(self, youtube_ids: Iterable[str], user_id: UUID) -> None:
        places = asyncio.Semaphore(CALLS_AT_ONCE)

        async def begin(youtube_id: str) -> None:
            async with places:
                await start_import(self._client, youtube_id, user_id, priority=PRIORITY_BULK)

        results = await asyncio.gather(*(begin(youtube_id) for youtube_id in youtube_ids), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if unexpected := [failure for failure in failures if not isinstance(failure, TEMPORAL_AWAY)]:
            raise unexpected[0]
        if failures:
            logger.warning("%d imports could not be begun, ReconcileImports will: %r", len(failures), failures[0])


def _waits_alone(reason: object) -> bool:
    return isinstance(reason, ErrorType) and ERROR_RULES[reason].retry is Retry.LATER
