"""The calls that one import makes to the servers outside: in turn, again after a while, and called off.

`ImportVideo` hands over what its signals say; every call reacts to it, whatever it is waiting for.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
    from shared.contracts.imports import Attach, ImportState, ImportStatus, ImportVideoInput, VideoRef
    from shared.contracts.upstreams import Upstream
    from shared.temporal.names import PRIORITY_BULK, USER_ID
    from workflows import import_steps
    from workflows.policies import delay_before_retry, place_in_line
    from workflows.refusals import NobodyWaits, Refused, is_a_known_word, what_was_said

T = TypeVar("T")
MAX_LISTED_USERS = 40
"""Users in the search attribute: the server ends a workflow whose attribute has more than 2,048 bytes."""


@dataclass
class Patience:
    """What a call, or several in a row, have been through since they were last answered."""

    waits: int = 0
    """Waits in a row that were no attempts."""
    throttles: int = 0


@dataclass(frozen=True)
class Call(Generic[T]):
    """One thing to be asked for, as often as it takes."""

    start: Callable[[Priority], workflow.ActivityHandle[T]]
    """Queues it up."""
    upstream: Upstream | None
    """Whose queue it waits in; None: one of our own."""
    has_begun: bool = True
    """Whether the video is past its first call."""
    max_attempts: int | None = None
    failure: ErrorType = ErrorType.UNEXPECTED_ANSWER
    """What it counts as that we could not ask, or could not make sense of the answer."""
    patience: Patience | None = None
    """Of its own, where the import is in the midst of something that a new run would have to begin again."""


class ImportCalls:
    """Makes the calls of one import, and knows who waits for it."""

    def __init__(self, video: ImportVideoInput, status: ImportStatus) -> None:
        self.is_governed = False
        """Whether Temporal's task queues hold calls back; imports older than the `RateGovernor` wait on timers."""
        self.attachments = 0
        self.cancel_asked = False
        self._video = VideoRef(youtube_id=video.youtube_id)
        self._status = status
        self._user_ids = list(video.user_ids)
        self._patience = Patience(video.waits, video.throttles)
        self._hurried_for = video.hurried_for
        self._retries_asked = 0
        self._under_way = 0

    def attach(self, attach: Attach) -> None:
        """One more user waits for this video."""
        self.attachments += 1
        if attach.is_waiting and self.is_in_bulk and self.is_governed:
            self._hurried_for = attach.user_id
        if attach.user_id not in self._user_ids and len(self._user_ids) < MAX_LISTED_USERS:
            self._user_ids.append(attach.user_id)
            if len(self._user_ids) > 1:  # the first came with the start
                workflow.upsert_search_attributes([USER_ID.value_set([str(user_id) for user_id in self._user_ids])])

    @property
    def is_in_bulk(self) -> bool:
        """Whether nobody waits for this video alone."""
        return workflow.info().priority.priority_key == PRIORITY_BULK and self._hurried_for is None

    def retry_now(self) -> None:
        """Let nothing wait any longer for its next attempt."""
        self._retries_asked += 1

    async def bring_entries_up_to_date(self) -> ImportState:
        """Look at what is known; entries that wait are brought that far."""
        return await import_steps.begin_import(self._video)

    async def ask(self, call: Call[T]) -> T:
        """Ask until there is an answer.

        Raises Refused when asking again is of no use, NobodyWaits when nobody wants the answer any more.
        """
        self._under_way += 1
        try:
            return await self._ask(call, call.patience or self._patience)
        finally:
            self._under_way -= 1

    def describe(self, what: str) -> None:
        """Say in the Web UI what the import is at."""
        title = self._status.title or f"YouTube video {self._video.youtube_id}"
        workflow.set_current_details(f"**{title}**\n\n{self._status.progress} %: {what}")

    async def _ask(self, call: Call[T], patience: Patience) -> T:
        attempt = 1
        while True:
            try:
                answer = await self._in_turn(call, patience)
            except ActivityError as error:
                error_type, failure = what_was_said(error, otherwise=call.failure)
            else:
                patience.waits = patience.throttles = 0
                return answer
            retry = ERROR_RULES[error_type].retry
            is_attempt = retry is Retry.BACKOFF
            patience.waits = 0 if is_attempt else patience.waits + 1
            patience.throttles += retry is Retry.WAIT
            delay = delay_before_retry(
                error_type,
                failure,
                attempt=attempt,
                max_attempts=call.max_attempts,
                waits=patience.waits,
                now=workflow.now(),
                is_governed=self.is_governed,
            )
            if delay is None:
                raise Refused(error_type)
            attempt += is_attempt
            await self.wait(delay, error_type, attempt, is_alone=call.patience is None)

    async def _in_turn(self, call: Call[T], patience: Patience) -> T:
        """One call, when its turn in the queue has come: a better place there means to queue up again.

        Raises NobodyWaits when it has been called off.
        """
        with self._in_the_queue_to(call.upstream):
            while not self.cancel_asked:
                place = self._hurried_for
                try:
                    return await self._unless_recalled(call.start(self._place(call, patience)), call, place)
                except ActivityError as error:
                    if not self._is_recalled(call, place) or is_a_known_word(error):
                        raise
            raise NobodyWaits

    @contextmanager
    def _in_the_queue_to(self, upstream: Upstream | None) -> Iterator[None]:
        if upstream:
            self._status.asks = upstream
            self.describe(f"in the queue to {_NAMES[upstream]}; rate-governor:{upstream} tells how it stands")
        try:
            yield
        finally:
            if self._under_way == 1:
                self._status.asks = None

    async def _unless_recalled(self, activity: workflow.ActivityHandle[T], call: Call[T], place: UUID | None) -> T:
        """The call's answer. An entry that comes while it waits is brought to where the import is.

        A call that waits in the queue is given up when it is recalled, with ActivityError; one that has begun ends.
        """
        served = self.attachments
        try:
            while not (activity.done() or self._is_recalled(call, place)):
                await workflow.wait_condition(partial(self._is_call_disturbed, activity, call, place, served))
                if self.is_governed and self.attachments > served and not activity.done():
                    served = self.attachments
                    await self.bring_entries_up_to_date()
        except asyncio.CancelledError:
            activity.cancel()
            await workflow.wait([activity])  # what follows must not meet it at work
            raise
        if not activity.done():
            activity.cancel()
        return await activity

    def _is_recalled(self, call: Call[T], place: UUID | None) -> bool:
        """Whether it is called off, or has a better place in a line of others now; our own work is not begun anew."""
        return self.cancel_asked or (call.upstream is not None and self._hurried_for != place)

    def _is_call_disturbed(
        self, activity: workflow.ActivityHandle[T], call: Call[T], place: UUID | None, served: int
    ) -> bool:
        return activity.done() or self._is_recalled(call, place) or (self.is_governed and self.attachments > served)

    def _place(self, call: Call[T], patience: Patience) -> Priority:
        return place_in_line(
            workflow.info().priority,
            hurried_for=self._hurried_for,
            has_begun=call.has_begun,
            throttles=patience.throttles,
        )

    async def wait(self, delay: timedelta, reason: ErrorType, attempt: int = 1, *, is_alone: bool = True) -> None:
        """Wait for the next attempt; an entry that comes meanwhile is brought to where the import is.

        `is_alone`: nothing is lost when the import goes on in a new run.

        Raises NobodyWaits when nothing need be asked again.
        """
        retry_at = workflow.now() + delay
        self._status.attempt, self._status.retry_at, self._status.waiting_for = attempt, retry_at, reason
        self.describe(
            f"waits until {retry_at:%Y-%m-%d %H:%M:%S} UTC: {reason}" if delay else f"in line again: {reason}"
        )
        try:
            await self._sleep_until(retry_at)
        finally:
            if self._status.retry_at == retry_at:  # another call's wait is to be seen as well
                self._status.retry_at = self._status.waiting_for = None
        if is_alone and workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(
                ImportVideoInput(
                    youtube_id=self._video.youtube_id,
                    user_ids=self._user_ids,
                    hurried_for=self._hurried_for,
                    waits=self._patience.waits,
                    throttles=self._patience.throttles,
                )
            )
        if self.cancel_asked or not (await self.bring_entries_up_to_date()).wanted:
            raise NobodyWaits

    async def _sleep_until(self, retry_at: datetime) -> None:
        retries_asked, served = self._retries_asked, self.attachments
        while (
            self._retries_asked == retries_asked
            and not self.cancel_asked
            and (left := retry_at - workflow.now()) > timedelta()
        ):
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(partial(self._is_disturbed, retries_asked, served), timeout=left)
            if self.attachments > served:
                served = self.attachments
                await self.bring_entries_up_to_date()

    def _is_disturbed(self, retries_asked: int, served: int) -> bool:
        return self._retries_asked > retries_asked or self.cancel_asked or self.attachments > served


_NAMES = {Upstream.YOUTUBE: "YouTube", Upstream.TRANSCRIPTION: "speech recognition"}
