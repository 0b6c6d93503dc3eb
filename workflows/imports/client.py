"""Starts and cancels imports."""

from uuid import UUID

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError

from shared.contracts.imports import Attach, ImportVideoInput, ImportVideoResult
from shared.contracts.stages import ImportStage
from shared.temporal.errors import is_not_found
from shared.temporal.names import (
    IMPORT_STAGE,
    PRIORITY_PERSON,
    USER_ID,
    WORKFLOW_TASK_TIMEOUT,
    YOUTUBE_ID,
    TaskQueue,
    import_video_id,
)
from workflows.imports.workflow import ImportVideo


async def start_import(
    client: Client, youtube_id: str, user_id: UUID, *, priority: int = PRIORITY_PERSON
) -> WorkflowHandle[ImportVideo, ImportVideoResult]:
    """Start the import of a video, or attach the user to the one that runs, which is raised to `priority`.

    The list entry must be committed before. Safe to repeat.

    Raises:
        Exception: Temporal is unavailable (`shared.temporal.errors`).
    """
    return await client.start_workflow(
        ImportVideo.run,
        ImportVideoInput(youtube_id=youtube_id),
        id=import_video_id(youtube_id),
        task_queue=TaskQueue.IMPORTS,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal="attach",
        start_signal_args=[Attach(user_id=user_id, is_interactive=priority == PRIORITY_PERSON)],
        priority=Priority(priority_key=priority, fairness_key=str(user_id)),
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(YOUTUBE_ID, youtube_id),
                SearchAttributePair(IMPORT_STAGE, ImportStage.METADATA.value),
                SearchAttributePair(USER_ID, [str(user_id)]),
            ]
        ),
        task_timeout=WORKFLOW_TASK_TIMEOUT,
        static_summary=f"YouTube video {youtube_id}",
    )


async def cancel_import(client: Client, youtube_id: str) -> None:
    """Stop the import of a video, if one runs, unless a list still waits for it. Raises as `start_import`."""
    try:
        await client.get_workflow_handle(import_video_id(youtube_id)).signal(ImportVideo.cancel)
    except RPCError as error:
        if not is_not_found(error):
            raise
