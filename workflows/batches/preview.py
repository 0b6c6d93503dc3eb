"""`PreviewSource`: what a playlist or channel holds, before it is added."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from shared.contracts.batches import SourcePreview, SourceRef
    from shared.temporal.names import PREVIEW_SOURCE
    from workflows.batches.activities import ListingActivities
    from workflows.common import execution


@workflow.defn(name=PREVIEW_SOURCE)
class PreviewSource:
    """Calls YouTube once. The caller sets the timeout."""

    @workflow.run
    async def run(self, source: SourceRef) -> SourcePreview:
        """Return what the first page holds. Fails with YouTube's error."""
        return await execution.start(ListingActivities.list_first_page, source, priority=workflow.info().priority)
