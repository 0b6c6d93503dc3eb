"""Asks YouTube for the canary subjects from a process of its own, and only where no pause or budget forbids it."""

import asyncio
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from services.worker.extractor.canary import CanaryAnswer, CanaryReport, Found, SubjectKind, Verdict, environment
from services.worker.extractor.children import ChildError, ChildStoppedError, run_child
from services.worker.extractor.store import State
from shared.contracts.upstreams import ExtractorState, PauseReason, UpstreamStatus
from shared.db import youtube_requests
from shared.db.connection import transaction
from shared.logs import get_logger
from shared.settings import Settings

MODULE = "services.worker.extractor.canary_process"
ALL = {"VIDFERRY_CANARY_ALL": "1"}
SECONDS = 300.0
MAX_REQUESTS = 25
"""More than all subjects take."""


LOG_SECONDS = 5.0
"""How long writing the request log may take."""

logger = get_logger(__name__)


def is_outdated(status: UpstreamStatus | None) -> bool:
    """Whether calls are paused because the version in use does not work any more."""
    return status is not None and status.is_paused and status.reason is PauseReason.EXTRACTOR_OUTDATED


def is_suspect(status: UpstreamStatus | None) -> bool:
    """Whether several videos have failed alike, so that the version in use may not work any more."""
    return status is not None and status.extractor is not None and status.extractor.state is ExtractorState.SUSPECT


def is_broken(status: UpstreamStatus | None, state: State) -> bool:
    """Whether the version in use does not work: calls are paused for that, or the canary confirms the suspicion."""
    return is_outdated(status) or (is_suspect(status) and state.canary == Verdict.FAILED)


def reason_not_to_ask(status: UpstreamStatus | None) -> str | None:
    """Why YouTube may not be asked for canary subjects just now; None: it may."""
    if status is None:
        return None
    if status.is_paused and not is_outdated(status):
        return status.reason or status.state
    if status.requests_left is not None and status.requests_left < MAX_REQUESTS:
        return "hourly_requests"
    return None


async def ask_youtube(settings: Settings, overlay: Path | None, *, everything: bool = False) -> CanaryReport:
    """Ask with the version in `overlay` (None: the bundled one); a version that cannot do that has failed."""
    extra = ALL if everything else {}
    try:
        return await run_child(
            MODULE,
            CanaryReport,
            overlay=overlay,
            environment={**environment(settings), **extra},
            timeout_seconds=SECONDS,
        )
    except ChildError as error:
        found = Found.NOT_ASKED if isinstance(error, ChildStoppedError) else Found.FAILED
        answer = CanaryAnswer(
            kind=SubjectKind.MANUAL,
            youtube_id=settings.canary_manual[:11],
            found=found,
            detail=str(error),
            requests=MAX_REQUESTS,  # what it has sent is not known
        )
        return CanaryReport(answers=[answer])


async def log_requests(engine: AsyncEngine, report: CanaryReport, worker: str) -> None:
    """Write the requests to the request log. Those that cannot be written are dropped."""
    if not report.records:
        return
    try:
        async with asyncio.timeout(LOG_SECONDS), transaction(engine) as connection:
            await youtube_requests.record(
                connection, report.records, yt_dlp_version=report.yt_dlp_version, worker=worker
            )
    except Exception as error:  # any failure: the log must not keep the canary from its verdict
        logger.warning("canary_requests_not_logged", error=error)
