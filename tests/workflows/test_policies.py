"""What follows from an error, as a pure decision."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.imports import YoutubeFailure
from workflows.policies import BLOCKED, LATER, MAX_ATTEMPTS, YoutubeStep, delay_before_retry

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def decide(error_type: ErrorType, *, attempt: int = 1, waits: int = 1, **failure: object) -> timedelta | None:
    return delay_before_retry(
        YoutubeStep.METADATA,
        error_type,
        YoutubeFailure.model_validate(failure),
        attempt=attempt,
        waits=waits,
        now=NOW,
    )


def test_every_error_type_has_a_rule() -> None:
    assert set(ERROR_RULES) == set(ErrorType)


@pytest.mark.parametrize("error_type", ErrorType)
def test_only_errors_that_can_pass_are_waited_for(error_type: ErrorType) -> None:
    final = ERROR_RULES[error_type].retry in {Retry.NEVER, Retry.SKIP}
    assert (decide(error_type) is None) == final


def test_transient_delays_double_up_to_a_minute_and_end() -> None:
    delays = [decide(ErrorType.UPSTREAM_UNAVAILABLE, attempt=attempt) for attempt in range(1, 7)]
    assert delays == [*(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16)), None]
    assert MAX_ATTEMPTS[YoutubeStep.METADATA] == 6


def test_a_block_is_waited_for_without_end() -> None:
    assert decide(ErrorType.RATE_LIMITED) == timedelta(seconds=30)
    assert decide(ErrorType.RATE_LIMITED, waits=3) == timedelta(seconds=120)
    assert decide(ErrorType.RATE_LIMITED, waits=10_000) == BLOCKED.cap


def test_retry_after_only_lengthens_a_pause() -> None:
    assert decide(ErrorType.RATE_LIMITED, retry_after_seconds=600) == timedelta(minutes=10)
    assert decide(ErrorType.RATE_LIMITED, retry_after_seconds=1) == timedelta(seconds=30)


def test_a_premiere_is_looked_at_when_it_begins() -> None:
    assert decide(ErrorType.UPCOMING, not_before=NOW + timedelta(days=2)) == timedelta(days=2)
    assert decide(ErrorType.UPCOMING, not_before=NOW - timedelta(days=2)) == LATER
    assert decide(ErrorType.LIVE_NOW) == LATER
