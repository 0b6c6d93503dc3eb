"""How fast calls are made: rate, hourly budget and burst, as scenarios."""

from datetime import timedelta

import pytest

from shared.contracts.upstreams import PauseReason, UpstreamState
from tests.workflows.rate_limit_story import BEGIN, HOUR, MINUTES, POLICY, Story

FULL = POLICY.calls_per_second


@pytest.fixture
def story() -> Story:
    """A governor that has just begun."""
    return Story()


class TestRate:
    def test_every_throttle_halves_it_down_to_the_slowest(self, story: Story) -> None:
        rates = []
        for _ in range(5):
            story.throttled()
            story.answered()
            rates.append(story.status.calls_per_second / FULL)
        assert rates == [1 / 2, 1 / 4, 1 / 8, 1 / 8, 1 / 8]

    def test_success_raises_it_step_by_step_to_the_full_rate(self, story: Story) -> None:
        story.throttled()
        rates = []
        for _ in range(12):  # reports come more often than steps are taken
            story.later(15)
            story.answered()
            rates.append(story.status.calls_per_second / FULL)
        assert rates == pytest.approx([0.5, 0.6, 0.6, 0.7, 0.7, 0.8, 0.8, 0.9, 0.9, 1, 1, 1])

    def test_quiet_time_raises_it_as_well(self, story: Story) -> None:
        story.throttled()
        story.later(39)
        assert story.status.calls_per_second == FULL / 2
        story.later(1)
        assert story.status.calls_per_second == pytest.approx(FULL * 0.6)
        story.later(10 * MINUTES)
        assert story.status.is_burst

    def test_old_answers_do_not(self, story: Story) -> None:
        before = story.controller.epoch
        story.throttled()
        story.later(35)
        story.answered(epoch=before)
        assert story.status.calls_per_second == FULL / 2

    def test_other_settings_are_obeyed_in_proportion(self, story: Story) -> None:
        story.throttled()
        story.configure(POLICY.model_copy(update={"calls_per_second": 2}))
        assert (story.status.calls_per_second, story.status.max_calls_per_second) == (1, 2)

    def test_other_settings_leave_a_full_rate_full(self, story: Story) -> None:
        for calls_per_second in (0.3, 0.7, 1.1, FULL):
            story.configure(POLICY.model_copy(update={"calls_per_second": calls_per_second}))
            assert story.status.calls_per_second == calls_per_second

    def test_reports_are_rare_while_all_is_well_and_immediate_otherwise(self, story: Story) -> None:
        assert story.status.report_after_seconds == 30
        story.throttled()
        assert story.status.report_after_seconds == 0
        story.answered()
        assert story.status.report_after_seconds == 10
        story.throttled(times=3)
        assert story.status.report_after_seconds == 0
        story.wait_for_probe()
        assert story.status.report_after_seconds == 0
        story.answered()
        for _ in range(9):
            story.later(30)
            story.answered()
        assert story.status.report_after_seconds == 30


class TestBudget:
    @pytest.fixture
    def story(self) -> Story:
        """A governor that has been busy for half an hour: four requests a call, and one fifth left."""
        story = Story()
        for _ in range(30):
            story.answered(6, requests=24)
            story.later(1 * MINUTES)
        assert story.status.requests_left == 900 / 5
        return story

    def test_the_last_fifth_is_spread_until_others_are_an_hour_old(self, story: Story) -> None:
        seconds = 31 * MINUTES  # until all of the first minute is
        assert story.status.state is UpstreamState.CLOSED
        assert story.queue_rate.calls_per_second == pytest.approx(180 / 4 / seconds)
        story.answered(30, requests=120)
        assert story.queue_rate.calls_per_second == pytest.approx(60 / 4 / seconds)

    def test_requests_left_at_expiry_are_made_at_the_full_rate_only(self, story: Story) -> None:
        story.later(31 * MINUTES - 10)
        assert story.queue_rate.calls_per_second == FULL

    def test_there_is_no_burst_from_it(self, story: Story) -> None:
        story.later(5 * MINUTES)
        assert story.queue_rate.calls_per_second < FULL

    def test_without_requests_nothing_goes_until_one_is_free_again(self, story: Story) -> None:
        story.answered(50, requests=200)
        assert (story.status.state, story.status.reason) == (UpstreamState.CLOSED, PauseReason.HOURLY_REQUESTS)
        assert story.status.is_paused
        assert story.status.requests_left == 0
        assert story.queue_rate.calls_per_second == 0
        assert story.status.resume_at == BEGIN + timedelta(minutes=61)  # 20 too many, 24 of the first minute
        story.later(story.pause_left - 1)
        assert story.queue_rate.calls_per_second == 0
        story.later(1)
        assert story.status.requests_left == 4
        assert not story.status.is_paused

    def test_a_smaller_budget_is_waited_for_as_long_as_it_takes(self, story: Story) -> None:
        story.configure(POLICY.model_copy(update={"hourly_requests": 48}))
        assert story.status.resume_at == BEGIN + timedelta(minutes=28 + 61)  # only the last minute's are left then
        story.later(story.pause_left)
        assert story.status.requests_left == 24

    def test_no_request_is_forgotten_before_it_is_an_hour_old(self) -> None:
        story = Story()
        story.later(59)
        story.answered(4, requests=8)
        story.later(HOUR - 1)
        assert story.status.requests_left == 900 - 8

    def test_usage_expires_after_an_hour_without_reports(self, story: Story) -> None:
        while (tick := story.controller.next_tick()) is not None:
            story.controller.tick(tick)
        assert story.controller.status(story.now + timedelta(hours=2)).requests_left == 900


