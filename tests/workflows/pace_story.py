"""Telling what happens to a `Pace`: a clock that the test moves, and what workers report."""

from datetime import UTC, datetime, timedelta

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import (
    ApplyRateInput,
    PacePolicy,
    ThrottledCall,
    Upstream,
    UpstreamReport,
    UpstreamState,
    UpstreamStatus,
)
from shared.settings import Settings
from workflows.pace import Pace

POLICY = Settings().youtube_pace
"""What an installation has that sets nothing."""
MINUTES = 60
HOUR = 60 * MINUTES
BEGIN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def throttled(
    error_type: ErrorType, epoch: int, retry_after: float | None = None, youtube_id: str = "abcdefghijk"
) -> UpstreamReport:
    """What a worker reports when one call was asked to slow down."""
    throttle = ThrottledCall(error_type=error_type, youtube_id=youtube_id, retry_after_seconds=retry_after)
    return UpstreamReport(epoch=epoch, calls=1, requests=2, throttle=throttle)


class Story:
    """A pace and the time; calls belong to the present epoch unless another is given."""

    def __init__(self, policy: PacePolicy = POLICY) -> None:
        self.now = BEGIN
        self.pace = Pace.begin(Upstream.YOUTUBE, policy, BEGIN)

    def later(self, seconds: float) -> None:
        """Let time pass, with every tick that is due on the way."""
        end = self.now + timedelta(seconds=seconds)
        while (tick := self.pace.next_tick()) and tick <= end:
            self.now = max(self.now, tick)
            self.pace.tick(self.now)
        self.now = end
        self.pace.tick(end)

    def answered(self, calls: int = 1, *, requests: int | None = None, epoch: int | None = None) -> None:
        """Calls that came back, with two requests each."""
        epoch = self.pace.epoch if epoch is None else epoch
        self._report(UpstreamReport(epoch=epoch, answered=True, calls=calls, requests=requests or 2 * calls))

    def unanswered(self) -> None:
        """A call that nobody answered."""
        self._report(UpstreamReport(epoch=self.pace.epoch, calls=1, requests=2))

    def throttled(
        self,
        error_type: ErrorType = ErrorType.RATE_LIMITED,
        *,
        times: int = 1,
        retry_after: float | None = None,
        epoch: int | None = None,
        youtube_id: str = "abcdefghijk",
    ) -> None:
        """Calls that were asked to slow down, one report each."""
        for _ in range(times):
            began = self.pace.epoch if epoch is None else epoch
            self._report(throttled(error_type, began, retry_after, youtube_id))

    def configure(self, policy: PacePolicy) -> None:
        """What a worker says when it begins."""
        self.pace.configure(policy, self.now)

    def half_open(self, error_type: ErrorType = ErrorType.RATE_LIMITED) -> None:
        """Let the breaker open, and the pause pass."""
        self.throttled(error_type, times=3)
        self.wait_for_probe()

    def wait_for_probe(self) -> None:
        """Let the pause pass."""
        self.later(self.pause_left)
        assert self.status.state is UpstreamState.HALF_OPEN

    @property
    def status(self) -> UpstreamStatus:
        """What everybody may know now."""
        return self.pace.status(self.now)

    @property
    def queue_rate(self) -> ApplyRateInput:
        """What the task queue lets through now."""
        return self.pace.queue_rate(self.now)

    @property
    def pause_left(self) -> float:
        """How many seconds the pause still lasts."""
        resume_at = self.status.resume_at
        assert resume_at is not None
        return (resume_at - self.now).total_seconds()

    def _report(self, report: UpstreamReport) -> None:
        self.pace.tick(self.now)
        self.pace.report(report, self.now)
        self.pace.tick(self.now)
