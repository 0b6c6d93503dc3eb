"""How YouTube and transcription, in the operator's words."""

import socket
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stack import rate_limits
from services.stack.findings import FindingCode, Level
from services.stack.rate_limits import (
    describe_status,
    describe_upstream,
    rate_limit_finding,
    transcription_off_finding,
    upstream_statuses,
)
from shared.contracts.upstreams import (
    BudgetStatus,
    ExtractorState,
    PauseReason,
    Upstream,
    UpstreamState,
    UpstreamStatus,
)
from shared.i18n.catalog import text
from shared.settings import Settings
from tests.support.upstreams import GOING, SPEECH_GOING, doubted, paused, write_down

OTHER_DAY = datetime(2020, 2, 3, 14, 10).astimezone()
LONG_AGO = datetime(2020, 2, 3, 13, 55).astimezone()


def now(status: UpstreamStatus = GOING, **changes: object) -> UpstreamStatus:
    """As it is written down at this moment."""
    return status.model_copy(update={"at": datetime.now(UTC)} | changes)


def with_left(left: int) -> list[BudgetStatus]:
    """YouTube's one limit."""
    return [budget.model_copy(update={"left": left}) for budget in GOING.budgets]


async def test_the_rows_are_found_once_they_are_there(engine: AsyncEngine, settings: Settings) -> None:
    settings = settings.model_copy(update={"transcription_api_key": SecretStr("a-key")})
    assert await upstream_statuses(settings) == {Upstream.YOUTUBE: None}
    await write_down(engine, SPEECH_GOING)
    assert await upstream_statuses(settings) == {Upstream.YOUTUBE: None, Upstream.TRANSCRIPTION: SPEECH_GOING}
    await write_down(engine, GOING)
    assert [*(await upstream_statuses(settings)).items()] == [
        (Upstream.YOUTUBE, GOING),
        (Upstream.TRANSCRIPTION, SPEECH_GOING),
    ]


@pytest.mark.parametrize("off", [{"transcription_enabled": False}, {"transcription_api_key": None}])
async def test_transcription_that_is_off_has_no_status(
    engine: AsyncEngine, settings: Settings, off: dict[str, object]
) -> None:
    await write_down(engine, GOING, SPEECH_GOING)
    with_key = settings.model_copy(update={"transcription_api_key": SecretStr("a-key")})
    assert await upstream_statuses(with_key.model_copy(update=off)) == {Upstream.YOUTUBE: GOING}


async def test_a_database_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = SecretStr(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/mine")
        monkeypatch.setattr(rate_limits, "TIMEOUT_SECONDS", 0.1)
        with pytest.raises(TimeoutError):
            await upstream_statuses(Settings(database_url=url))


def test_rate_and_budget_are_shown() -> None:
    assert describe_status(now()) == "0.5 calls per second, 412 of 900 requests left in this hour."
    slower = now(calls_per_second=0.0625)
    assert describe_status(slower).startswith(
        "0.0625 calls per second (slowed down from 0.5 calls per second), 412 of 900 "
    )


def test_every_budget_of_transcription_is_shown() -> None:
    assert describe_upstream(Upstream.TRANSCRIPTION, now(SPEECH_GOING)) == (
        "Transcription: 0.25 calls per second, 1999 of 2000 requests left in these 24 hours, "
        "6600 of 7200 seconds of audio left in this hour."
    )


def test_without_budgets_the_rate_is_shown() -> None:
    assert describe_status(now(SPEECH_GOING, budgets=[])) == "0.25 calls per second."


def test_an_old_status_is_shown_with_its_time() -> None:
    assert describe_status(now(at=LONG_AGO)).endswith("412 of 900 requests left in this hour (as of 2020-02-03 13:55).")


def test_a_very_low_rate_is_shown_in_minutes() -> None:
    slow = now(calls_per_second=1 / 4080, max_calls_per_second=1 / 4080)
    assert describe_status(slow).startswith("one call every 68 minutes, ")


def test_an_hour_that_is_nearly_spent_slows_down() -> None:
    nearly = now(calls_per_second=0.02, budgets=with_left(0), reason=PauseReason.HOURLY_REQUESTS)
    assert describe_status(nearly) == (
        "0.02 calls per second, slowed down: the hour's requests are nearly spent, 0 of 900 requests left in this hour."
    )


def test_so_does_a_day() -> None:
    nearly = now(SPEECH_GOING, calls_per_second=0.005, reason=PauseReason.TRANSCRIPTION_ALLOWANCE)
    assert "slowed down: the day's requests are nearly spent, 1999 of 2000" in describe_status(nearly)


def test_a_pause_is_shown_with_its_next_try_and_its_reason() -> None:
    status = paused(PauseReason.RATE_LIMITED, resume_at=OTHER_DAY)
    assert describe_status(status) == (f"paused; next try at 2020-02-03 14:10. {text('pause.rate_limited')}")


def test_today_only_the_time_is_shown() -> None:
    moment = datetime.now().astimezone()
    told = describe_status(paused(PauseReason.RATE_LIMITED, resume_at=moment))
    if moment.date() == datetime.now().astimezone().date():  # else midnight has just passed
        assert told.startswith(f"paused; next try at {moment:%H:%M}.")


@pytest.mark.parametrize(
    ("upstream", "reason", "advice"),
    [
        (GOING, PauseReason.CERTIFICATE_UNTRUSTED, "YOUTUBE_PROXY or YOUTUBE_CA_FILE"),
        (GOING, PauseReason.HOURLY_REQUESTS, "YOUTUBE_HOURLY_REQUESTS"),
        (SPEECH_GOING, PauseReason.TRANSCRIPTION_MISCONFIGURED, "TRANSCRIPTION_API_KEY (or GROQ_API_KEY), "),
        (SPEECH_GOING, PauseReason.TRANSCRIPTION_MISCONFIGURED, "TRANSCRIPTION_BASE_URL or TRANSCRIPTION_MODEL"),
        (SPEECH_GOING, PauseReason.TRANSCRIPTION_ALLOWANCE, "TRANSCRIPTION_HOURLY_AUDIO_SECONDS"),
    ],
)
def test_what_the_operator_may_change_is_named(upstream: UpstreamStatus, reason: PauseReason, advice: str) -> None:
    assert advice in describe_status(paused(reason, of=upstream, resume_at=OTHER_DAY))


def test_a_doubted_extractor_is_described() -> None:
    told = describe_status(doubted(ExtractorState.BROKEN))
    assert text("pause.extractor_outdated") in told
    assert "5 videos have failed alike at metadata (The page needs to be reloaded)" in told
    assert "POST /api/upstreams/youtube/resume retries at once" in told
    assert "5 videos have failed alike" in describe_status(doubted(ExtractorState.SUSPECT))


@pytest.mark.parametrize(("upstream", "code"), [(GOING, "operator"), (SPEECH_GOING, "operator_transcription")])
def test_a_pause_without_an_end_is_the_operators(upstream: UpstreamStatus, code: str) -> None:
    assert describe_status(paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=upstream)) == (
        f"paused. {text(f'pause.{code}')} POST /api/upstreams/{upstream.upstream}/resume ends this pause."
    )


