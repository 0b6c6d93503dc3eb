"""Endpoints of upstreams: their status, and the operator's pause."""

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter, status

from services.api.dependencies import AppContext, Context, RequestLanguage
from services.api.http.openapi import problem_responses
from services.api.http.problem_codes import ProblemCode
from services.api.http.temporal import temporal_required
from services.api.system.schemas import UpstreamChange, UpstreamList, UpstreamOutput
from shared.contracts.upstreams import Upstream
from shared.db.connection import raw_connection
from shared.db.upstreams import all_statuses
from workflows.rate_limits.client import GovernorClient

ACCEPT_SECONDS = 10.0
"""Time limit for Temporal to accept a signal."""
_CHANGE_PROBLEMS = problem_responses(ProblemCode.VALIDATION_FAILED, ProblemCode.TEMPORAL_AWAY, asks_database=False)

router = APIRouter(prefix="/upstreams", tags=["upstreams"])


@router.get(
    "",
    summary="Get the status of YouTube and transcription",
    responses=problem_responses(ProblemCode.VALIDATION_FAILED),
)
async def list_upstreams(context: Context, language: RequestLanguage) -> UpstreamList:
    """State, rate limit, budgets and pauses as last saved; needs neither Temporal nor a worker.

    `youtube` is missing until a worker has run, `transcription` until a worker has run with transcription on.
    """
    async with context.database.connection() as connection:
        statuses = await all_statuses(raw_connection(connection))
    return UpstreamList(items=[UpstreamOutput.of(status, language) for status in statuses])


@router.post(
    "/{upstream}/pause",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Pause all calls to an upstream",
    responses=_CHANGE_PROBLEMS,
)
async def pause_upstream(upstream: Upstream, context: Context) -> UpstreamChange:
    """Stop all calls until the operator resumes. Imports wait; running calls end normally.

    `GET /api/upstreams` shows the pause within about a second. Without a running worker, the pause starts with the
    next worker, which may still make a few calls.
    """
    await _accepted(_governor(context, upstream).pause())
    return UpstreamChange(name=upstream, requested="pause")


@router.post(
    "/{upstream}/resume",
    status_code=status.HTTP_202_ACCEPTED,
    summary="End a pause now",
    responses=_CHANGE_PROBLEMS,
)
async def resume_upstream(upstream: Upstream, context: Context) -> UpstreamChange:
    """End the operator's pause, or any other pause of all calls: the latter with a single call as a probe.

    It does not end the pause of a budget that is used up: calls continue when enough of it is free again.
    `GET /api/upstreams` shows the change within about a second, or when a worker runs again.
    """
    await _accepted(_governor(context, upstream).resume())
    return UpstreamChange(name=upstream, requested="resume")


def _governor(context: AppContext, upstream: Upstream) -> GovernorClient:
    settings = context.settings
    policy = settings.youtube_rate_limits if upstream is Upstream.YOUTUBE else settings.transcription_rate_limits
    return GovernorClient(context.client, upstream, policy)


async def _accepted(signal: Awaitable[None]) -> None:
    """Wait until Temporal has accepted the signal. Raises Problem (503) if it is unavailable."""
    with temporal_required():
        async with asyncio.timeout(ACCEPT_SECONDS):
            await signal
