"""Endpoints of what an import has brought: captions and chapters."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.cursors import parse_position_cursor, position_cursor
from services.api.deps import Cursor, RequestLanguage, Shared, UserId
from services.api.openapi import problem_responses
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from services.api.schemas import Chapters, TranscriptPage
from shared.db import videos

router = APIRouter(prefix="/videos/{video_id}", tags=["content"])

SegmentLimit = Annotated[int, Query(ge=1, le=5000, description="How many segments at most.")]


@router.get(
    "/transcript",
    summary="Read the captions",
    responses=problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_transcript(
    video_id: UUID,
    shared: Shared,
    user_id: UserId,
    language: RequestLanguage,
    cursor: Cursor = None,
    limit: SegmentLimit = 1000,
) -> TranscriptPage:
    """A video's captions with their times, from the beginning; empty where there are none (yet)."""
    after = parse_position_cursor(cursor, language)
    async with shared.database.connection() as connection:
        video = await _video(connection, user_id, video_id)
        found = await videos.transcript_segments(connection, video.youtube_id, after=after, limit=limit + 1)
    page = found[:limit]
    more = position_cursor(page[-1].position) if len(found) > limit else None
    return TranscriptPage.of(video, page, more)


@router.get(
    "/chapters",
    summary="Read the chapters",
    responses=problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_chapters(video_id: UUID, shared: Shared, user_id: UserId) -> Chapters:
    """A video's chapters in order; empty where there are none (yet)."""
    async with shared.database.connection() as connection:
        video = await _video(connection, user_id, video_id)
        return Chapters.of(await videos.chapters(connection, video.youtube_id))


async def _video(connection: AsyncConnection, user_id: UUID, video_id: UUID) -> videos.VideoDetails:
    video = await videos.get_video(connection, user_id, video_id)
    if video is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    return video
