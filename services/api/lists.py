"""Endpoints of lists."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.cursors import parse_row_cursor, row_cursor
from services.api.deps import Cursor, PageLimit, RequestLanguage, Shared, UserId
from services.api.openapi import BODY_PROBLEMS, problem_responses
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from services.api.schemas import ListInput, ListOutput, ListPage
from shared.db import lists

router = APIRouter(prefix="/lists", tags=["lists"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Create a list",
    responses=problem_responses(*BODY_PROBLEMS),
)
async def create_list(new: ListInput, shared: Shared, user_id: UserId, response: Response) -> ListOutput:
    """A new, empty list."""
    async with shared.database.connection() as connection:
        created = await lists.create_list(connection, user_id, new.name)
    response.headers["Location"] = f"/api/lists/{created.id}"
    return ListOutput.of(created)


@router.get("", summary="Page through the lists", responses=problem_responses(ProblemCode.VALIDATION_FAILED))
async def list_lists(
    shared: Shared, user_id: UserId, language: RequestLanguage, cursor: Cursor = None, limit: PageLimit = 50
) -> ListPage:
    """All lists, newest first."""
    after = parse_row_cursor(cursor, language)
    async with shared.database.connection() as connection:
        found = await lists.page_of_lists(connection, user_id, after=after, limit=limit + 1)
    page = found[:limit]
    more = row_cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return ListPage(items=[ListOutput.of(record) for record in page], next_cursor=more)


@router.get(
    "/{list_id}",
    summary="Get a list",
    responses=problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_list(list_id: UUID, shared: Shared, user_id: UserId) -> ListOutput:
    """One list."""
    async with shared.database.connection() as connection:
        found = await lists.get_list(connection, user_id, list_id)
    if found is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    return ListOutput.of(found)


@router.patch(
    "/{list_id}",
    summary="Rename a list",
    responses=problem_responses(ProblemCode.LIST_NOT_FOUND, *BODY_PROBLEMS),
)
async def rename_list(list_id: UUID, change: ListInput, shared: Shared, user_id: UserId) -> ListOutput:
    """The list under its new name."""
    async with shared.database.connection() as connection:
        renamed = await lists.rename_list(connection, user_id, list_id, change.name)
    if renamed is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    return ListOutput.of(renamed)


@router.delete(
    "/{list_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete a list",
    responses=problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def delete_list(list_id: UUID, shared: Shared, user_id: UserId) -> None:
    """Delete a list with its videos. Imports that nobody else waits for stop."""
    async with shared.database.connection() as connection:
        deleted = await lists.delete_list(connection, user_id, list_id)
    if deleted is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    for youtube_id in deleted.waiting_for:
        shared.starter.cancel(youtube_id)
    for subscription_id in deleted.subscription_ids:
        shared.starter.keep_schedule(subscription_id)
