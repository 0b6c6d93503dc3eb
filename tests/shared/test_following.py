"""When a subscription asks the feed and when it lists."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.following import AIM, week
from shared.contracts.batches import SourceKind
from shared.youtube.following import (
    FEED_ENTRIES,
    CheckStep,
    FeedAnswer,
    Following,
    due_listing,
    has_gap,
    is_newest_first,
    next_step,
)

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KNOWN = Following(
    kind=SourceKind.CHANNEL,
    has_baseline=True,
    was_read_to_its_end=True,
    is_listing_requested=False,
    feed_id="UULFharbourmornings000001",
    newest_first_listings=0,
    heard_at=NOW - 6 * HOUR,
    wholly_listed_at=NOW - DAY,
    newest_id=None,
)
IDS = [f"video{number:06}" for number in range(FEED_ENTRIES)]


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, None),
        ({"has_baseline": False}, CheckStep.WHOLE_LISTING),
        ({"wholly_listed_at": NOW - 7 * DAY}, CheckStep.WHOLE_LISTING),
        ({"was_read_to_its_end": False}, CheckStep.LISTING),
        ({"is_listing_requested": True}, CheckStep.LISTING),
        ({"feed_id": None}, CheckStep.LISTING),
        ({"kind": SourceKind.PLAYLIST, "newest_first_listings": 1}, CheckStep.LISTING),
        ({"kind": SourceKind.PLAYLIST, "newest_first_listings": 2}, None),
    ],
)
def test_a_listing_is_due_whatever_the_feed_says(changes: dict[str, Any], step: CheckStep | None) -> None:
    assert due_listing(replace(KNOWN, **changes), NOW) is step


@pytest.mark.parametrize(
    ("heard_ago", "answered_ago", "step"),
    [
        (6 * HOUR, timedelta(), CheckStep.FEED),
        (6 * HOUR, 5 * HOUR, CheckStep.FEED),  # another list's check has asked it
        (6 * HOUR, 6 * HOUR, CheckStep.NOTHING),  # known already
        (6 * HOUR, None, CheckStep.NOTHING),
        (DAY, None, CheckStep.LISTING),
        (DAY, 2 * DAY, CheckStep.LISTING),
    ],
)
def test_silence_is_no_information_until_it_has_lasted_a_day(
    heard_ago: timedelta, answered_ago: timedelta | None, step: CheckStep
) -> None:
    feed = None if answered_ago is None else FeedAnswer(NOW - answered_ago, IDS)
    assert next_step(replace(KNOWN, heard_at=NOW - heard_ago), feed, IDS, NOW) is step


@pytest.mark.parametrize(
    ("youtube_ids", "seen", "newest_id", "gap"),
    [
        (IDS, IDS, IDS[0], False),
        (IDS, IDS[3:], IDS[3], False),
        (IDS, IDS[14:], IDS[14], False),
        (IDS, (), None, True),
        (IDS[:14], (), None, False),  # all that there is
        (IDS, IDS[3:], "deletedvid1", True),
        ([], (), None, False),
        ([], (), IDS[0], True),
    ],
)
def test_a_gap_is_what_the_feed_does_not_reach_back_to(
    youtube_ids: list[str], seen: list[str], newest_id: str | None, gap: bool
) -> None:
    assert has_gap(youtube_ids, seen, newest_id) is gap
    step = next_step(replace(KNOWN, newest_id=newest_id), FeedAnswer(NOW, youtube_ids), seen, NOW)
    assert step is (CheckStep.LISTING if gap else CheckStep.FEED)


def test_with_a_filter_new_videos_lead_to_a_listing() -> None:
    choosy, feed = replace(KNOWN, has_filter=True), FeedAnswer(NOW, IDS)
    assert next_step(choosy, feed, IDS, NOW) is CheckStep.FEED
    assert next_step(choosy, feed, IDS[1:], NOW) is CheckStep.LISTING


@pytest.mark.parametrize(
    ("are_new", "is_first_page", "verdict"),
    [
        ([True, False, False], True, True),
        ([False, True], True, False),
        ([True, False, True], True, False),
        ([False, False], True, None),
        ([True, True], True, None),
        ([True, False], False, False),
        ([], True, None),
    ],
)
def test_the_order_of_a_playlist_shows_in_where_new_entries_stand(
    are_new: list[bool], is_first_page: bool, verdict: bool | None
) -> None:
    assert is_newest_first(are_new, is_first_page=is_first_page) is verdict


def test_a_week_of_a_hundred_channels_takes_a_fraction_of_the_requests() -> None:
    found = week(seed=7)
    assert found.share <= AIM
    assert found.missed == 0
