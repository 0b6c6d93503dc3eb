"""Starts what PostgreSQL has and Temporal lacks: imports, batches, schedules and list deletions."""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client

from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.visibility import list_running_batches, list_running_imports
from shared.contracts.imports import ReconcileInput, ReconcileResult
from shared.db import counts
from shared.db.connection import autocommit, raw_connection, transaction
from shared.db.imports import WaitingVideo, open_batches, unstarted_videos
from shared.db.list_deletion import deleted_lists
from shared.db.subscriptions import stale_schedules
from shared.logs import get_logger
from shared.temporal.names import PRIORITY_BULK, PRIORITY_PERSON
from shared.temporal.schedules import sync_schedule
from workflows.batches.client import start_batch
from workflows.imports.client import start_import
from workflows.lists.client import start_list_deletion
from workflows.maintenance import activities as contract

PAGE = 500
MAX_CONCURRENT_STARTS = 10

logger = get_logger(__name__)


class ReconcileActivities(contract.ReconcileActivities):
    """The contract on PostgreSQL and Temporal's list of running workflows."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def start_missing_imports(self, reconcile: ReconcileInput) -> ReconcileResult:
        """Start the import of every waiting video, and the workflow of every open batch, that has none running.

        Sync the schedules of subscriptions, start the removal of deleted lists' rows, and fold counts. Temporal's list
        lags a moment behind: attaching once more to an import that it misses is harmless.
        """
        found = ReconcileResult(running=0, started=0)

        async def videos() -> None:
            running = await list_running_imports(self._client)
            found.running = len(running)
            while page := await self._page(reconcile, running):
                found.started += await self._start(page)
                running.update(video.youtube_id for video in page)

        async def batches() -> None:
            found.batches_started = await self._start_batches(reconcile)

        async def schedules() -> None:
            found.schedules_synced = await self._sync_schedules()

        async def deletions() -> None:
            found.deletions = await self._start_deletions(reconcile)

        async def sums() -> None:
            async with transaction(self._engine) as connection:
                await counts.fold(connection)

        async with heartbeats():
            await _each(videos, batches, schedules, deletions, sums)
        return found

    async def _page(self, reconcile: ReconcileInput, running: set[str]) -> list[WaitingVideo]:
        async with autocommit(self._engine) as connection:
            return await unstarted_videos(
                raw_connection(connection),
                older_than_seconds=reconcile.older_than_seconds,
                except_ids=running,
                limit=PAGE,
            )

    async def _start_batches(self, reconcile: ReconcileInput) -> int:
        """Start the workflow of every open batch that has none; returns their number."""
        async with autocommit(self._engine) as connection:
            batches = await open_batches(raw_connection(connection), older_than_seconds=reconcile.older_than_seconds)
        if not batches:
            return 0
        running = await list_running_batches(self._client)
        started = 0
        for batch in batches:
            if batch.batch_id in running:
                continue
            try:
                await start_batch(self._client, batch.batch_id, batch.user_id, priority=PRIORITY_BULK)
                started += 1
            except Exception as error:  # any failure: the others must not wait for it
                logger.error("batch_not_started", batch_id=batch.batch_id, error=error)
        return started

    async def _start_deletions(self, reconcile: ReconcileInput) -> int:
        """Start the removal of every deleted list's rows; returns the number of lists."""
        async with transaction(self._engine) as connection:
            deleted = await deleted_lists(connection, older_than_seconds=reconcile.older_than_seconds)
        for list_id in deleted:
            await start_list_deletion(self._client, list_id)
        return len(deleted)

    async def _sync_schedules(self) -> int:
        """Sync the schedules of changed subscriptions; returns their number. A failure does not affect the others."""
        async with transaction(self._engine) as connection:
            changed = await stale_schedules(connection)
        synced = 0
        for subscription_id in changed:
            try:
                async with transaction(self._engine) as connection:
                    await sync_schedule(connection, self._client, subscription_id)
                synced += 1
            except Exception as error:  # any failure: the others must not wait for it
                logger.error("schedule_not_synced", subscription_id=subscription_id, error=error)
        return synced

    async def _start(self, videos: list[WaitingVideo]) -> int:
        """Start imports; returns how many were started. A failure does not affect the others."""
        semaphore = asyncio.Semaphore(MAX_CONCURRENT_STARTS)

        async def start(video: WaitingVideo) -> None:
            async with semaphore:
                priority = PRIORITY_BULK if video.bulk else PRIORITY_PERSON
                await start_import(self._client, video.youtube_id, video.user_id, priority=priority)

        results = await asyncio.gather(*(start(video) for video in videos), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            logger.error("imports_not_started", count=len(failures), of=len(videos), first_error=failures[0])
        return len(videos) - len(failures)


async def _each(*works: Callable[[], Awaitable[None]]) -> None:
    """Run all, one after the other, even if some fail; raises the first failure at the end."""
    failures = []
    for work in works:
        try:
            await work()
        except Exception as error:
            failures.append(error)
    if failures:
        raise failures[0]
