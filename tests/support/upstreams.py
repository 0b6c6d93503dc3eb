"""How YouTube and speech-to-text stand, as their governors would have said."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.upstreams import (
    BudgetStatus,
    BudgetUnit,
    ExtractorFinding,
    ExtractorState,
    PauseReason,
    Upstream,
    UpstreamState,
    UpstreamStatus,
)
from shared.db.connection import transaction
from shared.db.upstreams import keep_status

GOING = UpstreamStatus(
    upstream=Upstream.YOUTUBE,
    state=UpstreamState.CLOSED,
    since=datetime(2026, 11, 23, 13, 55, tzinfo=UTC),
    calls_per_second=0.5,
    max_calls_per_second=0.5,
    hourly_requests=900,
    requests_left=412,
    budgets=[BudgetStatus(unit=BudgetUnit.REQUESTS, per_seconds=3600, limit=900, left=412)],
    at=datetime(2026, 11, 23, 13, 55, tzinfo=UTC),
)
SPEECH_GOING = GOING.model_copy(
    update={
        "upstream": Upstream.TRANSCRIPTION,
        "calls_per_second": 0.25,
        "max_calls_per_second": 0.25,
        "hourly_requests": None,
        "requests_left": None,
        "budgets": [
            BudgetStatus(unit=BudgetUnit.REQUESTS, per_seconds=86_400, limit=2000, left=1999),
            BudgetStatus(unit=BudgetUnit.AUDIO_SECONDS, per_seconds=3600, limit=7200, left=6600),
        ],
    }
)


def paused(
    reason: PauseReason | None,
    state: UpstreamState = UpstreamState.OPEN,
    *,
    of: UpstreamStatus = GOING,
    **changes: Any,
) -> UpstreamStatus:
    """An upstream while no call goes."""
    return of.model_copy(update={"state": state, "reason": reason, "calls_per_second": 0} | changes)


def doubted(state: ExtractorState) -> UpstreamStatus:
    """YouTube while videos fail alike."""
    found = ExtractorFinding(
        state=state, step="metadata", videos=5, detail="The page needs to be reloaded", since=GOING.since
    )
    status = GOING if state is ExtractorState.SUSPECT else paused(PauseReason.EXTRACTOR_OUTDATED)
    return status.model_copy(update={"extractor": found})


async def write_down(engine: AsyncEngine, *statuses: UpstreamStatus) -> None:
    """What a governor does after every change; several in one moment."""
    async with transaction(engine) as connection:
        for status in statuses:
            await keep_status(connection, status)
