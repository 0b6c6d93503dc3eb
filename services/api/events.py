"""Endpoint of missed progress events."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.api.deps import RequestLanguage, Shared, UserId
from services.api.openapi import problem_responses
from services.api.problem_texts import ProblemCode
from services.api.schemas import EventPage
from shared.contracts.messages import ImportProgress
from shared.contracts.texts import Language, import_error_text
from shared.db.events import events_since

router = APIRouter(tags=["events"])

MAX_SEQ = 2**63 - 1
Since = Annotated[int, Query(ge=0, le=MAX_SEQ, description="`seq` of the last event that the client has seen.")]
EventLimit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]


@router.get("/events", summary="Catch up on events", responses=problem_responses(ProblemCode.VALIDATION_FAILED))
async def list_events(
    shared: Shared, user_id: UserId, language: RequestLanguage, since: Since = 0, limit: EventLimit = 500
) -> EventPage:
    """Exactly the user's progress events after `since`, oldest first."""
    async with shared.database.connection() as connection:
        found = await events_since(connection, user_id, since, limit=limit + 1)
    items = [_in_language(item.message, language) for item in found[:limit]]
    next_since = items[-1].seq if items else None
    return EventPage(items=items, next_since=next_since or since, has_more=len(found) > limit)


def _in_language(event: ImportProgress, language: Language) -> ImportProgress:
    if event.error_code is None:
        return event
    return event.model_copy(update={"message": import_error_text(event.error_code, language)})
