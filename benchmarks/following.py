"""A week of a hundred followed channels in simulated time: requests to YouTube proper, against a listing per check.

It plays the decisions of `shared.youtube.following` and nothing else: no server, no clock, a second.
"""

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.contracts.batches import SourceKind
from shared.youtube.following import (
    FEED_ENTRIES,
    WHOLE_LISTING_PAGES,
    CheckStep,
    FeedAnswer,
    Following,
    due_listing,
    next_step,
)

CHANNELS, DAYS = 100, 7
INTERVAL, JITTER = timedelta(hours=6), timedelta(minutes=10)
AIM = 0.15
START = datetime(2026, 11, 30, tzinfo=UTC)
FIRST_PAGE_REQUESTS, PAGE_ENTRIES = 2, 30
WHOLE_LISTING_REQUESTS = FIRST_PAGE_REQUESTS + 3 + WHOLE_LISTING_PAGES - 1
"""The tab's first page, the first one of its playlist, and two more."""
VIDEOS_PER_DAY = (0.05, 0.2, 0.5, 1, 1, 2, 4, 12)
"""One of these per channel; the last one is a channel of news."""
OUTAGE_SHARE, OUTAGE = 0.7, (timedelta(hours=17), timedelta(hours=23))
"""On that share of the days, feeds are away during these hours. On one day they are away from noon to noon."""
LONG_OUTAGE = (timedelta(days=3, hours=12), timedelta(days=4, hours=13))


@dataclass
class Channel:
    """A channel, and what is known of it."""

    known: Following
    videos: list[datetime]
    """When each was published, the oldest first."""
    seen: int = 0
    """Of the videos."""
    feed: FeedAnswer | None = None
    checks: list[datetime] = field(default_factory=list)


@dataclass
class Requests:
    """What a week took."""

    today: int = 0
    """With a listing per check."""
    listings: int = 0
    feeds: int = 0
    late: timedelta = timedelta()
    """The longest time from a publication to its check."""
    missed: int = 0

    @property
    def share(self) -> float:
        """Of the requests to YouTube proper."""
        return self.listings / self.today


def week(seed: int) -> Requests:
    """Play a week of all channels."""
    dice, requests = random.Random(seed), Requests()  # noqa: S311 - nothing here is a secret
    outages = [*_outages(dice)]
    for number in range(CHANNELS):
        channel = _channel(dice, VIDEOS_PER_DAY[number % len(VIDEOS_PER_DAY)])
        for now in channel.checks:
            requests.today += _listing_requests(channel, now)
            is_away = any(begins <= now < ends for begins, ends in outages)
            _check(channel, now, requests, is_away=is_away)
        published = sum(at <= channel.checks[-1] - timedelta(days=1) for at in channel.videos)
        requests.missed += max(published - channel.seen, 0)
    return requests


def _channel(dice: random.Random, videos_per_day: float) -> Channel:
    known = Following(
        kind=SourceKind.CHANNEL,
        has_baseline=True,
        was_read_to_its_end=True,
        is_listing_requested=False,
        feed_id="UULF",
        newest_first_listings=0,
        heard_at=START,
        wholly_listed_at=START - dice.random() * timedelta(days=7),
        newest_id=None,
    )
    videos, at = [START - timedelta(days=number) for number in range(400, 0, -1)], START
    while at < START + timedelta(days=DAYS):
        at += timedelta(days=dice.expovariate(videos_per_day))
        videos.append(at)
    checks, offset = [], dice.random() * INTERVAL
    for number in range(DAYS * 4):
        checks.append(START + offset + number * INTERVAL + dice.random() * JITTER)
    return Channel(known, videos, seen=400, checks=checks)


def _outages(dice: random.Random) -> Iterator[tuple[datetime, datetime]]:
    begins, ends = LONG_OUTAGE
    yield START + begins, START + ends
    for day in range(DAYS):
        if dice.random() < OUTAGE_SHARE:
            yield START + timedelta(days=day) + OUTAGE[0], START + timedelta(days=day) + OUTAGE[1]


def _check(channel: Channel, now: datetime, requests: Requests, *, is_away: bool) -> None:
    if due_listing(channel.known, now) is None:
        requests.feeds += 1
        if not is_away:
            published = sum(at <= now for at in channel.videos)
            shown = range(published - 1, max(published - 1 - FEED_ENTRIES, -1), -1)
            channel.feed = FeedAnswer(now, [str(number) for number in shown])
    seen = {
        youtube_id
        for youtube_id in (channel.feed.youtube_ids if channel.feed else ())
        if int(youtube_id) < channel.seen
    }
    step = next_step(channel.known, channel.feed, seen, now)
    if step is CheckStep.NOTHING:
        return
    newest_id = channel.feed.youtube_ids[0] if step is CheckStep.FEED and channel.feed else None
    if step in {CheckStep.LISTING, CheckStep.WHOLE_LISTING}:
        least = WHOLE_LISTING_REQUESTS if step is CheckStep.WHOLE_LISTING else FIRST_PAGE_REQUESTS
        requests.listings += max(_listing_requests(channel, now), least)
    is_whole = step is CheckStep.WHOLE_LISTING
    channel.known = replace(
        channel.known,
        heard_at=now,
        newest_id=newest_id,
        wholly_listed_at=now if is_whole else channel.known.wholly_listed_at,
    )
    published = sum(at <= now for at in channel.videos)
    for at in channel.videos[channel.seen : published]:
        requests.late = max(requests.late, now - at)
    channel.seen = published


def _listing_requests(channel: Channel, now: datetime) -> int:
    """A listing goes on until a page has nothing new."""
    new = sum(at <= now for at in channel.videos) - channel.seen
    return FIRST_PAGE_REQUESTS + -(-new // PAGE_ENTRIES)


def main() -> int:
    """Print the week; fails if it took more than the aim."""
    found = week(seed=1)
    print(
        f"{CHANNELS} channels, {DAYS} days, a check every 6 hours; feeds away for hours on most days and once for a day"
    )
    print(f"a listing per check: {found.today} requests to YouTube proper")
    print(f"feed first: {found.listings} requests ({found.share:.1%}; aim: at most {AIM:.0%}), {found.feeds} for feeds")
    print(f"longest time from publication to check: {found.late / timedelta(hours=1):.1f} h; missed: {found.missed}")
    return 0 if found.share <= AIM and not found.missed else 1


if __name__ == "__main__":
    sys.exit(main())
