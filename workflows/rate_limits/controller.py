"""What a `RateGovernor` decides: circuit breaker, adaptive rate, burst and budget, as a pure state machine.

Nothing here waits or does I/O: every method takes the time as an argument, so that a test can play any scenario.
"""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.errors import ERROR_RULES, ErrorType, Throttle
from shared.contracts.upstreams import (
    ApplyRateInput,
    PauseReason,
    RateLimitPolicy,
    Suspicion,
    ThrottledCall,
    Upstream,
    UpstreamReport,
    UpstreamState,
    UpstreamStatus,
)
from workflows.rate_limits.budget import REASON_WHILE_LOW, Budgets
from workflows.rate_limits.evidence import Evidence
from workflows.rate_limits.timing import (
    BURST_REPORT_SECONDS,
    NEW_GUEST_SECONDS,
    PROBE_SECONDS,
    first_pause_seconds,
    is_misconfiguration,
    longest_pause_seconds,
    may_end_with_restart,
    report_seconds,
)

SLOWEST = 1 / 8
"""Of the full rate: three halvings. Below that, only the breaker limits calls."""
RATE_STEP = 1 / 10
"""Of the full rate: how much it rises per step."""
MAX_LOG_LINES = 20
MAX_BOT_CHECKED = 100


class RateController(BaseModel):
    """The state of a governor, handed from run to run. A state with unknown fields is one of another version."""

    model_config = ConfigDict(extra="forbid")

    upstream: Upstream
    policy: RateLimitPolicy
    state: UpstreamState = UpstreamState.CLOSED
    reason: PauseReason | None = None
    since: datetime
    resume_at: datetime | None = None
    """OPEN: when it becomes half-open; HALF_OPEN: when the probe is given up."""
    operator_paused_since: datetime | None = None
    """Since when the operator pauses all calls, independently of the breaker."""
    pause_seconds: float = 0
    """How long the breaker was opened for; a probe that fails doubles it."""
    epoch: int = 1
    throttles_in_a_row: int = 0
    rate: float
    """Calls per second, as the upstream's throttles have left it."""
    rate_changed_at: datetime
    is_burst: bool = False
    burst_calls_left: float = 0
    last_report_at: datetime
    budgets: Budgets
    probes: int = 0
    """How many probes there were; the number identifies one."""
    is_recovering: bool = False
    """Calls were resumed without an answered probe: the next throttle opens the breaker for longer than the last."""
    bot_check_video_ids: list[str] = []
    """The videos that opened the breaker with a bot check, newest last: a second time, it is the video's own."""
    new_guest_at: datetime | None = None
    """When a bot check last led to the short pause before a call as a new guest."""
    resumed_epoch: int = 0
    """Since which epoch calls go again: those of earlier ones began before the last pause ended."""
    evidence: Evidence = Field(default_factory=Evidence)
    """Whether the extractor is outdated."""
    event_log: list[str] = []
    """The latest changes of state, for the Web UI."""

    @classmethod
    def begin(cls, upstream: Upstream, policy: RateLimitPolicy, now: datetime) -> "RateController":
        """Start at full rate. Earlier calls are unknown, so there is no burst before a quiet time."""
        return cls(
            upstream=upstream,
            policy=policy,
            since=now,
            rate=policy.calls_per_second,
            rate_changed_at=now,
            last_report_at=now,
            budgets=Budgets.of(policy),
        )

    def configure(self, policy: RateLimitPolicy, now: datetime) -> None:
        """Apply other settings; a reduced rate stays the same share of the full one.

        They come from a worker that starts, which may have another certificate, key or extractor: that is probed at
        once.
        """
        if self.state is UpstreamState.OPEN and self.reason and may_end_with_restart(self.reason):
            self._probe(now)
        if policy != self.policy:
            self._log_event(now, f"settings changed: {policy.calls_per_second:g} calls per second")
        # In this order a full rate stays exactly the full one.
        self.rate = self.rate / self.policy.calls_per_second * policy.calls_per_second
        self.is_burst = self.is_burst and policy == self.policy  # `tick` starts another one if it is due
        self.budgets.apply_limits(policy)
        self.policy = policy

    def report(self, report: UpstreamReport, now: datetime) -> None:
        """Apply a worker's report."""
        self._spend(report, now)
        if not report.calls:
            self._on_call_started(report, now)
            return
        is_current = report.epoch == self.epoch
        is_answered = is_current and (report.answered or _is_suspicious(report.throttle))
        if is_answered:
            self.throttles_in_a_row = 0
            self.is_recovering = False
        if self.state is UpstreamState.CLOSED or (self.state is UpstreamState.HALF_OPEN and is_current):
            for step, calls in report.answered_steps.items():
                self.evidence.add_answers(step, calls)
        if self.state is UpstreamState.HALF_OPEN:
            self._on_probe_result(report, now)
        elif report.throttle:
            self._on_throttle(report.throttle, now, is_late=report.epoch < self.resumed_epoch)
        elif is_answered:
            self._raise_rate(now)

    def pause(self, now: datetime) -> None:
        """Pause all calls until `resume`."""
        if self.operator_paused_since is None:
            self.operator_paused_since = now
            self.is_burst = False
            self._log_event(now, "paused by the operator")

    def resume(self, now: datetime) -> None:
        """End the operator's pause, or else the upstream's, with a probe."""
        was_paused, self.operator_paused_since = self.operator_paused_since is not None, None
        if was_paused:
            self.last_report_at = now  # a pause is no quiet time
            self._log_event(now, "resumed by the operator")
            self.tick(now)
        elif self.state is UpstreamState.OPEN:
            self._probe(now)

    def tick(self, now: datetime) -> None:
        """Apply what depends on the time alone."""
        self.budgets.expire(now)
        self.evidence.expire(now)
        if self.resume_at and self.resume_at <= now and not self.operator_paused_since:
            self._end_wait(now)
        if self._next_step_at is not None and self._next_step_at <= now:
            self._raise_rate(now)
        if not self.is_burst and self._burst_at is not None and self._burst_at <= now:
            self.is_burst = True
            self.burst_calls_left = self.policy.burst_calls

    def next_tick(self) -> datetime | None:
        """When `tick` has something to do again; None: not before the next event."""
        moments = [
            None if self.operator_paused_since else self.resume_at,
            None if self.is_burst else self._burst_at,
            self._next_step_at,
            self.budgets.next_change_at,
            self.evidence.next_change_at,
        ]
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def is_stopped(self) -> bool:
        """Whether all calls are paused."""
        return self.state is UpstreamState.OPEN or self.operator_paused_since is not None

    def status(self, now: datetime) -> UpstreamStatus:
        """Return the status that is published."""
        state, reason, since, resume_at = self.state, self.reason, self.since, None
        if self.operator_paused_since:
            state, reason, since = UpstreamState.PAUSED, PauseReason.OPERATOR, self.operator_paused_since
        elif self.state is UpstreamState.OPEN:
            resume_at = self.resume_at
        elif self.state is UpstreamState.CLOSED and self.budgets.is_low:
            reason, resume_at = REASON_WHILE_LOW[self.upstream], self.budgets.next_call_at
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
            extractor=self.evidence.finding,
            at=now,
        )

    def queue_rate(self, now: datetime) -> ApplyRateInput:
        """Return the rate of the task queue."""
        is_probing = self.state is UpstreamState.HALF_OPEN and not self.operator_paused_since
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
            # Calls that workers have yet to report are made at the burst's rate.
            has_calls_left = self.burst_calls_left > self.policy.burst_calls_per_second * BURST_REPORT_SECONDS
            self.is_burst = has_calls_left and not self.budgets.is_low
        self.last_report_at = now

    def _on_call_started(self, report: UpstreamReport, now: datetime) -> None:
        """Restart the probe's timeout when it starts: it may have waited behind calls from before the pause."""
        if self.state is UpstreamState.HALF_OPEN and report.epoch == self.epoch:
            self.resume_at = now + timedelta(seconds=PROBE_SECONDS[self.upstream])

    def _on_probe_result(self, report: UpstreamReport, now: datetime) -> None:
        """Close or open the breaker; only a call that started after it was half-opened counts."""
        if report.epoch != self.epoch:
            return
        is_outdated = self.reason is PauseReason.EXTRACTOR_OUTDATED or self.evidence.broken is not None
        if report.throttle and (is_outdated or not _is_suspicious(report.throttle)):
            self._on_throttle(report.throttle, now)
        elif report.throttle:  # YouTube does answer
            self._close(now)
            self._on_throttle(report.throttle, now)
        elif report.answered and self.evidence.broken:
            self.reason = PauseReason.EXTRACTOR_OUTDATED
            self._probe(now)  # the answer was to another step, or to none that is watched
        elif report.answered:
            self._close(now)
        elif self.reason:  # no answer, or the call was cancelled: no reason for a long pause
            self._open(
                self.reason, self.pause_seconds, now, resume_in=min(self.pause_seconds, self.policy.pause_seconds)
            )

    def _on_throttle(self, throttle: ThrottledCall, now: datetime, *, is_late: bool = False) -> None:
        """`is_late`: the call began before the last pause ended."""
        if _is_suspicious(throttle):
            self._on_suspicion(throttle, now)
            return
        self.evidence.forget_failures()
        self.epoch += 1
        self.throttles_in_a_row += 1
        self.is_burst = False
        if not is_misconfiguration(throttle.error_type):
            self.rate = max(self.rate / 2, self.policy.calls_per_second * SLOWEST)
            self.rate_changed_at = now
        pause_seconds = max(self._pause_seconds_for(throttle, now, is_late=is_late), throttle.retry_after_seconds or 0)
        if self.state is UpstreamState.OPEN and pause_seconds <= self.pause_seconds:  # a call that ran at the same time
            self._extend_pause(now + timedelta(seconds=throttle.retry_after_seconds or 0))
        elif pause_seconds:
            if throttle.error_type is ErrorType.BOT_CHECK and pause_seconds < self.policy.bot_check_pause_seconds:
                self.new_guest_at = now
            self._open(PauseReason(throttle.error_type), pause_seconds, now)
        else:
            self._log_event(now, f"{throttle.error_type}: slowed down to {self.rate:.3g} calls per second")

    def _on_suspicion(self, throttle: ThrottledCall, now: datetime) -> None:
        """Pause where the extractor is broken. A call that ran when that was found says nothing new."""
        if self.state is UpstreamState.OPEN:
            return
        first = first_pause_seconds(self.policy, ErrorType.EXTRACTOR_OUTDATED)
        longest = longest_pause_seconds(self.policy, ErrorType.EXTRACTOR_OUTDATED)
        known, was_broken = self.evidence.finding, self.evidence.broken is not None
        suspicion = throttle.suspicion or Suspicion(step="", fingerprint=throttle.error_type, detail="")
        is_probe = self.state is UpstreamState.HALF_OPEN
        is_broken = self.evidence.add_failure(suspicion, throttle.youtube_id, now, is_probe=is_probe)
        found = self.evidence.finding
        if found and not was_broken and (is_broken or known is None):
            what = f"{found.step} failed alike for {found.videos} videos ({found.detail})"
            self._log_event(now, f"extractor {found.state}: {what}")
        if is_broken:
            pause_seconds = max(first, min(2 * self.pause_seconds, longest)) if was_broken else first
            self._open(PauseReason.EXTRACTOR_OUTDATED, pause_seconds, now)
        elif self.evidence.forbids_burst:
            self.is_burst = False

    def _extend_pause(self, moment: datetime) -> None:
        if self.resume_at and self.resume_at < moment:
            self.resume_at = moment

    def _pause_seconds_for(self, throttle: ThrottledCall, now: datetime, *, is_late: bool) -> float:
        """Return how long the breaker is to be open; 0: it stays closed, or open for as long as before."""
        is_bot_check = throttle.error_type is ErrorType.BOT_CHECK
        first = first_pause_seconds(self.policy, throttle.error_type)
        if self.state is UpstreamState.HALF_OPEN or self.is_recovering:
            return max(first, min(2 * self.pause_seconds, longest_pause_seconds(self.policy, throttle.error_type)))
        counts = ERROR_RULES[throttle.error_type].throttle is Throttle.COUNTS
        if is_bot_check and self.state is UpstreamState.CLOSED:
            counts = is_late or self._is_suspect(throttle.youtube_id)
        if counts and self.throttles_in_a_row < self.policy.throttles_to_pause:
            return 0
        if is_bot_check and self.reason is PauseReason.BOT_CHECK:
            return 0  # calls that ran at the same time prove nothing
        return self._new_guest_seconds(now) if is_bot_check else first

    def _new_guest_seconds(self, now: datetime) -> float:
        """Return the pause after a bot check: a short one, unless there was one for a new guest lately."""
        full = self.policy.bot_check_pause_seconds
        is_recent = self.new_guest_at is not None and now - self.new_guest_at < timedelta(seconds=full)
        return full if is_recent else min(NEW_GUEST_SECONDS, full)

    def _is_suspect(self, youtube_id: str) -> bool:
        """Whether the same video opened the breaker before: then the bot check is about the video, not about us."""
        if youtube_id in self.bot_check_video_ids:
            return True
        self.bot_check_video_ids = [*self.bot_check_video_ids, youtube_id][-MAX_BOT_CHECKED:]
        return False

    def _raise_rate(self, now: datetime) -> None:
        """Raise the rate by a step for each `rate_step_seconds` without a throttle."""
        steps = (now - self.rate_changed_at) // timedelta(seconds=self.policy.rate_step_seconds)
        if steps > 0 and self.rate < self.policy.calls_per_second:
            self.rate = min(self.rate + steps * self.policy.calls_per_second * RATE_STEP, self.policy.calls_per_second)
            self.rate_changed_at = now
            if self.rate == self.policy.calls_per_second:
                self._log_event(now, "full rate")

    def _open(
        self, reason: PauseReason, pause_seconds: float, now: datetime, *, resume_in: float | None = None
    ) -> None:
        """Pause for `resume_in` seconds, else for `pause_seconds`, which the next failing probe doubles."""
        self.pause_seconds = pause_seconds
        self.is_recovering = False
        resume_at = now + timedelta(seconds=pause_seconds if resume_in is None else resume_in)
        self._enter(UpstreamState.OPEN, reason, resume_at, now)
        self._log_event(now, f"no calls until {format_utc(resume_at)}: {reason}")

    def _end_wait(self, now: datetime) -> None:
        """Probe after a pause; close after a probe without a result, most likely because no call is queued."""
        if self.state is UpstreamState.OPEN:
            self._probe(now)
        else:
            self.rate = self.policy.calls_per_second * SLOWEST
            self._close(now, is_answered=False)
            self.is_recovering = True

    def _probe(self, now: datetime) -> None:
        self._enter(UpstreamState.HALF_OPEN, self.reason, now + timedelta(seconds=PROBE_SECONDS[self.upstream]), now)
        self.probes += 1
        self._log_event(now, "one probe")

    def _close(self, now: datetime, *, is_answered: bool = True) -> None:
        if is_answered:
            self.evidence.forget()
        self.rate_changed_at = now
        self._enter(UpstreamState.CLOSED, None, None, now)
        self.resumed_epoch = self.epoch
        self._log_event(now, f"calls resumed, at {self.rate:.3g} per second")

    def _enter(
        self, state: UpstreamState, reason: PauseReason | None, resume_at: datetime | None, now: datetime
    ) -> None:
        self.state, self.reason, self.resume_at, self.since = state, reason, resume_at, now
        self.epoch += 1
        self.is_burst = False

    def _log_event(self, now: datetime, event: str) -> None:
        self.event_log = [*self.event_log, f"{format_utc(now)}: {event}"][-MAX_LOG_LINES:]

    @property
    def _is_running(self) -> bool:
        return self.state is UpstreamState.CLOSED and not self.operator_paused_since

    @property
    def _quiet_at(self) -> datetime:
        """When a quiet time is reached, if nothing is reported until then."""
        return self.last_report_at + timedelta(seconds=self.policy.quiet_seconds)

    @property
    def _next_step_at(self) -> datetime | None:
        """When a reduced rate rises without a report: in quiet times."""
        if not self._is_running or self.is_recovering or self.rate >= self.policy.calls_per_second:
            return None
        return max(self._quiet_at, self.rate_changed_at + timedelta(seconds=self.policy.rate_step_seconds))

    @property
    def _burst_at(self) -> datetime | None:
        """When a burst is available again; None while calls are paused, slowed down or fail."""
        is_at_full_rate = self._is_running and self.rate >= self.policy.calls_per_second and not self.budgets.is_low
        is_allowed = is_at_full_rate and not self.evidence.forbids_burst
        has_burst = self.policy.burst_calls and self.policy.burst_calls_per_second > self.policy.calls_per_second
        return self._quiet_at if is_allowed and has_burst else None

    @property
    def _report_after_seconds(self) -> float:
        is_undecided = self.throttles_in_a_row or self.is_recovering or self.evidence.is_open
        if self.state is not UpstreamState.CLOSED or is_undecided:
            return 0  # the next answer decides
        return BURST_REPORT_SECONDS if self.is_burst else report_seconds(self.policy, self.rate)

    def _calls_per_second(self, now: datetime) -> float:
        if self.state is not UpstreamState.CLOSED or self.operator_paused_since:
            return 0
        if self.budgets.is_low:
            return min(self.rate, self.budgets.affordable_calls_per_second(now))
        return max(self.rate, self.policy.burst_calls_per_second) if self.is_burst else self.rate


def _is_suspicious(throttle: ThrottledCall | None) -> bool:
    return throttle is not None and ERROR_RULES[throttle.error_type].throttle is Throttle.SUSPECTS


def format_utc(moment: datetime) -> str:
    """Format a moment for the operator."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
