"""When calls are paused and resumed, and what the operator can do, as scenarios."""

from datetime import timedelta

import pytest

from shared.contracts.errors import ERROR_RULES, ErrorType, Throttle
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState
from tests.workflows.rate_limit_story import BEGIN, HOUR, MINUTES, POLICY, Story
from workflows.rate_limits import timing
from workflows.rate_limits.controller import MAX_LOG_LINES

CLOSED, OPEN, HALF_OPEN = UpstreamState.CLOSED, UpstreamState.OPEN, UpstreamState.HALF_OPEN
THROTTLES = [
    error_type for error_type, rule in ERROR_RULES.items() if rule.throttle in {Throttle.COUNTS, Throttle.PAUSES}
]
FULL = POLICY.calls_per_second
PROBE_SECONDS = timing.PROBE_SECONDS[Upstream.YOUTUBE]


@pytest.fixture
def story() -> Story:
    """A controller that has just started."""
    return Story()


def test_calls_go_at_the_full_rate(story: Story) -> None:
    assert story.status.state is CLOSED
    assert not story.status.is_paused
    assert story.status.calls_per_second == story.queue_rate.calls_per_second == FULL
    assert story.queue_rate.probe is None


class TestBreaker:
    def test_three_throttles_in_a_row_pause_all_calls(self, story: Story) -> None:
        story.throttled(times=2)
        assert story.status.state is CLOSED
        story.throttled()
        assert (story.status.state, story.status.reason) == (OPEN, PauseReason.RATE_LIMITED)
        assert story.status.is_paused
        assert story.pause_left == 30
        assert story.queue_rate.calls_per_second == 0
        assert story.queue_rate.probe is None

    def test_an_answer_ends_the_row(self, story: Story) -> None:
        for _ in range(5):
            story.throttled(times=2)
            story.answered()
        assert story.status.state is CLOSED

    def test_an_answer_to_a_call_from_before_the_throttle_does_not(self, story: Story) -> None:
        before = story.controller.epoch
        story.throttled(times=2)
        story.answered(epoch=before)
        story.throttled()
        assert story.status.state is OPEN

    @pytest.mark.parametrize("error_type", THROTTLES)
    def test_every_error_that_slows_down_is_a_reason_to_pause(self, story: Story, error_type: ErrorType) -> None:
        story.throttled(error_type, times=3)
        assert story.status.reason is PauseReason(error_type)

    def test_a_bot_check_pauses_at_once_until_a_call_as_a_new_guest(self, story: Story) -> None:
        story.throttled(ErrorType.BOT_CHECK)
        assert (story.status.state, story.status.reason) == (OPEN, PauseReason.BOT_CHECK)
        assert 30 <= story.pause_left <= 60
        story.wait_for_probe()
        story.throttled(ErrorType.BOT_CHECK)
        assert (story.status.state, story.pause_left) == (OPEN, 15 * MINUTES)
        story.wait_for_probe()
        story.throttled(ErrorType.BOT_CHECK)
        assert story.pause_left == 30 * MINUTES

    def test_the_operators_probe_is_the_call_as_a_new_guest(self, story: Story) -> None:
        story.throttled(ErrorType.BOT_CHECK)
        story.controller.resume(story.now)
        story.throttled(ErrorType.BOT_CHECK)
        assert story.pause_left == 15 * MINUTES

    def test_there_is_one_short_pause_for_a_new_guest_in_the_time_of_a_long_one(self, story: Story) -> None:
        began = story.now
        story.throttled(ErrorType.BOT_CHECK, youtube_id="first")
        story.wait_for_probe()
        story.answered()
        story.later(14 * MINUTES - (story.now - began).total_seconds())
        story.throttled(ErrorType.BOT_CHECK, youtube_id="second")
        assert story.pause_left == 15 * MINUTES
        story.wait_for_probe()
        story.answered()
        story.throttled(ErrorType.BOT_CHECK, youtube_id="third")
        assert story.pause_left == timing.NEW_GUEST_SECONDS

    def test_bot_checks_of_calls_under_way_neither_prolong_the_short_pause_nor_begin_another(
        self, story: Story
    ) -> None:
        before = story.controller.epoch
        story.throttled(ErrorType.BOT_CHECK, epoch=before)
        pause_left = story.pause_left
        story.throttled(ErrorType.BOT_CHECK, epoch=before, times=10, youtube_id="another")
        assert story.pause_left == pause_left
        story.wait_for_probe()
        story.throttled(ErrorType.BOT_CHECK, epoch=before, youtube_id="another")
        assert story.status.state is HALF_OPEN
        story.answered()
        story.throttled(ErrorType.BOT_CHECK, epoch=before, youtube_id="another")
        assert story.status.state is CLOSED
        story.throttled(ErrorType.BOT_CHECK, youtube_id="another")
        assert story.pause_left == 15 * MINUTES

    def test_a_pause_that_is_short_anyway_is_not_shortened(self) -> None:
        story = Story(POLICY.model_copy(update={"bot_check_pause_seconds": 20}))
        story.throttled(ErrorType.BOT_CHECK)
        assert story.pause_left == 20
        story.wait_for_probe()
        story.throttled(ErrorType.BOT_CHECK)
        assert story.pause_left == 40

    def test_then_exactly_one_call_decides(self, story: Story) -> None:
        story.throttled(times=3)
        story.later(29)
        assert story.status.state is OPEN
        story.later(1)
        assert (story.status.state, story.status.reason) == (HALF_OPEN, PauseReason.RATE_LIMITED)
        assert story.status.resume_at is None
        assert story.status.is_paused
        assert (story.queue_rate.calls_per_second, story.queue_rate.probe) == (0, 1)

    def test_an_answered_probe_lets_calls_go(self, story: Story) -> None:
        story.half_open()
        story.answered()
        assert (story.status.state, story.status.reason) == (CLOSED, None)
        assert story.queue_rate.probe is None
        assert story.queue_rate.calls_per_second == FULL / 8
        story.answered()
        assert story.queue_rate.calls_per_second == FULL / 8  # the first step comes later

    def test_a_failed_probe_doubles_the_pause_up_to_the_longest(self, story: Story) -> None:
        story.half_open()
        pauses = []
        for _ in range(12):
            story.throttled()
            pauses.append(story.pause_left)
            story.wait_for_probe()
        assert pauses[:4] == [60, 120, 240, 480]
        assert pauses[-2:] == [6 * HOUR] * 2

    def test_after_recovery_pauses_are_short_again(self, story: Story) -> None:
        story.half_open()
        story.throttled()
        story.wait_for_probe()
        story.answered()
        story.throttled(times=2)
        assert story.status.state is CLOSED
        story.throttled()
        assert story.pause_left == 30

    def test_a_bot_check_as_a_probes_answer_is_a_long_pause(self, story: Story) -> None:
        story.half_open()
        story.throttled(ErrorType.BOT_CHECK)
        assert story.pause_left == 15 * MINUTES
        story.wait_for_probe()
        story.throttled(ErrorType.BOT_CHECK)
        assert story.pause_left == 30 * MINUTES

    def test_a_wrong_certificate_is_probed_every_five_minutes(self, story: Story) -> None:
        story.half_open(ErrorType.CERTIFICATE_UNTRUSTED)
        for _ in range(6):
            story.throttled(ErrorType.CERTIFICATE_UNTRUSTED)
            story.wait_for_probe()
        story.throttled(ErrorType.CERTIFICATE_UNTRUSTED)
        assert story.pause_left == 5 * MINUTES

    def test_calls_from_before_say_nothing_of_the_probe(self, story: Story) -> None:
        before = story.controller.epoch
        story.half_open()
        probe = story.queue_rate.probe
        story.answered(epoch=before)
        story.throttled(epoch=before)
        assert story.status.state is HALF_OPEN
        assert story.queue_rate.probe == probe

    def test_an_unanswered_probe_does_not_double_the_pause(self, story: Story) -> None:
        story.half_open()
        story.unanswered()
        assert (story.status.state, story.status.reason) == (OPEN, PauseReason.RATE_LIMITED)
        assert story.pause_left == 30

    def test_a_probe_that_is_never_made_resumes_calls_at_the_lowest_rate(self, story: Story) -> None:
        story.half_open()
        story.later(PROBE_SECONDS - 1)
        assert story.status.state is HALF_OPEN
        story.later(1)
        assert (story.status.state, story.status.is_paused) == (CLOSED, False)
        story.later(HOUR)
        assert (story.status.calls_per_second, story.status.is_burst) == (FULL / 8, False)
        assert story.status.report_after_seconds == 0

    def test_on_probation_one_throttle_is_enough_and_lasts_twice_as_long(self, story: Story) -> None:
        story.half_open()
        story.later(PROBE_SECONDS)
        story.throttled()
        assert (story.status.state, story.pause_left) == (OPEN, 60)

    def test_on_probation_one_answer_is_enough(self, story: Story) -> None:
        story.half_open()
        story.later(PROBE_SECONDS + HOUR)
        story.answered()
        assert story.status.calls_per_second == FULL
        story.throttled(times=2)
        assert story.status.state is CLOSED

    def test_an_unanswered_probe_of_a_long_pause_is_repeated_soon(self, story: Story) -> None:
        story.half_open(ErrorType.BOT_CHECK)
        story.throttled(ErrorType.BOT_CHECK)
        story.wait_for_probe()
        story.unanswered()
        assert story.pause_left == 30
        story.wait_for_probe()
        story.throttled(ErrorType.BOT_CHECK)
        assert story.pause_left == 30 * MINUTES

    def test_a_video_that_alone_is_bot_checked_does_not_pause_the_others_again(self, story: Story) -> None:
        story.throttled(ErrorType.BOT_CHECK, youtube_id="poison")
        story.wait_for_probe()
        story.answered()
        story.throttled(ErrorType.BOT_CHECK, youtube_id="poison")
        assert story.status.state is CLOSED
        story.throttled(ErrorType.BOT_CHECK, youtube_id="another")
        assert story.status.state is OPEN

    def test_a_certificate_may_have_been_corrected_when_a_worker_begins(self, story: Story) -> None:
        story.throttled(ErrorType.CERTIFICATE_UNTRUSTED)
        assert story.status.state is OPEN
        story.configure(POLICY)
        assert story.status.state is HALF_OPEN
        story.answered()
        assert story.status.calls_per_second == FULL  # nobody asked us to slow down

    def test_only_a_certificate_is_tried_again_by_a_worker_that_begins(self, story: Story) -> None:
        story.throttled(ErrorType.BOT_CHECK)
        story.configure(POLICY)
        assert story.status.state is OPEN

    def test_a_late_retry_after_is_obeyed(self, story: Story) -> None:
        story.throttled(times=3)
        story.later(28)
        story.throttled(retry_after=25)
        assert story.pause_left == 25

    def test_late_throttles_of_the_same_wave_do_not_prolong_the_pause(self, story: Story) -> None:
        before = story.controller.epoch
        story.throttled(times=3)
        story.later(5)
        story.throttled(times=10, epoch=before)
        assert story.pause_left == 25

    @pytest.mark.parametrize(
        ("error_type", "retry_after", "pause_seconds"),
        [(ErrorType.BOT_CHECK, None, timing.NEW_GUEST_SECONDS), (ErrorType.RATE_LIMITED, 900, 900)],
    )
    def test_something_worse_among_them_does(
        self, story: Story, error_type: ErrorType, retry_after: float | None, pause_seconds: float
    ) -> None:
        before = story.controller.epoch
        story.throttled(times=3)
        story.later(5)
        story.throttled(error_type, retry_after=retry_after, epoch=before)
        assert story.pause_left == pause_seconds
        assert story.status.reason is PauseReason(error_type)

    def test_the_upstreams_own_pause_is_obeyed_at_the_first_throttle(self, story: Story) -> None:
        story.throttled(retry_after=7)
        assert (story.status.state, story.status.reason) == (OPEN, PauseReason.RATE_LIMITED)
        assert story.pause_left == 7

    def test_the_upstreams_own_pause_only_lengthens(self, story: Story) -> None:
        story.throttled(times=2)
        story.throttled(retry_after=7)
        assert story.pause_left == 30
        story.wait_for_probe()
        story.throttled(retry_after=7 * HOUR)
        assert story.pause_left == 7 * HOUR

    def test_the_policy_says_how_many_and_how_long(self) -> None:
        story = Story(POLICY.model_copy(update={"throttles_to_pause": 2, "pause_seconds": 10, "max_pause_seconds": 15}))
        story.throttled(times=2)
        assert story.pause_left == 10
        story.wait_for_probe()
        story.throttled()
        assert story.pause_left == 15


