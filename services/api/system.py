"""Endpoints about the installation itself."""

import asyncio

from fastapi import APIRouter, Request
from temporalio.client import Client

from services.api.deps import RequestLanguage, Resources, Shared
from services.api.installation_schemas import ClientConfig, Features, Health, Readiness, Trouble
from services.api.openapi import problem_responses
from services.api.problem_texts import ProblemCode, TroubleCode
from services.api.problems import Problem
from services.api.speech_schemas import SpeechToText
from shared import VERSION
from shared.contracts.texts import Language
from shared.contracts.upstreams import PauseReason, UpstreamStatus
from shared.db.upstreams import all_statuses
from shared.temporal.client import TEMPORAL_AWAY

router = APIRouter(tags=["system"])

CHECK_SECONDS = 1.0
"""Whoever probes waits for 2 to 4 s: the answer has to be there before."""
TROUBLES = {
    PauseReason.CERTIFICATE_UNTRUSTED: TroubleCode.CERTIFICATE_UNTRUSTED,
    PauseReason.TRANSCRIPTION_MISCONFIGURED: TroubleCode.TRANSCRIPTION_MISCONFIGURED,
}
"""Pauses that somebody has to do something about."""


@router.get("/health", summary="Is the process alive?")
async def get_health() -> Health:
    """Asks nothing and nobody: a process that answers is alive."""
    return Health()


@router.get(
    "/ready",
    summary="Can requests be served?",
    responses=problem_responses(ProblemCode.VALIDATION_FAILED, ProblemCode.DATABASE_NOT_MIGRATED),
)
async def get_readiness(shared: Shared, language: RequestLanguage) -> Readiness:
    """Ready when Postgres answers and has every migration.

    Degraded while imports cannot go on: without Temporal, or because the settings let no call to YouTube through. And
    while they let none through to the speech-to-text server: then imports go on without the captions it would make.
    """
    upstreams, temporal_answers = await asyncio.gather(_upstreams(shared), _answers(shared.client))
    reasons = {status.reason for status in upstreams if status.is_paused and not status.may_be_mended}
    troubles = [] if temporal_answers else [TroubleCode.TEMPORAL_AWAY]
    troubles += [code for reason, code in TROUBLES.items() if reason in reasons]
    return Readiness(
        status="degraded" if troubles else "ready",
        temporal="ok" if temporal_answers else "away",
        problems=[Trouble.of(code, language) for code in troubles],
    )


@router.get(
    "/config",
    summary="What a user interface has to know",
    responses=problem_responses(ProblemCode.VALIDATION_FAILED, asks_database=False),
)
async def get_config(request: Request, shared: Shared, language: RequestLanguage) -> ClientConfig:
    """Addresses, feature flags, languages and version of this installation, and whether there is speech-to-text."""
    settings = shared.settings
    return ClientConfig(
        websocket_url=settings.websocket_url(request.url.hostname or "127.0.0.1"),
        temporal_ui_url=settings.temporal_ui_url,
        temporal_namespace=settings.temporal_namespace,
        features=Features(import_progress=settings.import_progress_enabled),
        speech_to_text=SpeechToText.of(settings, language),
        languages=list(Language),
        version=VERSION,
    )


async def _upstreams(shared: Resources) -> list[UpstreamStatus]:
    """How they stand. Raises Problem (503) when the database cannot be used."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            if not await shared.database.is_migrated():
                raise Problem(ProblemCode.DATABASE_NOT_MIGRATED)
            async with shared.database.connection() as connection:
                return await all_statuses(connection)
    except TimeoutError:
        raise Problem(ProblemCode.DATABASE_AWAY) from None


async def _answers(client: Client) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await client.service_client.check_health()
    except (*TEMPORAL_AWAY, TimeoutError):
        return False
