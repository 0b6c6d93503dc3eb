"""Finds the list of a request."""

from uuid import UUID

from services.api.http.database import Database
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from shared.db import lists
from shared.db.lists import ListRecord


async def find_list(database: Database, user_id: UUID, list_id: UUID) -> ListRecord:
    """A list of the user. Raises Problem (404)."""
    async with database.connection() as connection:
        found = await lists.get_list(connection, user_id, list_id)
    if found is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    return found
