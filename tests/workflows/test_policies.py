"""What follows from an error, as a pure decision."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.imports import UpstreamFailure
from workflows.policies import BLOCKED, LATER, delay_before_retry

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def decide(
    error_type: ErrorType,
    *,
    attempt: int = 1,
    max_attempts: int | None = None,
    waits: int = 1,
    not_before: datetime | None = None,
    is_governed: bool = True,
) -> timedelta | None:
    failure = UpstreamFailure(not_before=not_before)
    return delay_before_retry(
        error_type,
        failure,
        attempt=attempt,
        max_attempts=max_attempts,
        waits=waits,
        now=NOW,
        is_governed=is_governed,
    )


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


def test_a_step_may_have_less_patience() -> None:
    assert decide(ErrorType.UPSTREAM_UNAVAILABLE, attempt=2, max_attempts=3) == timedelta(seconds=2)
    assert decide(ErrorType.UPSTREAM_UNAVAILABLE, attempt=3, max_attempts=3) is None
    assert decide(ErrorType.LINK_EXPIRED, attempt=4, max_attempts=9) is None


def test_a_throttled_call_is_in_line_again_soon() -> None:
    assert decide(ErrorType.RATE_LIMITED) == decide(ErrorType.BOT_CHECK, waits=2) == timedelta(seconds=1)


def test_a_certificate_is_no_reason_to_step_aside() -> None:
    assert decide(ErrorType.CERTIFICATE_UNTRUSTED, waits=9) == timedelta(seconds=1)


def test_what_is_throttled_again_and_again_steps_aside_but_never_gives_up() -> None:
    assert decide(ErrorType.RATE_LIMITED, waits=3) == timedelta(seconds=30)
    assert decide(ErrorType.RATE_LIMITED, waits=5) == timedelta(seconds=120)
    assert decide(ErrorType.RATE_LIMITED, waits=10_000) == BLOCKED.cap


def test_an_import_that_is_older_than_the_governor_waits_by_itself() -> None:
    assert decide(ErrorType.RATE_LIMITED, is_governed=False) == timedelta(seconds=30)
    assert decide(ErrorType.RATE_LIMITED, waits=3, is_governed=False) == timedelta(seconds=120)


def test_a_premiere_is_looked_at_when_it_begins() -> None:
    assert decide(ErrorType.UPCOMING, not_before=NOW + timedelta(days=2)) == timedelta(days=2)
    assert decide(ErrorType.UPCOMING, not_before=NOW - timedelta(days=2)) == LATER.initial
    assert decide(ErrorType.LIVE_NOW) == LATER.initial
    assert decide(ErrorType.LIVE_NOW, waits=100) == LATER.cap
