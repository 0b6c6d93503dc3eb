"""A batch and its listing with a script: each activity records its call and does what the script says next."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from services.worker.activities.support.shielding import shield_from_cancellation
from shared.contracts.batches import (
    AdvanceBatchInput,
    BatchChange,
    BatchRef,
    BatchSnapshot,
    BatchState,
    FailListing,
    ImportBatchResult,
    ListedPage,
    ListingState,
    SourcePreview,
    SourceRef,
)
from shared.contracts.errors import ErrorType
from shared.temporal.names import TaskQueue
from tests.support.batches import A_BATCH
from workflows.batches.activities import BatchActivities, ListingActivities
from workflows.batches.client import start_batch
from workflows.batches.preview import PreviewSource
from workflows.batches.workflow import ImportBatch
from workflows.common.activity_options import activities_of

BATCH_ID, USER_ID = A_BATCH.batch_id, UUID(int=2)
LAST_PAGE = ListedPage(has_more=False)
_STATES = {
    BatchChange.PAUSE: BatchState.PAUSED,
    BatchChange.RESUME: BatchState.OPEN,
    BatchChange.CANCEL: BatchState.CANCELLED,
}


class ScriptedBatch(BatchActivities, ListingActivities):
    """One batch whose videos are all imported as soon as `running` is empty and the listing is complete."""

    def __init__(self, *, pages: Sequence[object] = (), running: Sequence[str] = ()) -> None:
        """`pages`: what the listing's calls do: raise, wait for an event, or return a page."""
        self.advances: list[AdvanceBatchInput] = []
        self.listing_calls = 0
        self.failed_with: ErrorType | None = None
        self.running = list(running)
        self.finishing_polls = 0
        """How many polls still find a workflow that is about to end."""
        self.is_deleted = False
        self._pages = deque(pages)
        self._listing = ListingState.UNDER_WAY if pages else None
        self._state = BatchState.OPEN

    @activity.defn
    async def advance_batch(self, advance: AdvanceBatchInput) -> BatchSnapshot:
        self.advances.append(advance)
        if self.is_deleted:
            return BatchSnapshot(summary=None, is_done=True)
        for change in advance.changes:
            self._state = _STATES[change]
        if self._state is BatchState.CANCELLED and self._listing:
            self._listing = ListingState.DONE
        self.finishing_polls -= 1
        is_done = not self.running and self._listing is not ListingState.UNDER_WAY and self.finishing_polls < 0
        return BatchSnapshot(
            summary=A_BATCH.model_copy(
                update={
                    "state": self._state,
                    "listing": self._listing,
                    "running": len(self.running),
                    "completed_at": A_BATCH.created_at if is_done else None,
                }
            ),
            slot_holders=list(self.running),
            is_finishing=self.finishing_polls >= 0,
            is_done=is_done,
        )

    @activity.defn
    async def fail_listing(self, failure: FailListing) -> None:
        self.failed_with = failure.error_code
        self._listing = ListingState.FAILED

    @activity.defn
    async def list_next_page(self, batch: BatchRef) -> ListedPage:
        return await shield_from_cancellation(self._next_page())

    @activity.defn
    async def list_first_page(self, source: SourceRef) -> SourcePreview:
        outcome = self._pages.popleft()
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, SourcePreview)
        return outcome

    async def _next_page(self) -> ListedPage:
        self.listing_calls += 1
        outcome = self._pages.popleft()
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, asyncio.Event):
            await outcome.wait()
            outcome = LAST_PAGE
        assert isinstance(outcome, ListedPage)
        if not outcome.has_more:
            self._listing = ListingState.DONE
        return outcome

    @asynccontextmanager
    async def at_work(
        self,
        client: Client,
        *,
        asking: bool = True,
        also: Sequence[type] = (),
        steps: Sequence[object] = (),
    ) -> AsyncIterator[None]:
        """Workers for both task queues; without `asking`, calls to YouTube stay queued.

        `also` are workflows that start batches, `steps` the implementations of their activities.
        """
        imports = Worker(
            client,
            task_queue=TaskQueue.IMPORTS,
            workflows=[ImportBatch, PreviewSource, *also],
            activities=activities_of(self, *steps, queue=TaskQueue.IMPORTS),
        )
        async with imports:
            if not asking:
                yield
                return
            pages = activities_of(self, queue=TaskQueue.YOUTUBE)
            async with Worker(client, task_queue=TaskQueue.YOUTUBE, activities=pages):
                yield


async def start_batch_script(client: Client) -> WorkflowHandle[ImportBatch, ImportBatchResult]:
    """Start the batch as the product does."""
    return await start_batch(client, BATCH_ID, USER_ID)