def test_a_probe_is_shown() -> None:
    status = paused(PauseReason.BOT_CHECK, UpstreamState.HALF_OPEN)
    assert describe_status(status).startswith(f"paused; the next import is tried. {text('pause.bot_check')}")
    assert describe_status(paused(None, UpstreamState.HALF_OPEN)) == "paused; the next import is tried."
    assert (
        describe_status(paused(None, UpstreamState.HALF_OPEN, of=SPEECH_GOING))
        == "paused; the next chunk of audio is tried."
    )


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (None, Level.OK),
        (GOING, Level.OK),
        (paused(PauseReason.RATE_LIMITED), Level.INFO),
        (paused(PauseReason.BOT_CHECK, UpstreamState.HALF_OPEN), Level.INFO),
        (paused(PauseReason.HOURLY_REQUESTS, UpstreamState.CLOSED), Level.INFO),
        (paused(PauseReason.OPERATOR, UpstreamState.PAUSED), Level.INFO),
        (paused(PauseReason.CERTIFICATE_UNTRUSTED), Level.PROBLEM),
        (doubted(ExtractorState.SUSPECT), Level.INFO),
        (doubted(ExtractorState.BROKEN), Level.PROBLEM),
        (SPEECH_GOING, Level.OK),
        (paused(PauseReason.TRANSCRIPTION_LIMITED, of=SPEECH_GOING), Level.INFO),
        (paused(PauseReason.TRANSCRIPTION_ALLOWANCE, UpstreamState.CLOSED, of=SPEECH_GOING), Level.INFO),
        (paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING), Level.PROBLEM),
    ],
)
def test_only_what_the_operator_can_correct_is_a_problem(status: UpstreamStatus | None, level: Level) -> None:
    upstream = status.upstream if status else Upstream.YOUTUBE
    assert rate_limit_finding(upstream, status, is_connected=False).level is level


def test_a_connection_to_youtube_does_not_hide_a_wrong_key() -> None:
    status = paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING)
    assert rate_limit_finding(Upstream.TRANSCRIPTION, status, is_connected=True).level is Level.PROBLEM


def test_settings_that_may_have_been_corrected_are_about_to_be_tried() -> None:
    status = paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, UpstreamState.HALF_OPEN, of=SPEECH_GOING)
    found = rate_limit_finding(Upstream.TRANSCRIPTION, status, is_connected=True)
    assert (found.code, found.level) == (FindingCode.UPSTREAM_PAUSED, Level.INFO)


def test_a_missing_key_is_reported_but_not_a_switched_off_transcription() -> None:
    no_key = Settings(transcription_api_key=None)
    (finding,) = transcription_off_finding(no_key)
    assert (finding.code, finding.level) == (FindingCode.TRANSCRIPTION_OFF, Level.INFO)
    assert transcription_off_finding(no_key.model_copy(update={"transcription_enabled": False})) == []
    assert transcription_off_finding(Settings(transcription_api_key=SecretStr("a-key"))) == []


def test_a_certificate_that_is_trusted_by_now() -> None:
    status = paused(PauseReason.CERTIFICATE_UNTRUSTED, resume_at=OTHER_DAY)
    found = rate_limit_finding(Upstream.YOUTUBE, status, is_connected=True)
    assert (found.code, found.level) == (FindingCode.UPSTREAM_PAUSED, Level.INFO)
    assert "POST /api/upstreams/youtube/resume" in found.text
