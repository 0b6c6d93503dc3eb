"""How an import is started, by whoever wants it: signal-with-start, so that there is one per YouTube id."""

from uuid import UUID

from temporalio.client import Client, WorkflowHandle
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy

from shared.contracts.imports import Attach, ImportVideoInput, ImportVideoResult
from shared.contracts.stages import ImportStage
from shared.temporal.names import (
    IMPORT_STAGE,
    PRIORITY_PERSON,
    USER_ID,
    YOUTUBE_ID,
    TaskQueue,
    import_video_id,
)
from workflows.import_video import ImportVideo


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
