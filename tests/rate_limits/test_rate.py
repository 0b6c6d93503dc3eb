"""How fast calls go: as a burst after a quiet time, then at the sustained rate, whichever worker makes them."""

from bisect import bisect_right
from datetime import timedelta

from temporalio.service import RPCError

from fakes.youtube import FakeYoutube, LoggedRequest
from services.worker.background.queue_rate import queue_rate
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.temporal.names import PRIORITY_PERSON
from tests.rate_limits.calls import CALLS, calls, time_of, videos
from tests.rate_limits.installation import PATIENCE_SECONDS, WORKERS, Installation
from tests.support.waiting import eventually

RATE, BURST_RATE = 1, 4
PASTED, QUEUED = 4, 12
PACE = {
    "YOUTUBE_CALLS_PER_SECOND": str(RATE),
    "YOUTUBE_BURST_CALLS": str(PASTED * CALLS),
    "YOUTUBE_BURST_CALLS_PER_SECOND": str(BURST_RATE),
    "YOUTUBE_MAX_CONCURRENT": "1",
}
WINDOW = timedelta(seconds=3)
MOST_WITHIN_WINDOW = RATE * (3 + 1) + WORKERS
"""Calls of one more second may go at once, and each worker may have held one back that it was given before."""


async def test_a_burst_after_a_quiet_time_and_then_the_sustained_rate(
    installation: Installation, fake_youtube: FakeYoutube
) -> None:
    pasted = videos(fake_youtube, "pasted", PASTED)
    await until_burst(installation, is_burst=True)
    await eventually(lambda: has_rate(installation, BURST_RATE))  # the log cannot tell it from a slow machine's
    await installation.add(*pasted, priority=PRIORITY_PERSON)
    await installation.until_complete(*pasted)
    assert len(calls(fake_youtube)) == PASTED * CALLS

    await installation.add(*videos(fake_youtube, "queued", QUEUED))
    over = await until_burst(installation, is_burst=False)
    await eventually(lambda: has_rate(installation, RATE))
    sustained = await calls_since(fake_youtube, over, MOST_WITHIN_WINDOW + 1)
    assert most_within(WINDOW, sustained) <= MOST_WITHIN_WINDOW


async def until_burst(installation: Installation, *, is_burst: bool) -> UpstreamStatus:
    async def has_come() -> UpstreamStatus:
        youtube = await installation.youtube()
        assert youtube.is_burst == is_burst, youtube
        return youtube

    return await eventually(has_come, within_seconds=PATIENCE_SECONDS)


async def has_rate(installation: Installation, calls_per_second: float) -> bool:
    """Whether so many calls per second may go."""
    try:
        return await queue_rate(installation.client, Upstream.YOUTUBE) == calls_per_second
    except RPCError as error:
        raise AssertionError("Temporal does not answer in time") from error


async def calls_since(fake_youtube: FakeYoutube, status: UpstreamStatus, count: int) -> list[LoggedRequest]:
    """At least so many calls from one second after it stood so: the server takes a moment to obey."""

    async def have_come() -> list[LoggedRequest]:
        found = [call for call in calls(fake_youtube) if time_of(call) > status.at + timedelta(seconds=1)]
        assert len(found) >= count, f"{len(found)} of {count} calls"
        return found

    return await eventually(have_come, within_seconds=PATIENCE_SECONDS)


def most_within(window: timedelta, requests: list[LoggedRequest]) -> int:
    """How many there were at most in any window of that length."""
    times = [time_of(request) for request in requests]
    return max(bisect_right(times, begin + window) - index for index, begin in enumerate(times))
