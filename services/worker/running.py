"""Which imports run, as Temporal's list has it: it lags a moment behind."""

from temporalio.client import Client

from shared.temporal.names import IMPORT_VIDEO, import_video_id

_RUNNING = f"WorkflowType = '{IMPORT_VIDEO}' AND ExecutionStatus = 'Running'"
_ID_PREFIX = import_video_id("")


async def running_imports(client: Client) -> set[str]:
    """The YouTube ids of all running imports."""
    return {execution.id.removeprefix(_ID_PREFIX) async for execution in client.list_workflows(_RUNNING)}
