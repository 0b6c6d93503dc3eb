"""Workflows that stand still because their tasks fail: an error in our code, or a history that it cannot replay."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

FAILING = "ExecutionStatus = 'Running' AND TemporalReportedProblems = 'category=WorkflowTaskFailed'"
"""What finds them, also in the Web UI. The server sets the attribute when several tasks in a row have failed
(services/stack/temporal.py says how many), and takes it away with the first that succeeds. Tasks that time out tell of
a worker that is slow or gone, which is no error of a workflow's."""
SHOWN = 3
ANSWER_TIMEOUT = timedelta(seconds=3)


@dataclass(frozen=True)
class FailingWorkflows:
    """How many there are, and the ids of the first few."""

    count: int
    ids: list[str]


async def count_failing(client: Client) -> int:
    """How many workflows stand still. Raises what the Temporal client raises."""
    try:
        return (await client.count_workflows(FAILING, rpc_timeout=ANSWER_TIMEOUT)).count
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:  # an older server of one's own: it reports none
            return 0
        raise


async def find_failing(client: Client) -> FailingWorkflows:
    """Which workflows stand still. Raises what the Temporal client raises."""
    if not (count := await count_failing(client)):
        return FailingWorkflows(0, [])
    found = client.list_workflows(FAILING, page_size=SHOWN, limit=SHOWN, rpc_timeout=ANSWER_TIMEOUT)
    return FailingWorkflows(count, [execution.id async for execution in found])
