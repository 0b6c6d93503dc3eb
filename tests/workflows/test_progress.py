"""Asking a running import; tests of API and notifier ask one that answers."""

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from shared.temporal.names import IMPORT_VIDEO, TaskQueue, import_video_id
from workflows.imports.client import running_status

YOUTUBE_ID = "abcdefghijk"


@workflow.defn(name=IMPORT_VIDEO, sandboxed=False)
class ImportOfAnotherVersion:
    """Says of itself what this version does not understand."""

    @workflow.run
    async def run(self) -> None:
        """Wait for the end of the test."""
        await workflow.wait_condition(lambda: False)

    @workflow.query
    def progress(self) -> dict[str, str]:
        """Something else than an ImportStatus."""
        return {"stage": "a stage of the future"}


async def test_an_answer_that_cannot_be_understood_is_no_answer(client: Client) -> None:
    workflow_id = import_video_id(YOUTUBE_ID)
    async with Worker(client, task_queue=TaskQueue.IMPORTS, workflows=[ImportOfAnotherVersion]):
        handle = await client.start_workflow(ImportOfAnotherVersion.run, id=workflow_id, task_queue=TaskQueue.IMPORTS)
        assert await handle.query(ImportOfAnotherVersion.progress)

        assert await running_status(client, YOUTUBE_ID) is None
