"""Telling what happens to a `Pace`: a clock that the test moves, and what workers report."""

from datetime import UTC, datetime, timedelta
from typing import Any

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
SPEECH_POLICY = Settings().transcription_pace
"""Groq's free tier."""
MINUTES = 60
HOUR = 60 * MINUTES
BEGIN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
OF_EARLIER_VERSION: dict[str, Any] = {
    "upstream": "youtube",
    "policy": {
        "calls_per_second": 0.5,
        "hourly_requests": 900,
        "burst_calls": 20,
        "burst_calls_per_second": 3.0,
        "throttles_to_pause": 3,
        "pause_seconds": 30.0,
        "bot_check_pause_seconds": 900.0,
        "max_pause_seconds": 21600.0,
        "rate_step_seconds": 30.0,
    },
    "state": "closed",
    "reason": None,
    "since": "2026-01-01T12:00:00Z",
    "resume_at": None,
    "held_since": None,
    "pause_seconds": 30.0,
    "epoch": 7,
    "throttles_in_a_row": 1,
    "rate": 0.25,
    "rate_changed_at": "2026-01-01T12:02:00Z",
    "is_burst": False,
    "burst_calls_left": 0.0,
    "last_report_at": "2026-01-01T12:02:00Z",
    "budget": {
        "hourly_requests": 900,
        "spent": [
            {"start": "2026-01-01T12:00:00Z", "calls": 100, "requests": 200},
            {"start": "2026-01-01T12:02:00Z", "calls": 200, "requests": 550},
        ],
    },
    "probes": 3,
    "is_on_probation": False,
    "bot_checked": ["abcdefghijk"],
    "story": ["2026-01-01 12:00:00 UTC: calls go again, at 0.25 per second"],
}
"""What a governor handed over to its next run when there was YouTube only, and one budget."""


def throttled(
    error_type: ErrorType, epoch: int, retry_after: float | None = None, youtube_id: str = "abcdefghijk"
) -> UpstreamReport:
    """What a worker reports when one call was asked to slow down."""
    throttle = ThrottledCall(error_type=error_type, youtube_id=youtube_id, retry_after_seconds=retry_after)
    return UpstreamReport(epoch=epoch, calls=1, requests=2, throttle=throttle)


class Story:
    """A pace and the time; calls belong to the present epoch unless another is given."""

    def __init__(self, policy: PacePolicy = POLICY, upstream: Upstream = Upstream.YOUTUBE) -> None:
        self.now = BEGIN
        self.pace = Pace.begin(upstream, policy, BEGIN)

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

    def sends(self, audio_seconds: float, *, epoch: int | None = None) -> None:
        """A call for a piece of sound begins."""
        epoch = self.pace.epoch if epoch is None else epoch
        self._report(UpstreamReport(epoch=epoch, calls=0, requests=1, audio_seconds=audio_seconds))

    def recognised(self, *, epoch: int | None = None) -> None:
        """A call for a piece of sound came back."""
        epoch = self.pace.epoch if epoch is None else epoch
        self._report(UpstreamReport(epoch=epoch, answered=True, calls=1, requests=0))

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
