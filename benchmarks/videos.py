"""Videos for the benchmarks: ids that no import has used before, their addresses, and their entries."""

from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.models import LOCAL_USER_ID


def new_ids(count: int) -> list[str]:
    """So many new ids, at most 100,000."""
    prefix = uuid4().hex[:6]
    return [f"{prefix}{number:05}" for number in range(count)]


def watch_url(youtube_id: str) -> str:
    """The address of a video."""
    return f"https://www.youtube.com/watch?v={youtube_id}"


async def add_entries(engine: AsyncEngine, count: int) -> list[str]:
    """The ids of new videos on a new list, at `created`."""
    ids, list_id = new_ids(count), uuid4()
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO lists (id, user_id, name) VALUES (:id, :user, 'benchmark')"),
            {"id": list_id, "user": LOCAL_USER_ID},
        )
        await connection.execute(
            text(
                "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url) "
                "SELECT gen_random_uuid(), :list, :user, id, '' FROM unnest(CAST(:ids AS text[])) id"
            ),
            {"list": list_id, "user": LOCAL_USER_ID, "ids": ids},
        )
    return ids
