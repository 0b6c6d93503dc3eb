"""How YouTube and speech-to-text stand, in the operator's words."""

import socket
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stack import pace
from services.stack.findings import Mark
from services.stack.pace import in_words, pace_finding, speech_to_text_off, told, upstream_statuses
from shared.contracts.upstreams import BudgetStatus, PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.settings import Settings
from tests.support.upstreams import GOING, SPEECH_GOING, paused, write_down

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
async def test_speech_to_text_that_is_off_is_of_no_interest(
    engine: AsyncEngine, settings: Settings, off: dict[str, object]
) -> None:
    await write_down(engine, GOING, SPEECH_GOING)
    with_key = settings.model_copy(update={"transcription_api_key": SecretStr("a-key")})
    assert await upstream_statuses(with_key.model_copy(update=off)) == {Upstream.YOUTUBE: GOING}


async def test_a_database_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = SecretStr(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/mine")
        monkeypatch.setattr(pace, "TIMEOUT_SECONDS", 0.1)
        with pytest.raises(TimeoutError):
            await upstream_statuses(Settings(database_url=url))


def test_while_calls_go_the_rate_and_the_budget_are_told() -> None:
    assert in_words(now()) == "0.5 calls per second, 412 of 900 requests left in this hour."
    slower = now(calls_per_second=0.0625)
    assert in_words(slower).startswith("0.0625 calls per second (slowed down from 0.5 calls per second), 412 of 900 ")


def test_every_limit_of_speech_to_text_is_told() -> None:
    assert told(Upstream.TRANSCRIPTION, now(SPEECH_GOING)) == (
        "Speech-to-text: 0.25 calls per second, 1999 of 2000 requests left in these 24 hours, "
        "6600 of 7200 seconds of sound left in this hour."
    )


def test_what_has_no_limits_is_told_by_its_rate() -> None:
    assert in_words(now(SPEECH_GOING, budgets=[])) == "0.25 calls per second."


def test_an_old_row_is_told_with_its_time() -> None:
    assert in_words(now(at=LONG_AGO)).endswith("412 of 900 requests left in this hour (as of 2020-02-03 13:55).")


def test_a_very_low_rate_is_told_in_minutes() -> None:
    slow = now(calls_per_second=1 / 4080, max_calls_per_second=1 / 4080)
    assert in_words(slow).startswith("one call every 68 minutes, ")


def test_an_hour_that_is_nearly_spent_slows_down() -> None:
    nearly = now(calls_per_second=0.02, budgets=with_left(0), reason=PauseReason.HOURLY_REQUESTS)
    assert in_words(nearly) == (
        "0.02 calls per second, slowed down: the hour's requests are nearly spent, 0 of 900 requests left in this hour."
    )


def test_so_does_a_day() -> None:
    nearly = now(SPEECH_GOING, calls_per_second=0.005, reason=PauseReason.TRANSCRIPTION_ALLOWANCE)
    assert "slowed down: the day's requests are nearly spent, 1999 of 2000" in in_words(nearly)


def test_a_pause_is_told_with_its_next_try_and_its_reason() -> None:
    status = paused(PauseReason.RATE_LIMITED, resume_at=OTHER_DAY)
    assert in_words(status) == (
        "paused; next try at 2020-02-03 14:10. YouTube asks for a pause. Imports go on by themselves."
    )


def test_of_today_only_the_time_is_told() -> None:
    moment = datetime.now().astimezone()
    told = in_words(paused(PauseReason.RATE_LIMITED, resume_at=moment))
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
    assert advice in in_words(paused(reason, of=upstream, resume_at=OTHER_DAY))


@pytest.mark.parametrize(("upstream", "what"), [(GOING, "imports"), (SPEECH_GOING, "speech recognition")])
def test_a_pause_without_an_end_is_the_operators(upstream: UpstreamStatus, what: str) -> None:
    assert in_words(paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=upstream)) == (
        f"paused. The operator has paused {what}. POST /api/upstreams/{upstream.upstream}/resume ends this pause."
    )


def test_a_probe_is_told() -> None:
    status = paused(PauseReason.BOT_CHECK, UpstreamState.HALF_OPEN)
    assert in_words(status).startswith("paused; the next import is tried. YouTube asks for a longer pause.")
    assert in_words(paused(None, UpstreamState.HALF_OPEN)) == "paused; the next import is tried."
    assert (
        in_words(paused(None, UpstreamState.HALF_OPEN, of=SPEECH_GOING)) == "paused; the next piece of sound is tried."
    )


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        (None, Mark.WELL),
        (GOING, Mark.WELL),
        (paused(PauseReason.RATE_LIMITED), Mark.NORMAL),
        (paused(PauseReason.BOT_CHECK, UpstreamState.HALF_OPEN), Mark.NORMAL),
        (paused(PauseReason.HOURLY_REQUESTS, UpstreamState.CLOSED), Mark.NORMAL),
        (paused(PauseReason.OPERATOR, UpstreamState.PAUSED), Mark.NORMAL),
        (paused(PauseReason.CERTIFICATE_UNTRUSTED), Mark.ILL),
        (SPEECH_GOING, Mark.WELL),
        (paused(PauseReason.TRANSCRIPTION_LIMITED, of=SPEECH_GOING), Mark.NORMAL),
        (paused(PauseReason.TRANSCRIPTION_ALLOWANCE, UpstreamState.CLOSED, of=SPEECH_GOING), Mark.NORMAL),
        (paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING), Mark.ILL),
    ],
)
def test_only_what_the_settings_say_wrongly_has_to_be_mended(status: UpstreamStatus | None, mark: Mark) -> None:
    upstream = status.upstream if status else Upstream.YOUTUBE
    assert pace_finding(upstream, status, is_way_open=False).mark is mark


def test_an_open_way_to_youtube_mends_no_key() -> None:
    status = paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING)
    assert pace_finding(Upstream.TRANSCRIPTION, status, is_way_open=True).mark is Mark.ILL


def test_settings_that_may_have_been_corrected_are_about_to_be_tried() -> None:
    status = paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, UpstreamState.HALF_OPEN, of=SPEECH_GOING)
    assert str(pace_finding(Upstream.TRANSCRIPTION, status, is_way_open=True)) == (
        "– Speech-to-text: the settings were refused before; the next video without captions tries them."
    )


def test_a_missing_key_is_told_and_what_somebody_wanted_is_not() -> None:
    no_key = Settings(transcription_api_key=None)
    (finding,) = speech_to_text_off(no_key)
    assert str(finding) == (
        "– Speech-to-text is off: neither GROQ_API_KEY nor TRANSCRIPTION_API_KEY is set. "
        "Videos that have no captions go without."
    )
    assert speech_to_text_off(no_key.model_copy(update={"transcription_enabled": False})) == []
    assert speech_to_text_off(Settings(transcription_api_key=SecretStr("a-key"))) == []


def test_a_certificate_that_is_trusted_by_now() -> None:
    status = paused(PauseReason.CERTIFICATE_UNTRUSTED, resume_at=OTHER_DAY)
    assert str(pace_finding(Upstream.YOUTUBE, status, is_way_open=True)) == (
        "– YouTube: paused; next try at 2020-02-03 14:10. The certificate was not trusted; now it is. "
        "POST /api/upstreams/youtube/resume tries at once."
    )