class TestBurst:
    @pytest.fixture
    def story(self) -> Story:
        """A governor that has been quiet."""
        story = Story()
        story.later(40)
        return story

    def test_nothing_is_known_of_the_time_before_so_there_is_none_at_first(self) -> None:
        story = Story()
        story.later(39)
        assert not story.status.is_burst

    def test_it_begins_after_quiet_time(self, story: Story) -> None:
        assert story.status.is_burst
        assert story.status.report_after_seconds == 1
        assert story.queue_rate.calls_per_second == 3

    def test_it_ends_after_its_calls(self, story: Story) -> None:
        calls = 0
        while story.status.is_burst:
            story.later(1)
            story.answered(3)
            calls += 3
        on_their_way = 3
        assert 20 <= calls + on_their_way <= 24  # those, and what the sustained rate allows meanwhile
        assert story.queue_rate.calls_per_second == FULL

    def test_it_refills_with_quiet_time(self, story: Story) -> None:
        for _ in range(3):
            story.answered(20)
            assert not story.status.is_burst
            story.later(39)
            assert not story.status.is_burst
            story.later(1)
            assert story.status.is_burst

    def test_a_little_of_it_refills_with_a_little_quiet_time(self, story: Story) -> None:
        for _ in range(20):  # one pasted video every 20 s
            story.answered(5)
            assert story.status.is_burst
            story.later(20)

    @pytest.mark.parametrize("burst_calls", [20, 10])
    def test_a_busy_installation_is_never_offered_one(self, burst_calls: int) -> None:
        story = Story(POLICY.model_copy(update={"burst_calls": burst_calls}))
        for _ in range(200):  # at 97 % of the rate, reported when a worker is to report
            seconds = story.status.report_after_seconds
            story.later(seconds)
            assert not story.status.is_burst
            story.answered(round(seconds * FULL * 0.97), requests=1)

    def test_there_is_none_while_the_rate_is_reduced(self, story: Story) -> None:
        story.throttled()
        assert not story.status.is_burst
        story.later(40)
        assert not story.status.is_burst

    def test_there_is_none_from_a_budget_that_is_nearly_spent(self, story: Story) -> None:
        story.answered(300, requests=880)
        story.later(5 * MINUTES)
        assert (story.status.is_burst, story.status.reason) == (False, PauseReason.HOURLY_REQUESTS)

    def test_there_is_none_while_calls_are_paused(self, story: Story) -> None:
        story.controller.pause(story.now)
        story.later(10 * MINUTES)
        assert not story.status.is_burst

    @pytest.mark.parametrize("without", [{"burst_calls": 0}, {"burst_calls_per_second": FULL}])
    def test_the_policy_may_do_without(self, story: Story, without: dict[str, float]) -> None:
        story.configure(POLICY.model_copy(update=without))
        story.later(10 * MINUTES)
        assert not story.status.is_burst
        assert story.status.report_after_seconds == 30
        assert story.queue_rate.calls_per_second == FULL
