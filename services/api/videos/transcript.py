"""Endpoints of a video's transcript and chapters."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.dependencies import Context, Cursor, RequestLanguage, UserId
from services.api.http.openapi import problem_responses
from services.api.http.pagination import parse_position_cursor, position_cursor
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from services.api.videos.schemas import Chapters, TranscriptPage
from shared.db import content, videos

router = APIRouter(prefix="/videos/{video_id}", tags=["content"])

SegmentLimit = Annotated[int, Query(ge=1, le=5000, description="Maximum number of segments.")]


@router.get(
    "/transcript",
    summary="Get the transcript",
    responses=problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_transcript(
    video_id: UUID,
    context: Context,
    user_id: UserId,
    language: RequestLanguage,
    cursor: Cursor = None,
    limit: SegmentLimit = 1000,
) -> TranscriptPage:
    """The timed lines of a video's transcript; empty if there are none, or not yet."""
    after = parse_position_cursor(cursor, language)
    async with context.database.connection() as connection:
        video = await videos.get_video(connection, user_id, video_id)
        found = (
            await content.transcript_segments(connection, video.youtube_id, after=after, limit=limit + 1)
            if video
            else []
        )
    if video is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    page = found[:limit]
    more = position_cursor(page[-1].position) if len(found) > limit else None
    return TranscriptPage.of(video, page, more)


@router.get(
    "/chapters",
    summary="Get the chapters",
    responses=problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_chapters(video_id: UUID, context: Context, user_id: UserId) -> Chapters:
    """A video's chapters in order; empty if there are none, or not yet."""
    async with context.database.connection() as connection:
        video = await videos.get_video(connection, user_id, video_id)
        found = await content.chapters(connection, video.youtube_id) if video else []
    if video is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    return Chapters.of(found)
