"""What holds for a governor whatever happens to it."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import (
    BudgetUnit,
    PacePolicy,
    PauseReason,
    Upstream,
    UpstreamReport,
    UpstreamState,
)
from tests.workflows.pace_story import BEGIN, POLICY, SPEECH_POLICY, throttled
from workflows.pace import MAX_STORY_LINES, SLOWEST, Pace

THROTTLES = [ErrorType(reason) for reason in list(PauseReason)[:5]]
SPENT = {PauseReason.HOURLY_REQUESTS, PauseReason.TRANSCRIPTION_ALLOWANCE}
EPOCHS_AGO = st.sampled_from([0, 0, 0, 1, 2, 5])
CALLS = st.integers(1, 60)
MINUTE = timedelta(minutes=1)


def policies(**limits: Any) -> st.SearchStrategy[PacePolicy]:
    return st.builds(
        PacePolicy,
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
        self.pace = Pace.begin(self.upstream, self.policy, BEGIN)
        self.spent: list[tuple[datetime, dict[BudgetUnit, int]]] = []
        self.last_epoch = 0

    @rule(seconds=st.one_of(st.floats(0, 60), st.floats(60, 20_000)))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.pace.tick(self.now)

    @rule()
    def something_becomes_due(self) -> None:
        moment = self.pace.next_tick()
        assume(moment)
        self.now = max(self.now, moment or self.now)
        self.pace.tick(self.now)

    @rule(calls=CALLS, requests_per_call=st.integers(0, 4), ago=EPOCHS_AGO, is_answered=st.booleans())
    def calls_end(self, calls: int, requests_per_call: int, ago: int, is_answered: bool) -> None:
        epoch = self.pace.epoch - ago
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
            self._report(throttled(error_type, self.pace.epoch - ago, retry_after))

    @precondition(lambda self: self.pace.state is UpstreamState.HALF_OPEN)
    @rule()
    def the_probe_is_answered(self) -> None:
        self.calls_end(1, 2, 0, True)
        assert self.pace.state is UpstreamState.CLOSED

    @rule()
    def the_operator_pauses(self) -> None:
        self.pace.pause(self.now)

    @rule()
    def the_operator_resumes(self) -> None:
        self.pace.resume(self.now)

    @rule(data=st.data())
    def settings_change(self, data: st.DataObject) -> None:
        is_youtube = self.upstream is Upstream.YOUTUBE
        self.pace.configure(data.draw(YOUTUBE_POLICIES if is_youtube else SPEECH_POLICIES), self.now)

    @invariant()
    def the_rate_stays_within_its_bounds(self) -> None:
        full = self.pace.policy.calls_per_second
        assert full * SLOWEST <= self.pace.rate <= full
        fastest = max(full, self.pace.policy.burst_calls_per_second)
        assert 0 <= self.pace.queue_rate(self.now).calls_per_second <= fastest

    @invariant()
    def a_pause_is_a_pause(self) -> None:
        wanted, status = self.pace.queue_rate(self.now), self.pace.status(self.now)
        assert wanted.calls_per_second == status.calls_per_second
        if status.state is not UpstreamState.CLOSED:
            assert status.is_paused
            assert status.reason is not None
            assert wanted.calls_per_second == 0
        assert (wanted.probe is not None) == (status.state is UpstreamState.HALF_OPEN)

    @invariant()
    def epochs_never_go_back(self) -> None:
        assert self.pace.epoch >= self.last_epoch
        self.last_epoch = self.pace.epoch

    @invariant()
    def what_is_spent_counts_for_its_time_and_a_minute_longer(self) -> None:
        self.pace.tick(self.now)
        status = self.pace.status(self.now)
        assert status.budgets
        for budget in status.budgets:
            time = timedelta(seconds=budget.per_seconds)
            assert max(budget.limit - self._spent_since(self.now - time - MINUTE, budget.unit), 0) <= budget.left
            assert budget.left <= max(budget.limit - self._spent_since(self.now - time, budget.unit), 0)
            if not budget.left:
                assert status.is_paused

    @invariant()
    def what_is_due_is_done_at_once(self) -> None:
        self.pace.tick(self.now)
        moment = self.pace.next_tick()
        assert moment is None or moment > self.now

    @invariant()
    def whoever_waits_is_told_until_when(self) -> None:
        status = self.pace.status(self.now)
        if status.state is UpstreamState.OPEN or status.reason in SPENT:
            assert status.resume_at is not None
            next_tick = self.pace.next_tick()
            assert next_tick is not None
            assert next_tick <= status.resume_at

    @invariant()
    def the_next_run_takes_over_all_of_it(self) -> None:
        assert Pace.model_validate_json(self.pace.model_dump_json()) == self.pace
        assert len(self.pace.story) <= MAX_STORY_LINES

    def _spent_since(self, moment: datetime, unit: BudgetUnit) -> int:
        return sum(amounts[unit] for at, amounts in self.spent if at > moment)

    def _report(self, report: UpstreamReport) -> None:
        amounts = {BudgetUnit.REQUESTS: report.requests, BudgetUnit.AUDIO_SECONDS: int(report.audio_seconds)}
        self.spent.append((self.now, amounts))
        self.pace.tick(self.now)
        self.pace.report(report, self.now)


class GovernedSpeech(Governed):
    """The same for speech-to-text, whose calls tell when they begin."""

    upstream = Upstream.TRANSCRIPTION
    policy = SPEECH_POLICY

    @rule(audio_seconds=st.integers(0, 2000), ago=EPOCHS_AGO)
    def a_call_begins(self, audio_seconds: int, ago: int) -> None:
        self.pace.tick(self.now)
        before = (self.pace.state, self.pace.rate, self.pace.epoch, self.pace.throttles_in_a_row)
        epoch = self.pace.epoch - ago
        self._report(UpstreamReport(epoch=epoch, calls=0, requests=1, audio_seconds=audio_seconds))
        assert (self.pace.state, self.pace.rate, self.pace.epoch, self.pace.throttles_in_a_row) == before


SETTINGS = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestGoverned = Governed.TestCase
TestGoverned.settings = SETTINGS
TestGovernedSpeech = GovernedSpeech.TestCase
TestGovernedSpeech.settings = SETTINGS
