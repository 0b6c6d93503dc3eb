"""A look for new videos whose batch somebody else has begun, and the replay of one."""

from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Replayer, Worker

from shared.contracts.batches import ImportBatchInput
from shared.contracts.subscriptions import BeginLook, Look, SubscriptionRef
from shared.temporal.names import import_batch_id
from workflows.activities import SubscriptionSteps
from workflows.check_subscription import CheckSubscription
from workflows.import_batch import ImportBatch

QUEUE = "looks"


class OneBatch(SubscriptionSteps):
    """Begins every look with the same batch."""

    def __init__(self, batch_id: UUID) -> None:
        self._batch_id = batch_id

    @activity.defn
    async def begin_look(self, begin: BeginLook) -> Look:
        return Look(is_followed=True, batch_id=self._batch_id)

    @activity.defn
    async def keep_schedule(self, subscription: SubscriptionRef) -> None:
        raise AssertionError("it is followed")


async def test_a_batch_that_runs_already_is_left_alone(client: Client) -> None:
    """`ReconcileImports` may have been quicker than a look that was held up."""
    batch_id = uuid4()
    running = await client.start_workflow(
        ImportBatch.run, ImportBatchInput(batch_id=batch_id), id=import_batch_id(batch_id), task_queue="nobody's"
    )
    steps = OneBatch(batch_id)
    async with Worker(client, task_queue=QUEUE, workflows=[CheckSubscription], activities=[steps.begin_look]):
        look = await client.start_workflow(
            CheckSubscription.run, SubscriptionRef(subscription_id=uuid4()), id=f"look:{batch_id}", task_queue=QUEUE
        )
        assert await look.result() == Look(is_followed=True, batch_id=batch_id)
    assert (await running.describe()).run_id == running.first_execution_run_id
    replayer = Replayer(workflows=[CheckSubscription], data_converter=client.data_converter)
    await replayer.replay_workflow(await look.fetch_history())
