"""What holds for a governor whatever happens to it."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import (
    BudgetUnit,
    PauseReason,
    RateLimitPolicy,
    Upstream,
    UpstreamReport,
    UpstreamState,
)
from tests.workflows.rate_limit_story import BEGIN, POLICY, TRANSCRIPTION_POLICY, failed, throttled
from workflows.rate_limits.controller import MAX_LOG_LINES, SLOWEST, RateController

THROTTLES = [ErrorType(reason) for reason in list(PauseReason)[:6]]
YOUTUBE_IDS = st.sampled_from("abcdefgh")
STEPS = st.sampled_from(["metadata", "captions"])
SPENT = {PauseReason.HOURLY_REQUESTS, PauseReason.TRANSCRIPTION_ALLOWANCE}
EPOCHS_AGO = st.sampled_from([0, 0, 0, 1, 2, 5])
CALLS = st.integers(1, 60)
MINUTE = timedelta(minutes=1)


def policies(**limits: Any) -> st.SearchStrategy[RateLimitPolicy]:
    return st.builds(
        RateLimitPolicy,
        calls_per_second=st.floats(0.01, 100),
        burst_calls=st.integers(0, 50),
        burst_calls_per_second=st.floats(0.1, 200),
        throttles_to_pause=st.integers(1, 5),
        pause_seconds=st.floats(0.1, 100),
        bot_check_pause_seconds=st.floats(0.1, 2000),
        max_pause_seconds=st.floats(0.1, 50_000),
        rate_step_seconds=st.floats(0.1, 100),
        **limits,
    )


YOUTUBE_POLICIES = policies(hourly_requests=st.integers(1, 2000))
SPEECH_POLICIES = policies(
    hourly_requests=st.none(),
    daily_requests=st.integers(1, 4000),
    hourly_audio_seconds=st.integers(1, 10_000),
    daily_audio_seconds=st.integers(1, 40_000),
)


class Governed(RuleBasedStateMachine):
    """Workers, an operator and the time, in any order."""

    upstream = Upstream.YOUTUBE
    policy = POLICY

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.controller = RateController.begin(self.upstream, self.policy, BEGIN)
        self.spent: list[tuple[datetime, dict[BudgetUnit, int]]] = []
        self.last_epoch = 0

    @rule(seconds=st.one_of(st.floats(0, 60), st.floats(60, 20_000)))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.controller.tick(self.now)

    @rule()
    def something_becomes_due(self) -> None:
        moment = self.controller.next_tick()
        assume(moment)
        self.now = max(self.now, moment or self.now)
        self.controller.tick(self.now)

    @rule(calls=CALLS, requests_per_call=st.integers(0, 4), ago=EPOCHS_AGO, is_answered=st.booleans())
    def calls_end(self, calls: int, requests_per_call: int, ago: int, is_answered: bool) -> None:
        epoch = self.controller.epoch - ago
        requests = calls * requests_per_call
        self._report(UpstreamReport(epoch=epoch, answered=is_answered, calls=calls, requests=requests))

    @rule(
        error_type=st.sampled_from(THROTTLES),
        ago=EPOCHS_AGO,
        retry_after=st.one_of(st.none(), st.floats(0, 86_400)),
        times=st.integers(1, 4),
    )
    def calls_are_throttled(self, error_type: ErrorType, ago: int, retry_after: float | None, times: int) -> None:
        for _ in range(times):
            self._report(throttled(error_type, self.controller.epoch - ago, retry_after))

    @rule(youtube_ids=st.lists(YOUTUBE_IDS, min_size=1, max_size=6), step=STEPS, ago=EPOCHS_AGO, is_clear=st.booleans())
    def calls_cast_doubt(self, youtube_ids: list[str], step: str, ago: int, is_clear: bool) -> None:
        for youtube_id in youtube_ids:
            self._report(failed(self.controller.epoch - ago, youtube_id, step=step, is_conclusive=is_clear))

    @rule(step=STEPS, calls=CALLS, ago=EPOCHS_AGO)
    def calls_of_a_step_are_answered(self, step: str, calls: int, ago: int) -> None:
        report = UpstreamReport(epoch=self.controller.epoch - ago, answered=True, calls=calls, requests=calls)
        self._report(report.model_copy(update={"answered_steps": {step: calls}}))

    @precondition(lambda self: self.controller.state is UpstreamState.HALF_OPEN)
    @rule()
    def the_probe_is_answered(self) -> None:
        broken = self.controller.evidence.broken
        self.calls_of_a_step_are_answered(broken.step if broken else "metadata", 1, 0)
        assert self.controller.state is UpstreamState.CLOSED

    @rule()
    def the_operator_pauses(self) -> None:
        self.controller.pause(self.now)

    @rule()
    def the_operator_resumes(self) -> None:
        self.controller.resume(self.now)

    @rule(data=st.data())
    def settings_change(self, data: st.DataObject) -> None:
        is_youtube = self.upstream is Upstream.YOUTUBE
        self.controller.configure(data.draw(YOUTUBE_POLICIES if is_youtube else SPEECH_POLICIES), self.now)

    @invariant()
    def the_rate_stays_within_its_bounds(self) -> None:
        full = self.controller.policy.calls_per_second
        assert full * SLOWEST <= self.controller.rate <= full
        fastest = max(full, self.controller.policy.burst_calls_per_second)
        assert 0 <= self.controller.queue_rate(self.now).calls_per_second <= fastest

    @invariant()
    def a_pause_is_a_pause(self) -> None:
        wanted, status = self.controller.queue_rate(self.now), self.controller.status(self.now)
        assert wanted.calls_per_second == status.calls_per_second
        if status.state is not UpstreamState.CLOSED:
            assert status.is_paused
            assert status.reason is not None
            assert wanted.calls_per_second == 0
        assert (wanted.probe is not None) == (status.state is UpstreamState.HALF_OPEN)

    @invariant()
    def epochs_never_go_back(self) -> None:
        assert self.controller.epoch >= self.last_epoch
        self.last_epoch = self.controller.epoch

    @invariant()
    def what_is_spent_counts_for_its_time_and_a_minute_longer(self) -> None:
        self.controller.tick(self.now)
        status = self.controller.status(self.now)
        assert status.budgets
        for budget in status.budgets:
            time = timedelta(seconds=budget.per_seconds)
            assert max(budget.limit - self._spent_since(self.now - time - MINUTE, budget.unit), 0) <= budget.left
            assert budget.left <= max(budget.limit - self._spent_since(self.now - time, budget.unit), 0)
            if not budget.left:
                assert status.is_paused

    @invariant()
    def what_is_due_is_done_at_once(self) -> None:
        self.controller.tick(self.now)
        moment = self.controller.next_tick()
        assert moment is None or moment > self.now

    @invariant()
    def whoever_waits_is_told_until_when(self) -> None:
        status = self.controller.status(self.now)
        if status.state is UpstreamState.OPEN or status.reason in SPENT:
            assert status.resume_at is not None
            next_tick = self.controller.next_tick()
            assert next_tick is not None
            assert next_tick <= status.resume_at

    @invariant()
    def the_next_run_takes_over_all_of_it(self) -> None:
        assert RateController.model_validate_json(self.controller.model_dump_json()) == self.controller
        assert len(self.controller.event_log) <= MAX_LOG_LINES

    def _spent_since(self, moment: datetime, unit: BudgetUnit) -> int:
        return sum(amounts[unit] for at, amounts in self.spent if at > moment)

    def _report(self, report: UpstreamReport) -> None:
        amounts = {BudgetUnit.REQUESTS: report.requests, BudgetUnit.AUDIO_SECONDS: int(report.audio_seconds)}
        self.spent.append((self.now, amounts))
        self.controller.tick(self.now)
        self.controller.report(report, self.now)


class GovernedSpeech(Governed):
    """The same for speech-to-text, whose calls tell when they begin."""

    upstream = Upstream.TRANSCRIPTION
    policy = TRANSCRIPTION_POLICY

    @rule(audio_seconds=st.integers(0, 2000), ago=EPOCHS_AGO)
    def a_call_begins(self, audio_seconds: int, ago: int) -> None:
        self.controller.tick(self.now)
        before = (
            self.controller.state,
            self.controller.rate,
            self.controller.epoch,
            self.controller.throttles_in_a_row,
        )
        epoch = self.controller.epoch - ago
        self._report(UpstreamReport(epoch=epoch, calls=0, requests=1, audio_seconds=audio_seconds))
        assert (
            self.controller.state,
            self.controller.rate,
            self.controller.epoch,
            self.controller.throttles_in_a_row,
        ) == before


SETTINGS = settings(stateful_step_count=40)
TestGoverned = Governed.TestCase
TestGoverned.settings = SETTINGS
TestGovernedSpeech = GovernedSpeech.TestCase
TestGovernedSpeech.settings = SETTINGS
