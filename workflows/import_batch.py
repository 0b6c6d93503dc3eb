"""`ImportBatch`: many videos, a window of them at a time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from shared.contracts.batches import (
        BatchChange,
        BatchState,
        BatchSummary,
        BatchView,
        ImportBatchInput,
        ImportBatchResult,
        ListingState,
        LookAtBatch,
    )
    from shared.contracts.errors import ERROR_RULES, Retry
    from shared.temporal.names import IMPORT_BATCH, PRIORITY_BULK, PRIORITY_PERSON
    from workflows import batch_steps
    from workflows.policies import BATCH_LOOKS, LISTING_ANEW, delay_before_retry
    from workflows.refusals import what_was_said


@workflow.defn(name=IMPORT_BATCH)
class ImportBatch:
    """Brings the videos of one batch to their imports: as many at a time as the window holds.

    Which videos these are, and how far each is, is in Postgres: the workflow is as small for 10,000 as for ten. It
    looks whenever it is told that one has ended, and now and then by itself. It never ends with an unread signal.
    """

    @workflow.init
    def __init__(self, batch: ImportBatchInput) -> None:
        """Know nothing yet; signals may arrive before `run`."""
        self._batch_id = batch.batch_id
        self._view = BatchView(summary=None, watched=batch.watched)
        self._changes: list[BatchChange] = []
        self._is_told = False
        """Whether a signal came since the last look."""
        self._asked_around_at = workflow.now()
        self._closing_looks = 0
        """How many looks in a row have found an import that is about to end."""
        self._list_at = batch.list_at
        self._listing_attempt, self._listing_waits = batch.listing_attempt, batch.listing_waits
        self._has_listed = False

    @workflow.run
    async def run(self, batch: ImportBatchInput) -> ImportBatchResult:
        """Import until nothing is left to begin or under way."""
        while True:
            await self._look()
            if self._view.is_over and not self._is_told:
                return ImportBatchResult(summary=self._view.summary)
            if workflow.info().is_continue_as_new_suggested() and not self._is_told:
                workflow.continue_as_new(self._next_run())
            if self._is_to_list():
                await self._list_next_page()
            else:
                await self._wait(lambda: self._is_told, until=self._next_look())

    @workflow.signal
    def pause(self) -> None:
        """Begin no further import."""
        self._ask(BatchChange.PAUSE)

    @workflow.signal
    def resume(self) -> None:
        """Go on after a pause."""
        self._ask(BatchChange.RESUME)

    @workflow.signal
    def cancel(self) -> None:
        """Begin no further import, ever; those that have begun end normally."""
        self._ask(BatchChange.CANCEL)

    @workflow.signal
    def look_again(self) -> None:
        """An import has ended, or something was queued."""
        self._is_told = True

    @workflow.query
    def summary(self) -> BatchSummary | None:
        """How the batch stood at the last look; None before the first one, and when it was deleted."""
        return self._view.summary

    def _ask(self, change: BatchChange) -> None:
        self._changes.append(change)
        self._is_told = True

    def _next_run(self) -> ImportBatchInput:
        return ImportBatchInput(
            batch_id=self._batch_id,
            watched=self._view.watched,
            list_at=self._list_at,
            listing_attempt=self._listing_attempt,
            listing_waits=self._listing_waits,
        )

    async def _look(self) -> None:
        """See what has ended, and begin what there is room for."""
        asks_around = workflow.now() - self._asked_around_at >= BATCH_LOOKS.asking_around
        if asks_around:
            self._asked_around_at = workflow.now()
        watched = self._view.watched if self._closing_looks < BATCH_LOOKS.patience else []
        changes, self._changes, self._is_told = self._changes, [], False
        self._view = await batch_steps.look_at_batch(
            LookAtBatch(batch_id=self._batch_id, changes=changes, watched=watched, asks_around=asks_around)
        )
        self._closing_looks = self._closing_looks + 1 if self._view.is_closing else 0
        self._describe()

    @property
    def _has_list(self) -> bool:
        """Whether there is a list of YouTube's that is to be read on."""
        return self._view.summary is not None and self._view.summary.listing is ListingState.UNDER_WAY

    def _is_to_list(self) -> bool:
        is_due = self._list_at is None or self._list_at <= workflow.now()
        is_open = self._view.summary is not None and self._view.summary.state is BatchState.OPEN
        return self._has_list and is_open and is_due

    async def _list_next_page(self) -> None:
        """Ask for one page, unless the batch is cancelled or gone while that waits in the queue."""
        page = batch_steps.list_next_page(self._batch_id, self._priority())
        while not page.done() and self._has_list and not workflow.info().is_continue_as_new_suggested():
            await self._wait(lambda: page.done() or self._is_told, until=self._next_look())
            if not page.done():
                await self._look()
        if is_called_off := not page.done():
            page.cancel()
        try:
            listed = await page
        except ActivityError as error:
            if self._has_list and not (is_called_off and is_cancelled_exception(error)):
                await self._after_failure(error)
        else:
            self._listing_attempt, self._listing_waits, self._has_listed = 1, 0, True
            self._list_at = workflow.now() + LISTING_ANEW if listed.begins_anew else None

    async def _after_failure(self, error: ActivityError) -> None:
        """Ask again later, as for videos, or go on with what was read."""
        error_type, failure = what_was_said(error)
        is_attempt = ERROR_RULES[error_type].retry is Retry.BACKOFF
        self._listing_waits = 0 if is_attempt else self._listing_waits + 1
        delay = delay_before_retry(
            error_type, failure, attempt=self._listing_attempt, waits=self._listing_waits, now=workflow.now()
        )
        if delay is None:
            await batch_steps.fail_listing(self._batch_id, error_type)
            return
        self._listing_attempt += is_attempt
        self._list_at = workflow.now() + delay

    def _priority(self) -> Priority:
        """Somebody waits to see whether the list can be read; further pages take turns with everybody's videos."""
        own = workflow.info().priority
        is_first = own.priority_key == PRIORITY_PERSON and not self._has_listed
        return Priority(priority_key=PRIORITY_PERSON if is_first else PRIORITY_BULK, fairness_key=own.fairness_key)

    def _next_look(self) -> datetime:
        """When to look without having been told of anything."""
        if self._view.is_closing:
            return workflow.now() + BATCH_LOOKS.closing.delay(self._closing_looks)
        usual = workflow.now() + (BATCH_LOOKS.usual if self._view.watched else BATCH_LOOKS.idle)
        if self._list_at is not None and self._list_at > workflow.now():
            return min(self._list_at, usual)
        return usual

    async def _wait(self, condition: Callable[[], bool], *, until: datetime | None = None) -> None:
        timeout = max(until - workflow.now(), timedelta()) if until else None
        try:
            await workflow.wait_condition(condition, timeout=timeout)
        except TimeoutError:
            return

    def _describe(self) -> None:
        """Say in the Web UI how far the batch is."""
        if summary := self._view.summary:
            name = summary.title or summary.source or "Pasted addresses"
            counts = f"{summary.imported} imported, {summary.failed} failed, {summary.running} running"
            workflow.set_current_details(
                f"**{name}**\n\n{summary.state}, {summary.progress} %: {counts}, {summary.queued} queued"
            )
