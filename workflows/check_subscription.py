"""`CheckSubscription`: one look for new videos of a playlist or channel that somebody follows."""

from uuid import UUID

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from shared.contracts.batches import ImportBatchInput
    from shared.contracts.subscriptions import BeginLook, Look, SubscriptionRef
    from shared.temporal.names import CHECK_SUBSCRIPTION, USER_ID, import_batch_id
    from workflows.activities import SubscriptionSteps
    from workflows.import_batch import ImportBatch
    from workflows.policies import DATABASE_STEP


@workflow.defn(name=CHECK_SUBSCRIPTION)
class CheckSubscription:
    """Run by the subscription's schedule, which skips a look while the one before still goes on."""

    @workflow.run
    async def run(self, subscription: SubscriptionRef) -> Look:
        """Import what is new as a batch, and wait for its end."""
        look = await workflow.execute_local_activity_method(
            SubscriptionSteps.begin_look,
            BeginLook(subscription_id=subscription.subscription_id, batch_id=workflow.uuid4()),
            **DATABASE_STEP,
            summary="A batch for this look",
        )
        if not look.is_followed:
            await workflow.execute_local_activity_method(
                SubscriptionSteps.keep_schedule,
                subscription,
                **DATABASE_STEP,
                summary="Nobody follows it any more: no further looks",
            )
        elif look.batch_id is not None:
            await self._import(look.batch_id)
        return look

    async def _import(self, batch_id: UUID) -> None:
        """Let the batch go its way; it goes on whatever becomes of this workflow."""
        own = workflow.info()
        users = own.typed_search_attributes.get(USER_ID, [])
        try:
            await workflow.execute_child_workflow(
                ImportBatch.run,
                ImportBatchInput(batch_id=batch_id),
                id=import_batch_id(batch_id),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                priority=own.priority,
                search_attributes=TypedSearchAttributes([SearchAttributePair(USER_ID, users)]),
                static_summary="New videos",
            )
        except WorkflowAlreadyStartedError:
            # This look was held up, and `ReconcileImports` has found the batch without a workflow.
            workflow.logger.info("the batch of this look runs already")
