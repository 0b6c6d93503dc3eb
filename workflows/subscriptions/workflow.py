"""`CheckSubscription`: one check of a playlist or channel for new videos."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from shared.contracts.batches import ImportBatchInput
    from shared.contracts.subscriptions import CheckStarted, FeedRef, StartCheckInput, SubscriptionRef
    from shared.temporal.names import CHECK_SUBSCRIPTION, USER_ID, WORKFLOW_TASK_TIMEOUT, import_batch_id
    from workflows.batches.workflow import ImportBatch
    from workflows.common import execution
    from workflows.common.errors import upstream_failure
    from workflows.subscriptions.activities import FeedActivities, SubscriptionActivities


MAX_WAIT = timedelta(minutes=10)
"""Less than the shortest interval between two checks."""


@workflow.defn(name=CHECK_SUBSCRIPTION)
class CheckSubscription:
    """Started by the subscription's schedule, which skips a check while the previous one still runs.

    The workflow ends before a batch that takes hours, such as one with transcriptions: the database decides then
    whether the next check may start.
    """

    @workflow.run
    async def run(self, subscription: SubscriptionRef) -> CheckStarted:
        """Import new videos as a batch, and wait for its end for at most `MAX_WAIT`."""
        plan = await execution.run_local(SubscriptionActivities.plan_check, subscription)
        if plan.feed_id is not None:
            await self._read_feed(plan.feed_id)
        check = await execution.run_local(
            SubscriptionActivities.start_check,
            StartCheckInput(subscription_id=subscription.subscription_id, batch_id=workflow.uuid4()),
        )
        if not check.is_subscribed:
            await execution.run_local(SubscriptionActivities.sync_schedule, subscription)
        elif check.batch_id is not None:
            await self._import(check.batch_id)
        return check

    async def _read_feed(self, feed_id: str) -> None:
        """Ask the feed. Whatever becomes of it, the database decides what to do without an answer."""
        try:
            await execution.start(FeedActivities.read_feed, FeedRef(feed_id=feed_id), priority=workflow.info().priority)
        except ActivityError as error:
            error_type, _ = upstream_failure(error)
            workflow.logger.warning("feed_not_read", extra={"error_type": error_type})

    async def _import(self, batch_id: UUID) -> None:
        """Start the batch, which continues when this workflow ends."""
        own = workflow.info()
        users = own.typed_search_attributes.get(USER_ID, [])
        try:
            batch = await workflow.start_child_workflow(
                ImportBatch.run,
                ImportBatchInput(batch_id=batch_id),
                id=import_batch_id(batch_id),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                priority=own.priority,
                search_attributes=TypedSearchAttributes([SearchAttributePair(USER_ID, users)]),
                task_timeout=WORKFLOW_TASK_TIMEOUT,
                static_summary="New videos",
            )
            await workflow.wait([batch], timeout=MAX_WAIT.total_seconds())
        except WorkflowAlreadyStartedError:
            # This check was delayed, and `ReconcileImports` has started the batch.
            workflow.logger.info("batch_already_running")
