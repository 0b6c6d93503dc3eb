"""Endpoint for missed progress events."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.api.dependencies import Context, RequestLanguage, UserId
from services.api.events.schemas import EventPage
from services.api.http.openapi import problem_responses
from services.api.http.problem_codes import ProblemCode
from shared.contracts.messages import Change
from shared.db.events import events_since
from shared.i18n.messages import in_language

router = APIRouter(tags=["events"])

MAX_SEQ = 2**63 - 1
Since = Annotated[int, Query(ge=0, le=MAX_SEQ, description="`seq` of the last event that the client has received.")]
EventLimit = Annotated[int, Query(ge=1, le=1000, description="Maximum number of events.")]


@router.get("/events", summary="List missed events", responses=problem_responses(ProblemCode.VALIDATION_FAILED))
async def list_events(
    context: Context, user_id: UserId, language: RequestLanguage, since: Since = 0, limit: EventLimit = 500
) -> EventPage:
    """All events of the user after `since`, oldest first."""
    async with context.database.connection() as connection:
        found = await events_since(connection, user_id, since, limit=limit + 1)
    messages = [item.message for item in found[:limit]]
    items = [message if isinstance(message, Change) else in_language(message, language) for message in messages]
    next_since = items[-1].seq if items else None
    return EventPage(items=items, next_since=next_since or since, has_more=len(found) > limit)
