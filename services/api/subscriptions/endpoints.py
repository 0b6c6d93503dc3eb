"""Endpoints of subscriptions.

PostgreSQL is the source of truth. Temporal's schedules follow in the background; `ReconcileImports` repairs them.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from services.api.batches.sources import source_at
from services.api.dependencies import AppContext, Context, Cursor, PageLimit, RequestLanguage, UserId
from services.api.http.openapi import BODY_PROBLEMS, problem_responses
from services.api.http.pagination import parse_row_cursor, row_cursor
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from services.api.subscriptions.schemas import (
    SubscriptionChange,
    SubscriptionConflict,
    SubscriptionInput,
    SubscriptionOutput,
    SubscriptionPage,
)
from shared.db import subscriptions
from shared.db.connection import raw_connection
from shared.db.subscriptions import NewSubscription, SubscriptionRecord
from shared.i18n.languages import Language
from shared.temporal.errors import is_temporal_unavailable
from shared.temporal.schedules import next_check

DESCRIBE_SECONDS = 1.0
"""Time limit for Temporal to return the time of the next check."""
MAX_DESCRIBED_AT_ONCE = 20
"""Schedules that one page asks Temporal about at the same time."""
_PROBLEMS = (ProblemCode.SUBSCRIPTION_NOT_FOUND, ProblemCode.VALIDATION_FAILED)
_NOT_FOUND = problem_responses(*_PROBLEMS)

router = APIRouter(prefix="/subscriptions", tags=["subscriptions"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Subscribe to a playlist or channel",
    responses={
        status.HTTP_201_CREATED: {"description": "The subscription; the first check starts."},
        **problem_responses(
            ProblemCode.LIST_NOT_FOUND,
            ProblemCode.ALREADY_SUBSCRIBED,
            *BODY_PROBLEMS,
            models={ProblemCode.ALREADY_SUBSCRIBED: SubscriptionConflict},
        ),
    },
)
async def add_subscription(
    new: SubscriptionInput, context: Context, user_id: UserId, language: RequestLanguage, response: Response
) -> SubscriptionOutput:
    """Add new videos of a playlist or channel to a list automatically. Removed videos are not added again."""
    source = source_at(new.source, new.tab, language)
    wanted = NewSubscription(
        user_id=user_id,
        list_id=new.list_id,
        kind=source.kind,
        source=source.url,
        interval_seconds=new.interval_seconds,
        import_existing=new.import_existing,
        filter=new.filter,
    )
    async with context.database.transaction() as connection:
        added = await subscriptions.add_subscription(connection, wanted)
    if added is None:
        raise Problem(ProblemCode.LIST_NOT_FOUND)
    subscription = SubscriptionOutput.of(added.subscription, language)
    if not added.is_new:
        raise Problem(ProblemCode.ALREADY_SUBSCRIBED, subscription_id=subscription.id, subscription=subscription)
    context.commands.tell(user_id)
    context.commands.sync_schedule(subscription.id)
    response.headers["Location"] = f"/api/subscriptions/{subscription.id}"
    return subscription


@router.get("", summary="List subscriptions", responses=problem_responses(ProblemCode.VALIDATION_FAILED))
async def list_subscriptions(
    context: Context,
    user_id: UserId,
    language: RequestLanguage,
    list_id: Annotated[UUID | None, Query(description="Only subscriptions of this list.")] = None,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> SubscriptionPage:
    """All subscriptions, or those of one list, newest first."""
    after = parse_row_cursor(cursor, language)
    async with context.database.connection() as connection:
        found = await subscriptions.page_of_subscriptions(
            raw_connection(connection), user_id, list_id=list_id, after=after, limit=limit + 1
        )
    page = found[:limit]
    more = row_cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    checks = await _next_checks(context, page)
    items = [SubscriptionOutput.of(record, language, at) for record, at in zip(page, checks, strict=True)]
    return SubscriptionPage(items=items, next_cursor=more)


@router.get("/{subscription_id}", summary="Get a subscription", responses=_NOT_FOUND)
async def get_subscription(
    subscription_id: UUID, context: Context, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """A subscription with the time of its next check."""
    found = await _find(context, user_id, subscription_id)
    return SubscriptionOutput.of(found, language, await _next_check(context, found))


@router.patch(
    "/{subscription_id}",
    summary="Change the interval of a subscription",
    responses=problem_responses(ProblemCode.SUBSCRIPTION_NOT_FOUND, *BODY_PROBLEMS),
)
async def change_subscription(
    subscription_id: UUID, change: SubscriptionChange, context: Context, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """Change the interval between two checks."""
    async with context.database.connection() as connection:
        changed = await subscriptions.change_interval(
            raw_connection(connection), user_id, subscription_id, change.interval_seconds
        )
    return _synced(context, user_id, changed, language)


@router.post("/{subscription_id}/pause", summary="Pause a subscription", responses=_NOT_FOUND)
async def pause_subscription(
    subscription_id: UUID, context: Context, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """Stop checks until it is resumed. A running check ends normally, and `run` still works."""
    return await _set_paused(context, user_id, subscription_id, language, is_paused=True)


@router.post("/{subscription_id}/resume", summary="Resume a subscription", responses=_NOT_FOUND)
async def resume_subscription(
    subscription_id: UUID, context: Context, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """Continue checks. The next one adds what is new since the last check."""
    return await _set_paused(context, user_id, subscription_id, language, is_paused=False)


@router.post(
    "/{subscription_id}/run",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Check a subscription now",
    responses=_NOT_FOUND,
)
async def run_subscription(
    subscription_id: UUID, context: Context, user_id: UserId, language: RequestLanguage
) -> SubscriptionOutput:
    """Check soon, even if it is paused. If `checking` is true, a check was already running, and no other is started."""
    async with context.database.connection() as connection:
        requested = await subscriptions.request_check(raw_connection(connection), user_id, subscription_id)
    return _synced(context, user_id, requested, language)


@router.delete(
    "/{subscription_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete a subscription",
    responses=_NOT_FOUND,
)
async def delete_subscription(subscription_id: UUID, context: Context, user_id: UserId) -> None:
    """Delete a subscription. Its videos stay on the list."""
    async with context.database.transaction() as connection:
        is_deleted = await subscriptions.delete_subscription(connection, user_id, subscription_id)
    if not is_deleted:
        raise Problem(ProblemCode.SUBSCRIPTION_NOT_FOUND)
    context.commands.tell(user_id)
    context.commands.sync_schedule(subscription_id)


async def _find(context: AppContext, user_id: UUID, subscription_id: UUID) -> SubscriptionRecord:
    async with context.database.connection() as connection:
        found = await subscriptions.get_subscription(raw_connection(connection), user_id, subscription_id)
    if found is None:
        raise Problem(ProblemCode.SUBSCRIPTION_NOT_FOUND)
    return found


async def _set_paused(
    context: AppContext, user_id: UUID, subscription_id: UUID, language: Language, *, is_paused: bool
) -> SubscriptionOutput:
    async with context.database.connection() as connection:
        changed = await subscriptions.set_paused(
            raw_connection(connection), user_id, subscription_id, is_paused=is_paused
        )
    return _synced(context, user_id, changed, language)


def _synced(
    context: AppContext, user_id: UUID, changed: SubscriptionRecord | None, language: Language
) -> SubscriptionOutput:
    """The response for a changed subscription, whose schedule is updated in the background. Raises Problem (404)."""
    if changed is None:
        raise Problem(ProblemCode.SUBSCRIPTION_NOT_FOUND)
    context.commands.tell(user_id)
    context.commands.sync_schedule(changed.id)
    return SubscriptionOutput.of(changed, language)


async def _next_checks(context: AppContext, page: Sequence[SubscriptionRecord]) -> list[datetime | None]:
    """The times of the next checks, None as in `_next_check`; all within its time limit."""
    slots = asyncio.Semaphore(MAX_DESCRIBED_AT_ONCE)

    async def one(subscription: SubscriptionRecord) -> datetime | None:
        async with slots:
            return await _next_check(context, subscription)

    tasks = [asyncio.create_task(one(subscription)) for subscription in page]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=DESCRIBE_SECONDS)
        for task in late:
            task.cancel()
    return [task.result() if task.done() and not task.cancelled() else None for task in tasks]


async def _next_check(context: AppContext, subscription: SubscriptionRecord) -> datetime | None:
    """Time of the next check; None if paused, or if Temporal does not answer in time."""
    if subscription.is_paused:
        return None
    try:
        async with asyncio.timeout(DESCRIBE_SECONDS):
            return await next_check(context.client, subscription.id)
    except Exception as error:
        if not is_temporal_unavailable(error):
            raise
        return None
