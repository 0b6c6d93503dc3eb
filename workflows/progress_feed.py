"""`ProgressFeed`: one shard of the live feed."""

from temporalio import workflow
from temporalio.contrib.workflow_streams import WorkflowStream, WorkflowStreamState

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from shared.temporal.names import PROGRESS_FEED

KEPT_ITEMS = 500
"""What the next run starts with: above one second's worth at 500 events/s, and below the 2 MB payload limit."""


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
        await self._stream.continue_as_new(lambda _: [ProgressFeedInput(stream=self._tail())])

    def _tail(self) -> WorkflowStreamState:
        state = self._stream.get_state()
        self._stream.truncate(max(state.base_offset, state.base_offset + len(state.log) - KEPT_ITEMS))
        return self._stream.get_state()
