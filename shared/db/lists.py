"""A user's lists. Every statement is filtered by the user."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import counts


class PageStart(NamedTuple):
    """The last row of the page before: a page continues with what was created before it."""

    created_at: datetime
    id: UUID


FIRST_PAGE = PageStart(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
"""Where the first page starts: everything was created before it."""


@dataclass(frozen=True, slots=True)
class ListRecord:
    """A list and how many videos it holds."""

    id: UUID
    name: str
    video_count: int
    created_at: datetime


NOT_DELETED = "list_id NOT IN (SELECT id FROM lists WHERE deleted_at IS NOT NULL)"
"""SQL: the row is on a list that is not deleted. An alias may stand before it, with a dot.

Every statement that reads or changes videos, batches, subscriptions or events says it, unless it holds the lock of a
list that is not deleted: the rows of a deleted list stay for a while (see `shared.db.list_deletion`). Deleted lists are
few, so their ids are read once per statement.
"""

_COLUMNS = f"l.id, l.name, ({counts.IN_LIST.format(list_id='l.id')}) AS video_count, l.created_at"
_OWN = "l.user_id = :user_id AND l.deleted_at IS NULL"

_CREATE = text(
    """
    INSERT INTO lists (id, user_id, name) VALUES (gen_random_uuid(), :user_id, :name)
    RETURNING id, name, 0 AS video_count, created_at
    """
)
_GET = text(f"SELECT {_COLUMNS} FROM lists l WHERE l.id = :list_id AND {_OWN}")  # noqa: S608 - constants
_PAGE = text(
    f"""
    SELECT {_COLUMNS} FROM lists l WHERE {_OWN} AND (l.created_at, l.id) < (:created_at, :id)
    ORDER BY l.created_at DESC, l.id DESC LIMIT :limit
    """  # noqa: S608 - constants
)
_RENAME = text(
    f"""
    UPDATE lists l SET name = :name WHERE l.id = :list_id AND {_OWN} RETURNING {_COLUMNS}
    """  # noqa: S608 - constants
)
_DELETE = text(f"UPDATE lists l SET deleted_at = now() WHERE l.id = :list_id AND {_OWN}")  # noqa: S608 - a constant


async def create_list(connection: AsyncConnection, user_id: UUID, name: str) -> ListRecord:
    """A new, empty list. Two lists may have the same name."""
    rows = await connection.execute(_CREATE, {"user_id": user_id, "name": name})
    return _record(rows.mappings().one())


async def get_list(connection: AsyncConnection, user_id: UUID, list_id: UUID) -> ListRecord | None:
    """One list, None where the user has none with this id."""
    rows = await connection.execute(_GET, {"user_id": user_id, "list_id": list_id})
    row = rows.mappings().one_or_none()
    return _record(row) if row else None


async def page_of_lists(
    connection: AsyncConnection, user_id: UUID, *, after: PageStart = FIRST_PAGE, limit: int
) -> Sequence[ListRecord]:
    """The user's lists, newest first, at most `limit` of them."""
    rows = await connection.execute(_PAGE, {"user_id": user_id, "limit": limit, **after._asdict()})
    return [_record(row) for row in rows.mappings()]


async def rename_list(connection: AsyncConnection, user_id: UUID, list_id: UUID, name: str) -> ListRecord | None:
    """The list under its new name, None where the user has none with this id."""
    rows = await connection.execute(_RENAME, {"user_id": user_id, "list_id": list_id, "name": name})
    row = rows.mappings().one_or_none()
    return _record(row) if row else None


async def delete_list(connection: AsyncConnection, user_id: UUID, list_id: UUID) -> bool:
    """Hide a list with its videos, batches and subscriptions; False where the user has no such list.

    `DeleteList` removes the rows.
    """
    return (await connection.execute(_DELETE, {"user_id": user_id, "list_id": list_id})).rowcount > 0


def _record(row: RowMapping) -> ListRecord:
    return ListRecord(id=row["id"], name=row["name"], video_count=row["video_count"], created_at=row["created_at"])
