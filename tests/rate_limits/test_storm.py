"""YouTube in trouble: every import completes, nobody hears of it, and it costs few requests."""

from fakes.youtube import FakeYoutube
from tests.rate_limits.calls import REQUESTS, videos
from tests.rate_limits.installation import STAGES, Installation
from tests.rate_limits.storm import PACE, TROUBLE

__all__ = ["PACE"]

IMPORTS = 50
"""None of these videos has to wait for long."""
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
