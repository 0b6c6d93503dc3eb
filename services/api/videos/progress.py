"""Endpoint of one import's progress, from PostgreSQL (`shared.progress`)."""

from uuid import UUID

from fastapi import APIRouter

from services.api.dependencies import Context, RequestLanguage, UserId
from services.api.http.openapi import problem_responses
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from services.api.videos.schemas import VideoProgress
from shared.db import videos
from shared.db.connection import raw_connection
from shared.db.upstreams import all_statuses
from shared.db.videos import VideoRecord
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text, waiting_text
from shared.progress import CurrentStatus, current_status

router = APIRouter(tags=["videos"])


@router.get(
    "/videos/{video_id}/progress",
    summary="Follow one import",
    responses=problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_video_progress(
    video_id: UUID, context: Context, user_id: UserId, language: RequestLanguage
) -> VideoProgress:
    """Stage, percentage and what the import waits for.

    It also waits while calls to the upstream that it needs next are paused.
    """
    async with context.database.connection() as connection:
        video = await videos.get_video(connection, user_id, video_id)
        upstreams = await all_statuses(raw_connection(connection))
    if video is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    return _output(video, current_status(video, upstreams), language)


def _output(video: VideoRecord, status: CurrentStatus, language: Language) -> VideoProgress:
    return VideoProgress(
        video_id=video.id,
        youtube_id=video.youtube_id,
        stage=status.stage,
        progress=status.progress,
        attempt=status.attempt,
        retry_at=status.retry_at,
        waiting_for=status.waiting_for,
        error_code=status.error_code,
        message=_message(status, language),
    )


def _message(status: CurrentStatus, language: Language) -> str | None:
    if status.error_code:
        return import_error_text(status.error_code, language)
    return waiting_text(status.upstream, status.waiting_for, language) if status.waiting_for else None
