"""Endpoint of one import's progress: the running workflow answers, Postgres where it cannot."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter

from services.api.deps import RequestLanguage, Shared, UserId
from services.api.openapi import problem_responses
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from services.api.schemas import VideoProgress
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportStatus
from shared.contracts.stages import CLOSED_STAGES, ImportStage
from shared.contracts.texts import Language, import_error_text, waiting_text
from shared.db import videos
from shared.db.upstreams import all_statuses
from shared.db.videos import VideoRecord
from workflows.progress import running_status

router = APIRouter(tags=["videos"])


@router.get(
    "/videos/{video_id}/progress",
    summary="Follow one import",
    responses=problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_video_progress(
    video_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage
) -> VideoProgress:
    """Stage, percentage and what it waits for: of the running import, otherwise as last saved.

    An import that does not answer waits for as long as calls to what it needs next, YouTube or speech-to-text, are
    paused.
    """
    async with shared.database.connection() as connection:
        video = await videos.get_video(connection, user_id, video_id)
        if video is None:
            raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    if video.import_stage in CLOSED_STAGES:
        return _closed(video, language)
    answer = await running_status(shared.client, video.youtube_id)
    async with shared.database.connection() as connection:  # after the answer: never older than it
        upstreams = await all_statuses(connection)
    stage = ImportStage(video.import_stage)
    if answer is None or answer.is_older_than(stage):
        saved = ImportStatus.as_saved(video.youtube_id, stage, video.import_progress)
        return _open(video.id, saved.while_paused(upstreams), language, source="database")
    answer.progress = max(answer.progress, video.import_progress)  # steps write down how far they are
    return _open(video.id, answer.while_paused(upstreams), language, source="workflow")


def _open(
    video_id: UUID, status: ImportStatus, language: Language, *, source: Literal["workflow", "database"]
) -> VideoProgress:
    return VideoProgress(
        video_id=video_id,
        youtube_id=status.youtube_id,
        stage=status.shown_stage,
        progress=status.progress,
        attempt=status.attempt if source == "workflow" else None,
        retry_at=status.retry_at,
        waiting_for=status.waiting_for,
        message=waiting_text(status.asks, status.waiting_for, language) if status.waiting_for else None,
        source=source,
    )


def _closed(video: VideoRecord, language: Language) -> VideoProgress:
    error_code = ErrorType(video.error_code) if video.error_code else None
    return VideoProgress.model_validate(
        {
            "video_id": video.id,
            "youtube_id": video.youtube_id,
            "stage": video.import_stage,
            "progress": video.import_progress,
            "error_code": error_code,
            "message": import_error_text(error_code, language) if error_code else None,
            "source": "database",
        }
    )
