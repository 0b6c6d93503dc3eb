"""What is done now and then for captions from speech, each run by a schedule."""

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from shared.contracts.errors import ERROR_RULES, Retry
    from shared.contracts.imports import VideoRef
    from shared.contracts.speech import SweepResult
    from shared.temporal.names import PRIORITY_BULK, SWEEP_AUDIO, UPGRADE_CAPTIONS, TaskQueue
    from workflows import import_steps
    from workflows.activities import AudioSteps, SpeechSteps
    from workflows.policies import DATABASE_STEP, DISCARD_STEP, youtube_step
    from workflows.refusals import what_was_said


@workflow.defn(name=UPGRADE_CAPTIONS)
class UpgradeCaptions:
    """Looks once more, after a week, whether YouTube has captions for videos whose captions came from speech."""

    @workflow.run
    async def run(self) -> int:
        """The videos that are due, one after the other; returns how many were looked at."""
        due = await workflow.execute_local_activity_method(
            SpeechSteps.find_upgradable_videos, **DATABASE_STEP, summary="A week old, and made from speech"
        )
        for looked_at, youtube_id in enumerate(due.youtube_ids):
            if not await self._look_again(VideoRef(youtube_id=youtube_id)):
                return looked_at  # the others had better wait for the next hour
        return len(due.youtube_ids)

    async def _look_again(self, video: VideoRef) -> bool:
        """Whether YouTube was asked; captions that it has replace those from speech.

        An answer that makes no sense counts as well: it may be the same in an hour, and in every hour after that.
        """
        try:
            await import_steps.fetch_captions(
                video, youtube_step(Priority(priority_key=PRIORITY_BULK), is_governed=True)
            )
        except ActivityError as error:
            error_type, _ = what_was_said(error)
            rule = ERROR_RULES[error_type]
            if rule.retry is Retry.WAIT or rule.is_no_answer:
                return False
        await workflow.execute_local_activity_method(
            SpeechSteps.note_looked_again, video, **DATABASE_STEP, summary="Looked at again"
        )
        return True


@workflow.defn(name=SWEEP_AUDIO)
class SweepAudio:
    """Deletes sound that was left behind, by an import that was terminated for example."""

    @workflow.run
    async def run(self) -> SweepResult:
        """One look at the audio store."""
        return await workflow.execute_activity_method(
            AudioSteps.sweep_audio, task_queue=TaskQueue.AUDIO, **DISCARD_STEP, summary="Sound that nobody needs"
        )
