"""The activity that deletes a list's rows: its contract."""

from abc import ABC, abstractmethod
from datetime import timedelta

from shared.contracts.imports import ListRef
from shared.temporal.names import TaskQueue
from workflows.common.activity_options import queued_activity

DELETION_TIMEOUT = timedelta(minutes=10)
"""An activity deletes rows for a minute, in portions, and takes turns with the deletion of other lists."""


class ListDeletionActivities(ABC):
    """Deletes a list from the database.

    When its attempts are used up, the workflow fails, which the Temporal Web UI shows, and `ReconcileImports` starts it
    again.
    """

    @queued_activity(TaskQueue.IMPORTS, "Videos, batches, subscriptions, the list", timeout=DELETION_TIMEOUT)
    @abstractmethod
    async def delete_rows(self, deleted: ListRef) -> bool:
        """Delete rows of a deleted list for a while; return whether none is left."""
