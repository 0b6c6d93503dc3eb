"""Endpoints of the servers outside that set our pace: how they stand, and the operator's pause."""

import asyncio
import logging
from collections.abc import Awaitable

from fastapi import APIRouter, status

from services.api.deps import RequestLanguage, Resources, Shared
from services.api.installation_schemas import UpstreamChange, UpstreamList, UpstreamOutput
from services.api.openapi import problem_responses
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from shared.contracts.upstreams import Upstream
from shared.db.upstreams import all_statuses
from shared.temporal.client import TEMPORAL_AWAY
from workflows.governors import GovernorClient

ACCEPT_SECONDS = 3.0
"""How long Temporal may take to accept what the operator wants."""
_CHANGE_PROBLEMS = problem_responses(ProblemCode.VALIDATION_FAILED, ProblemCode.TEMPORAL_AWAY, asks_database=False)

router = APIRouter(prefix="/upstreams", tags=["upstreams"])
logger = logging.getLogger(__name__)


@router.get(
    "", summary="See how YouTube and speech-to-text stand", responses=problem_responses(ProblemCode.VALIDATION_FAILED)
)
async def list_upstreams(shared: Shared, language: RequestLanguage) -> UpstreamList:
    """State, pace, budgets and pauses, as last written down: neither Temporal nor a worker has to be there.

    `youtube` is missing until a worker has run for the first time, `transcription` until one has with speech-to-text.
    """
    async with shared.database.connection() as connection:
        statuses = await all_statuses(connection)
    return UpstreamList(items=[UpstreamOutput.of(status, language) for status in statuses])


@router.post(
    "/{upstream}/pause",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Pause all calls to an upstream",
    responses=_CHANGE_PROBLEMS,
)
async def pause_upstream(upstream: Upstream, shared: Shared) -> UpstreamChange:
    """Let no call go until the operator resumes; imports wait meanwhile, and calls under way end normally.

    `GET /api/upstreams` shows it within about a second. While no worker runs, the pause begins with the first one
    that does, and calls that it is given at that moment may still go.
    """
    await _accepted(_governor(shared, upstream).pause())
    return UpstreamChange(name=upstream, requested="pause")


@router.post(
    "/{upstream}/resume",
    status_code=status.HTTP_202_ACCEPTED,
    summary="End a pause now",
    responses=_CHANGE_PROBLEMS,
)
async def resume_upstream(upstream: Upstream, shared: Shared) -> UpstreamChange:
    """End the operator's pause, or else one that the upstream asked for: that with a single call, to see.

    It does not end the pause of an hour or a day whose limit is reached: calls go again when enough is old.
    `GET /api/upstreams` shows it within about a second; while no worker runs, as soon as one does.
    """
    await _accepted(_governor(shared, upstream).resume())
    return UpstreamChange(name=upstream, requested="resume")


def _governor(shared: Resources, upstream: Upstream) -> GovernorClient:
    settings = shared.settings
    policy = settings.youtube_pace if upstream is Upstream.YOUTUBE else settings.transcription_pace
    return GovernorClient(shared.client, upstream, policy)


async def _accepted(signal: Awaitable[None]) -> None:
    """Return when Temporal has the signal. Raises Problem (503) when it is away."""
    try:
        async with asyncio.timeout(ACCEPT_SECONDS):
            await signal
    except (*TEMPORAL_AWAY, TimeoutError) as error:
        logger.warning("Temporal cannot be reached: %r", error)
        raise Problem(ProblemCode.TEMPORAL_AWAY) from error
