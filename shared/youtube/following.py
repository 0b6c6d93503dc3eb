"""When a followed playlist or channel asks its feed, and when it is listed: decisions without I/O.

The feed is small and counts against no budget, but shows the newest fifteen videos only and is away for hours on most
days. So it is asked first, and YouTube proper lists only what the feed cannot tell.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.contracts.batches import SourceKind

FEED_ENTRIES = 15
FEED_INTERVAL = timedelta(minutes=15)
"""Between two requests for one feed: YouTube has it cached for as long."""
FEED_PAUSE = timedelta(hours=1)
"""After YouTube has refused a feed, unless it names a longer time. Then one request finds out whether it still does."""
MAX_SILENCE = timedelta(hours=24)
"""After so long without an answer of the feed, the list itself is read."""
WHOLE_LISTING_INTERVAL = timedelta(days=7)
"""How often more than the newest entries are read: some videos are published late, or stop being for members only."""
WHOLE_LISTING_PAGES = 3
"""So many pages such a listing reads at least: what is found below them costs more than it brings."""
NEWEST_FIRST_LISTINGS = 2
"""A playlist's feed has its first entries. It is of use once so many listings in a row had what is new at the top."""


class CheckStep(StrEnum):
    """How a check finds out what is new."""

    NOTHING = "nothing"
    """Not now: the feed has said nothing, and it has not been silent for long."""
    FEED = "feed"
    """From the feed's answer."""
    LISTING = "listing"
    """From the list, as far as it is new."""
    WHOLE_LISTING = "whole_listing"
    """From the list, a few pages below what is known as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What is known about a followed playlist or channel."""

    kind: SourceKind
    has_baseline: bool
    was_read_to_its_end: bool
    """Whether the last listing was: if not, unseen videos may be below seen ones."""
    is_listing_requested: bool
    """By a user, who wants to know what is there now."""
    feed_id: str | None
    newest_first_listings: int
    heard_at: datetime | None
    """When the feed or a listing last said what is new."""
    wholly_listed_at: datetime | None
    newest_id: str | None
    """The first video of the feed's last answer; None: a listing came later."""
    has_filter: bool = False
    """Whether not every video is wanted: the feed does not say enough to choose."""


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """The last answer of a feed."""

    answered_at: datetime
    youtube_ids: Sequence[str]


def due_listing(known: Following, now: datetime) -> CheckStep | None:
    """The listing that is due whatever the feed says; None: the feed is asked first."""
    if not known.has_baseline:
        return CheckStep.WHOLE_LISTING
    if known.wholly_listed_at is None or now - known.wholly_listed_at >= WHOLE_LISTING_INTERVAL:
        return CheckStep.WHOLE_LISTING
    is_newest_first = known.kind is SourceKind.CHANNEL or known.newest_first_listings >= NEWEST_FIRST_LISTINGS
    is_fed = known.feed_id is not None and is_newest_first
    if known.is_listing_requested or not known.was_read_to_its_end or not is_fed:
        return CheckStep.LISTING
    return None


def next_step(known: Following, feed: FeedAnswer | None, seen: Collection[str], now: datetime) -> CheckStep:
    """How the check finds out what is new; `seen` are the videos of the feed that are known."""
    if listing := due_listing(known, now):
        return listing
    if feed is not None and (known.heard_at is None or feed.answered_at > known.heard_at):
        is_unclear = known.has_filter and any(youtube_id not in seen for youtube_id in feed.youtube_ids)
        is_listed = is_unclear or has_gap(feed.youtube_ids, seen, known.newest_id)
        return CheckStep.LISTING if is_listed else CheckStep.FEED
    is_silent = known.heard_at is None or now - known.heard_at >= MAX_SILENCE
    return CheckStep.LISTING if is_silent else CheckStep.NOTHING


def has_gap(youtube_ids: Sequence[str], seen: Collection[str], newest_id: str | None) -> bool:
    """Whether there may be new videos that the feed does not reach back to."""
    if newest_id is not None and newest_id not in youtube_ids:
        return True
    return len(youtube_ids) >= FEED_ENTRIES and not any(youtube_id in seen for youtube_id in youtube_ids)


def is_newest_first(are_new: Sequence[bool], *, is_first_page: bool) -> bool | None:
    """Whether a page of a list, entry by entry new or known, shows that it has its newest entries first.

    None: the page says nothing about it.
    """
    if not any(are_new) or (is_first_page and all(are_new)):
        return None
    return is_first_page and are_new == sorted(are_new, reverse=True)
