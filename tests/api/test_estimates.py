"""The arithmetic of estimates: pace, limits and pauses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.estimates import Figures, expected_seconds, work_of, work_of_listing
from shared.contracts.upstreams import BudgetStatus, BudgetUnit, PauseReason, UpstreamState
from shared.db.estimates import WorkAhead
from shared.settings import Settings
from tests.support.upstreams import GOING, SPEECH_GOING

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def _seconds(videos: int, *, left: float = 900, ahead: int = 0, **youtube: Any) -> int | None:
    budget = BudgetStatus(unit=BudgetUnit.REQUESTS, per_seconds=3600, limit=900, left=left)
    status = GOING.model_copy(update={"budgets": [budget]} | youtube)
    figures = Figures(WorkAhead(begun_with_nothing=ahead, without_captions=0), None, status, SPEECH_GOING)
    return expected_seconds(figures, Settings(), work_of(videos), videos, NOW)


@pytest.mark.parametrize(
    ("videos", "youtube", "seconds"),
    [
        (0, {}, 0),
        (1, {}, 4),
        (10, {"ahead": 5}, 60),
        (300, {}, 1200),  # as many as an hour may have, at full pace
        (301, {}, 3604),  # one more waits for the next hour
        (10_000, {}, 33 * 3600 + 400),
        (10, {"left": 0}, 120),  # the hour before was used up evenly
        (100, {"left": 450}, 400),
        (200, {"left": 450}, 1200),
        (10, {"calls_per_second": 3, "is_burst": True}, 40),  # a burst is soon over
        (10, {"calls_per_second": 0.25}, 80),  # slowed down
        (10, {"calls_per_second": 0.1, "reason": PauseReason.HOURLY_REQUESTS}, 40),
        (10, {"calls_per_second": 0, "state": UpstreamState.HALF_OPEN}, 40),
        (10, {"calls_per_second": 0, "state": UpstreamState.PAUSED}, None),
    ],
)
def test_how_long_videos_take(videos: int, youtube: dict[str, Any], seconds: int | None) -> None:
    assert _seconds(videos, **youtube) == seconds


def test_a_pause_comes_before_everything_and_a_used_up_hour_counts_once() -> None:
    resume_at = NOW + timedelta(minutes=10)
    pause: dict[str, Any] = {"calls_per_second": 0, "resume_at": resume_at}

    assert _seconds(10, state=UpstreamState.OPEN, **pause) == 640
    assert _seconds(10, reason=PauseReason.HOURLY_REQUESTS, left=0, **pause) == 600
    assert _seconds(10, state=UpstreamState.OPEN, **pause | {"resume_at": NOW - timedelta(days=1)}) == 40


@given(videos=st.integers(0, 20_000), more=st.integers(0, 20_000), left=st.floats(0, 900), pace=st.floats(0.0625, 5))
def test_more_videos_never_take_less_time(videos: int, more: int, left: float, pace: float) -> None:
    few = _seconds(videos, left=left, calls_per_second=pace)
    many = _seconds(videos + more, left=left, calls_per_second=pace)

    assert few is not None
    assert many is not None
    assert 2 * videos / pace <= few + 0.001 <= many + 0.001


@pytest.mark.parametrize(
    ("entries", "per_page", "calls", "requests"), [(0, 0, 1, 3), (100, 100, 1, 3), (101, 100, 2, 4)]
)
def test_what_reading_a_list_costs(entries: int, per_page: int, calls: int, requests: int) -> None:
    work = work_of_listing(entries, per_page)

    assert (work.calls, work.requests) == (calls, requests)
