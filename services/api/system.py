"""Endpoints about the installation itself."""

import asyncio
from datetime import timedelta

from fastapi import APIRouter
from temporalio.client import Client

from services.api.deps import Shared
from services.api.openapi import problem_responses
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem
from services.api.schemas import ClientConfig, Features, Health, Readiness
from shared import VERSION
from shared.contracts.texts import Language
from shared.temporal.client import TEMPORAL_AWAY

router = APIRouter(tags=["system"])

CHECK_TIMEOUT = timedelta(seconds=2)


@router.get("/health", summary="Is the process alive?")
async def get_health() -> Health:
    """Asks nothing and nobody: a process that answers is alive."""
    return Health()


@router.get(
    "/ready",
    summary="Can requests be served?",
    responses=problem_responses(ProblemCode.DATABASE_NOT_MIGRATED),
)
async def get_readiness(shared: Shared) -> Readiness:
    """Ready when Postgres answers and has every migration. Without Temporal the service is degraded, but works."""
    migrated, temporal_answers = await asyncio.gather(_is_migrated(shared), _answers(shared.client))
    if not migrated:
        raise Problem(ProblemCode.DATABASE_NOT_MIGRATED)
    return Readiness(status="ready" if temporal_answers else "degraded", temporal="ok" if temporal_answers else "away")


@router.get("/config", summary="What a user interface has to know")
async def get_config(shared: Shared) -> ClientConfig:
    """Addresses, feature flags, languages and version of this installation."""
    settings = shared.settings
    return ClientConfig(
        websocket_url=settings.websocket_url,
        temporal_ui_url=settings.temporal_ui_url,
        features=Features(import_progress=settings.import_progress_enabled),
        languages=list(Language),
        version=VERSION,
    )


async def _is_migrated(shared: Shared) -> bool:
    try:
        return await asyncio.wait_for(shared.database.is_migrated(), CHECK_TIMEOUT.total_seconds())
    except TimeoutError:
        raise Problem(ProblemCode.DATABASE_AWAY) from None


async def _answers(client: Client) -> bool:
    try:
        return await asyncio.wait_for(client.service_client.check_health(), CHECK_TIMEOUT.total_seconds())
    except (*TEMPORAL_AWAY, TimeoutError):
        return False
