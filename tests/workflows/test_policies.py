"""What follows from an error, as a pure decision."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.imports import UpstreamFailure
from workflows.common.retry import FAR_AHEAD, NOT_YET_AVAILABLE_BACKOFF, THROTTLED_BACKOFF, delay_before_retry

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def decide(
    error_type: ErrorType,
    *,
    attempt: int = 1,
    max_attempts: int | None = None,
    consecutive_waits: int = 1,
    not_before: datetime | None = None,
    is_outage: bool = False,
) -> timedelta | None:
    failure = UpstreamFailure(not_before=not_before, is_outage=is_outage)
    return delay_before_retry(
        error_type, failure, attempt=attempt, max_attempts=max_attempts, consecutive_waits=consecutive_waits, now=NOW
    )


def test_every_error_type_has_a_rule() -> None:
    assert set(ERROR_RULES) == set(ErrorType)


@pytest.mark.parametrize("error_type", ErrorType)
def test_only_errors_that_can_pass_are_waited_for(error_type: ErrorType) -> None:
    final = ERROR_RULES[error_type].retry in {Retry.NEVER, Retry.SKIP}
    assert (decide(error_type) is None) == final


def test_what_speech_to_text_makes_up_for() -> None:
    assert {error_type for error_type, rule in ERROR_RULES.items() if rule.allows_transcription} == {
        ErrorType.CAPTIONS_NONE,
        ErrorType.CAPTIONS_DISABLED,
        ErrorType.UPSTREAM_UNAVAILABLE,
        ErrorType.LINK_EXPIRED,
        ErrorType.UNEXPECTED_ANSWER,
    }


@pytest.mark.parametrize(
    "error_type",
    [
        ErrorType.RATE_LIMITED,
        ErrorType.BOT_CHECK,
        ErrorType.CERTIFICATE_UNTRUSTED,
        ErrorType.UPSTREAM_UNAVAILABLE,
    ],
)
def test_whoever_was_refused_at_the_door_has_no_answer(error_type: ErrorType) -> None:
    rule = ERROR_RULES[error_type]
    assert rule.retry is Retry.WHEN_UNTHROTTLED or rule.is_unreachable


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
    assert decide(ErrorType.RATE_LIMITED) == decide(ErrorType.BOT_CHECK, consecutive_waits=2) == timedelta(seconds=1)


@pytest.mark.parametrize("error_type", [ErrorType.EXTRACTOR_OUTDATED, ErrorType.UNEXPECTED_ANSWER])
def test_an_outdated_extractor_is_given_half_an_hour_to_be_noticed(error_type: ErrorType) -> None:
    attempts = range(1, ERROR_RULES[error_type].max_attempts + 1)
    delays = [decide(error_type, attempt=attempt) for attempt in attempts]
    assert delays[-1] is None
    assert sum((delay for delay in delays if delay), timedelta()) > timedelta(minutes=30)


@pytest.mark.parametrize("error_type", [ErrorType.EXTRACTOR_OUTDATED, ErrorType.UNEXPECTED_ANSWER])
def test_a_call_of_an_outage_stays_in_line(error_type: ErrorType) -> None:
    assert decide(error_type, attempt=9, consecutive_waits=9, is_outage=True) == timedelta(seconds=1)


def test_a_certificate_is_no_reason_to_step_aside() -> None:
    assert decide(ErrorType.CERTIFICATE_UNTRUSTED, consecutive_waits=9) == timedelta(seconds=1)


def test_what_is_throttled_again_and_again_steps_aside_but_never_gives_up() -> None:
    assert decide(ErrorType.RATE_LIMITED, consecutive_waits=3) == timedelta(seconds=30)
    assert decide(ErrorType.RATE_LIMITED, consecutive_waits=5) == timedelta(seconds=120)
    assert decide(ErrorType.RATE_LIMITED, consecutive_waits=10_000) == THROTTLED_BACKOFF.cap


def test_a_premiere_is_looked_at_when_it_begins() -> None:
    assert decide(ErrorType.UPCOMING, not_before=NOW + timedelta(days=2)) == timedelta(days=2)
    assert decide(ErrorType.UPCOMING, not_before=NOW - timedelta(days=2)) == NOT_YET_AVAILABLE_BACKOFF.initial
    assert decide(ErrorType.UPCOMING, not_before=NOW + timedelta(days=3000)) == FAR_AHEAD
    assert decide(ErrorType.LIVE_NOW) == NOT_YET_AVAILABLE_BACKOFF.initial
    assert decide(ErrorType.LIVE_NOW, consecutive_waits=100) == NOT_YET_AVAILABLE_BACKOFF.cap
