"""`ImportVideo`: one YouTube video, whoever asked for it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
    from shared.contracts.imports import (
        Attach,
        ImportState,
        ImportStatus,
        ImportVideoInput,
        ImportVideoResult,
        VideoRef,
    )
    from shared.contracts.stages import STAGE_PROGRESS, ImportStage
    from shared.temporal.names import (
        IMPORT_STAGE,
        IMPORT_VIDEO,
        PATCH_GOVERNED,
        PRIORITY_BULK,
        USER_ID,
    )
    from workflows import import_steps
    from workflows.policies import (
        CAPTION_ATTEMPTS,
        YoutubeStepOptions,
        delay_before_retry,
        place_in_line,
        youtube_step,
    )
    from workflows.refusals import NobodyWaits, Refused, is_youtubes_word, what_youtube_said

T = TypeVar("T")
MAX_LISTED_USERS = 40
"""Users in the search attribute: the server ends a workflow whose attribute has more than 2,048 bytes."""


@workflow.defn(name=IMPORT_VIDEO)
class ImportVideo:
    """Brings one YouTube video to every list that waits for it.

    Whoever wants the video commits a row and attaches; each stage moves all waiting rows. The import never ends
    with an unread attach.
    """

    @workflow.init
    def __init__(self, video: ImportVideoInput) -> None:
        """Start at nothing; signals may arrive before `run`."""
        self._video = VideoRef(youtube_id=video.youtube_id)
        self._status = ImportStatus(youtube_id=video.youtube_id, stage=ImportStage.CREATED, progress=0)
        self._user_ids = list(video.user_ids)
        self._waits = video.waits
        self._throttles = video.throttles
        self._hurried_for = video.hurried_for
        self._attachments = 0
        self._cancel_asked = False
        self._retry_asked = False
        self._is_governed = False

    @workflow.run
    async def run(self, video: ImportVideoInput) -> ImportVideoResult:
        """Import until everybody who attached has been served, or nobody waits any more."""
        self._is_governed = workflow.patched(PATCH_GOVERNED)
        while True:
            served, self._cancel_asked = self._attachments, False
            result = await self._import()
            if result and self._attachments == served:
                return result

    @workflow.signal
    def attach(self, attach: Attach) -> None:
        """One more user waits for this video."""
        self._attachments += 1
        is_in_bulk = workflow.info().priority.priority_key == PRIORITY_BULK
        if attach.is_waiting and is_in_bulk and self._is_governed and self._hurried_for is None:
            self._hurried_for = attach.user_id
        if attach.user_id not in self._user_ids and len(self._user_ids) < MAX_LISTED_USERS:
            self._user_ids.append(attach.user_id)
            if len(self._user_ids) > 1:  # the first came with the start
                workflow.upsert_search_attributes([USER_ID.value_set([str(user_id) for user_id in self._user_ids])])

    @workflow.signal
    def cancel(self) -> None:
        """Stop asking YouTube and look whether anybody still waits; Postgres decides."""
        self._cancel_asked = True

    @workflow.signal
    def retry_now(self) -> None:
        """Do not wait any longer for the next attempt."""
        self._retry_asked = True

    @workflow.query
    def progress(self) -> ImportStatus:
        """Where the import is, at which attempt, and what it waits for."""
        return self._status

    async def _import(self) -> ImportVideoResult | None:
        """One way through the stages; None where it has to be looked at again."""
        state = await self._begin()
        if not state.wanted:
            self._begin_stage(state.reached)
            return ImportVideoResult(stage=state.reached)
        try:
            await self._bring_what_is_missing(state)
        except Refused as refused:
            return await self._fail(refused.error_type)
        except NobodyWaits:
            return None
        return ImportVideoResult(stage=self._status.stage)

    async def _begin(self) -> ImportState:
        state = await self._bring_entries_up_to_date()
        self._status.title = state.title
        self._reach(state.reached)
        return state

    async def _bring_entries_up_to_date(self) -> ImportState:
        return await import_steps.begin_import(self._video)

    async def _bring_what_is_missing(self, state: ImportState) -> None:
        if state.reached is ImportStage.CREATED:
            await self._bring_metadata()
        if state.reached in {ImportStage.CREATED, ImportStage.METADATA}:
            await self._bring_captions()
        await self._bring_chapters()
        await self._complete()

    async def _bring_metadata(self) -> None:
        self._begin_stage(ImportStage.METADATA)
        metadata = await self._ask_youtube(
            lambda: import_steps.fetch_metadata(self._video, self._place_in_line(has_begun=False))
        )
        self._status.title = metadata.title
        self._reach(ImportStage.METADATA)

    async def _bring_captions(self) -> None:
        self._begin_stage(ImportStage.CAPTIONS)
        try:
            await self._ask_youtube(
                lambda: import_steps.fetch_captions(self._video, self._place_in_line(has_begun=True)),
                max_attempts=CAPTION_ATTEMPTS if self._is_governed else None,
            )
        except Refused as refused:
            if not self._goes_on_without_captions(refused.error_type):
                raise
            await import_steps.skip_captions(self._video, refused.error_type)
        self._reach(ImportStage.CAPTIONS)

    def _goes_on_without_captions(self, error_type: ErrorType) -> bool:
        retry = ERROR_RULES[error_type].retry
        return retry is Retry.SKIP or (retry is Retry.BACKOFF and self._is_governed)

    async def _bring_chapters(self) -> None:
        self._begin_stage(ImportStage.CHAPTERS)
        await import_steps.save_chapters(self._video)
        self._reach(ImportStage.CHAPTERS)

    async def _complete(self) -> None:
        await import_steps.complete_import(self._video)
        self._reach(ImportStage.COMPLETE)
        self._begin_stage(ImportStage.COMPLETE)

    async def _fail(self, error_type: ErrorType) -> ImportVideoResult:
        await import_steps.fail_import(self._video, error_type)
        self._status.stage = ImportStage.ERROR
        self._begin_stage(ImportStage.ERROR)
        return ImportVideoResult(stage=ImportStage.ERROR, error_code=error_type)

    async def _ask_youtube(
        self, ask: Callable[[], workflow.ActivityHandle[T]], *, max_attempts: int | None = None
    ) -> T:
        """Ask until YouTube answers. Raises Refused when asking again is of no use."""
        attempt = 1
        while True:
            try:
                answer = await self._in_turn(ask)
            except ActivityError as error:
                error_type, failure = what_youtube_said(error)
            else:
                self._waits = self._throttles = 0
                return answer
            retry = ERROR_RULES[error_type].retry
            is_attempt = retry is Retry.BACKOFF
            self._waits = 0 if is_attempt else self._waits + 1
            self._throttles += retry is Retry.WAIT
            delay = delay_before_retry(
                error_type,
                failure,
                attempt=attempt,
                max_attempts=max_attempts,
                waits=self._waits,
                now=workflow.now(),
                is_governed=self._is_governed,
            )
            if delay is None:
                raise Refused(error_type)
            attempt += is_attempt
            await self._wait(delay, error_type, attempt)

    async def _in_turn(self, ask: Callable[[], workflow.ActivityHandle[T]]) -> T:
        """One call, when its turn in the queue has come: a better place there means to queue up again.

        Raises NobodyWaits when it has been called off.
        """
        self._status.asks_youtube = True
        self._describe("in the queue to YouTube; rate-governor:youtube tells how it stands")
        try:
            while not self._cancel_asked:
                hurried_for = self._hurried_for
                try:
                    return await self._unless_recalled(ask(), hurried_for)
                except ActivityError as error:
                    if not self._is_recalled(hurried_for) or is_youtubes_word(error):
                        raise
            raise NobodyWaits
        finally:
            self._status.asks_youtube = False

    async def _unless_recalled(self, activity: workflow.ActivityHandle[T], hurried_for: UUID | None) -> T:
        """The call's answer. An entry that comes while it waits is brought to where the import is.

        A call that waits in the queue is given up when it is recalled, with ActivityError; one that has begun ends.
        """
        served = self._attachments
        while not (activity.done() or self._is_recalled(hurried_for)):
            await workflow.wait_condition(partial(self._is_call_disturbed, activity, hurried_for, served))
            if self._is_governed and self._attachments > served and not activity.done():
                served = self._attachments
                await self._bring_entries_up_to_date()
        if not activity.done():
            activity.cancel()
        return await activity

    def _is_recalled(self, hurried_for: UUID | None) -> bool:
        return self._cancel_asked or self._hurried_for != hurried_for

    def _is_call_disturbed(self, activity: workflow.ActivityHandle[T], hurried_for: UUID | None, served: int) -> bool:
        return activity.done() or self._is_recalled(hurried_for) or (self._is_governed and self._attachments > served)

    def _place_in_line(self, *, has_begun: bool) -> YoutubeStepOptions:
        priority = place_in_line(
            workflow.info().priority, hurried_for=self._hurried_for, has_begun=has_begun, throttles=self._throttles
        )
        return youtube_step(priority, is_governed=self._is_governed)

    async def _wait(self, delay: timedelta, reason: ErrorType, attempt: int) -> None:
        """Wait for the next attempt; an entry that comes meanwhile is brought to where the import is.

        Raises NobodyWaits when YouTube need not be asked again.
        """
        retry_at = workflow.now() + delay
        self._status.attempt, self._status.retry_at, self._status.waiting_for = attempt, retry_at, reason
        self._describe(
            f"waits until {retry_at:%Y-%m-%d %H:%M:%S} UTC: {reason}" if delay else f"in line again: {reason}"
        )
        try:
            await self._sleep_until(retry_at)
        finally:
            self._status.retry_at = self._status.waiting_for = None
        if workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(
                ImportVideoInput(
                    youtube_id=self._video.youtube_id,
                    user_ids=self._user_ids,
                    hurried_for=self._hurried_for,
                    waits=self._waits,
                    throttles=self._throttles,
                )
            )
        if self._cancel_asked or not (await self._bring_entries_up_to_date()).wanted:
            raise NobodyWaits

    async def _sleep_until(self, retry_at: datetime) -> None:
        self._retry_asked = False
        served = self._attachments
        while not (self._retry_asked or self._cancel_asked) and (left := retry_at - workflow.now()) > timedelta():
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(partial(self._is_disturbed, served), timeout=left)
            if self._attachments > served:
                served = self._attachments
                await self._bring_entries_up_to_date()

    def _is_disturbed(self, served: int) -> bool:
        return self._retry_asked or self._cancel_asked or self._attachments > served

    def _begin_stage(self, stage: ImportStage) -> None:
        """Tell the Web UI and the search which stage is under way."""
        if workflow.info().typed_search_attributes.get(IMPORT_STAGE) != stage.value:
            workflow.upsert_search_attributes([IMPORT_STAGE.value_set(stage.value)])
        self._describe(stage.value)

    def _reach(self, stage: ImportStage) -> None:
        self._status.stage = stage
        self._status.progress = STAGE_PROGRESS[stage]
        self._status.attempt = 1

    def _describe(self, what: str) -> None:
        title = self._status.title or f"YouTube video {self._video.youtube_id}"
        workflow.set_current_details(f"**{title}**\n\n{self._status.progress} %: {what}")
