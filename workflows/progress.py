"""How a running import is asked where it stands, by whoever tells people of it."""

import asyncio
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import QueryRejectCondition
from temporalio.exceptions import TemporalError

from shared.contracts.imports import ImportStatus
from shared.temporal.names import import_video_id
from workflows.import_video import ImportVideo

ANSWER_SECONDS = 2.0


async def running_status(client: Client, youtube_id: str) -> ImportStatus | None:
    """What the running import says of itself.

    None where none runs, none answers within `ANSWER_SECONDS`, or the answer is one of another version of us.
    """
    workflow = client.get_workflow_handle(import_video_id(youtube_id))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await workflow.query(
                ImportVideo.progress,
                reject_condition=QueryRejectCondition.NOT_OPEN,
                rpc_timeout=timedelta(seconds=ANSWER_SECONDS),
            )
    # A client that never connected raises RuntimeError, an answer that is no ImportStatus a ValueError.
    except (TemporalError, RuntimeError, ValueError, TimeoutError):
        return None
