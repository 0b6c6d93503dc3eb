"""Endpoints of subscriptions: playlists and channels whose new videos come by themselves.

Postgres is what counts. Temporal is told in the background, and by `ReconcileImports` what it has missed.
"""

import asyncio
import logging
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from services.api import examples
from services.api.cursors import parse_row_cursor, row_cursor
from services.api.deps import Cursor, PageLimit, RequestLanguage, Resources, Shared, UserId
from services.api.openapi import BODY_PROBLEMS, example_response, problem_responses
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from services.api.sources import source_at
from services.api.subscription_schemas import (
    SubscriptionChange,
    SubscriptionInput,
    SubscriptionOutput,
    SubscriptionPage,
)
from shared.contracts.texts import Language
from shared.db import subscriptions
from shared.db.driver import driver_of
from shared.db.subscriptions import NewSubscription, SubscriptionRecord
from shared.temporal.client import TEMPORAL_AWAY
from shared.temporal.subscriptions import keep_schedule, next_look

DESCRIBE_SECONDS = 1.0
"""How long Temporal may take to say when the next look is."""
ACCEPT_SECONDS = 3.0
"""How long Temporal may take to begin a look."""
_PROBLEMS = (ProblemCode.SUBSCRIPTION_NOT_FOUND, ProblemCode.VALIDATION_FAILED)
_NOT_FOUND = problem_responses(*_PROBLEMS)

router = APIRouter(prefix="/subscriptions", tags=["subscriptions"])
logger = logging.getLogger(__name__)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Follow a playlist or channel",
    responses={
        **example_response(
            status.HTTP_201_CREATED, "The subscription; the first look begins.", examples.SUBSCRIPTION_CREATED
        ),
        **problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.ALREADY_SUBSCRIBED, *BODY_PROBLEMS),
    },
)
async def add_subscription(
    new: SubscriptionInput, shared: Shared, user_id: UserId, language: RequestLanguage, response: Response
) -> SubscriptionOutput:
    """Have its new videos come onto a list. Whoever takes one of them off the list is rid of it."""
    source = source_at(new.source, language)
    wanted = NewSubscription(
        user_id=user_id,
        list_id=new.list_id,
        kind=source.kind,
        source=source.url,
        interval_seconds=new.interval_seconds,
        import_existing=new.import_existing,
    )
    async with shared.database.transaction() as connection:
        added = await subscriptions.add_subscription(connection, wanted)
    if added is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    subscription = SubscriptionOutput.of(added.subscription, language)
    if not added.is_new:
        raise Problem(ProblemCode.ALREADY_SUBSCRIBED, subscription_id=subscription.id, subscription=subscription)
    shared.starter.keep_schedule(subscription.id)
    response.headers["Location"] = f"/api/subscriptions/{subscription.id}"
    return subscription


