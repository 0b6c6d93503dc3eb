"""Which entries of a list a filter leaves out."""

from datetime import UTC, date, datetime

import pytest

from shared.contracts.batches import VideoFilter
from shared.youtube.filters import ListedVideo, is_too_old, left_out

SHORT = ListedVideo("harbour-001", "The Long Coast", 59.0, datetime(2026, 11, 1, tzinfo=UTC))
LONG = ListedVideo("harbour-002", "Straße am Meer", 3600.0, datetime(2024, 11, 1, tzinfo=UTC))
UNKNOWN = ListedVideo("harbour-003")


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        (VideoFilter(), ()),
        (VideoFilter(title_contains=" coast "), (LONG,)),
        (VideoFilter(title_contains="STRASSE"), (SHORT,)),
        (VideoFilter(min_seconds=60), (SHORT,)),
        (VideoFilter(min_seconds=59, max_seconds=59), (LONG,)),
        (VideoFilter(published_after=date(2026, 1, 1)), (LONG,)),
        (VideoFilter(published_after=date(2026, 11, 2)), (LONG,)),  # an age is rounded
        (VideoFilter(published_after=date(2026, 11, 3)), (SHORT, LONG)),
        (VideoFilter(published_after=date(2026, 1, 1), title_contains="meer"), (SHORT, LONG)),
    ],
)
def test_only_what_certainly_does_not_match_is_left_out(wanted: VideoFilter, gone: tuple[ListedVideo, ...]) -> None:
    assert left_out(wanted, [SHORT, LONG, UNKNOWN]) == {video.youtube_id for video in gone}


def test_a_video_of_unknown_age_is_not_too_old() -> None:
    assert not is_too_old(VideoFilter(published_after=date(2026, 1, 1)), UNKNOWN)
