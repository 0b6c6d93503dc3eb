"""What follows from an error, as a pure decision."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.imports import YoutubeFailure
from workflows.policies import BLOCKED, LATER, delay_before_retry

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def decide(error_type: ErrorType, *, attempt: int = 1, waits: int = 1, **failure: object) -> timedelta | None:
    details = YoutubeFailure.model_validate(failure)
    return delay_before_retry(error_type, details, attempt=attempt, waits=waits, now=NOW)


def test_every_error_type_has_a_rule() -> None:
    assert set(ERROR_RULES) == set(ErrorType)


@pytest.mark.parametrize("error_type", ErrorType)
def test_only_errors_that_can_pass_are_waited_for(error_type: ErrorType) -> None:
    final = ERROR_RULES[error_type].retry in {Retry.NEVER, Retry.SKIP}
    assert (decide(error_type) is None) == final


def test_transient_delays_double_up_to_ten_minutes_and_end() -> None:
    limit = ERROR_RULES[ErrorType.UPSTREAM_UNAVAILABLE].max_attempts
    delays = [decide(ErrorType.UPSTREAM_UNAVAILABLE, attempt=attempt) for attempt in range(1, limit + 1)]
    assert delays[:5] == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16)]
    assert delays[-2:] == [timedelta(minutes=10), None]
    assert sum((delay for delay in delays if delay), timedelta()) > timedelta(hours=2)


def test_a_block_is_waited_for_without_end() -> None:
    assert decide(ErrorType.RATE_LIMITED) == timedelta(seconds=30)
    assert decide(ErrorType.RATE_LIMITED, waits=3) == timedelta(seconds=120)
    assert decide(ErrorType.RATE_LIMITED, waits=10_000) == BLOCKED.cap


def test_retry_after_only_lengthens_a_pause() -> None:
    assert decide(ErrorType.RATE_LIMITED, retry_after_seconds=600) == timedelta(minutes=10)
    assert decide(ErrorType.RATE_LIMITED, retry_after_seconds=1) == timedelta(seconds=30)


def test_a_premiere_is_looked_at_when_it_begins() -> None:
    assert decide(ErrorType.UPCOMING, not_before=NOW + timedelta(days=2)) == timedelta(days=2)
    assert decide(ErrorType.UPCOMING, not_before=NOW - timedelta(days=2)) == LATER.initial
    assert decide(ErrorType.LIVE_NOW) == LATER.initial
    assert decide(ErrorType.LIVE_NOW, waits=100) == LATER.cap
