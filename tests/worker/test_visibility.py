"""Which imports run, as the real Temporal lists them."""

from temporalio.client import Client

from services.worker.activities.support.visibility import list_running_imports
from shared.contracts.imports import ReconcileInput
from shared.db.models import LOCAL_USER_ID
from shared.temporal.names import TaskQueue, import_video_id
from tests.support.waiting import eventually
from workflows.imports.client import start_import
from workflows.maintenance.workflows import ReconcileImports

ID, OVER_ID = "abcdefghijk", "-_bcdefghij"


async def test_imports_that_run_and_nothing_else(client: Client) -> None:
    for youtube_id in (ID, OVER_ID):  # no worker: they run until somebody ends them
        await start_import(client, youtube_id, LOCAL_USER_ID)
    await client.start_workflow(
        ReconcileImports.run, ReconcileInput(), id="reconcile-now", task_queue=TaskQueue.IMPORTS
    )

    async def are_listed(*youtube_ids: str) -> bool:
        return await list_running_imports(client) == set(youtube_ids)

    await eventually(lambda: are_listed(ID, OVER_ID))
    await client.get_workflow_handle(import_video_id(OVER_ID)).terminate("somebody did")
    await eventually(lambda: are_listed(ID))
