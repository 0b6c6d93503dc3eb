"""What holds for a governor whatever happens to it."""

from datetime import datetime, timedelta

from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import PacePolicy, PauseReason, Upstream, UpstreamReport, UpstreamState
from tests.workflows.pace_story import BEGIN, POLICY, throttled
from workflows.pace import MAX_STORY_LINES, SLOWEST, Pace

THROTTLES = [ErrorType(reason) for reason in list(PauseReason)[:3]]
EPOCHS_AGO = st.sampled_from([0, 0, 0, 1, 2, 5])
CALLS = st.integers(1, 60)
HOUR = timedelta(hours=1)
POLICIES = st.builds(
    PacePolicy,
    calls_per_second=st.floats(0.01, 100),
    hourly_requests=st.integers(1, 2000),
    burst_calls=st.integers(0, 50),
    burst_calls_per_second=st.floats(0.1, 200),
    throttles_to_pause=st.integers(1, 5),
    pause_seconds=st.floats(0.1, 100),
    bot_check_pause_seconds=st.floats(0.1, 2000),
    max_pause_seconds=st.floats(0.1, 50_000),
    rate_step_seconds=st.floats(0.1, 100),
)


class Governed(RuleBasedStateMachine):
    """Workers, an operator and the time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.pace = Pace.begin(Upstream.YOUTUBE, POLICY, BEGIN)
        self.spent: list[tuple[datetime, int]] = []
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

    @rule(policy=POLICIES)
    def settings_change(self, policy: PacePolicy) -> None:
        self.pace.configure(policy, self.now)

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
    def every_request_counts_for_an_hour_and_little_longer(self) -> None:
        self.pace.tick(self.now)
        status = self.pace.status(self.now)
        within_an_hour = sum(requests for at, requests in self.spent if at > self.now - HOUR)
        within_a_little_more = sum(requests for at, requests in self.spent if at > self.now - HOUR * 61 / 60)
        assert max(status.hourly_requests - within_a_little_more, 0) <= status.requests_left
        assert status.requests_left <= max(status.hourly_requests - within_an_hour, 0)
        if not status.requests_left:
            assert status.is_paused

    @invariant()
    def what_is_due_is_done_at_once(self) -> None:
        self.pace.tick(self.now)
        moment = self.pace.next_tick()
        assert moment is None or moment > self.now

    @invariant()
    def whoever_waits_is_told_until_when(self) -> None:
        status = self.pace.status(self.now)
        if status.state is UpstreamState.OPEN or status.reason is PauseReason.HOURLY_REQUESTS:
            assert status.resume_at is not None
            next_tick = self.pace.next_tick()
            assert next_tick is not None
            assert next_tick <= status.resume_at

    @invariant()
    def the_next_run_takes_over_all_of_it(self) -> None:
        assert Pace.model_validate_json(self.pace.model_dump_json()) == self.pace
        assert len(self.pace.story) <= MAX_STORY_LINES

    def _report(self, report: UpstreamReport) -> None:
        self.spent.append((self.now, report.requests))
        self.pace.tick(self.now)
        self.pace.report(report, self.now)


TestGoverned = Governed.TestCase
TestGoverned.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
