"""Which imports and batches run, as Temporal's list has it: it lags a moment behind."""

from uuid import UUID

from temporalio.client import Client

from shared.temporal.names import IMPORT_BATCH, IMPORT_VIDEO, import_batch_id, import_video_id


async def running_imports(client: Client) -> set[str]:
    """The YouTube ids of all running imports."""
    return await _running(client, IMPORT_VIDEO, import_video_id(""))


async def running_batches(client: Client) -> set[UUID]:
    """The ids of all batches whose workflow runs."""
    return {UUID(batch_id) for batch_id in await _running(client, IMPORT_BATCH, import_batch_id(""))}


async def _running(client: Client, workflow_type: str, id_prefix: str) -> set[str]:
    query = f"WorkflowType = '{workflow_type}' AND ExecutionStatus = 'Running'"
    return {execution.id.removeprefix(id_prefix) async for execution in client.list_workflows(query)}
