"""How each step of an import is run: where, with which timeouts, and what the Web UI says of it."""

from temporalio import workflow

from shared.contracts.errors import ErrorType
from shared.contracts.imports import FailImportInput, ImportState, SkipCaptionsInput, VideoMetadata, VideoRef
from shared.temporal.names import TaskQueue
from workflows.activities import ImportSteps, YoutubeSteps
from workflows.policies import DATABASE_STEP, YoutubeStepOptions


async def begin_import(video: VideoRef) -> ImportState:
    """What is known already; entries that wait are brought that far."""
    return await workflow.execute_local_activity_method(
        ImportSteps.begin_import, video, **DATABASE_STEP, summary="What is known already"
    )


def fetch_metadata(video: VideoRef, options: YoutubeStepOptions) -> workflow.ActivityHandle[VideoMetadata]:
    """Queue the call that reaches `metadata`."""
    return workflow.start_activity_method(
        YoutubeSteps.fetch_metadata,
        video,
        task_queue=TaskQueue.YOUTUBE,
        **options,
        summary="Title, chapters, caption tracks",
    )


def fetch_captions(video: VideoRef, options: YoutubeStepOptions) -> workflow.ActivityHandle[None]:
    """Queue the call that reaches `captions`."""
    return workflow.start_activity_method(
        YoutubeSteps.fetch_captions, video, task_queue=TaskQueue.YOUTUBE, **options, summary="Captions"
    )


async def skip_captions(video: VideoRef, reason: ErrorType) -> None:
    """Reach `captions` without any."""
    await workflow.execute_local_activity_method(
        ImportSteps.skip_captions,
        SkipCaptionsInput(youtube_id=video.youtube_id, reason=reason),
        **DATABASE_STEP,
        summary=f"No captions: {reason}",
    )


async def save_chapters(video: VideoRef) -> None:
    """Reach `chapters`."""
    await workflow.execute_local_activity_method(ImportSteps.save_chapters, video, **DATABASE_STEP, summary="Chapters")


async def complete_import(video: VideoRef) -> None:
    """Reach `complete`."""
    await workflow.execute_local_activity_method(
        ImportSteps.complete_import, video, **DATABASE_STEP, summary="Complete"
    )


async def fail_import(video: VideoRef, error_type: ErrorType) -> None:
    """End every waiting entry in `error`."""
    await workflow.execute_local_activity_method(
        ImportSteps.fail_import,
        FailImportInput(youtube_id=video.youtube_id, error_code=error_type),
        **DATABASE_STEP,
        summary=f"Failed: {error_type}",
    )
