"""Endpoints of videos: add, list, get, delete, retry, reimport."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.dependencies import Context, Cursor, PageLimit, RequestLanguage, UserId
from services.api.http.openapi import BODY_PROBLEMS, problem_responses
from services.api.http.pagination import parse_row_cursor, row_cursor
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem, invalid_field
from services.api.videos.schemas import VideoConflict, VideoDetailsOutput, VideoInput, VideoOutput, VideoPage
from shared.contracts.stages import ImportStage
from shared.db import events, lists, reimport, videos
from shared.db.video_inserts import NewVideo
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.youtube.video_urls import InvalidYoutubeUrlError, parse_youtube_id

router = APIRouter(tags=["videos"])


@router.post(
    "/lists/{list_id}/videos",
    status_code=status.HTTP_201_CREATED,
    summary="Add a video to a list",
    responses={
        status.HTTP_201_CREATED: {"description": "The video; its import starts."},
        **problem_responses(
            ProblemCode.LIST_NOT_FOUND,
            ProblemCode.VIDEO_ALREADY_IN_LIST,
            *BODY_PROBLEMS,
            models={ProblemCode.VIDEO_ALREADY_IN_LIST: VideoConflict},
        ),
    },
)
async def add_video(
    list_id: UUID, new: VideoInput, context: Context, user_id: UserId, language: RequestLanguage, response: Response
) -> VideoOutput:
    """Add a video and start its import. The response does not wait for the import; the WebSocket has its progress."""
    youtube_id = _youtube_id(new.url, language)
    added = await context.inserts.add(NewVideo(user_id, list_id, youtube_id))
    if added is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    video = VideoOutput.of(added.video, language)
    if added.event is None:
        raise Problem(ProblemCode.VIDEO_ALREADY_IN_LIST, video_id=video.id, video=video)
    context.commands.start(added.event)
    response.headers["Location"] = f"/api/videos/{video.id}"
    return video


@router.get(
    "/lists/{list_id}/videos",
    summary="List the videos of a list",
    responses=problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def list_videos(
    list_id: UUID,
    context: Context,
    user_id: UserId,
    language: RequestLanguage,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> VideoPage:
    """A list's videos, newest first."""
    after = parse_row_cursor(cursor, language)
    async with context.database.connection() as connection:
        found = await videos.page_of_videos(connection, user_id, list_id, after=after, limit=limit + 1)
        has_list = bool(found) or await lists.get_list(connection, user_id, list_id) is not None
    if not has_list:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    page = found[:limit]
    more = row_cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return VideoPage(items=[VideoOutput.of(record, language) for record in page], next_cursor=more)


@router.get(
    "/videos/{video_id}",
    summary="Get a video",
    responses=problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_video(video_id: UUID, context: Context, user_id: UserId, language: RequestLanguage) -> VideoDetailsOutput:
    """A video with all its metadata."""
    async with context.database.connection() as connection:
        found = await videos.get_video(connection, user_id, video_id)
        times = await events.stage_times(connection, video_id)
    if found is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    return VideoDetailsOutput.of_details(found, times, language)


@router.delete(
    "/videos/{video_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete a video",
    responses=problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def delete_video(video_id: UUID, context: Context, user_id: UserId) -> None:
    """Remove a video from its list. If no other list waits for its import, the import stops."""
    async with context.database.connection() as connection:
        deleted = await videos.delete_video(connection, user_id, video_id)
    if deleted is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    context.commands.tell(user_id)
    if deleted.waiting_for is not None:
        context.commands.cancel(deleted.waiting_for)


@router.post(
    "/videos/{video_id}/retry",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Retry an import",
    responses={
        status.HTTP_202_ACCEPTED: {"description": "The video; its import continues."},
        **problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.IMPORT_COMPLETE, ProblemCode.VALIDATION_FAILED),
    },
)
async def retry_video(video_id: UUID, context: Context, user_id: UserId, language: RequestLanguage) -> VideoOutput:
    """Restart a failed import, or end the wait of an import that retries."""
    async with context.database.connection() as connection:
        retried = await videos.retry_video(connection, user_id, video_id)
    if retried is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    if retried.event is not None:
        context.commands.start(retried.event)
    elif retried.video.import_stage == ImportStage.COMPLETE:
        raise Problem(ProblemCode.IMPORT_COMPLETE)
    else:
        context.commands.expedite(retried.video.youtube_id, user_id)
    return VideoOutput.of(retried.video, language)


@router.post(
    "/videos/{video_id}/reimport",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Reimport a complete video",
    responses={
        status.HTTP_202_ACCEPTED: {"description": "The video; its import starts."},
        **problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.IMPORT_UNDER_WAY, ProblemCode.VALIDATION_FAILED),
    },
)
async def reimport_video(video_id: UUID, context: Context, user_id: UserId, language: RequestLanguage) -> VideoOutput:
    """Fetch captions and chapters again, for example if captions were unavailable.

    The existing ones stay until then. Captions also stay if none are available any more.
    """
    async with context.database.connection() as connection:
        reimported = await reimport.reimport_video(connection, user_id, video_id)
    if reimported is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    if reimported.event is None:
        raise Problem(ProblemCode.IMPORT_UNDER_WAY)
    context.commands.start(reimported.event)
    return VideoOutput.of(reimported.video, language)


def _youtube_id(url: str, language: Language) -> str:
    try:
        return parse_youtube_id(url)
    except InvalidYoutubeUrlError as error:
        raise invalid_field("url", error.reason_code, text(f"invalid_url.{error.reason_code}", language)) from error
