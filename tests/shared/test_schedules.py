"""Which runs of a schedule are made up for."""

from datetime import UTC, datetime, timedelta

from temporalio.client import ScheduleOverlapPolicy

from shared.temporal.schedules import SLACK, catch_up_once, is_overdue

HOUR, JITTER = timedelta(hours=1), timedelta(minutes=6)


def test_the_last_run_that_was_missed_is_within_the_window() -> None:
    policy = catch_up_once(HOUR, JITTER)
    assert policy.overlap is ScheduleOverlapPolicy.SKIP
    assert policy.catchup_window is not None
    assert HOUR + JITTER < policy.catchup_window < 2 * HOUR


def test_a_run_is_overdue_when_the_latest_time_for_it_has_passed() -> None:
    now = datetime.now(UTC)
    assert not is_overdue(now - HOUR, HOUR)
    assert not is_overdue(now - HOUR - JITTER, HOUR, JITTER)
    assert is_overdue(now - HOUR - JITTER - SLACK, HOUR, JITTER)
