"""How YouTube stands, as its governor would have said."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.db.driver import transaction
from shared.db.upstreams import keep_status

GOING = UpstreamStatus(
    upstream=Upstream.YOUTUBE,
    state=UpstreamState.CLOSED,
    since=datetime(2026, 11, 23, 13, 55, tzinfo=UTC),
    calls_per_second=0.5,
    max_calls_per_second=0.5,
    hourly_requests=900,
    requests_left=412,
    at=datetime(2026, 11, 23, 13, 55, tzinfo=UTC),
)


def paused(reason: PauseReason | None, state: UpstreamState = UpstreamState.OPEN, **changes: Any) -> UpstreamStatus:
    """YouTube while no call goes."""
    return GOING.model_copy(update={"state": state, "reason": reason, "calls_per_second": 0} | changes)


async def write_down(engine: AsyncEngine, *statuses: UpstreamStatus) -> None:
    """What a governor does after every change; several in one moment."""
    async with transaction(engine) as connection:
        for status in statuses:
            await keep_status(connection, status)
