"""`ProgressFeed`: one shard of the live feed."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.contrib.workflow_streams import WorkflowStream, WorkflowStreamState

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from shared.temporal.names import PROGRESS_FEED

KEPT_ITEMS = 200
"""What the next run starts with: four seconds at 50 events/s, and quickly encoded.

Older ones are in `import_events`.
"""
MAX_EVENTS = 1_500
"""Of one run's history, well before the server suggests a new run: a worker that takes over replays all of them within
the timeout of one workflow task, on a busy machine, too."""
IDLE_TIMEOUT = timedelta(seconds=5)
"""Of each half of `_wait_for_idle_handlers`; a feed without readers has no handlers."""


class ProgressFeedInput(BaseModel):
    """What the previous run hands over."""

    stream: WorkflowStreamState | None = None


@workflow.defn(name=PROGRESS_FEED)
class ProgressFeed:
    """Carries progress from workers to notifiers: signals publish, updates long-poll, queries read.

    It runs indefinitely, in runs of about `MAX_EVENTS`. A reader that fell behind reads what it missed from
    `import_events`.
    """

    @workflow.init
    def __init__(self, feed: ProgressFeedInput | None = None) -> None:
        """Take over the previous run's stream."""
        self._stream = WorkflowStream(prior_state=feed.stream if feed else None)

    @workflow.run
    async def run(self, feed: ProgressFeedInput | None = None) -> None:
        """Serve until the history has grown long, then continue as new."""
        workflow.set_current_details("Carries live progress from the workers to the notifiers.")
        await workflow.wait_condition(_is_long)
        await self._wait_for_idle_handlers()
        await self._stream.continue_as_new(lambda state: [ProgressFeedInput(stream=_tail(state))])

    async def _wait_for_idle_handlers(self) -> None:
        """Wait until readers have just received what a publisher has just sent.

        Then no signal or update is on its way. The server rejects those that come while a run ends, and clients retry
        only after a second.
        """
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: not workflow.all_handlers_finished(), timeout=IDLE_TIMEOUT)
            await workflow.wait_condition(workflow.all_handlers_finished, timeout=IDLE_TIMEOUT)


def _is_long() -> bool:
    info = workflow.info()
    return info.is_continue_as_new_suggested() or info.get_current_history_length() >= MAX_EVENTS


def _tail(state: WorkflowStreamState) -> WorkflowStreamState:
    """The newest items."""
    dropped = max(0, len(state.log) - KEPT_ITEMS)
    return replace(state, log=state.log[dropped:], base_offset=state.base_offset + dropped)
