"""Activities with a script: each records its call and does what the script says next."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from services.worker.activities.support.shielding import shield_from_cancellation
from shared.contracts.errors import ErrorType
from shared.contracts.imports import (
    Completion,
    FailImportInput,
    ImportState,
    ImportVideoResult,
    ImportWait,
    SkipCaptionsInput,
    UpstreamFailure,
    VideoMetadata,
    VideoRef,
    WaitingVideo,
)
from shared.contracts.stages import ImportStage
from shared.temporal.names import TaskQueue
from tests.workflows.speech_script import SpeechScript
from workflows.common.activity_options import activities_of
from workflows.imports.activities import ImportActivities, YoutubeActivities
from workflows.imports.client import start_import
from workflows.imports.workflow import ImportVideo
from workflows.maintenance.workflows import SweepAudio, UpgradeCaptions

YOUTUBE_ID = "abcdefghijk"
HEARTBEAT = timedelta(milliseconds=200)


def application_error(error_type: ErrorType, *, not_before: datetime | None = None) -> ApplicationError:
    """What a YouTube activity raises."""
    return ApplicationError("as scripted", UpstreamFailure(not_before=not_before), type=error_type, non_retryable=True)


class ScriptedSteps(ImportActivities, YoutubeActivities):
    """Activities that do what a test says; without a script, everything succeeds."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.cancelled = asyncio.Event()
        """Set when a running activity is cancelled."""
        self.waits: list[ImportWait | None] = []
        """What the list entries were said to wait for."""
        self.script: dict[str, deque[object]] = defaultdict(deque)
        self.failed_with: ErrorType | None = None
        self.skipped_because: ErrorType | None = None
        self.speech = SpeechScript(self._perform)

    def on(self, step: str, *outcomes: object) -> None:
        """What the next calls of a step do: raise an exception, wait for an event, or return a value."""
        self.script[step].extend(outcomes)

    async def _perform(self, step: str, default: object) -> object:
        self.calls.append(step)
        while True:
            outcome = self.script[step].popleft() if self.script[step] else default
            if isinstance(outcome, Exception):
                raise outcome
            if not isinstance(outcome, asyncio.Event):
                return outcome
            while not outcome.is_set():
                activity.heartbeat()  # so that it can be cancelled
                if activity.is_cancelled():
                    self.cancelled.set()
                with suppress(TimeoutError):
                    await asyncio.wait_for(outcome.wait(), HEARTBEAT.total_seconds())

    @activity.defn
    async def load_import_state(self, video: WaitingVideo) -> ImportState:
        self.waits.append(video.wait)
        done = ImportState(wanted=False, reached=ImportStage.COMPLETE)
        state = await self._perform(
            "load_import_state", done if "complete_import" in self.calls else ImportState(wanted=True)
        )
        assert isinstance(state, ImportState)
        return state

    @activity.defn
    async def record_wait(self, video: WaitingVideo) -> None:
        self.waits.append(video.wait)
        if self.script["record_wait"]:  # otherwise it is no step of the import
            await self._perform("record_wait", None)

    @activity.defn
    async def fetch_metadata(self, video: VideoRef) -> VideoMetadata:
        metadata = await shield_from_cancellation(self._perform("fetch_metadata", VideoMetadata(title="A title")))
        assert isinstance(metadata, VideoMetadata)
        return metadata

    @activity.defn
    async def fetch_captions(self, video: VideoRef) -> None:
        await shield_from_cancellation(self._perform("fetch_captions", None))

    @activity.defn
    async def skip_captions(self, skip: SkipCaptionsInput) -> None:
        self.skipped_because = skip.reason
        await self._perform("skip_captions", None)

    @activity.defn
    async def save_chapters(self, video: VideoRef) -> None:
        await self._perform("save_chapters", None)

    @activity.defn
    async def complete_import(self, video: VideoRef) -> Completion:
        outcome = await self._perform("complete_import", Completion())
        assert isinstance(outcome, Completion)
        return outcome

    @activity.defn
    async def fail_import(self, failure: FailImportInput) -> None:
        self.failed_with = failure.error_code
        await self._perform("fail_import", None)

    @asynccontextmanager
    async def at_work(self, client: Client, *, asking: bool = True) -> AsyncIterator[None]:
        """Workers for every task queue; without `asking`, calls to YouTube stay queued."""
        queues = [TaskQueue.AUDIO, TaskQueue.TRANSCRIPTION, TaskQueue.DOWNLOADS]
        if asking:
            queues.append(TaskQueue.YOUTUBE)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(
                Worker(
                    client,
                    task_queue=TaskQueue.IMPORTS,
                    workflows=[ImportVideo, UpgradeCaptions, SweepAudio],
                    activities=activities_of(self, self.speech, queue=TaskQueue.IMPORTS),
                )
            )
            for queue in queues:
                worker = Worker(
                    client,
                    task_queue=queue,
                    activities=activities_of(self, self.speech, queue=queue),
                    max_heartbeat_throttle_interval=HEARTBEAT,
                )
                await stack.enter_async_context(worker)
            yield


async def start(client: Client) -> WorkflowHandle[ImportVideo, ImportVideoResult]:
    """Start the import as the product does."""
    return await start_import(client, YOUTUBE_ID, uuid4())
