"""Endpoints of the installation: health, readiness, configuration."""

import asyncio

from fastapi import APIRouter, Request
from temporalio.client import Client

from services.api.dependencies import AppContext, Context, RequestLanguage
from services.api.http.openapi import problem_responses
from services.api.http.problem_codes import DegradedReasonCode, ProblemCode
from services.api.http.problems import Problem
from services.api.system.schemas import ClientConfig, DegradedReason, Features, Health, Readiness, SpeechToText
from shared import VERSION
from shared.contracts.upstreams import PauseReason
from shared.db.connection import raw_connection
from shared.db.upstreams import all_statuses
from shared.db.workers import is_any_at_work
from shared.i18n.languages import Language
from shared.temporal.errors import is_temporal_unavailable
from shared.temporal.failing import count_failing

router = APIRouter(tags=["system"])

CHECK_SECONDS = 1.8
"""Time limit of the checks: probes time out after 2 to 4 s."""
OPERATOR_PAUSES = {
    PauseReason.CERTIFICATE_UNTRUSTED: DegradedReasonCode.CERTIFICATE_UNTRUSTED,
    PauseReason.EXTRACTOR_OUTDATED: DegradedReasonCode.EXTRACTOR_OUTDATED,
    PauseReason.TRANSCRIPTION_MISCONFIGURED: DegradedReasonCode.TRANSCRIPTION_MISCONFIGURED,
}
"""Pauses that rarely end by themselves: the operator corrects the settings, or updates yt-dlp."""


@router.get("/health", summary="Check liveness")
async def get_health() -> Health:
    """Liveness: the process responds. Checks no dependencies."""
    return Health()


@router.get(
    "/ready",
    summary="Check readiness",
    responses=problem_responses(ProblemCode.VALIDATION_FAILED, ProblemCode.DATABASE_NOT_MIGRATED),
)
async def get_readiness(context: Context, language: RequestLanguage) -> Readiness:
    """Readiness: PostgreSQL is available, and this version works with its schema.

    `degraded` if imports cannot continue: without Temporal or a running worker, with a read-only database, with stuck
    workflows, if the settings prevent all calls to YouTube, or if yt-dlp is outdated. Also `degraded` if the settings
    prevent all calls to the transcription server: imports then continue without transcriptions.
    """
    in_database, in_temporal = await asyncio.gather(_ask_database(context), _ask_temporal(context.client))
    found = in_database | in_temporal
    return Readiness(
        status="degraded" if found else "ready",
        temporal="away" if DegradedReasonCode.TEMPORAL_AWAY in found else "ok",
        problems=[
            DegradedReason.of(code, language) for code in DegradedReasonCode if code in found - _consequences(found)
        ],
    )


@router.get(
    "/config",
    summary="Get the configuration for clients",
    responses=problem_responses(ProblemCode.VALIDATION_FAILED, asks_database=False),
)
async def get_config(request: Request, context: Context, language: RequestLanguage) -> ClientConfig:
    """URLs, features, languages and version of this installation, and whether transcription is on."""
    settings = context.settings
    return ClientConfig(
        websocket_url=settings.websocket_url(request.url.hostname or "127.0.0.1"),
        temporal_ui_url=settings.temporal_ui_url,
        temporal_namespace=settings.temporal_namespace,
        features=Features(import_progress=settings.import_progress_enabled),
        speech_to_text=SpeechToText.of(settings, language),
        languages=list(Language),
        version=VERSION,
    )


async def _ask_database(context: AppContext) -> set[DegradedReasonCode]:
    """The problems that PostgreSQL knows. Raises Problem (503) if it cannot be used."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            if not await context.database.is_migrated():
                raise Problem(ProblemCode.DATABASE_NOT_MIGRATED)
            async with context.database.connection() as connection:
                upstreams = await all_statuses(raw_connection(connection))
                has_worker = await is_any_at_work(raw_connection(connection))
            is_writable = await context.database.can_write()
    except TimeoutError:
        raise Problem(ProblemCode.DATABASE_AWAY) from None
    reasons = {status.reason for status in upstreams if status.is_paused and not status.is_retrying_bad_config}
    found = {code for reason, code in OPERATOR_PAUSES.items() if reason in reasons}
    found |= set() if has_worker else {DegradedReasonCode.NO_WORKER}
    return found | (set() if is_writable else {DegradedReasonCode.DATABASE_CANNOT_WRITE})


async def _ask_temporal(client: Client) -> set[DegradedReasonCode]:
    """The problems that Temporal knows."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return {DegradedReasonCode.WORKFLOWS_FAILING} if await count_failing(client) else set()
    except Exception as error:
        if not is_temporal_unavailable(error):
            raise
        return {DegradedReasonCode.TEMPORAL_AWAY}


def _consequences(found: set[DegradedReasonCode]) -> set[DegradedReasonCode]:
    """Problems that are only consequences of others: without Temporal or a writable database, no worker can report."""
    causes = {DegradedReasonCode.TEMPORAL_AWAY, DegradedReasonCode.DATABASE_CANNOT_WRITE}
    return {DegradedReasonCode.NO_WORKER} if found & causes else set()
