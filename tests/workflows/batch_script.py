"""A batch and YouTube's list of it with a script: each step records itself and does what the script says next."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from services.worker.activities.cancellation import to_the_end
from shared.contracts.batches import (
    BatchChange,
    BatchRef,
    BatchState,
    BatchView,
    FailListing,
    ImportBatchResult,
    ListedPage,
    ListingState,
    LookAtBatch,
    SourcePreview,
    SourceRef,
)
from shared.contracts.errors import ErrorType
from shared.temporal.names import TaskQueue
from tests.support.batches import A_BATCH
from workflows.activities import BatchSteps, ListingSteps
from workflows.import_batch import ImportBatch
from workflows.preview_source import PreviewSource
from workflows.start import start_batch

BATCH_ID, USER_ID = A_BATCH.batch_id, UUID(int=2)
LAST_PAGE = ListedPage(has_more=False)
_STATES = {
    BatchChange.PAUSE: BatchState.PAUSED,
    BatchChange.RESUME: BatchState.OPEN,
    BatchChange.CANCEL: BatchState.CANCELLED,
}


class ScriptedBatch(BatchSteps, ListingSteps):
    """One batch whose videos are all imported as soon as `under_way` is empty and its list was read."""

    def __init__(self, *, pages: Sequence[object] = (), under_way: Sequence[str] = ()) -> None:
        """`pages`: what the calls for YouTube's list do: raise, wait for an event, or return a page."""
        self.looks: list[LookAtBatch] = []
        self.pages_asked = 0
        self.failed_with: ErrorType | None = None
        self.under_way = list(under_way)
        self.closing = 0
        """How many looks still see a workflow that is about to end."""
        self.is_deleted = False
        self._pages = deque(pages)
        self._listing = ListingState.UNDER_WAY if pages else None
        self._state = BatchState.OPEN

    @activity.defn
    async def look_at_batch(self, look: LookAtBatch) -> BatchView:
        self.looks.append(look)
        if self.is_deleted:
            return BatchView(summary=None, is_over=True)
        for change in look.changes:
            self._state = _STATES[change]
        if self._state is BatchState.CANCELLED and self._listing:
            self._listing = ListingState.DONE
        self.closing -= 1
        is_over = not self.under_way and self._listing is not ListingState.UNDER_WAY and self.closing < 0
        return BatchView(
            summary=A_BATCH.model_copy(
                update={
                    "state": self._state,
                    "listing": self._listing,
                    "running": len(self.under_way),
                    "completed_at": A_BATCH.created_at if is_over else None,
                }
            ),
            watched=list(self.under_way),
            is_closing=self.closing >= 0,
            is_over=is_over,
        )

    @activity.defn
    async def fail_listing(self, failure: FailListing) -> None:
        self.failed_with = failure.error_code
        self._listing = ListingState.FAILED

    @activity.defn
    async def list_next_page(self, batch: BatchRef) -> ListedPage:
        return await to_the_end(self._next_page())

    @activity.defn
    async def list_first_page(self, source: SourceRef) -> SourcePreview:
        outcome = self._pages.popleft()
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, SourcePreview)
        return outcome

    async def _next_page(self) -> ListedPage:
        self.pages_asked += 1
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
        steps: Sequence[Callable[..., Any]] = (),
    ) -> AsyncIterator[None]:
        """Workers for both task queues; without `asking`, calls to YouTube stay in theirs.

        `also` and `steps` are workflows that begin batches, and what those do.
        """
        imports = Worker(
            client,
            task_queue=TaskQueue.IMPORTS,
            workflows=[ImportBatch, PreviewSource, *also],
            activities=[self.look_at_batch, self.fail_listing, *steps],
        )
        async with imports:
            if not asking:
                yield
                return
            pages: list[Callable[..., Any]] = [self.list_next_page, self.list_first_page]
            async with Worker(client, task_queue=TaskQueue.YOUTUBE, activities=pages):
                yield


async def begin(client: Client) -> WorkflowHandle[ImportBatch, ImportBatchResult]:
    """Start the batch as the product does."""
    return await start_batch(client, BATCH_ID, USER_ID)
