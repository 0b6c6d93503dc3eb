"""Endpoints of bulk imports: add URLs, list, get, pause, resume, cancel, retry.

PostgreSQL is the source of truth. The batch's workflow is notified in the background, and polls for missed changes.
"""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from services.api.batches.create import add_batch
from services.api.batches.files.parse import read_urls
from services.api.batches.rows import Rows
from services.api.batches.schemas import MAX_URLS, BatchCreated, BatchOutput, BatchPage, UrlsInput
from services.api.dependencies import AppContext, Context, Cursor, PageLimit, RequestLanguage, UserId
from services.api.http.openapi import BODY_PROBLEMS, problem_responses
from services.api.http.pagination import parse_row_cursor, row_cursor
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from services.api.videos.schemas import VideoOutput
from shared.contracts.batches import BatchChange, BatchKind, BatchState, BatchSummary
from shared.db import batch_window, batches
from shared.db.batches import CreatedBatch, NewBatch
from shared.db.connection import raw_connection
from shared.db.videos import VideoRecord
from shared.i18n.languages import Language

_CHANGE_PROBLEMS = problem_responses(ProblemCode.BATCH_NOT_FOUND, ProblemCode.BATCH_OVER, ProblemCode.VALIDATION_FAILED)

router = APIRouter(tags=["batches"])


@router.post(
    "/lists/{list_id}/videos/batch",
    status_code=status.HTTP_201_CREATED,
    summary="Add many videos to a list",
    responses={
        status.HTTP_200_OK: {"description": "Nothing is new.", "model": BatchCreated},
        status.HTTP_201_CREATED: {"description": "The result of each row."},
        **problem_responses(ProblemCode.LIST_NOT_FOUND, *BODY_PROBLEMS),
    },
)
async def add_videos(
    list_id: UUID, new: UrlsInput, context: Context, user_id: UserId, language: RequestLanguage, response: Response
) -> BatchCreated:
    """Add all videos that are not on the list yet. Invalid URLs are reported and do not prevent the others.

    The response does not wait for the imports. A limited number of videos is imported at a time.
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
    added = await add_batch(context, batch, with_videos=True)
    set_batch_location(response, added.batch)
    return await asyncio.to_thread(_answer, rows, added.batch, added.videos, language)


@router.get(
    "/batches",
    summary="List bulk imports",
    responses=problem_responses(ProblemCode.VALIDATION_FAILED),
)
async def list_batches(
    context: Context,
    user_id: UserId,
    language: RequestLanguage,
    list_id: Annotated[UUID | None, Query(description="Only bulk imports of this list.")] = None,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> BatchPage:
    """All bulk imports, or those of one list, newest first."""
    after = parse_row_cursor(cursor, language)
    async with context.database.connection() as connection:
        found = await batches.page_of_batches(
            raw_connection(connection), user_id, list_id=list_id, after=after, limit=limit + 1
        )
    page = found[:limit]
    more = row_cursor(page[-1].created_at, page[-1].batch_id) if len(found) > limit else None
    return BatchPage(items=[BatchOutput.of(summary, language) for summary in page], next_cursor=more)


@router.get(
    "/batches/{batch_id}",
    summary="Get a bulk import",
    responses=problem_responses(ProblemCode.BATCH_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_batch(batch_id: UUID, context: Context, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """The current status of a bulk import."""
    async with context.database.connection() as connection:
        summary = await batches.get_summary(raw_connection(connection), user_id, batch_id)
    return BatchOutput.of(_found(summary), language)


@router.post(
    "/batches/{batch_id}/pause",
    summary="Pause a bulk import",
    responses=_CHANGE_PROBLEMS,
)
async def pause_batch(batch_id: UUID, context: Context, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """Start no more imports until it is resumed; running imports end normally."""
    return await _change(context, user_id, batch_id, BatchChange.PAUSE, language)


@router.post(
    "/batches/{batch_id}/resume",
    summary="Resume a bulk import",
    responses=_CHANGE_PROBLEMS,
)
async def resume_batch(batch_id: UUID, context: Context, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """Continue a paused bulk import."""
    return await _change(context, user_id, batch_id, BatchChange.RESUME, language)


@router.post(
    "/batches/{batch_id}/cancel",
    summary="Cancel a bulk import",
    responses=_CHANGE_PROBLEMS,
)
async def cancel_batch(batch_id: UUID, context: Context, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """Start no more imports. Queued videos stay on the list as cancelled; running imports end normally."""
    return await _change(context, user_id, batch_id, BatchChange.CANCEL, language)


@router.post(
    "/batches/{batch_id}/retry-failed",
    summary="Retry the failed videos of a bulk import",
    responses=problem_responses(ProblemCode.BATCH_NOT_FOUND, ProblemCode.NOTHING_FAILED, ProblemCode.VALIDATION_FAILED),
)
async def retry_failed(batch_id: UUID, context: Context, user_id: UserId, language: RequestLanguage) -> BatchOutput:
    """Import all its failed and cancelled videos again. A cancelled listing continues."""
    async with context.database.transaction() as connection:
        is_queued = await batches.requeue_failed(connection, user_id, batch_id)
        found = await batches.get_summary(connection, user_id, batch_id)
    summary = _found(found)
    if not is_queued:
        raise Problem(ProblemCode.NOTHING_FAILED)
    context.commands.start_batch(batch_id, user_id)
    return BatchOutput.of(summary, language)


def set_batch_location(response: Response, added: CreatedBatch) -> None:
    """Set the Location of the batch; status 200 if there is none."""
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


def _found(summary: BatchSummary | None) -> BatchSummary:
    """The batch of the user. Raises Problem (404)."""
    if summary is None:
        raise Problem(ProblemCode.BATCH_NOT_FOUND)
    return summary


async def _change(
    context: AppContext, user_id: UUID, batch_id: UUID, change: BatchChange, language: Language
) -> BatchOutput:
    """Change a batch and notify its workflow. Raises Problem: 404, or 409 if the batch has ended."""
    async with context.database.transaction() as connection:
        before = await batches.get_summary(connection, user_id, batch_id)
        if before:  # do not lock another user's batch
            await batch_window.lock(connection, batch_id)
            before = await batches.get_summary(connection, user_id, batch_id)
        is_open = before is not None and not before.completed_at and before.state is not BatchState.CANCELLED
        if is_open:
            await batch_window.change(connection, batch_id, change)
            await batch_window.complete_if_done(connection, batch_id)
        changed = await batches.get_summary(connection, user_id, batch_id)
    _found(before)
    if not is_open:
        raise Problem(ProblemCode.BATCH_OVER)
    context.commands.start_batch(batch_id, user_id)
    if changed is None:  # a subscription's check without new videos is deleted when it ends
        raise Problem(ProblemCode.BATCH_NOT_FOUND)
    return BatchOutput.of(changed, language)
