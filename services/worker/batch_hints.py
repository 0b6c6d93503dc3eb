"""What this worker tells batches: that one of their videos has ended, so that the next one begins."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from shared.contracts.messages import FeedItem
from shared.contracts.stages import CLOSED_STAGES
from shared.temporal.client import TEMPORAL_AWAY
from shared.temporal.names import import_batch_id
from workflows.import_batch import ImportBatch

COLLECT_SECONDS = 0.1
"""At most ten hints a second and batch."""
CLOSING_SECONDS = 3

logger = logging.getLogger(__name__)


class BatchHints(AbstractAsyncContextManager["BatchHints"]):
    """Sends hints in the background. One that is lost costs a batch seconds: it looks by itself now and then."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: set[UUID] = set()
        self._something_waits = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def note(self, items: Iterable[FeedItem]) -> None:
        """Look for videos of batches whose import is over; returns at once and never fails."""
        for item in items:
            if item.message.batch_id and item.message.stage in CLOSED_STAGES:
                self._waiting.add(item.message.batch_id)
                self._something_waits.set()

    async def __aenter__(self) -> "BatchHints":
        self._task = asyncio.create_task(self._run(), name="batch-hints")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._tell_all(), timeout=CLOSING_SECONDS)

    async def _run(self) -> None:
        while True:
            await self._something_waits.wait()
            self._something_waits.clear()
            try:
                await self._tell_all()
            except Exception:  # the next hint has nothing to do with it
                logger.exception("a hint failed unexpectedly")
            await asyncio.sleep(COLLECT_SECONDS)

    async def _tell_all(self) -> None:
        while self._waiting:
            await self._tell(self._waiting.pop())

    async def _tell(self, batch_id: UUID) -> None:
        try:
            await self._client.get_workflow_handle(import_batch_id(batch_id)).signal(ImportBatch.look_again)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # it is over, and a video of it was tried once more
                logger.warning("a batch cannot be told that a video has ended: %s", error)
        except TEMPORAL_AWAY as error:
            logger.warning("a batch cannot be told that a video has ended: %s", error)
