"""The least that a workflow with as many activities as an import can cost.

A module of its own, because the workflow sandbox imports it anew for every run.
"""

from datetime import timedelta

from temporalio import activity, workflow

ACTIVITIES_PER_IMPORT = 5


@activity.defn
async def no_op(number: int) -> int:
    """Nothing."""
    return number


@workflow.defn
class BareWorkflow:
    """As many activities as an import has, and nothing else."""

    @workflow.run
    async def run(self) -> None:
        """One after the other."""
        for number in range(ACTIVITIES_PER_IMPORT):
            await workflow.execute_activity(no_op, number, start_to_close_timeout=timedelta(seconds=30))
