"""`DeleteList`: deletes the rows of a list that was deleted."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from shared.contracts.imports import ListRef
    from shared.temporal.names import DELETE_LIST
    from workflows.common import execution
    from workflows.lists.activities import ListDeletionActivities


@workflow.defn(name=DELETE_LIST)
class DeleteList:
    """Deletes one list's rows. Nothing is urgent: readers and writers ignore a list that is marked as deleted."""

    @workflow.run
    async def run(self, deleted: ListRef) -> None:
        """Delete rows until none is left; a very long list takes several runs."""
        if not await execution.start(ListDeletionActivities.delete_rows, deleted):
            workflow.continue_as_new(deleted)
