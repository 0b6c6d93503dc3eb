"""A pause outlives everything: workers, Temporal and Postgres."""

import time
from collections import Counter
from datetime import timedelta

from fakes.youtube import FakeYoutube, Fault, Kind
from shared.contracts.upstreams import UpstreamState
from tests.rate_limits.calls import REQUESTS, time_of, videos
from tests.rate_limits.installation import STAGES, Installation
from tests.support.waiting import eventually

PAUSE = timedelta(seconds=8)
"""Longer than everything takes to die and to come back, on a machine that has time for it."""
PACE = {
    "YOUTUBE_CALLS_PER_SECOND": "40",
    "YOUTUBE_BOT_CHECK_PAUSE_SECONDS": str(PAUSE.seconds),
    "YOUTUBE_RATE_STEP_SECONDS": "0.1",
}
IMPORTS = 10
IN_FLIGHT_SECONDS = 1


async def test_a_pause_survives_the_death_of_everything(installation: Installation, fake_youtube: FakeYoutube) -> None:
    youtube_ids = videos(fake_youtube, "ferry", IMPORTS)
    fake_youtube.faults.add(Fault(kind=Kind.WATCH, body='<form><div class="g-recaptcha"></div></form>'))
    await installation.add(*youtube_ids)
    await installation.until(UpstreamState.OPEN)
    await until_nothing_is_in_flight(fake_youtube)
    fake_youtube.faults.clear()
    opened, before = await installation.youtube(), len(fake_youtube.requests)

    installation.kill()
    await installation.start_servers()
    assert await installation.youtube() == opened
    await installation.start_workers()
    await installation.until_complete(*youtube_ids)

    requests = fake_youtube.requests[before:]
    assert opened.resume_at == opened.since + PAUSE <= time_of(requests[0])
    assert Counter((request.youtube_id, request.kind) for request in requests) == {
        (youtube_id, kind): count for youtube_id in youtube_ids for kind, count in REQUESTS.items()
    }
    assert await installation.told() == dict.fromkeys(youtube_ids, STAGES)


async def until_nothing_is_in_flight(fake_youtube: FakeYoutube) -> None:
    """What dies in the middle of a call is made again, which would be a request too many to count."""

    async def is_silent() -> bool:
        return time.time() - fake_youtube.requests[-1].at > IN_FLIGHT_SECONDS

    await eventually(is_silent)
