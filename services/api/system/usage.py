"""Endpoint of the usage of transcription."""

from fastapi import APIRouter

from services.api.dependencies import Context, Cursor, PageLimit, RequestLanguage
from services.api.http.openapi import problem_responses
from services.api.http.pagination import parse_row_cursor, row_cursor
from services.api.http.problem_codes import ProblemCode
from services.api.system.schemas import UsagePage
from shared.db import transcription
from shared.db.connection import raw_connection

router = APIRouter(tags=["usage"])


@router.get(
    "/usage",
    summary="Get the usage of transcription",
    responses=problem_responses(ProblemCode.VALIDATION_FAILED),
)
async def get_usage(
    context: Context, language: RequestLanguage, cursor: Cursor = None, limit: PageLimit = 50
) -> UsagePage:
    """Requests, seconds of audio and estimated cost: of the whole installation, and per video.

    Successful requests count. `GET /api/upstreams` counts all requests, which is what budgets limit.
    A video that is transcribed between two page requests moves to the first page.
    """
    after = parse_row_cursor(cursor, language)
    async with context.database.connection() as connection:
        driver = raw_connection(connection)
        totals = await transcription.usage_totals(driver)
        found = await transcription.page_of_video_usage(driver, after=after, limit=limit + 1)
    page = found[:limit]
    more = row_cursor(page[-1].last_at, page[-1].id) if len(found) > limit else None
    return UsagePage.of(context.settings, totals, page, more)
