"""Steps with a script: each call records itself and does what the script says next."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from services.worker.activities.cancellation import to_the_end
from shared.contracts.errors import ErrorType
from shared.contracts.imports import (
    FailImportInput,
    ImportState,
    ImportVideoResult,
    SkipCaptionsInput,
    UpstreamFailure,
    VideoMetadata,
    VideoRef,
)
from shared.contracts.stages import ImportStage
from shared.temporal.names import TaskQueue
from tests.workflows.speech_script import SpeechScript
from workflows.activities import ImportSteps, YoutubeSteps
from workflows.import_video import ImportVideo
from workflows.start import start_import
from workflows.upkeep import SweepAudio, UpgradeCaptions

YOUTUBE_ID = "abcdefghijk"
HEARTBEAT = timedelta(milliseconds=200)


def refused(error_type: ErrorType, *, not_before: datetime | None = None) -> ApplicationError:
    """What a YouTube activity raises."""
    return ApplicationError("as scripted", UpstreamFailure(not_before=not_before), type=error_type, non_retryable=True)


class ScriptedSteps(ImportSteps, YoutubeSteps):
    """Activities that do what a test says; without a script, everything succeeds."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.cancelled = asyncio.Event()
        """Set when a call that has begun was asked to end."""
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
    async def begin_import(self, video: VideoRef) -> ImportState:
        done = ImportState(wanted=False, reached=ImportStage.COMPLETE)
        state = await self._perform(
            "begin_import", done if "complete_import" in self.calls else ImportState(wanted=True)
        )
        assert isinstance(state, ImportState)
        return state

    @activity.defn
    async def fetch_metadata(self, video: VideoRef) -> VideoMetadata:
        metadata = await to_the_end(self._perform("fetch_metadata", VideoMetadata(title="A title")))
        assert isinstance(metadata, VideoMetadata)
        return metadata

    @activity.defn
    async def fetch_captions(self, video: VideoRef) -> None:
        await to_the_end(self._perform("fetch_captions", None))

    @activity.defn
    async def skip_captions(self, skip: SkipCaptionsInput) -> None:
        self.skipped_because = skip.reason
        await self._perform("skip_captions", None)

    @activity.defn
    async def save_chapters(self, video: VideoRef) -> None:
        await self._perform("save_chapters", None)

    @activity.defn
    async def complete_import(self, video: VideoRef) -> None:
        await self._perform("complete_import", None)

    @activity.defn
    async def fail_import(self, failure: FailImportInput) -> None:
        self.failed_with = failure.error_code
        await self._perform("fail_import", None)

    @asynccontextmanager
    async def at_work(self, client: Client, *, asking: bool = True) -> AsyncIterator[None]:
        """Workers for every task queue; without `asking`, calls to YouTube stay in theirs."""
        imports: list[Callable[..., Any]] = [
            self.begin_import,
            self.skip_captions,
            self.save_chapters,
            self.complete_import,
            self.fail_import,
            self.speech.plan_speech_to_text,
            self.speech.keep_speech,
            self.speech.find_upgradable_videos,
            self.speech.note_looked_again,
        ]
        youtube: list[Callable[..., Any]] = [self.fetch_metadata, self.fetch_captions, self.speech.extract_audio]
        audio: list[Callable[..., Any]] = [
            self.speech.split_audio,
            self.speech.halve_chunk,
            self.speech.discard_audio,
            self.speech.sweep_audio,
        ]
        queues = {TaskQueue.AUDIO: audio, TaskQueue.TRANSCRIPTION: [self.speech.transcribe_chunk]}
        if asking:
            queues[TaskQueue.YOUTUBE] = youtube
        async with AsyncExitStack() as stack:
            workflows = [ImportVideo, UpgradeCaptions, SweepAudio]
            await stack.enter_async_context(
                Worker(client, task_queue=TaskQueue.IMPORTS, workflows=workflows, activities=imports)
            )
            for queue, activities in queues.items():
                worker = Worker(
                    client, task_queue=queue, activities=activities, max_heartbeat_throttle_interval=HEARTBEAT
                )
                await stack.enter_async_context(worker)
            yield


async def start(client: Client) -> WorkflowHandle[ImportVideo, ImportVideoResult]:
    """Start the import as the product does."""
    return await start_import(client, YOUTUBE_ID, uuid4())
