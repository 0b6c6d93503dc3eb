"""How workflows are started, by whoever wants them: signal-with-start, so that there is one per video and batch."""

from datetime import timedelta
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError

from shared.contracts.batches import ImportBatchInput, ImportBatchResult, SourcePreview, SourceRef
from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.imports import Attach, ImportVideoInput, ImportVideoResult
from shared.contracts.stages import ImportStage
from shared.temporal.names import (
    IMPORT_STAGE,
    PRIORITY_PERSON,
    USER_ID,
    YOUTUBE_ID,
    TaskQueue,
    import_batch_id,
    import_video_id,
)
from workflows.import_batch import ImportBatch
from workflows.import_video import ImportVideo
from workflows.preview_source import PreviewSource
from workflows.refusals import Refused, what_was_said


async def start_import(
    client: Client, youtube_id: str, user_id: UUID, *, priority: int = PRIORITY_PERSON
) -> WorkflowHandle[ImportVideo, ImportVideoResult]:
    """Start the import of a video, or attach the user to the one that runs, which is raised to `priority`.

    The entry must be committed before. Safe to repeat. Raises RPCError, or RuntimeError from a client
    that never connected, while Temporal cannot be reached.
    """
    return await client.start_workflow(
        ImportVideo.run,
        ImportVideoInput(youtube_id=youtube_id),
        id=import_video_id(youtube_id),
        task_queue=TaskQueue.IMPORTS,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal="attach",
        start_signal_args=[Attach(user_id=user_id, is_waiting=priority == PRIORITY_PERSON)],
        priority=Priority(priority_key=priority, fairness_key=str(user_id)),
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(YOUTUBE_ID, youtube_id),
                SearchAttributePair(IMPORT_STAGE, ImportStage.METADATA.value),
                SearchAttributePair(USER_ID, [str(user_id)]),
            ]
        ),
        static_summary=f"YouTube video {youtube_id}",
    )


async def start_batch(
    client: Client, batch_id: UUID, user_id: UUID, *, priority: int = PRIORITY_PERSON
) -> WorkflowHandle[ImportBatch, ImportBatchResult]:
    """Start the workflow of a batch, or have the one that runs look again.

    The batch must be committed before. `priority` is that of the first page of its list, where it has one. Safe to
    repeat, and raises, as `start_import`.
    """
    return await client.start_workflow(
        ImportBatch.run,
        ImportBatchInput(batch_id=batch_id),
        id=import_batch_id(batch_id),
        task_queue=TaskQueue.IMPORTS,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal="look_again",
        priority=Priority(priority_key=priority, fairness_key=str(user_id)),
        search_attributes=TypedSearchAttributes([SearchAttributePair(USER_ID, [str(user_id)])]),
        static_summary="Many videos",
    )


async def preview_source(client: Client, url: str, user_id: UUID, *, seconds: float) -> SourcePreview:
    """What YouTube's first page tells of a playlist or channel.

    Raises Refused with YouTube's last word, TimeoutError when it did not answer within `seconds`, and as
    `start_import` while Temporal cannot be reached.
    """
    try:
        return await client.execute_workflow(
            PreviewSource.run,
            SourceRef(url=url),
            id=f"preview:{uuid4()}",
            task_queue=TaskQueue.IMPORTS,
            execution_timeout=timedelta(seconds=seconds),
            priority=Priority(priority_key=PRIORITY_PERSON, fairness_key=str(user_id)),
            static_summary=f"What is at {url}",
        )
    except WorkflowFailureError as error:
        error_type = _last_word(error)
        if error_type is None:
            raise TimeoutError("YouTube could not be asked in time") from error
        raise Refused(error_type) from error


def _last_word(error: WorkflowFailureError) -> ErrorType | None:
    """Why YouTube will not answer the next time either; None where it may."""
    if not isinstance(error.cause, ActivityError):
        return None
    error_type, _ = what_was_said(error.cause)
    return error_type if ERROR_RULES[error_type].retry is Retry.NEVER else None
