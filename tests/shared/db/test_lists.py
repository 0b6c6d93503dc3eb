"""Lists of one user."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import lists
from shared.db.lists import PageStart


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that commits each statement."""
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


async def test_a_page_goes_on_after_the_last_list_even_at_the_same_moment(
    connection: AsyncConnection, local_user_id: UUID
) -> None:
    created = [await lists.create_list(connection, local_user_id, str(number)) for number in range(3)]
    await connection.execute(text("UPDATE lists SET created_at = '2026-01-01T00:00:00.000001Z'"))

    first = await lists.page_of_lists(connection, local_user_id, limit=2)
    after = PageStart(first[-1].created_at, first[-1].id)
    second = await lists.page_of_lists(connection, local_user_id, after=after, limit=2)

    assert (len(first), len(second)) == (2, 1)
    assert {one.id for one in [*first, *second]} == {one.id for one in created}


async def test_other_users_are_left_alone(connection: AsyncConnection, local_user_id: UUID) -> None:
    own = await lists.create_list(connection, local_user_id, "Lighthouses")
    stranger = uuid4()

    assert await lists.get_list(connection, stranger, own.id) is None
    assert await lists.rename_list(connection, stranger, own.id, "Mine") is None
    assert not await lists.delete_list(connection, stranger, own.id)
    assert await lists.page_of_lists(connection, stranger, limit=10) == []
    assert await lists.get_list(connection, local_user_id, own.id) == own
