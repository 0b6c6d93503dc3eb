"""How YouTube stands, in the operator's words."""

import socket
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stack import pace
from services.stack.findings import Mark
from services.stack.pace import in_words, pace_finding, youtube_status
from shared.contracts.upstreams import PauseReason, UpstreamState, UpstreamStatus
from shared.settings import Settings
from tests.support.upstreams import GOING, paused, write_down

OTHER_DAY = datetime(2020, 2, 3, 14, 10).astimezone()
LONG_AGO = datetime(2020, 2, 3, 13, 55).astimezone()


def now(status: UpstreamStatus = GOING, **changes: object) -> UpstreamStatus:
    """As it is written down at this moment."""
    return status.model_copy(update={"at": datetime.now(UTC)} | changes)


async def test_the_row_is_found_once_it_is_there(engine: AsyncEngine, settings: Settings) -> None:
    assert await youtube_status(settings) is None
    await write_down(engine, GOING)
    assert await youtube_status(settings) == GOING


async def test_a_database_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = SecretStr(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/mine")
        monkeypatch.setattr(pace, "TIMEOUT_SECONDS", 0.1)
        with pytest.raises(TimeoutError):
            await youtube_status(Settings(database_url=url))


def test_while_calls_go_the_rate_and_the_budget_are_told() -> None:
    assert in_words(now()) == "0.5 calls per second, 412 of 900 requests left in this hour."
    slower = now(calls_per_second=0.0625)
    assert in_words(slower).startswith("0.0625 calls per second (slowed down from 0.5 calls per second), 412 of 900 ")


def test_an_old_row_is_told_with_its_time() -> None:
    assert in_words(now(at=LONG_AGO)).endswith("412 of 900 requests left in this hour (as of 2020-02-03 13:55).")


def test_a_very_low_rate_is_told_in_minutes() -> None:
    slow = now(calls_per_second=1 / 4080, max_calls_per_second=1 / 4080)
    assert in_words(slow).startswith("one call every 68 minutes, ")


def test_an_hour_that_is_nearly_spent_slows_down() -> None:
    nearly = now(calls_per_second=0.02, requests_left=0, reason=PauseReason.HOURLY_REQUESTS)
    assert in_words(nearly) == (
        "0.02 calls per second, slowed down: the hour's requests are nearly spent, 0 of 900 requests left in this hour."
    )


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
    ("reason", "advice"),
    [
        (PauseReason.CERTIFICATE_UNTRUSTED, "YOUTUBE_PROXY or YOUTUBE_CA_FILE"),
        (PauseReason.HOURLY_REQUESTS, "YOUTUBE_HOURLY_REQUESTS"),
    ],
)
def test_what_the_operator_may_change_is_named(reason: PauseReason, advice: str) -> None:
    assert advice in in_words(paused(reason, resume_at=OTHER_DAY))


def test_a_pause_without_an_end_is_the_operators() -> None:
    assert in_words(paused(PauseReason.OPERATOR, UpstreamState.PAUSED)) == (
        "paused. The operator has paused imports. POST /api/upstreams/youtube/resume lets them go on."
    )


def test_a_probe_is_told() -> None:
    status = paused(PauseReason.BOT_CHECK, UpstreamState.HALF_OPEN)
    assert in_words(status).startswith("paused; the next import is tried. YouTube asks for a longer pause.")
    assert in_words(paused(None, UpstreamState.HALF_OPEN)) == "paused; the next import is tried."


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
    ],
)
def test_only_a_certificate_has_to_be_mended(status: UpstreamStatus | None, mark: Mark) -> None:
    assert pace_finding(status, is_way_open=False).mark is mark


def test_a_certificate_that_is_trusted_by_now() -> None:
    status = paused(PauseReason.CERTIFICATE_UNTRUSTED, resume_at=OTHER_DAY)
    assert str(pace_finding(status, is_way_open=True)) == (
        "– YouTube: paused; next try at 2020-02-03 14:10. The certificate was not trusted; now it is. "
        "POST /api/upstreams/youtube/resume tries at once."
    )
