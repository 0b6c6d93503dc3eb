"""How YouTube stands, as its `RateGovernor` has written it down, in the operator's words."""

from datetime import datetime

from shared.contracts.texts import pause_text
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.db.driver import transaction
from shared.db.engine import create_engine
from shared.db.upstreams import find_status
from shared.settings import Settings

ADVICE = {
    PauseReason.CERTIFICATE_UNTRUSTED: "Set YOUTUBE_CA_FILE and start Vidferry again.",
    PauseReason.HOURLY_REQUESTS: "YOUTUBE_HOURLY_REQUESTS says how often that is.",
    PauseReason.OPERATOR: "POST /api/upstreams/youtube/resume lets them go on.",
}
"""What the operator may do, where waiting is not all there is."""


async def youtube_status(settings: Settings) -> UpstreamStatus | None:
    """How YouTube stands; None before it was ever asked. Raises what the database raises."""
    engine = create_engine(settings, pool_size=1)
    try:
        async with transaction(engine) as connection:
            return await find_status(connection, Upstream.YOUTUBE)
    finally:
        await engine.dispose()


def in_words(status: UpstreamStatus) -> str:
    """The pace; or that there is a pause, until when, why, and what to do."""
    if not status.is_paused:
        return f"{_rate(status)}, {status.requests_left} of {status.hourly_requests} requests left in this hour."
    if status.state is UpstreamState.HALF_OPEN:
        what = "paused, one call is being tried."
    else:
        what = f"paused until {_clock(status.resume_at)}." if status.resume_at else "paused."
    if status.reason is None:
        return what
    return " ".join(filter(None, (what, pause_text(status.reason), ADVICE.get(status.reason))))


def _rate(status: UpstreamStatus) -> str:
    rate = f"{status.calls_per_second:.3g} calls per second"
    is_slowed_down = status.calls_per_second < status.max_calls_per_second
    return f"{rate} (slowed down from {status.max_calls_per_second:g})" if is_slowed_down else rate


def _clock(moment: datetime) -> str:
    """In this machine's time; the day too, unless it is today."""
    local = moment.astimezone()
    is_today = local.date() == datetime.now().astimezone().date()
    return f"{local:%H:%M}" if is_today else f"{local:%Y-%m-%d %H:%M}"
