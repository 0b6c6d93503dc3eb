"""How each step of a batch is run: where, with which timeouts, and what the Web UI says of it."""

from uuid import UUID

from temporalio import workflow
from temporalio.common import Priority

from shared.contracts.batches import BatchRef, BatchView, FailListing, ListedPage, LookAtBatch, SourcePreview, SourceRef
from shared.contracts.errors import ErrorType
from shared.temporal.names import TaskQueue
from workflows.activities import BatchSteps, ListingSteps
from workflows.policies import DATABASE_STEP, youtube_step


async def look_at_batch(look: LookAtBatch) -> BatchView:
    """Do what was asked, begin what there is room for, and count."""
    return await workflow.execute_local_activity_method(
        BatchSteps.look_at_batch, look, **DATABASE_STEP, summary="Fill the window"
    )


async def fail_listing(batch_id: UUID, error_type: ErrorType) -> None:
    """Go on with what was read of YouTube's list."""
    await workflow.execute_local_activity_method(
        BatchSteps.fail_listing,
        FailListing(batch_id=batch_id, error_code=error_type),
        **DATABASE_STEP,
        summary=f"The list cannot be read: {error_type}",
    )


def list_next_page(batch_id: UUID, priority: Priority) -> workflow.ActivityHandle[ListedPage]:
    """Queue the call for the next page of YouTube's list."""
    return workflow.start_activity_method(
        ListingSteps.list_next_page,
        BatchRef(batch_id=batch_id),
        task_queue=TaskQueue.YOUTUBE,
        **youtube_step(priority, is_governed=True),
        summary="A page of YouTube's list",
    )


async def list_first_page(source: SourceRef, priority: Priority) -> SourcePreview:
    """See what is on the first page of a list."""
    return await workflow.execute_activity_method(
        ListingSteps.list_first_page,
        source,
        task_queue=TaskQueue.YOUTUBE,
        **youtube_step(priority, is_governed=True),
        summary="The first page of YouTube's list",
    )
