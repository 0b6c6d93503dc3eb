"""While YouTube asks for a pause, no worker calls; then one call decides for all of them."""

from dataclasses import replace
from datetime import timedelta

from fakes.youtube import FakeYoutube, Fault, Kind
from shared.contracts.upstreams import PauseReason, UpstreamState
from tests.rate_limits.calls import between, calls, time_of, videos
from tests.rate_limits.installation import Installation
from tests.support.waiting import eventually

PAUSE, BOT_CHECK_PAUSE = timedelta(seconds=4), timedelta(seconds=2)
PACE = {
    "YOUTUBE_CALLS_PER_SECOND": "40",
    "YOUTUBE_MAX_CONCURRENT": "1",
    "YOUTUBE_PAUSE_SECONDS": str(PAUSE.seconds),
    "YOUTUBE_BOT_CHECK_PAUSE_SECONDS": str(BOT_CHECK_PAUSE.seconds),
    "YOUTUBE_RATE_STEP_SECONDS": "0.1",
}
GRACE = timedelta(seconds=2)
"""For calls that the server gave out before it was told of the pause, on a busy machine."""
HELD_SECONDS = 18
"""Until the faults are cleared; a worker gives an answer up after 20 s."""
PROBE_SECONDS = 1.0
"""How long the one call takes: others would be seen beside it."""
IMPORTS = 6
CLOSED, OPEN, HALF_OPEN = UpstreamState.CLOSED, UpstreamState.OPEN, UpstreamState.HALF_OPEN


async def test_throttles_in_a_row_stop_every_worker_until_one_call_gets_through(
    installation: Installation, fake_youtube: FakeYoutube
) -> None:
    youtube_ids = videos(fake_youtube, "ferry", IMPORTS)
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, status=429))
    await installation.add(*youtube_ids)
    opened = await installation.until(OPEN)
    fake_youtube.faults.clear()
    half_open = await installation.until(HALF_OPEN)  # three seconds before the one call is given out
    fake_youtube.faults.add(Fault(stall_seconds=PROBE_SECONDS / 2, times=2))
    closed = await installation.until(CLOSED, after=half_open)
    await installation.until_complete(*youtube_ids)

    assert opened.reason is PauseReason.RATE_LIMITED
    assert opened.resume_at == opened.since + PAUSE
    assert opened.resume_at <= half_open.since
    assert len([call for call in calls(fake_youtube) if time_of(call) < opened.since]) >= 3
    assert between(fake_youtube.requests, opened.since + GRACE, half_open.since) == []
    assert len(between(calls(fake_youtube), half_open.since, closed.since)) == 1


async def test_a_bot_check_pauses_at_once_and_a_failed_probe_doubles_the_pause(
    installation: Installation, fake_youtube: FakeYoutube
) -> None:
    youtube_ids = videos(fake_youtube, "ferry", IMPORTS)
    bot_check = Fault(body='<form><div class="g-recaptcha"></div></form>', times=1)
    fake_youtube.faults.add(replace(bot_check, stall_seconds=HELD_SECONDS))
    await installation.add(*youtube_ids)
    await eventually(lambda: is_called(fake_youtube))
    fake_youtube.faults.clear()
    opened = await installation.until(OPEN)
    half_open = await installation.until(HALF_OPEN)  # three seconds before the one call is given out
    fake_youtube.faults.add(replace(bot_check, stall_seconds=PROBE_SECONDS))
    opened_again = await installation.until(OPEN, after=half_open)
    await installation.until_complete(*youtube_ids)

    assert opened.reason is opened_again.reason is PauseReason.BOT_CHECK
    assert opened.resume_at == opened.since + BOT_CHECK_PAUSE
    assert len(between(calls(fake_youtube), half_open.since, opened_again.since)) == 1
    assert opened_again.resume_at == opened_again.since + 2 * BOT_CHECK_PAUSE


async def is_called(fake_youtube: FakeYoutube) -> bool:
    return bool(fake_youtube.requests)
