"""`PreviewSource`: what a playlist or channel holds, for somebody who has yet to decide."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from shared.contracts.batches import SourcePreview, SourceRef
    from shared.temporal.names import PREVIEW_SOURCE
    from workflows import batch_steps


@workflow.defn(name=PREVIEW_SOURCE)
class PreviewSource:
    """Asks YouTube once. Whoever waits for it gives it a timeout."""

    @workflow.run
    async def run(self, source: SourceRef) -> SourcePreview:
        """What the first page tells. Fails with YouTube's refusal."""
        return await batch_steps.list_first_page(source, workflow.info().priority)
