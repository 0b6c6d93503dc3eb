"""Finds waiting videos without a running import and starts them."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client

from shared.contracts.imports import ReconcileInput, ReconcileResult
from shared.db.waiting import WaitingVideo, waiting_videos
from shared.temporal.names import IMPORT_VIDEO, PRIORITY_BULK, PRIORITY_PERSON, import_video_id
from workflows.activities import ReconcileSteps
from workflows.start import start_import

PAGE = 500
CONCURRENT_STARTS = 10
RUNNING_IMPORTS = f"WorkflowType = '{IMPORT_VIDEO}' AND ExecutionStatus = 'Running'"
_ID_PREFIX = import_video_id("")


class ReconcileActivities(ReconcileSteps):
    """`ReconcileSteps` on Postgres and Temporal's list of running workflows."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def start_missing_imports(self, reconcile: ReconcileInput) -> ReconcileResult:
        """Start the import of every waiting video that has none running.

        Temporal's list lags a moment behind: a video it misses is attached to once more, which is harmless.
        """
        running = {
            execution.id.removeprefix(_ID_PREFIX) async for execution in self._client.list_workflows(RUNNING_IMPORTS)
        }
        already_running, started = len(running), 0
        while True:
            async with self._engine.connect() as connection:
                page = await waiting_videos(
                    connection, older_than_seconds=reconcile.older_than_seconds, except_ids=running, limit=PAGE
                )
            activity.heartbeat(started)
            await self._start(page)
            started += len(page)
            running.update(video.youtube_id for video in page)
            if len(page) < PAGE:
                return ReconcileResult(running=already_running, started=started)

    async def _start(self, videos: list[WaitingVideo]) -> None:
        places = asyncio.Semaphore(CONCURRENT_STARTS)

        async def start(video: WaitingVideo) -> None:
            async with places:
                priority = PRIORITY_BULK if video.bulk else PRIORITY_PERSON
                await start_import(self._client, video.youtube_id, video.user_id, priority=priority)

        await asyncio.gather(*(start(video) for video in videos))
