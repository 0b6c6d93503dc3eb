"""Endpoints of videos: adding, paging, reading, retrying, deleting."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api import examples
from services.api.cursors import parse_row_cursor, row_cursor
from services.api.deps import Cursor, PageLimit, RequestLanguage, Shared, UserId
from services.api.openapi import BODY_PROBLEMS, example_response, problem_responses
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem, invalid_field
from services.api.schemas import VideoDetailsOutput, VideoInput, VideoOutput, VideoPage
from shared.contracts.stages import ImportStage
from shared.contracts.texts import Language
from shared.db import events, lists, reimport, videos
from shared.youtube_url import InvalidYoutubeUrl, invalid_url_text, parse_youtube_id

router = APIRouter(tags=["videos"])


@router.post(
    "/lists/{list_id}/videos",
    status_code=status.HTTP_201_CREATED,
    summary="Add a video to a list",
    responses={
        **example_response(status.HTTP_201_CREATED, "The video; its import begins.", examples.VIDEO_CREATED),
        **problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.VIDEO_ALREADY_IN_LIST, *BODY_PROBLEMS),
    },
)
async def add_video(
    list_id: UUID, new: VideoInput, shared: Shared, user_id: UserId, language: RequestLanguage, response: Response
) -> VideoOutput:
    """Add a video and import it. The answer comes at once; progress comes over the WebSocket."""
    youtube_id = _youtube_id(new.url, language)
    added = await shared.adder.add(videos.NewVideo(user_id, list_id, youtube_id))
    if added is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    video = VideoOutput.of(added.video, language)
    if added.event is None:
        raise Problem(ProblemCode.VIDEO_ALREADY_IN_LIST, video_id=video.id, video=video)
    shared.starter.start(added.event)
    response.headers["Location"] = f"/api/videos/{video.id}"
    return video


@router.get(
    "/lists/{list_id}/videos",
    summary="Page through the videos of a list",
    responses=problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def list_videos(
    list_id: UUID,
    shared: Shared,
    user_id: UserId,
    language: RequestLanguage,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> VideoPage:
    """A list's videos, newest first."""
    after = parse_row_cursor(cursor, language)
    async with shared.database.connection() as connection:
        found = await videos.page_of_videos(connection, user_id, list_id, after=after, limit=limit + 1)
        if not found and await lists.get_list(connection, user_id, list_id) is None:
            raise Problem(ProblemCode.LIST_NOT_FOUND)
    page = found[:limit]
    more = row_cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return VideoPage(items=[VideoOutput.of(record, language) for record in page], next_cursor=more)


@router.get(
    "/videos/{video_id}",
    summary="Get a video",
    responses=problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_video(video_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage) -> VideoDetailsOutput:
    """One video with everything that is known about it."""
    async with shared.database.connection() as connection:
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
async def delete_video(video_id: UUID, shared: Shared, user_id: UserId) -> None:
    """Take a video off its list. If no other list waits for it, its import stops."""
    async with shared.database.connection() as connection:
        deleted = await videos.delete_video(connection, user_id, video_id)
    if deleted is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    if deleted.waiting_for is not None:
        shared.starter.cancel(deleted.waiting_for)


@router.post(
    "/videos/{video_id}/retry",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Try an import again",
    responses={
        **example_response(status.HTTP_202_ACCEPTED, "The video; its import goes on.", examples.VIDEO_CREATED),
        **problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.IMPORT_COMPLETE, ProblemCode.VALIDATION_FAILED),
    },
)
async def retry_video(video_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage) -> VideoOutput:
    """Begin an import that failed once more; one that waits for its next attempt makes it now."""
    async with shared.database.connection() as connection:
        retried = await videos.retry_video(connection, user_id, video_id)
    if retried is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    if retried.event is not None:
        shared.starter.start(retried.event)
    elif retried.video.import_stage == ImportStage.COMPLETE:
        raise Problem(ProblemCode.IMPORT_COMPLETE)
    else:
        shared.starter.hurry(retried.video.youtube_id, user_id)
    return VideoOutput.of(retried.video, language)


@router.post(
    "/videos/{video_id}/reimport",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Import a complete video once more",
    responses={
        **example_response(status.HTTP_202_ACCEPTED, "The video; its import begins.", examples.VIDEO_CREATED),
        **problem_responses(ProblemCode.VIDEO_NOT_FOUND, ProblemCode.IMPORT_UNDER_WAY, ProblemCode.VALIDATION_FAILED),
    },
)
async def reimport_video(video_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage) -> VideoOutput:
    """Fetch captions and chapters anew, for example where captions could not be had.

    Those that are there stay until then, and captions stay where none are to be had any more.
    """
    async with shared.database.connection() as connection:
        reimported = await reimport.reimport_video(connection, user_id, video_id)
    if reimported is None:
        raise Problem(ProblemCode.VIDEO_NOT_FOUND)
    if reimported.event is None:
        raise Problem(ProblemCode.IMPORT_UNDER_WAY)
    shared.starter.start(reimported.event)
    return VideoOutput.of(reimported.video, language)


def _youtube_id(url: str, language: Language) -> str:
    try:
        return parse_youtube_id(url)
    except InvalidYoutubeUrl as error:
        raise invalid_field("url", error.reason_code, invalid_url_text(error.reason_code, language)) from error
