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
"""What the next run starts with: four seconds' worth at 50 events/s, and quickly encoded.

Whoever needs older ones reads `import_events`.
"""
PATIENCE = timedelta(seconds=5)
"""How long each half of a good moment is waited for; an idle feed has none."""


class ProgressFeedInput(BaseModel):
    """What the run before handed over."""

    stream: WorkflowStreamState | None = None


@workflow.defn(name=PROGRESS_FEED)
class ProgressFeed:
    """Carries progress from workers to notifiers: signals publish, updates long-poll, queries read.

    It runs for ever, in runs of as many events as the server suggests. A reader that fell behind finds what it
    missed in `import_events`.
    """

    @workflow.init
    def __init__(self, feed: ProgressFeedInput | None = None) -> None:
        """Take over the stream of the run before."""
        self._stream = WorkflowStream(prior_state=feed.stream if feed else None)

    @workflow.run
    async def run(self, feed: ProgressFeedInput | None = None) -> None:
        """Serve until the history has grown long, then go on in a new run."""
        workflow.set_current_details("Live progress on its way from the workers to the notifiers.")
        await workflow.wait_condition(lambda: workflow.info().is_continue_as_new_suggested())
        await self._good_moment()
        await self._stream.continue_as_new(lambda state: [ProgressFeedInput(stream=_tail(state))])

    async def _good_moment(self) -> None:
        """Wait until a reader has just been given what a publisher has just sent.

        Then neither is on its way to us. The server refuses a signal or an update that comes while a run ends, and
        clients repeat what was refused only after a second.
        """
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: not workflow.all_handlers_finished(), timeout=PATIENCE)
            await workflow.wait_condition(workflow.all_handlers_finished, timeout=PATIENCE)


def _tail(state: WorkflowStreamState) -> WorkflowStreamState:
    """The newest items."""
    dropped = max(0, len(state.log) - KEPT_ITEMS)
    return replace(state, log=state.log[dropped:], base_offset=state.base_offset + dropped)
