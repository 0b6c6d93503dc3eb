"""Endpoint of what speech-to-text was used for."""

from fastapi import APIRouter

from services.api.cursors import parse_row_cursor, row_cursor
from services.api.deps import Cursor, PageLimit, RequestLanguage, Shared
from services.api.openapi import problem_responses
from services.api.problem_texts import ProblemCode
from services.api.speech_schemas import UsagePage
from shared.db import usage

router = APIRouter(tags=["usage"])


@router.get(
    "/usage",
    summary="See what speech-to-text was used for",
    responses=problem_responses(ProblemCode.VALIDATION_FAILED),
)
async def get_usage(
    shared: Shared, language: RequestLanguage, cursor: Cursor = None, limit: PageLimit = 50
) -> UsagePage:
    """Requests, seconds of audio and estimated cost: of the whole installation, and by video.

    What was recognised counts. `GET /api/upstreams` counts what was sent, answered or not; that is what sets the pace.
    A video whose speech is recognised while somebody pages moves to the first page.
    """
    after = parse_row_cursor(cursor, language)
    async with shared.database.connection() as connection:
        totals = await usage.usage_totals(connection)
        found = await usage.page_of_video_usage(connection, after=after, limit=limit + 1)
    page = found[:limit]
    more = row_cursor(page[-1].last_at, page[-1].id) if len(found) > limit else None
    return UsagePage.of(shared.settings, totals, page, more)
