"""A check whose batch runs already, and its replay."""

from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Replayer, Worker

from shared.contracts.batches import ImportBatchInput
from shared.contracts.subscriptions import CheckPlan, CheckStarted, StartCheckInput, SubscriptionRef
from shared.temporal.names import import_batch_id
from workflows.batches.workflow import ImportBatch
from workflows.common.activity_options import activities_of
from workflows.subscriptions.activities import SubscriptionActivities
from workflows.subscriptions.workflow import CheckSubscription

QUEUE = "checks"


class OneBatch(SubscriptionActivities):
    """Starts every check with the same batch."""

    def __init__(self, batch_id: UUID) -> None:
        self._batch_id = batch_id

    @activity.defn
    async def plan_check(self, subscription: SubscriptionRef) -> CheckPlan:
        return CheckPlan()

    @activity.defn
    async def start_check(self, start: StartCheckInput) -> CheckStarted:
        return CheckStarted(is_subscribed=True, batch_id=self._batch_id)

    @activity.defn
    async def sync_schedule(self, subscription: SubscriptionRef) -> None:
        raise AssertionError("the subscription exists")


async def test_a_batch_that_runs_already_is_left_alone(client: Client) -> None:
    """`ReconcileImports` may be faster than a check that is delayed."""
    batch_id = uuid4()
    running = await client.start_workflow(
        ImportBatch.run, ImportBatchInput(batch_id=batch_id), id=import_batch_id(batch_id), task_queue="unpolled"
    )
    activities = activities_of(OneBatch(batch_id))
    async with Worker(client, task_queue=QUEUE, workflows=[CheckSubscription], activities=activities):
        check = await client.start_workflow(
            CheckSubscription.run, SubscriptionRef(subscription_id=uuid4()), id=f"check:{batch_id}", task_queue=QUEUE
        )
        assert await check.result() == CheckStarted(is_subscribed=True, batch_id=batch_id)
    assert (await running.describe()).run_id == running.first_execution_run_id
    replayer = Replayer(workflows=[CheckSubscription], data_converter=client.data_converter)
    await replayer.replay_workflow(await check.fetch_history())
