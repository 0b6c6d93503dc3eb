"""YouTube in trouble: every import completes, nobody hears of it, and it costs few requests."""

from fakes.youtube import FakeYoutube, Fault, Kind
from tests.rate_limits.calls import REQUESTS, videos
from tests.rate_limits.installation import STAGES, Installation

PACE = {
    "YOUTUBE_CALLS_PER_SECOND": "200",
    "YOUTUBE_PAUSE_SECONDS": "1",
    "YOUTUBE_RATE_STEP_SECONDS": "0.5",
}
IMPORTS = 50
TROUBLE = [
    Fault(kind=Kind.TIMEDTEXT, status=403, probability=0.05),
    Fault(status=429, probability=0.03),
    Fault(status=503, probability=0.09),
    Fault(cut_after_bytes=0, probability=0.08),
]
"""About every fifth request fails; what a client would wait for in vain hangs up instead, to save the test's time.

Chance depends on the ids alone: these videos need the same requests in every run, and none has to wait for long.
"""
CALM = IMPORTS * sum(REQUESTS.values())
"""Requests while all is well."""


async def test_fifty_imports_with_every_fifth_request_in_trouble(
    installation: Installation, fake_youtube: FakeYoutube
) -> None:
    youtube_ids = videos(fake_youtube, "harbour", IMPORTS)
    for fault in TROUBLE:
        fake_youtube.faults.add(fault)
    await installation.add(*youtube_ids)
    await installation.until_complete(*youtube_ids)

    assert await installation.told() == dict.fromkeys(youtube_ids, STAGES)
    assert CALM < len(fake_youtube.requests) <= 1.5 * CALM
