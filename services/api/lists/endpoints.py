"""Endpoints of lists."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.dependencies import Context, Cursor, PageLimit, RequestLanguage, UserId
from services.api.http.openapi import BODY_PROBLEMS, problem_responses
from services.api.http.pagination import parse_row_cursor, row_cursor
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from services.api.lists.schemas import ListInput, ListOutput, ListPage
from shared.db import lists

router = APIRouter(prefix="/lists", tags=["lists"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Create a list",
    responses=problem_responses(*BODY_PROBLEMS),
)
async def create_list(new: ListInput, context: Context, user_id: UserId, response: Response) -> ListOutput:
    """Create an empty list."""
    async with context.database.connection() as connection:
        created = await lists.create_list(connection, user_id, new.name)
    context.commands.tell(user_id)
    response.headers["Location"] = f"/api/lists/{created.id}"
    return ListOutput.of(created)


@router.get("", summary="List the lists", responses=problem_responses(ProblemCode.VALIDATION_FAILED))
async def list_lists(
    context: Context, user_id: UserId, language: RequestLanguage, cursor: Cursor = None, limit: PageLimit = 50
) -> ListPage:
    """All lists, newest first."""
    after = parse_row_cursor(cursor, language)
    async with context.database.connection() as connection:
        found = await lists.page_of_lists(connection, user_id, after=after, limit=limit + 1)
    page = found[:limit]
    more = row_cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return ListPage(items=[ListOutput.of(record) for record in page], next_cursor=more)


@router.get(
    "/{list_id}",
    summary="Get a list",
    responses=problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def get_list(list_id: UUID, context: Context, user_id: UserId) -> ListOutput:
    """A list."""
    async with context.database.connection() as connection:
        found = await lists.get_list(connection, user_id, list_id)
    if found is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    return ListOutput.of(found)


@router.patch(
    "/{list_id}",
    summary="Rename a list",
    responses=problem_responses(ProblemCode.LIST_NOT_FOUND, *BODY_PROBLEMS),
)
async def rename_list(list_id: UUID, change: ListInput, context: Context, user_id: UserId) -> ListOutput:
    """Change the name of a list."""
    async with context.database.connection() as connection:
        renamed = await lists.rename_list(connection, user_id, list_id, change.name)
    if renamed is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    context.commands.tell(user_id)
    return ListOutput.of(renamed)


@router.delete(
    "/{list_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete a list",
    responses=problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
)
async def delete_list(list_id: UUID, context: Context, user_id: UserId) -> None:
    """Delete a list and its videos. Imports that no other list waits for stop."""
    async with context.database.connection() as connection:
        is_deleted = await lists.delete_list(connection, user_id, list_id)
    if not is_deleted:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    context.commands.tell(user_id)
    context.commands.delete_list(list_id)
