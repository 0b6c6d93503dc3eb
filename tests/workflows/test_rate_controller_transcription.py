"""The rate limit of transcription, whose budget is seconds of audio, as scenarios."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import BudgetUnit, PauseReason, Upstream, UpstreamState
from tests.workflows.rate_limit_story import BEGIN, HOUR, MINUTES, TRANSCRIPTION_POLICY, Story
from workflows.rate_limits import timing

CLOSED, OPEN, HALF_OPEN = UpstreamState.CLOSED, UpstreamState.OPEN, UpstreamState.HALF_OPEN
LIMITED, MISCONFIGURED = ErrorType.TRANSCRIPTION_LIMITED, ErrorType.TRANSCRIPTION_MISCONFIGURED
FULL = TRANSCRIPTION_POLICY.calls_per_second
PROBE_SECONDS = timing.PROBE_SECONDS[Upstream.TRANSCRIPTION]
DAY = 24 * HOUR


def speech(**policy: Any) -> Story:
    return Story(TRANSCRIPTION_POLICY.model_copy(update=policy), Upstream.TRANSCRIPTION)


@pytest.fixture
def story() -> Story:
    """A governor that has just begun."""
    return speech()


def send_all_that_may_go(story: Story, audio_seconds: float = 600) -> int:
    """Pieces of sound from an endless supply, as the queue lets them through; how many went."""
    pieces = 0
    while (rate := story.queue_rate.calls_per_second) > 0:
        story.sends(audio_seconds)
        story.later(1 / rate)
        pieces += 1
    return pieces


def left(story: Story) -> list[tuple[BudgetUnit, int, float]]:
    return [(budget.unit, budget.per_seconds, budget.left) for budget in story.status.budgets]


class TestBudgets:
    def test_the_status_holds_every_limit(self, story: Story) -> None:
        story.sends(599.2)
        assert left(story) == [
            (BudgetUnit.REQUESTS, DAY, 1999),
            (BudgetUnit.AUDIO_SECONDS, HOUR, 6600),
            (BudgetUnit.AUDIO_SECONDS, DAY, 28_200),
        ]
        assert [budget.limit for budget in story.status.budgets] == [2000, 7200, 28_800]
        assert (story.status.hourly_requests, story.status.requests_left) == (None, None)

    def test_twelve_pieces_go_and_the_next_waits_until_the_first_is_an_hour_old(self, story: Story) -> None:
        assert send_all_that_may_go(story) == 12
        assert (story.status.state, story.status.reason) == (CLOSED, PauseReason.TRANSCRIPTION_ALLOWANCE)
        assert story.status.is_paused
        assert story.status.resume_at == BEGIN + timedelta(minutes=61)  # until all of the first minute is
        story.later(story.pause_left - 1)
        assert story.queue_rate.calls_per_second == 0
        story.later(1)
        assert (story.queue_rate.calls_per_second, story.status.reason) == (FULL, None)

    def test_answers_spend_nothing(self, story: Story) -> None:
        send_all_that_may_go(story)
        before = left(story)
        story.transcribed()
        story.throttled(LIMITED)
        assert left(story)[1:] == before[1:]

    def test_each_goes_as_soon_as_there_is_enough_for_it(self, story: Story) -> None:
        for _ in range(12):
            story.sends(600)
            story.later(2 * MINUTES)
        assert story.status.resume_at == BEGIN + timedelta(minutes=61)
        story.later(story.pause_left)
        assert send_all_that_may_go(story) == 1
        assert story.status.resume_at == BEGIN + timedelta(minutes=63)

    @pytest.mark.parametrize(("audio_seconds", "pieces"), [(650, 11), (1000, 7), (3601, 1)])
    def test_calls_stop_when_an_average_chunk_does_not_fit(
        self, story: Story, audio_seconds: float, pieces: int
    ) -> None:
        assert send_all_that_may_go(story, audio_seconds) == pieces

    def test_a_limit_below_a_single_piece_lets_one_go_at_a_time(self) -> None:
        story = speech(hourly_audio_seconds=100)
        for _ in range(3):
            assert send_all_that_may_go(story) == 1
            story.later(story.pause_left)

    def test_a_day_has_its_limit_too(self, story: Story) -> None:
        for _ in range(3):
            assert send_all_that_may_go(story) == 12
            story.later(story.pause_left)
        assert send_all_that_may_go(story) == 12
        assert story.status.resume_at == BEGIN + timedelta(days=1, minutes=1)
        story.later(story.pause_left)
        assert send_all_that_may_go(story) == 12

    def test_the_last_requests_of_a_day_are_spread_over_it(self) -> None:
        story = speech(daily_requests=10)
        for _ in range(8):
            story.sends(60)
            story.transcribed()
        assert (story.status.reason, story.status.is_paused) == (PauseReason.TRANSCRIPTION_ALLOWANCE, False)
        assert story.queue_rate.calls_per_second == pytest.approx(2 / (DAY + 60))

    def test_an_exhausted_budget_counts_before_one_that_is_low(self) -> None:
        story = speech(daily_requests=14)
        assert send_all_that_may_go(story) == 12
        assert story.status.resume_at == BEGIN + timedelta(minutes=61)

    def test_without_limits_nothing_is_counted(self) -> None:
        story = speech(daily_requests=None, hourly_audio_seconds=None, daily_audio_seconds=None)
        for _ in range(1000):
            story.sends(600)
        assert (story.status.budgets, story.queue_rate.calls_per_second) == ([], FULL)

    def test_usage_counts_for_a_changed_limit(self, story: Story) -> None:
        story.sends(600)
        story.configure(TRANSCRIPTION_POLICY.model_copy(update={"hourly_audio_seconds": 1000, "daily_requests": None}))
        assert left(story) == [(BudgetUnit.AUDIO_SECONDS, HOUR, 400), (BudgetUnit.AUDIO_SECONDS, DAY, 28_200)]
        assert story.status.is_paused

    def test_a_day_later_all_of_it_is_there_again(self, story: Story) -> None:
        send_all_that_may_go(story)
        story.later(DAY + MINUTES)
        assert [budget.left for budget in story.status.budgets] == [2000, 7200, 28_800]
        assert story.controller.next_tick() is None


class TestBreaker:
    def test_the_servers_own_pause_is_obeyed(self, story: Story) -> None:
        story.throttled(LIMITED, retry_after=312)
        assert (story.status.state, story.status.reason) == (OPEN, PauseReason.TRANSCRIPTION_LIMITED)
        assert story.pause_left == 312
        story.wait_for_probe()
        story.transcribed()
        assert story.queue_rate.calls_per_second == FULL / 2

    def test_three_times_without_one_is_a_pause(self, story: Story) -> None:
        story.throttled(LIMITED, times=2)
        assert (story.status.state, story.queue_rate.calls_per_second) == (CLOSED, FULL / 4)
        story.throttled(LIMITED)
        assert (story.status.state, story.pause_left) == (OPEN, 30)

    @pytest.mark.parametrize(("retry_after", "pause"), [(None, 30), (312, 312)])
    def test_three_pieces_that_were_under_way_are_one_pause(
        self, story: Story, retry_after: float | None, pause: float
    ) -> None:
        began = story.controller.epoch
        for _ in range(3):
            story.sends(600)
        story.throttled(LIMITED, times=3, retry_after=retry_after, epoch=began)
        assert (story.status.state, story.pause_left) == (OPEN, pause)
        assert [line for line in story.controller.event_log if "no calls" in line] == story.controller.event_log[-1:]
        story.later(pause - 1)
        assert story.status.state is OPEN
        story.later(1)
        assert story.status.state is HALF_OPEN

    def test_a_wrong_key_pauses_at_once_and_is_tried_every_five_minutes_at_least(self, story: Story) -> None:
        pauses = []
        for _ in range(6):
            story.throttled(MISCONFIGURED)
            assert story.status.reason is PauseReason.TRANSCRIPTION_MISCONFIGURED
            pauses.append(story.pause_left)
            story.wait_for_probe()
        assert pauses == [30, 60, 120, 240, 300, 300]

    def test_it_may_have_been_corrected_when_a_worker_begins(self, story: Story) -> None:
        story.throttled(MISCONFIGURED)
        story.configure(TRANSCRIPTION_POLICY)
        assert story.status.state is HALF_OPEN
        story.transcribed()
        assert story.queue_rate.calls_per_second == FULL  # nobody asked us to slow down

    def test_a_wrong_key_has_no_influence_on_a_pause_that_the_server_asked_for(self, story: Story) -> None:
        story.throttled(LIMITED, retry_after=312)
        story.configure(TRANSCRIPTION_POLICY)
        assert (story.status.state, story.pause_left) == (OPEN, 312)

    def test_that_a_probe_has_begun_decides_nothing(self, story: Story) -> None:
        story.throttled(LIMITED, retry_after=312)
        story.wait_for_probe()
        rate = story.controller.rate
        story.sends(600)
        assert (story.status.state, story.controller.rate) == (HALF_OPEN, rate)
        story.transcribed()
        assert story.status.state is CLOSED

    def test_a_probe_that_had_to_wait_for_others_has_all_its_time(self, story: Story) -> None:
        before = story.controller.epoch
        story.throttled(LIMITED, retry_after=312)
        story.wait_for_probe()
        story.later(PROBE_SECONDS - 1)
        story.sends(600)
        story.later(PROBE_SECONDS - 1)
        story.sends(600, epoch=before)  # one from before is no probe
        assert story.status.state is HALF_OPEN
        story.later(1)
        assert (story.status.state, story.queue_rate.calls_per_second) == (CLOSED, FULL / 8)

    def test_its_time_is_that_of_a_call(self) -> None:
        timeout_seconds, last_heartbeat_seconds = 300, 15
        assert timeout_seconds + last_heartbeat_seconds <= PROBE_SECONDS


class TestRate:
    def test_there_is_no_burst(self, story: Story) -> None:
        story.later(HOUR)
        assert (story.status.is_burst, story.queue_rate.calls_per_second) == (False, FULL)
        assert story.controller.next_tick() is None

    def test_quiet_time_raises_it(self, story: Story) -> None:
        story.throttled(LIMITED)
        story.later(10 * MINUTES)
        assert story.queue_rate.calls_per_second == FULL

    def test_answers_raise_the_rate_and_starts_do_not(self, story: Story) -> None:
        story.throttled(LIMITED)
        story.later(30)
        story.sends(600)
        assert story.queue_rate.calls_per_second == FULL / 2
        story.transcribed()
        assert story.queue_rate.calls_per_second == pytest.approx(FULL * 0.6)

    def test_answers_are_reported_now_and_then(self, story: Story) -> None:
        assert story.status.report_after_seconds == 30
