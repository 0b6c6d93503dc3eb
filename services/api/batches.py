"""Endpoints of imports of many videos: adding addresses, reading, pausing, resuming, cancelling, trying again.

Postgres is what counts. The workflow of a batch is told in the background, and finds by itself what it was not told.
"""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from services.api import batch_examples
from services.api.batch_adding import add_batch
from services.api.batch_rows import Rows
from services.api.batch_schemas import MAX_URLS, BatchCreated, BatchOutput, BatchPage, UrlsInput
from services.api.cursors import parse_row_cursor, row_cursor
from services.api.deps import Cursor, PageLimit, RequestLanguage, Resources, Shared, UserId
from services.api.imported_files import read_urls
from services.api.openapi import BODY_PROBLEMS, example_response, problem_responses
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from services.api.schemas import VideoOutput
from shared.contracts.batches import BatchChange, BatchKind, BatchState, BatchSummary
from shared.contracts.texts import Language
from shared.db import batch_window, batches
from shared.db.batches import CreatedBatch, NewBatch
from shared.db.driver import DriverConnection, driver_of
from shared.db.videos import VideoRecord, videos_by_ids

_CHANGE_PROBLEMS = problem_responses(ProblemCode.BATCH_NOT_FOUND, ProblemCode.BATCH_OVER, ProblemCode.VALIDATION_FAILED)

router = APIRouter(tags=["batches"])


@router.post(
    "/lists/{list_id}/videos/batch",
    status_code=status.HTTP_201_CREATED,
    summary="Add many videos to a list",
    responses={
        **example_response(status.HTTP_200_OK, "Nothing is new.", batch_examples.NOTHING_NEW, BatchCreated),
        **example_response(status.HTTP_201_CREATED, "What became of each.", batch_examples.BATCH_CREATED),
        **problem_responses(ProblemCode.LIST_NOT_FOUND, *BODY_PROBLEMS),
    },
)
async def add_videos(
    list_id: UUID, new: UrlsInput, shared: Shared, user_id: UserId, language: RequestLanguage, response: Response
) -> BatchCreated:
    """Add every video that is named and that the list does not have, whatever the other addresses are.

    The answer comes at once. The videos are imported a window of them at a time.
    """
    rows = Rows(await asyncio.to_thread(read_urls, new.urls))
    batch = NewBatch(
        user_id=user_id,
        list_id=list_id,
        kind=BatchKind.URLS,
        youtube_ids=rows.youtube_ids,
        repeated=rows.repeated,
        invalid=rows.invalid,
    )
    added = await add_batch(shared, batch)
    videos = await _created_videos(shared, user_id, added)
    announce(response, added)
    return await asyncio.to_thread(_answer, rows, added, videos, language)


