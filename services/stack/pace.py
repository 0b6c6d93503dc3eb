"""How YouTube stands, as its `RateGovernor` has written it down, in the operator's words."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.stack.findings import Finding, ill, normal, well
from services.stack.probes import TIMEOUT_SECONDS
from shared.contracts.texts import pause_text
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.db.driver import transaction
from shared.db.engine import create_engine
from shared.db.upstreams import find_status
from shared.settings import Settings

RESUME = "POST /api/upstreams/youtube/resume"
ADVICE = {
    PauseReason.CERTIFICATE_UNTRUSTED: "Correct YOUTUBE_PROXY or YOUTUBE_CA_FILE, and start Vidferry again.",
    PauseReason.HOURLY_REQUESTS: "YOUTUBE_HOURLY_REQUESTS says how often that is.",
    PauseReason.OPERATOR: f"{RESUME} lets them go on.",
}
"""What the operator may do, where waiting is not all there is."""
NOTHING_ASKED = "nothing was asked yet."
OLD = timedelta(minutes=1)
"""What is older than this is told with its time."""


async def youtube_status(settings: Settings) -> UpstreamStatus | None:
    """How YouTube stands; None before it was ever asked. Raises what the database raises, TimeoutError for silence."""
    engine = create_engine(settings, pool_size=1)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS), transaction(engine) as connection:
            return await find_status(connection, Upstream.YOUTUBE)
    finally:
        await engine.dispose()


def pace_finding(status: UpstreamStatus | None, *, is_way_open: bool) -> Finding:
    """How YouTube stands, and whether somebody has to do something about it."""
    if status is None:
        return well(f"YouTube: {NOTHING_ASKED}")
    text = f"YouTube: {in_words(status)}"
    if not status.is_paused:
        return well(text)
    if status.reason is not PauseReason.CERTIFICATE_UNTRUSTED:
        return normal(text)
    if is_way_open:
        return normal(f"YouTube: {_what(status)} The certificate was not trusted; now it is. {RESUME} tries at once.")
    return ill(text)


def in_words(status: UpstreamStatus) -> str:
    """The pace; or that there is a pause, until when, why, and what to do."""
    if not status.is_paused:
        left = f"{status.requests_left} of {status.hourly_requests} requests left in this hour"
        is_old = datetime.now(UTC) - status.at > OLD
        return f"{_rate(status)}, {left} (as of {_clock(status.at)})." if is_old else f"{_rate(status)}, {left}."
    if status.reason is None:
        return _what(status)
    return " ".join(filter(None, (_what(status), pause_text(status.reason), ADVICE.get(status.reason))))


def _what(status: UpstreamStatus) -> str:
    if status.state is UpstreamState.HALF_OPEN:
        return "paused; the next import is tried."
    return f"paused; next try at {_clock(status.resume_at)}." if status.resume_at else "paused."


def _rate(status: UpstreamStatus) -> str:
    rate = _calls(status.calls_per_second)
    if status.reason is PauseReason.HOURLY_REQUESTS:
        return f"{rate}, slowed down: the hour's requests are nearly spent"
    is_slowed_down = status.calls_per_second < status.max_calls_per_second
    return f"{rate} (slowed down from {_calls(status.max_calls_per_second)})" if is_slowed_down else rate


def _calls(per_second: float) -> str:
    if per_second >= 1 / 60:
        return f"{per_second:.3g} calls per second"
    return f"one call every {1 / per_second / 60:.0f} minutes"


def _clock(moment: datetime) -> str:
    """In this machine's time; the day too, unless it is today."""
    local = moment.astimezone()
    is_today = local.date() == datetime.now().astimezone().date()
    return f"{local:%H:%M}" if is_today else f"{local:%Y-%m-%d %H:%M}"
