"""How YouTube and speech-to-text stand, as their `RateGovernor`s have written it down, in the operator's words."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.stack.findings import Finding, ill, normal, well
from services.stack.probes import TIMEOUT_SECONDS
from shared.contracts.texts import pause_text
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.db.driver import transaction
from shared.db.engine import create_engine
from shared.db.upstreams import find_status
from shared.settings import Settings, TranscriptionOff
from workflows import budget

NAMES = {Upstream.YOUTUBE: "YouTube", Upstream.TRANSCRIPTION: "Speech-to-text"}
TO_CORRECT = {
    PauseReason.CERTIFICATE_UNTRUSTED: "Correct YOUTUBE_PROXY or YOUTUBE_CA_FILE, and start Vidferry again.",
    PauseReason.TRANSCRIPTION_MISCONFIGURED: "Correct TRANSCRIPTION_API_KEY (or GROQ_API_KEY), TRANSCRIPTION_BASE_URL "
    "or TRANSCRIPTION_MODEL, and start Vidferry again.",
}
"""What the operator has to do."""
ADVICE = TO_CORRECT | {
    PauseReason.HOURLY_REQUESTS: "YOUTUBE_HOURLY_REQUESTS says how often that is.",
    PauseReason.TRANSCRIPTION_ALLOWANCE: "TRANSCRIPTION_HOURLY_AUDIO_SECONDS, TRANSCRIPTION_DAILY_AUDIO_SECONDS and "
    "TRANSCRIPTION_DAILY_REQUESTS say how much that is.",
}
"""What the operator may do, where waiting is not all there is."""
NEARLY_SPENT = {
    PauseReason.HOURLY_REQUESTS: "the hour's requests are nearly spent",
    PauseReason.TRANSCRIPTION_ALLOWANCE: "the day's requests are nearly spent",
}
OLD = timedelta(minutes=1)
"""What is older than this is told with its time."""


async def upstream_statuses(settings: Settings) -> dict[Upstream, UpstreamStatus | None]:
    """How YouTube stands, None before it was ever asked; and speech-to-text, unless it is off or was never asked.

    Raises what the database raises, TimeoutError for silence.
    """
    engine = create_engine(settings, pool_size=1)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS), transaction(engine) as connection:
            found = {upstream: await find_status(connection, upstream) for upstream in Upstream}
    finally:
        await engine.dispose()
    if settings.transcription_off or found[Upstream.TRANSCRIPTION] is None:
        del found[Upstream.TRANSCRIPTION]
    return found


def pace_finding(upstream: Upstream, status: UpstreamStatus | None, *, is_way_open: bool) -> Finding:
    """How an upstream stands, and whether somebody has to do something about it; `is_way_open`: to YouTube."""
    text = told(upstream, status)
    if status is None or not status.is_paused:
        return well(text)
    if status.reason is PauseReason.CERTIFICATE_UNTRUSTED and is_way_open:
        now = f"The certificate was not trusted; now it is. {_resume(status)} tries at once."
        return normal(f"{NAMES[upstream]}: {_what(status)} {now}")
    return ill(text) if status.reason in TO_CORRECT and not status.may_be_mended else normal(text)


def speech_to_text_off(settings: Settings) -> list[Finding]:
    """That there is no speech-to-text, unless somebody wanted it so."""
    if settings.transcription_off is not TranscriptionOff.NO_KEY:
        return []
    missing = "neither GROQ_API_KEY nor TRANSCRIPTION_API_KEY is set"
    return [normal(f"Speech-to-text is off: {missing}. Videos that have no captions go without.")]


def told(upstream: Upstream, status: UpstreamStatus | None) -> str:
    """How an upstream stands, in a line."""
    return f"{NAMES[upstream]}: {in_words(status) if status else 'nothing was asked yet.'}"


def in_words(status: UpstreamStatus) -> str:
    """The pace; or that there is a pause, until when, why, and what to do."""
    if status.may_be_mended:
        return "the settings were refused before; the next video without captions tries them."
    if status.is_paused:
        reason = pause_text(status.upstream, status.reason) if status.reason else None
        return " ".join(filter(None, (_what(status), reason, _advice(status))))
    pace = ", ".join(filter(None, (_rate(status), budget.in_words(status.budgets))))
    is_old = datetime.now(UTC) - status.at > OLD
    return f"{pace} (as of {_clock(status.at)})." if is_old else f"{pace}."


def _advice(status: UpstreamStatus) -> str | None:
    if status.reason is PauseReason.OPERATOR:
        return f"{_resume(status)} ends this pause."
    return ADVICE.get(status.reason) if status.reason else None


def _resume(status: UpstreamStatus) -> str:
    return f"POST /api/upstreams/{status.upstream}/resume"


def _what(status: UpstreamStatus) -> str:
    if status.state is UpstreamState.HALF_OPEN:
        is_youtube = status.upstream is Upstream.YOUTUBE
        return f"paused; the next {'import' if is_youtube else 'piece of sound'} is tried."
    return f"paused; next try at {_clock(status.resume_at)}." if status.resume_at else "paused."


def _rate(status: UpstreamStatus) -> str:
    rate = _calls(status.calls_per_second)
    if status.reason in NEARLY_SPENT:
        return f"{rate}, slowed down: {NEARLY_SPENT[status.reason]}"
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
