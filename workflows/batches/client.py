"""Starts batches and previews playlists and channels."""

from datetime import timedelta
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ActivityError

from shared.contracts.batches import ImportBatchInput, ImportBatchResult, SourcePreview, SourceRef, VideoFilter
from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.temporal.names import (
    PRIORITY_PERSON,
    USER_ID,
    WORKFLOW_TASK_TIMEOUT,
    TaskQueue,
    import_batch_id,
)
from workflows.batches.preview import PreviewSource
from workflows.batches.workflow import ImportBatch
from workflows.common.errors import UpstreamError, upstream_failure


async def start_batch(
    client: Client, batch_id: UUID, user_id: UUID, *, priority: int = PRIORITY_PERSON
) -> WorkflowHandle[ImportBatch, ImportBatchResult]:
    """Start the workflow of a batch, or wake the one that runs.

    The batch must be committed before. `priority` is that of the first page of its listing, if it has one. Safe to
    repeat, and raises, as `start_import`.
    """
    return await client.start_workflow(
        ImportBatch.run,
        ImportBatchInput(batch_id=batch_id),
        id=import_batch_id(batch_id),
        task_queue=TaskQueue.IMPORTS,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal="wake",
        priority=Priority(priority_key=priority, fairness_key=str(user_id)),
        search_attributes=TypedSearchAttributes([SearchAttributePair(USER_ID, [str(user_id)])]),
        task_timeout=WORKFLOW_TASK_TIMEOUT,
        static_summary="Many videos",
    )


async def preview_source(
    client: Client, url: str, user_id: UUID, *, seconds: float, wanted: VideoFilter | None = None
) -> SourcePreview:
    """Return what the first page of a playlist or channel holds.

    Raises:
        UpstreamError: YouTube's error is permanent, or there was an internal one.
        TimeoutError: there was no answer within `seconds`.
        Exception: Temporal is unavailable (`shared.temporal.errors`).
    """
    try:
        return await client.execute_workflow(
            PreviewSource.run,
            SourceRef(url=url, filter=wanted),
            id=f"preview:{uuid4()}",
            task_queue=TaskQueue.IMPORTS,
            execution_timeout=timedelta(seconds=seconds),
            priority=Priority(priority_key=PRIORITY_PERSON, fairness_key=str(user_id)),
            task_timeout=WORKFLOW_TASK_TIMEOUT,
            static_summary=f"What is at {url}",
        )
    except WorkflowFailureError as error:
        error_type = _permanent_error(error)
        if error_type is None:
            raise TimeoutError("YouTube did not answer in time") from error
        raise UpstreamError(error_type) from error


def _permanent_error(error: WorkflowFailureError) -> ErrorType | None:
    """Return the error that a retry would meet as well; None where a retry may help."""
    if not isinstance(error.cause, ActivityError):
        return None
    error_type, _ = upstream_failure(error.cause)
    is_final = error_type is ErrorType.INTERNAL_ERROR or ERROR_RULES[error_type].retry is Retry.NEVER
    return error_type if is_final else None
