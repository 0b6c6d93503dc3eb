"""The status of YouTube and transcription, as their `RateGovernor`s have saved it, in words for the operator."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.stack.findings import Finding, FindingCode, info, ok, problem
from services.stack.probes import TIMEOUT_SECONDS
from shared.contracts.upstreams import ExtractorFinding, PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.upstreams import find_status
from shared.i18n.messages import pause_text
from shared.settings import Settings, TranscriptionOff
from workflows.rate_limits import budget

NAMES = {Upstream.YOUTUBE: "YouTube", Upstream.TRANSCRIPTION: "Transcription"}
TO_CORRECT = {
    PauseReason.CERTIFICATE_UNTRUSTED: "Correct YOUTUBE_PROXY or YOUTUBE_CA_FILE, and restart Vidferry.",
    PauseReason.TRANSCRIPTION_MISCONFIGURED: "Correct TRANSCRIPTION_API_KEY (or GROQ_API_KEY), TRANSCRIPTION_BASE_URL "
    "or TRANSCRIPTION_MODEL, and restart Vidferry.",
}
"""What the operator has to do."""
ADVICE = TO_CORRECT | {
    PauseReason.EXTRACTOR_OUTDATED: "A newer version of yt-dlp usually helps; "
    "POST /api/upstreams/youtube/resume retries at once.",
    PauseReason.HOURLY_REQUESTS: "The limit is YOUTUBE_HOURLY_REQUESTS.",
    PauseReason.TRANSCRIPTION_ALLOWANCE: "The limits are TRANSCRIPTION_HOURLY_AUDIO_SECONDS, "
    "TRANSCRIPTION_DAILY_AUDIO_SECONDS and TRANSCRIPTION_DAILY_REQUESTS.",
}
"""What the operator may do, where waiting is not all there is."""
NEARLY_SPENT = {
    PauseReason.HOURLY_REQUESTS: "the hour's requests are nearly spent",
    PauseReason.TRANSCRIPTION_ALLOWANCE: "the day's requests are nearly spent",
}
OLD = timedelta(minutes=1)
"""A status that is older than this is shown with its time."""


async def upstream_statuses(settings: Settings) -> dict[Upstream, UpstreamStatus | None]:
    """The status of YouTube, None before the first call; and of transcription, unless it is off or had no call yet.

    Raises what the database raises, TimeoutError when it does not answer.
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


def rate_limit_finding(upstream: Upstream, status: UpstreamStatus | None, *, is_connected: bool) -> Finding:
    """The status of an upstream, and whether it needs attention. `is_connected`: whether YouTube can be reached."""
    text = describe_upstream(upstream, status)
    if status is None or not status.is_paused:
        if status and status.extractor:
            return info(FindingCode.UPSTREAM_OPEN, text, upstream)
        return ok(FindingCode.UPSTREAM_OPEN if status else FindingCode.UPSTREAM_UNUSED, text, upstream)
    if status.reason is PauseReason.CERTIFICATE_UNTRUSTED and is_connected:
        now = f"The certificate was not trusted; now it is. {_resume(status)} retries at once."
        return info(FindingCode.UPSTREAM_PAUSED, f"{NAMES[upstream]}: {_what(status)} {now}", upstream)
    is_problem = status.reason in TO_CORRECT or status.reason is PauseReason.EXTRACTOR_OUTDATED
    needs_attention = is_problem and not status.is_retrying_bad_config
    return (problem if needs_attention else info)(FindingCode.UPSTREAM_PAUSED, text, upstream)


def transcription_off_finding(settings: Settings) -> list[Finding]:
    """That there is no transcription, unless it is switched off on purpose."""
    if settings.transcription_off is not TranscriptionOff.NO_KEY:
        return []
    missing = "neither GROQ_API_KEY nor TRANSCRIPTION_API_KEY is set"
    text = f"Transcription is off: {missing}. Videos without captions stay without."
    return [info(FindingCode.TRANSCRIPTION_OFF, text)]


def describe_upstream(upstream: Upstream, status: UpstreamStatus | None) -> str:
    """The status of an upstream, in a line."""
    return f"{NAMES[upstream]}: {describe_status(status) if status else 'no calls yet.'}"


def describe_status(status: UpstreamStatus) -> str:
    """The rate limit; or that there is a pause, until when, why, and what to do."""
    if status.is_retrying_bad_config:
        return "the server has rejected the settings; the next video without captions tries them again."
    if status.is_paused:
        reason = pause_text(status.upstream, status.reason) if status.reason else None
        return " ".join(filter(None, (_what(status), reason, _doubt(status.extractor), _advice(status))))
    limits = ", ".join(filter(None, (_rate(status), budget.format_budgets(status.budgets))))
    is_old = datetime.now(UTC) - status.at > OLD
    rate = f"{limits} (as of {_clock(status.at)})." if is_old else f"{limits}."
    return " ".join(filter(None, (rate, _doubt(status.extractor))))


def _advice(status: UpstreamStatus) -> str | None:
    if status.reason is PauseReason.OPERATOR:
        return f"{_resume(status)} ends this pause."
    return ADVICE.get(status.reason) if status.reason else None


def _doubt(found: ExtractorFinding | None) -> str | None:
    if found is None:
        return None
    videos = "one video has failed" if found.videos == 1 else f"{found.videos} videos have failed alike"
    return f"Since {_clock(found.since)}, {videos} at {found.step} ({found.detail})."


def _resume(status: UpstreamStatus) -> str:
    return f"POST /api/upstreams/{status.upstream}/resume"


def _what(status: UpstreamStatus) -> str:
    if status.state is UpstreamState.HALF_OPEN:
        is_youtube = status.upstream is Upstream.YOUTUBE
        return f"paused; the next {'import' if is_youtube else 'chunk of audio'} is tried."
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
