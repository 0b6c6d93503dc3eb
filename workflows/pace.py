"""What a `RateGovernor` decides: circuit breaker, adaptive rate, burst and budget, as a pure state machine.

Nothing here waits or calls anybody: every method is given the time, so that any story can be told in a test.
"""

from datetime import UTC, datetime, timedelta

from pydantic import AliasChoices, BaseModel, Field

from shared.contracts.errors import ERROR_RULES, ErrorType, Throttle
from shared.contracts.upstreams import (
    ApplyRateInput,
    PacePolicy,
    PauseReason,
    ThrottledCall,
    Upstream,
    UpstreamReport,
    UpstreamState,
    UpstreamStatus,
)
from workflows.budget import REASON_WHILE_SHORT, Budgets
from workflows.durations import (
    BURST_REPORT_SECONDS,
    PROBE_SECONDS,
    first_pause_seconds,
    is_configuration,
    longest_pause_seconds,
    report_seconds,
)

SLOWEST = 1 / 8
"""Of the full rate: three halvings. What slows us down further is the breaker."""
STEP = 1 / 10
"""Of the full rate, by which it rises again."""
MAX_STORY_LINES = 20
MAX_BOT_CHECKED = 100


class Pace(BaseModel):
    """Everything a governor remembers, from run to run."""

    upstream: Upstream
    policy: PacePolicy
    state: UpstreamState = UpstreamState.CLOSED
    reason: PauseReason | None = None
    since: datetime
    resume_at: datetime | None = None
    """OPEN: when it becomes half-open; HALF_OPEN: when the probe is given up."""
    held_since: datetime | None = None
    """Since when the operator lets nothing go, whatever the breaker's state."""
    pause_seconds: float = 0
    """How long the breaker was opened for; a probe that fails doubles it."""
    epoch: int = 1
    throttles_in_a_row: int = 0
    rate: float
    """Calls per second that the upstream has put up with."""
    rate_changed_at: datetime
    is_burst: bool = False
    burst_calls_left: float = 0
    last_report_at: datetime
    budgets: Budgets = Field(validation_alias=AliasChoices("budgets", "budget"))
    """Earlier versions had one budget."""
    probes: int = 0
    """Every call that was let through to see has its number."""
    is_on_probation: bool = False
    """Calls go although no probe was answered: the next throttle opens the breaker for longer than the last time."""
    bot_checked: list[str] = []
    """The videos that opened the breaker with a bot check, newest last: a second time, it is the video's own."""
    story: list[str] = []
    """The latest changes of state, for the Web UI."""

    @classmethod
    def begin(cls, upstream: Upstream, policy: PacePolicy, now: datetime) -> "Pace":
        """At full rate. Nothing is known of the time before, so there is no burst until it has been quiet."""
        return cls(
            upstream=upstream,
            policy=policy,
            since=now,
            rate=policy.calls_per_second,
            rate_changed_at=now,
            last_report_at=now,
            budgets=Budgets.of(policy),
        )

    def configure(self, policy: PacePolicy, now: datetime) -> None:
        """Obey other settings; a rate that was lowered stays as much below the full one.

        A worker that begins says them, and may well have been given another certificate or key: that is tried at once.
        """
        if self.state is UpstreamState.OPEN and self.reason and is_configuration(ErrorType(self.reason)):
            self._probe(now)
        if policy != self.policy:
            self._tell(now, f"other settings: {policy.calls_per_second:g} calls per second")
        # In this order a full rate stays exactly the full one.
        self.rate = self.rate / self.policy.calls_per_second * policy.calls_per_second
        self.is_burst = self.is_burst and policy == self.policy  # `tick` begins another one where there is to be one
        self.budgets.obey(policy)
        self.policy = policy

    def report(self, report: UpstreamReport, now: datetime) -> None:
        """Take in what a worker did."""
        self._spend(report, now)
        if not report.calls:
            self._note_begun(report, now)
            return
        is_answered = report.answered and report.epoch == self.epoch
        if is_answered:
            self.throttles_in_a_row = 0
            self.is_on_probation = False
        if self.state is UpstreamState.HALF_OPEN:
            self._judge_probe(report, now)
        elif report.throttle:
            self._slow_down(report.throttle, now)
        elif is_answered:
            self._speed_up(now)

    def pause(self, now: datetime) -> None:
        """Let no call go until `resume`."""
        if self.held_since is None:
            self.held_since = now
            self.is_burst = False
            self._tell(now, "paused by the operator")

    def resume(self, now: datetime) -> None:
        """End the operator's pause, or else the upstream's, with a probe."""
        was_held, self.held_since = self.held_since is not None, None
        if was_held:
            self.last_report_at = now  # a time in which no call was let through was not quiet
            self._tell(now, "resumed by the operator")
            self.tick(now)
        elif self.state is UpstreamState.OPEN:
            self._probe(now)

    def tick(self, now: datetime) -> None:
        """Do what time alone brings."""
        self.budgets.forget(now)
        if self.resume_at and self.resume_at <= now and not self.held_since:
            self._end_wait(now)
        if self._next_step_at is not None and self._next_step_at <= now:
            self._speed_up(now)
        if not self.is_burst and self._burst_at is not None and self._burst_at <= now:
            self.is_burst = True
            self.burst_calls_left = self.policy.burst_calls

    def next_tick(self) -> datetime | None:
        """When `tick` has something to do again; None: not before something is reported."""
        moments = [
            None if self.held_since else self.resume_at,
            None if self.is_burst else self._burst_at,
            self._next_step_at,
            self.budgets.next_change_at,
        ]
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def is_stopped(self) -> bool:
        """Whether no call at all is to go."""
        return self.state is UpstreamState.OPEN or self.held_since is not None

    def status(self, now: datetime) -> UpstreamStatus:
        """What everybody may know."""
        state, reason, since, resume_at = self.state, self.reason, self.since, None
        if self.held_since:
            state, reason, since = UpstreamState.PAUSED, PauseReason.OPERATOR, self.held_since
        elif self.state is UpstreamState.OPEN:
            resume_at = self.resume_at
        elif self.state is UpstreamState.CLOSED and self.budgets.is_short:
            reason, resume_at = REASON_WHILE_SHORT[self.upstream], self.budgets.next_call_at
        return UpstreamStatus(
            upstream=self.upstream,
            state=state,
            reason=reason,
            since=since,
            resume_at=resume_at,
            calls_per_second=self._calls_per_second(now),
            max_calls_per_second=self.policy.calls_per_second,
            is_burst=self.is_burst,
            hourly_requests=self.policy.hourly_requests,
            requests_left=self.budgets.hourly_requests_left,
            budgets=self.budgets.statuses(),
            epoch=self.epoch,
            report_after_seconds=self._report_after_seconds,
            at=now,
        )

    def queue_rate(self, now: datetime) -> ApplyRateInput:
        """What the task queue is to let through."""
        is_probing = self.state is UpstreamState.HALF_OPEN and not self.held_since
        return ApplyRateInput(
            upstream=self.upstream,
            calls_per_second=self._calls_per_second(now),
            probe=self.probes if is_probing else None,
        )

    def _spend(self, report: UpstreamReport, now: datetime) -> None:
        self.budgets.spend(report, now)
        if self.is_burst:
            refilled = self.burst_calls_left + self.rate * (now - self.last_report_at).total_seconds()
            self.burst_calls_left = min(refilled, self.policy.burst_calls) - report.calls
            # What workers have not reported yet is on its way at the burst's rate.
            is_left = self.burst_calls_left > self.policy.burst_calls_per_second * BURST_REPORT_SECONDS
            self.is_burst = is_left and not self.budgets.is_short
        self.last_report_at = now

    def _note_begun(self, report: UpstreamReport, now: datetime) -> None:
        """A probe that waited behind calls from before the pause has all its time from when it begins."""
        if self.state is UpstreamState.HALF_OPEN and report.epoch == self.epoch:
            self.resume_at = now + timedelta(seconds=PROBE_SECONDS[self.upstream])

    def _judge_probe(self, report: UpstreamReport, now: datetime) -> None:
        """Only a call that began after the breaker was half-opened counts."""
        if report.epoch != self.epoch:
            return
        if report.throttle:
            self._slow_down(report.throttle, now)
        elif report.answered:
            self._close(now)
        elif self.reason:  # nobody answered, or the call was ours to end: that is no reason to wait for long
            self._open(
                self.reason, self.pause_seconds, now, resume_in=min(self.pause_seconds, self.policy.pause_seconds)
            )

    def _slow_down(self, throttle: ThrottledCall, now: datetime) -> None:
        self.epoch += 1
        self.throttles_in_a_row += 1
        self.is_burst = False
        if not is_configuration(throttle.error_type):
            self.rate = max(self.rate / 2, self.policy.calls_per_second * SLOWEST)
            self.rate_changed_at = now
        pause_seconds = max(self._pause_seconds_for(throttle), throttle.retry_after_seconds or 0)
        if self.state is UpstreamState.OPEN and pause_seconds <= self.pause_seconds:  # of the same wave
            self._hold_until(now + timedelta(seconds=throttle.retry_after_seconds or 0))
        elif pause_seconds:
            self._open(PauseReason(throttle.error_type), pause_seconds, now)
        else:
            self._tell(now, f"{throttle.error_type}: slowed down to {self.rate:.3g} calls per second")

    def _hold_until(self, moment: datetime) -> None:
        if self.resume_at and self.resume_at < moment:
            self.resume_at = moment

    def _pause_seconds_for(self, throttle: ThrottledCall) -> float:
        """0: not yet."""
        is_bot_check = throttle.error_type is ErrorType.BOT_CHECK
        first = first_pause_seconds(self.policy, throttle.error_type)
        if self.state is UpstreamState.HALF_OPEN or self.is_on_probation:
            return max(first, min(2 * self.pause_seconds, longest_pause_seconds(self.policy, throttle.error_type)))
        counts = ERROR_RULES[throttle.error_type].throttle is Throttle.COUNTS
        if is_bot_check and self.state is UpstreamState.CLOSED:  # others of the same wave prove nothing
            counts = self._is_suspect(throttle.youtube_id)
        return 0 if counts and self.throttles_in_a_row < self.policy.throttles_to_pause else first

    def _is_suspect(self, youtube_id: str) -> bool:
        """Whether this video had us pause before, and calls went again after that: then others are not meant."""
        if youtube_id in self.bot_checked:
            return True
        self.bot_checked = [*self.bot_checked, youtube_id][-MAX_BOT_CHECKED:]
        return False

    def _speed_up(self, now: datetime) -> None:
        """A step for each `rate_step_seconds` without a throttle."""
        steps = (now - self.rate_changed_at) // timedelta(seconds=self.policy.rate_step_seconds)
        if steps > 0 and self.rate < self.policy.calls_per_second:
            self.rate = min(self.rate + steps * self.policy.calls_per_second * STEP, self.policy.calls_per_second)
            self.rate_changed_at = now
            if self.rate == self.policy.calls_per_second:
                self._tell(now, "the full rate again")

    def _open(
        self, reason: PauseReason, pause_seconds: float, now: datetime, *, resume_in: float | None = None
    ) -> None:
        """No calls for `resume_in` seconds, else for `pause_seconds`, which the next failing probe doubles."""
        self.pause_seconds = pause_seconds
        self.is_on_probation = False
        resume_at = now + timedelta(seconds=pause_seconds if resume_in is None else resume_in)
        self._enter(UpstreamState.OPEN, reason, resume_at, now)
        self._tell(now, f"no calls until {_clock(resume_at)}: {reason}")

    def _end_wait(self, now: datetime) -> None:
        """A pause is over; or the probe was not heard of, most likely because nobody has a call to make."""
        if self.state is UpstreamState.OPEN:
            self._probe(now)
        else:
            self.rate = self.policy.calls_per_second * SLOWEST
            self._close(now)
            self.is_on_probation = True

    def _probe(self, now: datetime) -> None:
        self._enter(UpstreamState.HALF_OPEN, self.reason, now + timedelta(seconds=PROBE_SECONDS[self.upstream]), now)
        self.probes += 1
        self._tell(now, "one call, to see")

    def _close(self, now: datetime) -> None:
        self.rate_changed_at = now
        self._enter(UpstreamState.CLOSED, None, None, now)
        self._tell(now, f"calls go again, at {self.rate:.3g} per second")

    def _enter(
        self, state: UpstreamState, reason: PauseReason | None, resume_at: datetime | None, now: datetime
    ) -> None:
        self.state, self.reason, self.resume_at, self.since = state, reason, resume_at, now
        self.epoch += 1
        self.is_burst = False

    def _tell(self, now: datetime, what: str) -> None:
        self.story = [*self.story, f"{_clock(now)}: {what}"][-MAX_STORY_LINES:]

    @property
    def _is_going(self) -> bool:
        return self.state is UpstreamState.CLOSED and not self.held_since

    @property
    def _quiet_at(self) -> datetime:
        """When it will have been quiet, if nothing is reported until then."""
        return self.last_report_at + timedelta(seconds=self.policy.quiet_seconds)

    @property
    def _next_step_at(self) -> datetime | None:
        """When the rate rises by itself: in quiet times, while it is reduced."""
        if not self._is_going or self.is_on_probation or self.rate >= self.policy.calls_per_second:
            return None
        return max(self._quiet_at, self.rate_changed_at + timedelta(seconds=self.policy.rate_step_seconds))

    @property
    def _burst_at(self) -> datetime | None:
        """When a burst is available again; None where there is none while the upstream is not at its best."""
        is_at_its_best = self._is_going and self.rate >= self.policy.calls_per_second and not self.budgets.is_short
        is_worth_it = self.policy.burst_calls and self.policy.burst_calls_per_second > self.policy.calls_per_second
        return self._quiet_at if is_at_its_best and is_worth_it else None

    @property
    def _report_after_seconds(self) -> float:
        if self.state is not UpstreamState.CLOSED or self.throttles_in_a_row or self.is_on_probation:
            return 0  # the next answer decides
        return BURST_REPORT_SECONDS if self.is_burst else report_seconds(self.policy, self.rate)

    def _calls_per_second(self, now: datetime) -> float:
        if self.state is not UpstreamState.CLOSED or self.held_since:
            return 0
        if self.budgets.is_short:
            return min(self.rate, self.budgets.affordable_calls_per_second(now))
        return max(self.rate, self.policy.burst_calls_per_second) if self.is_burst else self.rate


class RateGovernorInput(BaseModel):
    """Which upstream to govern, and what the run before hands over."""

    upstream: Upstream
    policy: PacePolicy
    pace: Pace | None = None
    applied: ApplyRateInput | None = None


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