@router.get("", summary="Page through the subscriptions", responses=problem_responses(ProblemCode.VALIDATION_FAILED))
async def list_subscriptions(
    shared: Shared,
    user_id: UserId,
    language: RequestLanguage,
    list_id: Annotated[UUID | None, Query(description="Only those of this list.")] = None,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> SubscriptionPage:
    """All of them, or those of one list, newest first."""
    after = parse_row_cursor(cursor, language)
    async with shared.database.connection() as connection:
        found = await subscriptions.page_of_subscriptions(
            driver_of(connection), user_id, list_id=list_id, after=after, limit=limit + 1
        )
    page = found[:limit]
    more = row_cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return SubscriptionPage(items=[SubscriptionOutput.of(record, language) for record in page], next_cursor=more)


@router.get("/{subscription_id}", summary="Get a subscription", responses=_NOT_FOUND)
async def get_subscription(
    subscription_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """One of them, with the time of its next look."""
    found = await _find(shared, user_id, subscription_id)
    return SubscriptionOutput.of(found, language, await _next_look(shared, found))


@router.patch(
    "/{subscription_id}",
    summary="Change how often it is looked at",
    responses=problem_responses(ProblemCode.SUBSCRIPTION_NOT_FOUND, *BODY_PROBLEMS),
)
async def change_subscription(
    subscription_id: UUID, change: SubscriptionChange, shared: Shared, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """The subscription with its new interval."""
    async with shared.database.connection() as connection:
        changed = await subscriptions.change_interval(
            driver_of(connection), user_id, subscription_id, change.interval_seconds
        )
    return _told(shared, changed, language)


@router.post("/{subscription_id}/pause", summary="Pause a subscription", responses=_NOT_FOUND)
async def pause_subscription(
    subscription_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """Look no more until it is resumed. A look under way ends normally, and `run` still works."""
    return await _set_paused(shared, user_id, subscription_id, language, is_paused=True)


@router.post("/{subscription_id}/resume", summary="Resume a subscription", responses=_NOT_FOUND)
async def resume_subscription(
    subscription_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """Look again from now on; the next look brings what has come meanwhile."""
    return await _set_paused(shared, user_id, subscription_id, language, is_paused=False)


@router.post(
    "/{subscription_id}/run",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Look for new videos now",
    responses=problem_responses(*_PROBLEMS, ProblemCode.TEMPORAL_AWAY),
)
async def run_subscription(
    subscription_id: UUID, shared: Shared, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """Look at once, also while it is paused. With `checking`, a look was under way already, and none is added."""
    found = await _find(shared, user_id, subscription_id)
    try:
        async with asyncio.timeout(ACCEPT_SECONDS), shared.database.transaction() as connection:
            await keep_schedule(connection, shared.client, subscription_id, look_now=True)
    except (*TEMPORAL_AWAY, TimeoutError) as error:
        logger.warning("Temporal cannot be reached: %r", error)
        raise Problem(ProblemCode.TEMPORAL_AWAY) from error
    return SubscriptionOutput.of(found, language)


@router.delete(
    "/{subscription_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Follow no longer",
    responses=_NOT_FOUND,
)
async def delete_subscription(subscription_id: UUID, shared: Shared, user_id: UserId) -> None:
    """End a subscription. The videos that it has brought stay."""
    async with shared.database.transaction() as connection:
        is_deleted = await subscriptions.delete_subscription(connection, user_id, subscription_id)
    if not is_deleted:
        raise Problem(ProblemCode.SUBSCRIPTION_NOT_FOUND)
    shared.starter.keep_schedule(subscription_id)


async def _find(shared: Resources, user_id: UUID, subscription_id: UUID) -> SubscriptionRecord:
    async with shared.database.connection() as connection:
        found = await subscriptions.get_subscription(driver_of(connection), user_id, subscription_id)
    if found is None:
        raise Problem(ProblemCode.SUBSCRIPTION_NOT_FOUND)
    return found


async def _set_paused(
    shared: Resources, user_id: UUID, subscription_id: UUID, language: Language, *, is_paused: bool
) -> SubscriptionOutput:
    async with shared.database.connection() as connection:
        changed = await subscriptions.set_paused(driver_of(connection), user_id, subscription_id, is_paused=is_paused)
    return _told(shared, changed, language)


def _told(shared: Resources, changed: SubscriptionRecord | None, language: Language) -> SubscriptionOutput:
    """What has become of a subscription, once Temporal is about to be told."""
    if changed is None:
        raise Problem(ProblemCode.SUBSCRIPTION_NOT_FOUND)
    shared.starter.keep_schedule(changed.id)
    return SubscriptionOutput.of(changed, language)


async def _next_look(shared: Resources, subscription: SubscriptionRecord) -> datetime | None:
    """When the next look is, where Temporal says so soon enough."""
    if subscription.is_paused:
        return None
    try:
        async with asyncio.timeout(DESCRIBE_SECONDS):
            return await next_look(shared.client, subscription.id)
    except (*TEMPORAL_AWAY, TimeoutError):
        return None
