"""The activities that schedules run: their contract."""

from abc import ABC, abstractmethod
from datetime import timedelta

from shared.contracts.imports import ReconcileInput, ReconcileResult
from shared.temporal.names import TaskQueue
from workflows.common.activity_options import RETRY_FOREVER, queued_activity

RECONCILE_TIMEOUT = timedelta(minutes=10)
RECONCILE_HEARTBEAT = timedelta(seconds=30)


class ReconcileActivities(ABC):
    """Compares the database with the workflows that run."""

    @queued_activity(
        TaskQueue.IMPORTS,
        "Waiting videos without a running import",
        timeout=RECONCILE_TIMEOUT,
        heartbeat_timeout=RECONCILE_HEARTBEAT,
        retry_policy=RETRY_FOREVER,
    )
    @abstractmethod
    async def start_missing_imports(self, reconcile: ReconcileInput) -> ReconcileResult:
        """Start the import of every waiting video that has none running."""
