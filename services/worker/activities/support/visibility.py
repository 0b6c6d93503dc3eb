"""Lists running imports and batches by Temporal's visibility, which lags a moment behind."""

from uuid import UUID

from temporalio.client import Client

from shared.temporal.names import IMPORT_BATCH, IMPORT_VIDEO, import_batch_id, import_video_id


async def list_running_imports(client: Client) -> set[str]:
    """Return the YouTube ids of all running imports."""
    return await _running(client, IMPORT_VIDEO, import_video_id(""))


async def list_running_batches(client: Client) -> set[UUID]:
    """Return the ids of all batches whose workflow runs."""
    return {UUID(batch_id) for batch_id in await _running(client, IMPORT_BATCH, import_batch_id(""))}


async def _running(client: Client, workflow_type: str, id_prefix: str) -> set[str]:
    query = f"WorkflowType = '{workflow_type}' AND ExecutionStatus = 'Running'"
    return {execution.id.removeprefix(id_prefix) async for execution in client.list_workflows(query)}
