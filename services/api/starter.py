"""Starts, hurries and cancels imports, starts batches, and keeps schedules, off the request's path.

Nothing here has to succeed: entry, batch and subscription are in Postgres. ReconcileImports starts what is not running
and keeps the schedules that are wanted; a schedule that nobody wants any more deletes itself. An import whose signal
was lost goes on at its own time and looks by itself whether anybody still waits. So a request never waits for Temporal,
and what fails or finds no room is dropped.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from types import TracebackType
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from services.api.database import Database
from services.api.problems import Problem
from shared.contracts.messages import FeedItem
from shared.db.driver import driver_of
from shared.db.import_progress import is_wanted
from shared.temporal.client import TEMPORAL_AWAY
from shared.temporal.feed import FeedPublisher
from shared.temporal.names import import_video_id
from shared.temporal.subscriptions import keep_schedule
from workflows.import_video import ImportVideo
from workflows.start import start_batch, start_import

MAX_WAITING_JOBS = 10_000
JOB_SECONDS = 10
DRAIN_SECONDS = 5
"""How long a shutdown waits for what was handed over."""

Job = Callable[[], Awaitable[None]]
logger = logging.getLogger(__name__)


class ImportStarter(AbstractAsyncContextManager["ImportStarter"]):
    """Talks to the workflows of imports in the background; leaving the context finishes what was begun.

    One job at a time: YouTube sets the pace of imports anyway, and on a small machine requests come first.
    """

    def __init__(self, client: Client, publisher: FeedPublisher, database: Database) -> None:
        self._client = client
        self._publisher = publisher
        self._database = database
        self._jobs: asyncio.Queue[Job] = asyncio.Queue(MAX_WAITING_JOBS)
        self._worker: asyncio.Task[None] | None = None
        self._in_outage = False

    async def __aenter__(self) -> "ImportStarter":
        self._worker = asyncio.create_task(self._work(), name="import-starter")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._jobs.join(), DRAIN_SECONDS)
        if self._worker:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    def start(self, event: FeedItem) -> None:
        """Tell the live feed of a committed entry and have its import started."""
        self._publisher.publish([event])
        self._submit(partial(self._start, event.message.youtube_id, event.user_id))

    def hurry(self, youtube_id: str, user_id: UUID) -> None:
        """Have a waiting import try again at once, or started where none runs."""
        self._submit(partial(self._hurry, youtube_id, user_id))

    def cancel(self, youtube_id: str) -> None:
        """Have an import stopped unless some list still waits for it."""
        self._submit(partial(self._cancel, youtube_id))

    def begin_batch(self, batch_id: UUID, user_id: UUID) -> None:
        """Have a committed batch begin, or look at what was changed of it."""
        self._submit(partial(self._begin_batch, batch_id, user_id))

    def keep_schedule(self, subscription_id: UUID) -> None:
        """Have a subscription's schedule say what its row says."""
        self._submit(partial(self._keep_schedule, subscription_id))

    def _submit(self, job: Job) -> None:
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            self._note_outage("too many jobs wait")

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                await asyncio.wait_for(job(), JOB_SECONDS)
            except (*TEMPORAL_AWAY, Problem, TimeoutError) as error:
                self._note_outage(error)
            except Exception:  # the next job has nothing to do with it
                logger.exception("a job failed unexpectedly")
            finally:
                self._jobs.task_done()

    async def _start(self, youtube_id: str, user_id: UUID) -> None:
        await start_import(self._client, youtube_id, user_id)
        self._in_outage = False

    async def _begin_batch(self, batch_id: UUID, user_id: UUID) -> None:
        await start_batch(self._client, batch_id, user_id)
        self._in_outage = False

    async def _keep_schedule(self, subscription_id: UUID) -> None:
        async with self._database.transaction() as connection:
            await keep_schedule(connection, self._client, subscription_id)
        self._in_outage = False

    async def _hurry(self, youtube_id: str, user_id: UUID) -> None:
        workflow = self._client.get_workflow_handle(import_video_id(youtube_id))
        try:
            await workflow.signal(ImportVideo.retry_now)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            await self._start(youtube_id, user_id)

    async def _cancel(self, youtube_id: str) -> None:
        async with self._database.connection() as connection:
            if await is_wanted(driver_of(connection), youtube_id):
                return
        workflow = self._client.get_workflow_handle(import_video_id(youtube_id))
        try:
            await workflow.signal(ImportVideo.cancel)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    def _note_outage(self, reason: object) -> None:
        """Log the first failure of a row: the others would say the same."""
        if not self._in_outage:
            logger.warning(
                "imports cannot be reached right now: ReconcileImports starts what is missing, "
                "what waits goes on at its own time, and what nobody wants any more ends by itself: %r",
                reason,
            )
        self._in_outage = True
