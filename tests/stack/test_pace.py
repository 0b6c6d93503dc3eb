"""How YouTube stands, in the operator's words."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stack.pace import in_words, youtube_status
from shared.contracts.upstreams import PauseReason, UpstreamState
from shared.settings import Settings
from tests.support.upstreams import GOING, paused, write_down

OTHER_DAY = datetime(2020, 2, 3, 14, 10).astimezone()
TODAY = datetime.now().astimezone().replace(hour=14, minute=10)


async def test_the_row_is_found_once_it_is_there(engine: AsyncEngine, settings: Settings) -> None:
    assert await youtube_status(settings) is None
    await write_down(engine, GOING)
    assert await youtube_status(settings) == GOING


def test_while_calls_go_the_rate_and_the_budget_are_told() -> None:
    assert in_words(GOING) == "0.5 calls per second, 412 of 900 requests left in this hour."
    slower = GOING.model_copy(update={"calls_per_second": 0.0625})
    assert in_words(slower).startswith("0.0625 calls per second (slowed down from 0.5), 412 of 900 ")


@pytest.mark.parametrize(("resume_at", "told"), [(TODAY, "14:10"), (OTHER_DAY, "2020-02-03 14:10")])
def test_a_pause_is_told_with_its_end_and_its_reason(resume_at: datetime, told: str) -> None:
    status = paused(PauseReason.RATE_LIMITED, resume_at=resume_at)
    assert in_words(status) == f"paused until {told}. YouTube asks for a pause. Imports go on by themselves."


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        (PauseReason.CERTIFICATE_UNTRUSTED, "YOUTUBE_CA_FILE"),
        (PauseReason.HOURLY_REQUESTS, "YOUTUBE_HOURLY_REQUESTS"),
    ],
)
def test_what_the_operator_may_change_is_named(reason: PauseReason, advice: str) -> None:
    assert advice in in_words(paused(reason, resume_at=TODAY))


def test_a_pause_without_an_end_is_the_operators() -> None:
    assert in_words(paused(PauseReason.OPERATOR, UpstreamState.PAUSED)) == (
        "paused. The operator has paused imports. POST /api/upstreams/youtube/resume lets them go on."
    )


def test_a_probe_is_told() -> None:
    status = paused(PauseReason.BOT_CHECK, UpstreamState.HALF_OPEN)
    assert in_words(status).startswith("paused, one call is being tried. YouTube asks for a longer pause.")
    assert in_words(paused(None, UpstreamState.HALF_OPEN)) == "paused, one call is being tried."