@router.get(
    "/batches",
    summary="Page through the imports of many videos",
    responses=problem_responses(ProblemCode.VALIDATION_FAILED),
)
async def list_batches(
    shared: Shared,
    user_id: UserId,
    language: RequestLanguage,
    list_id: Annotated[UUID | None, Query(description="Only those of this list.")] = None,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> BatchPage:
    """All of them, or those of one list, newest first, as they stand now."""
    after = parse_row_cursor(cursor, language)
    async with shared.database.connection() as connection:
        found = await batches.page_of_batches(
            driver_of(connection), user_id, list_id=list_id, after=after, limit=limit + 1
        )
    page = found[:limit]
    more = row_cursor(page[-1].created_at, page[-1].batch_id) if len(found) > limit else None
    return BatchPage(items=[BatchOutput.of(summary, language) for summary in page], next_cursor=more)


@router.get(
    "/batches/{batch_id}",
    summary="Get an import of many videos",
    responses=problem_responses(ProblemCode.BATCH_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_batch(batch_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """One of them, as it stands now."""
    async with shared.database.connection() as connection:
        summary = await _summary(driver_of(connection), user_id, batch_id)
    return BatchOutput.of(summary, language)


@router.post(
    "/batches/{batch_id}/pause",
    summary="Pause an import of many videos",
    responses=_CHANGE_PROBLEMS,
)
async def pause_batch(batch_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """Begin no further video until it is resumed; those under way end normally."""
    return await _change(shared, user_id, batch_id, BatchChange.PAUSE, language)


@router.post(
    "/batches/{batch_id}/resume",
    summary="Resume an import of many videos",
    responses=_CHANGE_PROBLEMS,
)
async def resume_batch(batch_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """Go on where it was paused."""
    return await _change(shared, user_id, batch_id, BatchChange.RESUME, language)


@router.post(
    "/batches/{batch_id}/cancel",
    summary="Cancel an import of many videos",
    responses=_CHANGE_PROBLEMS,
)
async def cancel_batch(batch_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """Begin no further video: those that wait stay in the list as cancelled, those under way end normally."""
    return await _change(shared, user_id, batch_id, BatchChange.CANCEL, language)


@router.post(
    "/batches/{batch_id}/retry-failed",
    summary="Try the failed videos of an import again",
    responses=problem_responses(ProblemCode.BATCH_NOT_FOUND, ProblemCode.NOTHING_FAILED, ProblemCode.VALIDATION_FAILED),
)
async def retry_failed(batch_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """Import every video of it once more that has failed or was cancelled; a list that was cancelled is read on."""
    async with shared.database.transaction() as connection:
        is_queued = await batches.requeue_failed(connection, user_id, batch_id)
        summary = await _summary(connection, user_id, batch_id)
    if not is_queued:
        raise Problem(ProblemCode.NOTHING_FAILED)
    shared.starter.begin_batch(batch_id, user_id)
    return BatchOutput.of(summary, language)


def announce(response: Response, added: CreatedBatch) -> None:
    """Say in the answer's headers where the batch is, or in its status that there is none."""
    if added.batch_id:
        response.headers["Location"] = f"/api/batches/{added.batch_id}"
    else:
        response.status_code = status.HTTP_200_OK


def _answer(rows: Rows, added: CreatedBatch, videos: list[VideoRecord], language: Language) -> BatchCreated:
    return BatchCreated(
        batch_id=added.batch_id,
        created=len(added.created),
        duplicate_count=len(rows.rows) - rows.invalid - len(added.created),
        duplicates=rows.duplicate_rows(added, MAX_URLS),
        invalid_count=rows.invalid,
        invalid=rows.invalid_rows(language, MAX_URLS),
        videos=[VideoOutput.of(video, language) for video in videos],
    )


async def _created_videos(shared: Resources, user_id: UUID, added: CreatedBatch) -> list[VideoRecord]:
    """The entries that were put on the list, in its order."""
    async with shared.database.connection() as connection:
        return await videos_by_ids(connection, user_id, [*added.created.values()])


async def _summary(connection: DriverConnection, user_id: UUID, batch_id: UUID) -> BatchSummary:
    """How a batch of the user's stands. Raises Problem (404)."""
    summary = await batches.get_summary(connection, user_id, batch_id)
    if summary is None:
        raise Problem(ProblemCode.BATCH_NOT_FOUND)
    return summary


async def _change(
    shared: Resources, user_id: UUID, batch_id: UUID, change: BatchChange, language: Language
) -> BatchOutput:
    """The batch once it is changed; its workflow is told. Raises Problem: 404, or 409 when it is too late."""
    async with shared.database.transaction() as connection:
        await _summary(connection, user_id, batch_id)  # what is somebody else's is not locked
        await batch_window.lock(connection, batch_id)
        before = await _summary(connection, user_id, batch_id)
        if before.completed_at or before.state is BatchState.CANCELLED:
            raise Problem(ProblemCode.BATCH_OVER)
        await batch_window.change(connection, batch_id, change)
        await batch_window.close_if_over(connection, batch_id)
        changed = await batches.get_summary(connection, user_id, batch_id)
    shared.starter.begin_batch(batch_id, user_id)
    if changed is None:  # it was a subscription's look that had brought nothing
        raise Problem(ProblemCode.BATCH_NOT_FOUND)
    return BatchOutput.of(changed, language)
