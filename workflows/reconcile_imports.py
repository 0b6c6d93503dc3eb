"""`ReconcileImports`: the safety net below every import."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from shared.contracts.imports import ReconcileInput, ReconcileResult
    from shared.temporal.names import RECONCILE_IMPORTS
    from workflows.activities import ReconcileSteps
    from workflows.policies import RECONCILE_STEP


@workflow.defn(name=RECONCILE_IMPORTS)
class ReconcileImports:
    """Run by a schedule: starts the import of every video that waits in Postgres and has no workflow.

    So an API that died between INSERT and start, or a Temporal outage, loses nothing.
    """

    @workflow.run
    async def run(self, reconcile: ReconcileInput) -> ReconcileResult:
        """One look at all waiting videos."""
        return await workflow.execute_activity_method(
            ReconcileSteps.start_missing_imports,
            reconcile,
            **RECONCILE_STEP,
            summary="Waiting videos without a running import",
        )
