"""`ImportBatch`: imports many videos, a window of them at a time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from shared.contracts.batches import (
        AdvanceBatchInput,
        BatchChange,
        BatchRef,
        BatchSnapshot,
        BatchState,
        BatchSummary,
        FailListing,
        ImportBatchInput,
        ImportBatchResult,
        ListingState,
    )
    from shared.contracts.errors import ErrorType, Retry
    from shared.temporal.names import IMPORT_BATCH, PRIORITY_BULK, PRIORITY_PERSON
    from workflows.batches.activities import BatchActivities, ListingActivities
    from workflows.batches.timing import LISTING_RESTART_DELAY, POLL
    from workflows.common import execution
    from workflows.common.errors import upstream_failure
    from workflows.common.retry import THROTTLED_BACKOFF, delay_before_retry, retry_of


@workflow.defn(name=IMPORT_BATCH)
class ImportBatch:
    """Starts the imports of one batch's videos: as many at a time as the window has slots.

    The videos and their stages are in PostgreSQL: the workflow is as small for 10,000 as for ten. It advances the batch
    on every signal, and polls in case one is lost. It never ends with a signal that it has not handled.
    """

    @workflow.init
    def __init__(self, batch: ImportBatchInput) -> None:
        """Initialise the state; signals may arrive before `run`."""
        self._batch_id = batch.batch_id
        self._snapshot = BatchSnapshot(summary=None, slot_holders=batch.slot_holders)
        self._changes: list[BatchChange] = []
        self._has_signal = False
        """Whether a signal came since the batch was last advanced."""
        self._finishing_polls = 0
        """How many polls in a row have found an import that is about to end."""
        self._next_listing_at = batch.next_listing_at
        self._listing_attempt, self._listing_waits = batch.listing_attempt, batch.listing_consecutive_waits
        self._has_listed = False
        self._listing_error: ErrorType | None = None
        """Why the listing failed, where that has yet to be saved."""
        self._failures = 0
        """Consecutive internal errors of local activities."""

    @workflow.run
    async def run(self, batch: ImportBatchInput) -> ImportBatchResult:
        """Import until all videos are complete or have failed."""
        while True:
            await self._advance()
            if self._snapshot.is_done and not self._has_signal:
                return ImportBatchResult(summary=self._snapshot.summary)
            if workflow.info().is_continue_as_new_suggested() and not self._has_signal:
                workflow.continue_as_new(self._next_run())
            if self._is_listing_due():
                await self._list_next_page()
            else:
                await self._wait(lambda: self._has_signal, until=self._next_poll())

    @workflow.signal
    def pause(self) -> None:
        """Start no further import."""
        self._request(BatchChange.PAUSE)

    @workflow.signal
    def resume(self) -> None:
        """Continue after a pause."""
        self._request(BatchChange.RESUME)

    @workflow.signal
    def cancel(self) -> None:
        """Start no further import, ever; those that run end normally."""
        self._request(BatchChange.CANCEL)

    @workflow.signal
    def wake(self) -> None:
        """Advance the batch: an import has ended, or videos were queued."""
        self._has_signal = True

    @workflow.query
    def summary(self) -> BatchSummary | None:
        """Return the batch when it was last advanced; None before that, and when it is deleted."""
        return self._snapshot.summary

    def _request(self, change: BatchChange) -> None:
        self._changes.append(change)
        self._has_signal = True

    def _next_run(self) -> ImportBatchInput:
        return ImportBatchInput(
            batch_id=self._batch_id,
            slot_holders=self._snapshot.slot_holders,
            next_listing_at=self._next_listing_at,
            listing_attempt=self._listing_attempt,
            listing_consecutive_waits=self._listing_waits,
        )

    async def _advance(self) -> None:
        """Count what has ended, and start as many imports as there are free slots."""
        slot_holders = self._snapshot.slot_holders if self._finishing_polls < POLL.max_finishing_polls else []
        changes, self._changes, self._has_signal = self._changes, [], False
        try:
            self._snapshot = await execution.run_local(
                BatchActivities.advance_batch,
                AdvanceBatchInput(batch_id=self._batch_id, changes=changes, slot_holders=slot_holders),
            )
        except FailureError as error:
            self._changes = [*changes, *self._changes]  # still requested
            self._has_signal = True  # still to be handled
            seen = len(self._changes)
            await self._wait(lambda: len(self._changes) > seen, until=workflow.now() + self._delay_after(error))
            return
        self._failures = 0
        self._finishing_polls = self._finishing_polls + 1 if self._snapshot.is_finishing else 0
        self._set_details()

    @property
    def _has_pages_left(self) -> bool:
        """Whether pages are left to be listed."""
        return self._snapshot.summary is not None and self._snapshot.summary.listing is ListingState.UNDER_WAY

    def _is_listing_due(self) -> bool:
        is_due = self._next_listing_at is None or self._next_listing_at <= workflow.now()
        is_open = self._snapshot.summary is not None and self._snapshot.summary.state is BatchState.OPEN
        return self._has_pages_left and is_open and is_due

    def _delay_after(self, error: FailureError) -> timedelta:
        """Return the delay after an internal error. It is retried indefinitely: a batch has nothing to fall back to."""
        error_type, _ = upstream_failure(error)
        self._failures += 1
        delay = THROTTLED_BACKOFF.delay(self._failures)
        workflow.set_current_details(f"{error_type}: the next attempt is in {delay}")
        return delay

    async def _list_next_page(self) -> None:
        """List one page, unless the batch is cancelled or deleted while the call is queued."""
        if self._listing_error:
            await self._fail_listing(self._listing_error)
            return
        page = execution.start(
            ListingActivities.list_next_page, BatchRef(batch_id=self._batch_id), priority=self._priority()
        )
        while not page.done() and self._has_pages_left and not workflow.info().is_continue_as_new_suggested():
            await self._wait(lambda: page.done() or self._has_signal, until=self._next_poll())
            if not page.done():
                await self._advance()
        if is_dropped := not page.done():
            page.cancel()
        try:
            listed = await page
        except ActivityError as error:
            if self._has_pages_left and not (is_dropped and is_cancelled_exception(error)):
                await self._on_listing_failure(error)
        else:
            self._listing_attempt, self._listing_waits, self._has_listed = 1, 0, True
            self._next_listing_at = workflow.now() + LISTING_RESTART_DELAY if listed.restarts else None

    async def _on_listing_failure(self, error: ActivityError) -> None:
        """Schedule a retry, as for videos, or end the listing."""
        error_type, failure = upstream_failure(error)
        is_attempt = retry_of(error_type, failure) is Retry.BACKOFF
        self._listing_waits = 0 if is_attempt else self._listing_waits + 1
        delay = delay_before_retry(
            error_type,
            failure,
            attempt=self._listing_attempt,
            consecutive_waits=self._listing_waits,
            now=workflow.now(),
        )
        if delay is None:
            await self._fail_listing(error_type)
            return
        self._listing_attempt += is_attempt
        self._next_listing_at = workflow.now() + delay

    async def _fail_listing(self, error_type: ErrorType) -> None:
        """End the listing. Where that cannot be saved, it is retried later, without another call."""
        try:
            await execution.run_local(
                BatchActivities.fail_listing,
                FailListing(batch_id=self._batch_id, error_code=error_type),
                summary=f"The listing failed: {error_type}",
            )
        except FailureError as error:
            self._listing_error, self._next_listing_at = error_type, workflow.now() + self._delay_after(error)
        else:
            self._listing_error = None

    def _priority(self) -> Priority:
        """The first page is interactive: a user waits to see whether the listing works. Further pages are bulk."""
        own = workflow.info().priority
        is_first = own.priority_key == PRIORITY_PERSON and not self._has_listed
        return Priority(priority_key=PRIORITY_PERSON if is_first else PRIORITY_BULK, fairness_key=own.fairness_key)

    def _next_poll(self) -> datetime:
        """When to advance the batch without a signal."""
        if self._snapshot.is_finishing:
            return workflow.now() + POLL.finishing.delay(self._finishing_polls)
        next_poll = workflow.now() + (POLL.interval if self._snapshot.slot_holders else POLL.idle_interval)
        if self._next_listing_at is not None and self._next_listing_at > workflow.now():
            return min(self._next_listing_at, next_poll)
        return next_poll

    async def _wait(self, condition: Callable[[], bool], *, until: datetime | None = None) -> None:
        timeout = max(until - workflow.now(), timedelta()) if until else None
        try:
            await workflow.wait_condition(condition, timeout=timeout)
        except TimeoutError:
            return

    def _set_details(self) -> None:
        """Show the batch in the Temporal Web UI."""
        if summary := self._snapshot.summary:
            name = summary.title or summary.source or "Pasted URLs"
            counts = f"{summary.imported} imported, {summary.failed} failed, {summary.running} running"
            workflow.set_current_details(
                f"**{name}**\n\n{summary.state}, {summary.progress} %: {counts}, {summary.queued} queued"
            )