class TestOperator:
    def test_nothing_goes_until_the_operator_says_so(self, story: Story) -> None:
        story.later(5)
        for _ in range(2):  # once more changes nothing
            story.controller.pause(story.now)
            story.later(HOUR)
        assert (story.status.state, story.status.reason) == (UpstreamState.PAUSED, PauseReason.OPERATOR)
        assert (story.status.since, story.status.resume_at) == (BEGIN + timedelta(seconds=5), None)
        assert story.queue_rate.calls_per_second == 0
        story.controller.resume(story.now)
        assert story.status.state is CLOSED
        assert story.queue_rate.calls_per_second == FULL

    def test_a_pause_of_the_operator_outlasts_the_upstreams(self, story: Story) -> None:
        story.throttled(times=3)
        story.controller.pause(story.now)
        story.later(HOUR)
        assert story.status.state is UpstreamState.PAUSED
        assert story.queue_rate.probe is None
        assert story.controller.event_log[-1].endswith("paused by the operator")
        story.controller.resume(story.now)
        assert story.status.state is HALF_OPEN

    def test_a_probe_under_way_still_decides(self, story: Story) -> None:
        story.half_open()
        story.controller.pause(story.now)
        assert story.queue_rate.probe is None
        story.answered()
        assert story.status.state is UpstreamState.PAUSED
        story.controller.resume(story.now)
        assert story.status.state is CLOSED

    def test_the_operator_can_end_the_upstreams_pause(self, story: Story) -> None:
        story.throttled(ErrorType.BOT_CHECK)
        story.controller.resume(story.now)
        probe = story.queue_rate.probe
        assert probe is not None
        story.controller.resume(story.now)
        assert story.queue_rate.probe == probe  # one is out already
        story.answered()
        assert story.status.state is CLOSED

    def test_the_end_of_the_operators_pause_does_not_end_the_upstreams(self, story: Story) -> None:
        story.throttled(retry_after=15 * MINUTES)
        story.controller.pause(story.now)
        story.later(MINUTES)
        story.controller.resume(story.now)
        assert (story.status.state, story.pause_left) == (OPEN, 14 * MINUTES)

    def test_the_event_log_is_limited(self, story: Story) -> None:
        for _ in range(MAX_LOG_LINES):
            story.controller.pause(story.now)
            story.controller.resume(story.now)
        story.throttled(times=3)
        assert len(story.controller.event_log) == MAX_LOG_LINES
        assert (
            story.controller.event_log[-1]
            == "2026-01-01 12:00:00 UTC: no calls until 2026-01-01 12:00:30 UTC: rate_limited"
        )
