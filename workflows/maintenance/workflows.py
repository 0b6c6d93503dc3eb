"""What schedules run: reconciliation of imports, upgrades of captions, deletion of orphaned audio."""

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from shared.contracts.errors import ERROR_RULES, Retry
    from shared.contracts.imports import ReconcileInput, ReconcileResult, VideoRef
    from shared.contracts.transcription import SweepResult
    from shared.temporal.names import PRIORITY_BULK, RECONCILE_IMPORTS, SWEEP_AUDIO, UPGRADE_CAPTIONS
    from workflows.common import execution
    from workflows.common.errors import upstream_failure
    from workflows.common.retry import retry_of
    from workflows.imports.activities import AudioActivities, TranscriptActivities, YoutubeActivities
    from workflows.maintenance.activities import ReconcileActivities


@workflow.defn(name=RECONCILE_IMPORTS)
class ReconcileImports:
    """Starts the import of every video that waits in PostgreSQL and has no workflow.

    So nothing is lost when the API dies between INSERT and start, or when Temporal is unavailable.
    """

    @workflow.run
    async def run(self, reconcile: ReconcileInput) -> ReconcileResult:
        """Reconcile all waiting videos once."""
        return await execution.start(ReconcileActivities.start_missing_imports, reconcile)


@workflow.defn(name=UPGRADE_CAPTIONS)
class UpgradeCaptions:
    """Checks again whether YouTube has captions.

    For videos that were transcribed, after a week. For those that have none for a reason that passes, after each change
    of the extractor's version.
    """

    @workflow.run
    async def run(self) -> int:
        """Recheck the videos that are due, one after the other; return how many were rechecked."""
        due = await execution.run_local(TranscriptActivities.find_caption_upgrade_candidates)
        for rechecked, youtube_id in enumerate(due.youtube_ids):
            if not await self._recheck(VideoRef(youtube_id=youtube_id)):
                return rechecked  # the others wait for the next hour
        return len(due.youtube_ids)

    async def _recheck(self, video: VideoRef) -> bool:
        """Replace the transcription by YouTube's captions, if there are any; return whether YouTube answered.

        An unexpected answer counts as well, and an internal error: both may be the same in an hour, and in every hour
        after that, and must not keep the other videos from their turn.
        """
        try:
            await execution.start(
                YoutubeActivities.fetch_captions, video, priority=Priority(priority_key=PRIORITY_BULK)
            )
        except ActivityError as error:
            error_type, failure = upstream_failure(error)
            is_held = retry_of(error_type, failure) is Retry.WHEN_UNTHROTTLED
            if is_held or ERROR_RULES[error_type].is_unreachable:
                return False
        try:
            await execution.run_local(TranscriptActivities.mark_captions_rechecked, video)
        except FailureError as error:
            upstream_failure(error)  # re-raises a cancellation
        return True


@workflow.defn(name=SWEEP_AUDIO)
class SweepAudio:
    """Deletes orphaned audio, left behind by an import that was terminated for example."""

    @workflow.run
    async def run(self) -> SweepResult:
        """Sweep the audio store once."""
        return await execution.start(AudioActivities.sweep_audio)
