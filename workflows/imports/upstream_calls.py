"""Runs an import's activities against rate-limited upstreams (YouTube, the transcription server).

Each call is queued on the upstream's task queue, retried according to `ERROR_RULES`, and dropped when the import is
abandoned. While a call is queued or backing off, the import keeps reacting to signals: `attach` brings new list entries
up to date, `retry_now` ends the backoff, and an interactive request moves a bulk call to the front of the queue.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from shared.contracts.errors import ErrorType, Retry
    from shared.contracts.imports import (
        Attach,
        ImportState,
        ImportStatus,
        ImportVideoInput,
        ImportWait,
        VideoRef,
        WaitingVideo,
    )
    from shared.contracts.upstreams import Upstream
    from shared.temporal.names import PRIORITY_BULK, USER_ID
    from workflows.common import execution
    from workflows.common.activity_options import options_of
    from workflows.common.errors import ImportAbandonedError, UpstreamError, is_upstream_failure, upstream_failure
    from workflows.common.retry import REQUEUE_DELAY, THROTTLED_BACKOFF, delay_before_retry, retry_of
    from workflows.imports.activities import ImportActivities
    from workflows.imports.upstream_call import RetryState, UpstreamCall, call_priority

P = TypeVar("P")
R = TypeVar("R")
MAX_LISTED_USERS = 40
"""Users in the search attribute: the server ends a workflow whose attribute has more than 2,048 bytes."""
_NAMES = {Upstream.YOUTUBE: "YouTube", Upstream.TRANSCRIPTION: "the transcription server"}


class UpstreamCalls:
    """Makes the calls of one import. `ImportVideo` passes its signals on to it."""

    def __init__(self, video: ImportVideoInput, status: ImportStatus) -> None:
        self.attachments = 0
        """How many `attach` signals have come."""
        self.retry_requests = 0
        """How many `retry_now` signals have come."""
        self.cancel_requested = False
        self._video = VideoRef(youtube_id=video.youtube_id)
        self._status = status
        self._user_ids = list(video.user_ids)
        self._retry_state = RetryState(video.consecutive_waits, video.consecutive_throttles)
        self._escalated_by = video.escalated_by
        self._synced_attachments = 0
        self._queued_calls = 0
        self._waits: list[ImportWait] = []
        """What calls wait for; without waits of a second, which nobody would see."""
        self._recorded_wait: ImportWait | None = None
        """What the list entries show."""
        self._is_aborting = False

    def attach(self, attach: Attach) -> None:
        """Add a user who wants the video; an interactive request raises the priority of a bulk import."""
        self.attachments += 1
        if attach.is_interactive and self.is_bulk:
            self._escalated_by = attach.user_id
        if attach.user_id not in self._user_ids and len(self._user_ids) < MAX_LISTED_USERS:
            self._user_ids.append(attach.user_id)
            if len(self._user_ids) > 1:  # the first came with the start
                workflow.upsert_search_attributes([USER_ID.value_set([str(user_id) for user_id in self._user_ids])])

    @property
    def is_bulk(self) -> bool:
        """Whether all requests for the video are bulk imports."""
        return workflow.info().priority.priority_key == PRIORITY_BULK and self._escalated_by is None

    def set_details(self, details: str) -> None:
        """Show in the Temporal Web UI what the import does."""
        title = self._status.title or f"YouTube video {self._video.youtube_id}"
        workflow.set_current_details(f"**{title}**\n\n{self._status.progress} %: {details}")

    async def sync_entries(self) -> ImportState:
        """Load what is known of the video, and bring its waiting list entries to that stage and the import's wait.

        Raises as `run_local`.
        """
        self._synced_attachments = self.attachments
        self._recorded_wait = self._wait_to_show
        return await self.run_local(ImportActivities.load_import_state, self._waiting_video)

    async def run_local(
        self,
        activity: Callable[[Any, P], Awaitable[R]],
        argument: P,
        *,
        summary: str | None = None,
        gives_up: bool = True,
    ) -> R:
        """Run a local activity until it succeeds; internal errors show in the import's status.

        Without `gives_up` it is retried indefinitely, with delays of up to an hour: for the last activity, after which
        there is nothing to fall back to.

        Raises:
            UpstreamError: the attempts are used up.
        """
        attempt = 1
        while True:
            try:
                return await execution.run_local(activity, argument, summary=summary)
            except FailureError as error:
                error_type, failure = upstream_failure(error)
            delay: timedelta | None = THROTTLED_BACKOFF.delay(attempt)
            if gives_up:
                delay = delay_before_retry(
                    error_type, failure, attempt=attempt, consecutive_waits=0, now=workflow.now()
                )
            if delay is None:
                raise UpstreamError(error_type)
            attempt += 1
            is_over = partial(self._is_retry_requested, self.retry_requests)
            with self._shown_as_waiting(delay, error_type, attempt), suppress(TimeoutError):
                await self._record_wait()
                await workflow.wait_condition(is_over, timeout=delay)
            await self._record_wait()

    async def run(self, call: UpstreamCall[Any, R]) -> R:
        """Run an activity until it succeeds.

        Transient errors are retried with exponential backoff. Throttled calls go back to the task queue, where the rate
        governor holds them together with all others; they never count as attempts.

        Raises:
            UpstreamError: retrying will not help, or the attempts are used up.
            ImportAbandonedError: no list waits for the video any more.
        """
        state = call.retry_state or self._retry_state
        attempt, is_prepared = 1, call.prerequisite is None
        while True:
            try:
                if call.prerequisite and not is_prepared:
                    await self._run_queued(call.prerequisite, state)
                    is_prepared = True
                result = await self._run_queued(call, state)
            except ActivityError as error:
                error_type, failure = upstream_failure(error, default=call.fallback_error)
            else:
                state.consecutive_waits = state.consecutive_throttles = 0
                return result
            if error_type is not ErrorType.INTERNAL_ERROR:  # which does not depend on the prerequisite's result
                is_prepared = call.prerequisite is None
            retry = retry_of(error_type, failure)
            is_attempt = retry is Retry.BACKOFF
            state.consecutive_waits = 0 if is_attempt else state.consecutive_waits + 1
            state.consecutive_throttles += retry is Retry.WHEN_UNTHROTTLED
            delay = delay_before_retry(
                error_type,
                failure,
                attempt=attempt,
                max_attempts=call.max_attempts,
                consecutive_waits=state.consecutive_waits,
                now=workflow.now(),
            )
            if delay is None:
                raise UpstreamError(error_type)
            attempt += is_attempt
            await self.back_off(delay, error_type, attempt, can_continue_as_new=call.retry_state is None)

    async def back_off(
        self,
        delay: timedelta,
        reason: ErrorType,
        attempt: int = 1,
        *,
        can_continue_as_new: bool = True,
        is_over: Callable[[], bool] | None = None,
    ) -> None:
        """Wait for the next attempt.

        `can_continue_as_new`: a new run would lose no work. `is_over`: what ends the wait early; None: `retry_now`.

        Raises:
            ImportAbandonedError: no list waits for the video any more.
        """
        is_over = is_over or partial(self._is_retry_requested, self.retry_requests)
        with self._shown_as_waiting(delay, reason, attempt) as retry_at:
            await self._record_wait()
            await self._wait_until(lambda: is_over() or self._is_abandoned, deadline=retry_at)
        if can_continue_as_new and workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(
                ImportVideoInput(
                    youtube_id=self._video.youtube_id,
                    user_ids=self._user_ids,
                    escalated_by=self._escalated_by,
                    consecutive_waits=self._retry_state.consecutive_waits,
                    consecutive_throttles=self._retry_state.consecutive_throttles,
                )
            )
        if self._is_abandoned or not (await self.sync_entries()).wanted:
            raise ImportAbandonedError

    def _is_retry_requested(self, seen: int) -> bool:
        return self.retry_requests != seen

    @contextmanager
    def aborting(self) -> Iterator[None]:
        """Make every call and wait that runs raise ImportAbandonedError.

        Ends tasks that make calls concurrently. They are never cancelled, which would interrupt their local activities.
        """
        self._is_aborting = True
        try:
            yield
        finally:
            self._is_aborting = False

    @property
    def _is_abandoned(self) -> bool:
        return self.cancel_requested or self._is_aborting

    async def _run_queued(self, call: UpstreamCall[Any, R], state: RetryState) -> R:
        """Run the activity once.

        If the import becomes interactive while the activity is still queued, cancel it and queue it again with the
        higher priority. An activity that has started is left to finish: its request has been spent.
        """
        upstream = options_of(call.activity).upstream
        with self._shown_as_queued(upstream):
            while not self._is_abandoned:
                should_requeue = partial(self._should_requeue, upstream, self._escalated_by)
                priority = call_priority(
                    workflow.info().priority,
                    escalated_by=self._escalated_by,
                    is_first=call.is_first,
                    consecutive_throttles=state.consecutive_throttles,
                )
                activity = execution.start(call.activity, call.argument, priority=priority, summary=call.summary)
                try:
                    return await self._wait_or_requeue(activity, should_requeue)
                except ActivityError as error:
                    if not should_requeue() or is_upstream_failure(error):
                        raise
            raise ImportAbandonedError

    def _should_requeue(self, upstream: Upstream | None, escalated_by: UUID | None) -> bool:
        """Whether the call is abandoned, or has a higher priority now; work of our own has nothing to queue for."""
        return self._is_abandoned or (upstream is not None and self._escalated_by != escalated_by)

    async def _wait_or_requeue(self, activity: workflow.ActivityHandle[R], should_requeue: Callable[[], bool]) -> R:
        """Return the activity's result. Raises ActivityError where it was cancelled in the queue."""
        try:
            await self._wait_until(lambda: activity.done() or should_requeue())
        except (asyncio.CancelledError, UpstreamError) as error:  # of the workflow; of `sync_entries`
            activity.cancel()
            await workflow.wait([activity])  # what follows must not run at the same time
            if isinstance(error, UpstreamError) and not activity.cancelled() and activity.exception() is None:
                return activity.result()  # the next stage brings the list entries up to date
            raise
        if not activity.done():
            activity.cancel()
        return await activity

    async def _wait_until(self, is_over: Callable[[], bool], *, deadline: datetime | None = None) -> None:
        """Wait, and bring the list entries up to date whenever another list attaches.

        Several calls may wait at the same time: whichever wakes up first does so.
        """
        while not is_over():
            timeout = deadline - workflow.now() if deadline else None
            if timeout is not None and timeout <= timedelta():
                return
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: is_over() or self.attachments != self._synced_attachments, timeout=timeout
                )
            if self.attachments != self._synced_attachments:
                await self.sync_entries()

    @contextmanager
    def _shown_as_queued(self, upstream: Upstream | None) -> Iterator[None]:
        if upstream is None:
            yield
            return
        self._queued_calls += 1
        self._status.upstream = upstream
        self.set_details(f"queued for {_NAMES[upstream]}; see rate-governor:{upstream}")
        try:
            yield
        finally:
            self._queued_calls -= 1
            if not self._queued_calls:
                self._status.upstream = None

    async def _record_wait(self) -> None:
        """Show what the import waits for on its list entries, unless they show it already."""
        wait = self._wait_to_show
        if wait == self._recorded_wait:
            return
        self._recorded_wait = wait
        try:
            await execution.run_local(ImportActivities.record_wait, self._waiting_video)
        except FailureError as error:
            upstream_failure(error)  # raises a cancellation; an import must not fail because its wait is not shown

    @property
    def _waiting_video(self) -> WaitingVideo:
        return WaitingVideo(youtube_id=self._video.youtube_id, wait=self._recorded_wait)

    @property
    def _wait_to_show(self) -> ImportWait | None:
        """The wait that is shown, for as long as it lasts: a hundred calls that wait for the same are one event."""
        if self._recorded_wait in self._waits:
            return self._recorded_wait
        return max(self._waits, key=lambda wait: wait.retry_at, default=None)

    @contextmanager
    def _shown_as_waiting(self, delay: timedelta, reason: ErrorType, attempt: int) -> Iterator[datetime]:
        """Show a wait in the status; yields its end."""
        retry_at = workflow.now() + delay
        waits = [ImportWait(reason=reason, retry_at=retry_at, attempt=attempt)] if delay > REQUEUE_DELAY else []
        self._waits += waits
        self._status.attempt, self._status.retry_at, self._status.waiting_for = attempt, retry_at, reason
        is_due = retry_at <= workflow.now()
        self.set_details(f"requeued: {reason}" if is_due else f"waits until {retry_at:%Y-%m-%d %H:%M:%S} UTC: {reason}")
        try:
            yield retry_at
        finally:
            for wait in waits:
                self._waits.remove(wait)
            if self._status.retry_at == retry_at:  # else another call waits, too
                self._status.retry_at = self._status.waiting_for = None
