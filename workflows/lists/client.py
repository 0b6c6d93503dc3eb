"""Starts the deletion of a list's rows."""

from uuid import UUID

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    Priority,
    WorkflowIDConflictPolicy,
)

from shared.contracts.imports import ListRef
from shared.temporal.names import (
    PRIORITY_BULK,
    WORKFLOW_TASK_TIMEOUT,
    TaskQueue,
    delete_list_id,
)
from workflows.lists.workflow import DeleteList


async def start_list_deletion(client: Client, list_id: UUID) -> WorkflowHandle[DeleteList, None]:
    """Start the deletion of a deleted list's rows, unless it runs already.

    The list must be marked as deleted, and that committed, before. Safe to repeat, and raises, as `start_import`.
    """
    return await client.start_workflow(
        DeleteList.run,
        ListRef(list_id=list_id),
        id=delete_list_id(list_id),
        task_queue=TaskQueue.IMPORTS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        priority=Priority(priority_key=PRIORITY_BULK),
        task_timeout=WORKFLOW_TASK_TIMEOUT,
        static_summary="The rows of a deleted list",
    )
