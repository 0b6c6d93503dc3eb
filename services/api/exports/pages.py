"""All videos of a list in pages, so that memory use does not grow with the list."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from services.api.http.database import Database
from shared.db.lists import FIRST_PAGE, PageStart
from shared.db.videos import VideoRecord, page_of_videos

PAGE_SIZE = 500


async def pages_of_list(database: Database, user_id: UUID, list_id: UUID) -> AsyncIterator[Sequence[VideoRecord]]:
    """The pages of a list. No connection is held between two pages.

    Raises Problem (503) if PostgreSQL is unavailable.
    """
    after = FIRST_PAGE
    while True:
        async with database.connection() as connection:
            page = await page_of_videos(connection, user_id, list_id, after=after, limit=PAGE_SIZE)
        if page:
            yield page
        if len(page) < PAGE_SIZE:
            return
        after = PageStart(page[-1].created_at, page[-1].id)
