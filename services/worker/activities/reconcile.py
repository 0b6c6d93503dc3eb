"""Finds what is in Postgres and Temporal does not know of: videos, batches and subscriptions."""

import asyncio
import logging

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client

from services.worker.activities.heartbeats import heartbeats
from services.worker.running import running_batches, running_imports
from shared.contracts.imports import ReconcileInput, ReconcileResult
from shared.db.driver import transaction
from shared.db.subscriptions import unscheduled
from shared.db.waiting import WaitingVideo, batches_under_way, waiting_videos
from shared.temporal.client import TEMPORAL_AWAY
from shared.temporal.names import PRIORITY_BULK, PRIORITY_PERSON
from shared.temporal.subscriptions import keep_schedule
from workflows.activities import ReconcileSteps
from workflows.start import start_batch, start_import

PAGE = 500
CONCURRENT_STARTS = 10

logger = logging.getLogger(__name__)


class ReconcileActivities(ReconcileSteps):
    """`ReconcileSteps` on Postgres and Temporal's list of running workflows."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def start_missing_imports(self, reconcile: ReconcileInput) -> ReconcileResult:
        """Start the import of every waiting video that has none running, and the workflow of every such batch.

        Schedules of subscriptions are brought to what their rows say.

        Temporal's list lags a moment behind: a video it misses is attached to once more, which is harmless.
        """
        async with heartbeats():
            running = await running_imports(self._client)
            already_running, started = len(running), 0
            while page := await self._page(reconcile, running):
                started += await self._start(page)
                running.update(video.youtube_id for video in page)
            batches_started = await self._start_batches(reconcile)
            schedules_kept = await self._keep_schedules()
        return ReconcileResult(
            running=already_running, started=started, batches_started=batches_started, schedules_kept=schedules_kept
        )

    async def _page(self, reconcile: ReconcileInput, running: set[str]) -> list[WaitingVideo]:
        async with self._engine.connect() as connection:
            return await waiting_videos(
                connection, older_than_seconds=reconcile.older_than_seconds, except_ids=running, limit=PAGE
            )

    async def _start_batches(self, reconcile: ReconcileInput) -> int:
        """Start the workflow of every batch that has none; returns how many were."""
        async with self._engine.connect() as connection:
            batches = await batches_under_way(connection, older_than_seconds=reconcile.older_than_seconds)
        if not batches:
            return 0
        running = await running_batches(self._client)
        missing = [batch for batch in batches if batch.batch_id not in running]
        for batch in missing:
            await start_batch(self._client, batch.batch_id, batch.user_id, priority=PRIORITY_BULK)
        return len(missing)

    async def _keep_schedules(self) -> int:
        """Tell Temporal of subscriptions that have changed; one that it refuses keeps nobody else from it."""
        async with transaction(self._engine) as connection:
            changed = await unscheduled(connection)
        kept = 0
        for subscription_id in changed:
            try:
                async with transaction(self._engine) as connection:
                    await keep_schedule(connection, self._client, subscription_id)
                kept += 1
            except TEMPORAL_AWAY as error:
                logger.warning("the schedule of subscription %s could not be kept: %r", subscription_id, error)
        return kept

    async def _start(self, videos: list[WaitingVideo]) -> int:
        """Start what can be started; one that cannot keeps nobody else from it. Returns how many were."""
        places = asyncio.Semaphore(CONCURRENT_STARTS)

        async def start(video: WaitingVideo) -> None:
            async with places:
                priority = PRIORITY_BULK if video.bulk else PRIORITY_PERSON
                await start_import(self._client, video.youtube_id, video.user_id, priority=priority)

        results = await asyncio.gather(*(start(video) for video in videos), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            logger.warning("%d of %d imports could not be started: %r", len(failures), len(videos), failures[0])
        return len(videos) - len(failures)
