"""Wakes a batch when a slot of its window is free, so that the next import starts."""

from collections.abc import Callable, Iterable
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError

from shared.background import BackgroundTask
from shared.contracts.messages import FeedItem, ImportProgress
from shared.contracts.stages import CLOSED_STAGES
from shared.temporal.errors import is_not_found
from shared.temporal.names import import_batch_id
from workflows.batches.workflow import ImportBatch

COLLECT_SECONDS = 0.1
"""At most ten signals a second and batch."""
RETRY_SECONDS = 1.0

WakeBatches = Callable[[Iterable[UUID]], None]
"""Wakes batches, so that they check their windows; returns at once and never fails."""


class BatchNotifier(BackgroundTask):
    """Signals batches in the background. A lost signal delays a batch by seconds: batches also poll."""

    def __init__(self, client: Client) -> None:
        super().__init__("batch_notifier", pause_seconds=COLLECT_SECONDS, retry_seconds=RETRY_SECONDS)
        self._client = client
        self._waiting: set[UUID] = set()

    def video_finished(self, items: Iterable[FeedItem]) -> None:
        """Wake the batches whose videos are complete or have failed; returns at once and never fails."""
        messages = (item.message for item in items if isinstance(item.message, ImportProgress))
        closed = (message for message in messages if message.stage in CLOSED_STAGES)
        self.wake_batches(message.batch_id for message in closed if message.batch_id)

    def wake_batches(self, batch_ids: Iterable[UUID]) -> None:
        """Wake batches, so that they check their windows; returns at once and never fails."""
        for batch_id in batch_ids:
            self._waiting.add(batch_id)
            self.wake()

    async def run_once(self) -> None:
        """Signal the batches that wait. A signal that fails is dropped, the others are retried."""
        while self._waiting:
            await self._signal(self._waiting.pop())

    async def _signal(self, batch_id: UUID) -> None:
        try:
            await self._client.get_workflow_handle(import_batch_id(batch_id)).signal(ImportBatch.wake)
        except RPCError as error:
            if not is_not_found(error):  # the batch is done, and one of its videos was retried
                raise
