"""Whose turn it is: users take turns, and whoever waits for one video goes before everything in bulk."""

from collections.abc import Sequence

from fakes.youtube import FakeYoutube
from shared.temporal.names import PRIORITY_PERSON
from tests.rate_limits.calls import CALLS, calls, videos
from tests.rate_limits.installation import PATIENCE_SECONDS, WORKERS, Installation
from tests.support.waiting import eventually

RATE = 2
PACE = {"YOUTUBE_CALLS_PER_SECOND": str(RATE), "YOUTUBE_MAX_CONCURRENT": "1"}
QUEUED = 30
GIVEN_OUT = WORKERS + RATE
"""Calls that come in any case: those under way, and those of the second that a busy machine needs to queue up."""


async def test_a_long_queue_delays_neither_another_user_nor_whoever_waits(
    installation: Installation, fake_youtube: FakeYoutube
) -> None:
    queued = videos(fake_youtube, "queued", QUEUED)
    await installation.add(*queued)
    await slots_until_called(fake_youtube, queued[:1], since=0)

    others, since = videos(fake_youtube, "other", 3), len(calls(fake_youtube))
    await installation.add(*others, user_id=await installation.add_user())
    assert await slots_until_called(fake_youtube, others, since) <= 2 * len(others) * CALLS + GIVEN_OUT

    pasted, since = videos(fake_youtube, "pasted", 1), len(calls(fake_youtube))
    await installation.add(*pasted, priority=PRIORITY_PERSON)
    assert await slots_until_called(fake_youtube, pasted, since) <= (1 + GIVEN_OUT) * CALLS

    raised, since = queued[-1:], len(calls(fake_youtube))
    await installation.add(*raised, user_id=await installation.add_user(), priority=PRIORITY_PERSON)
    assert await slots_until_called(fake_youtube, raised, since) <= (1 + GIVEN_OUT) * CALLS


async def slots_until_called(fake_youtube: FakeYoutube, youtube_ids: Sequence[str], since: int) -> int:
    """How many calls there were, from number `since` on, until the videos had theirs."""

    async def have_been_called() -> int:
        wanted = [number for number, call in enumerate(calls(fake_youtube)) if call.youtube_id in youtube_ids]
        assert len(wanted) == len(youtube_ids) * CALLS, f"{len(wanted)} calls"
        return wanted[-1] + 1 - since

    return await eventually(have_been_called, within_seconds=PATIENCE_SECONDS)
