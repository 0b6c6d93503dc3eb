"""Scenarios of a `RateController`: a clock that the test moves, and what workers report."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import (
    ApplyRateInput,
    RateLimitPolicy,
    Suspicion,
    ThrottledCall,
    Upstream,
    UpstreamReport,
    UpstreamState,
    UpstreamStatus,
)
from shared.settings import Settings
from workflows.rate_limits.controller import RateController

POLICY = Settings().youtube_rate_limits
"""The default settings."""
TRANSCRIPTION_POLICY = Settings().transcription_rate_limits
"""Groq's free tier."""
MINUTES = 60
HOUR = 60 * MINUTES
BEGIN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def throttled(
    error_type: ErrorType, epoch: int, retry_after: float | None = None, youtube_id: str = "abcdefghijk"
) -> UpstreamReport:
    """What a worker reports of a throttled call."""
    throttle = ThrottledCall(error_type=error_type, youtube_id=youtube_id, retry_after_seconds=retry_after)
    return UpstreamReport(epoch=epoch, calls=1, requests=2, throttle=throttle)


def failed(
    epoch: int,
    youtube_id: str,
    *,
    step: str = "metadata",
    fingerprint: str = "alike",
    channel_id: str | None = None,
    is_conclusive: bool = False,
) -> UpstreamReport:
    """What a worker reports of a call that casts doubt on the extractor."""
    suspicion = Suspicion(
        step=step, fingerprint=fingerprint, detail=fingerprint, channel_id=channel_id, is_conclusive=is_conclusive
    )
    throttle = ThrottledCall(error_type=ErrorType.EXTRACTOR_OUTDATED, youtube_id=youtube_id, suspicion=suspicion)
    return UpstreamReport(epoch=epoch, calls=1, requests=4, throttle=throttle)


class Story:
    """A controller and the time; calls belong to the present epoch unless another is given."""

    def __init__(self, policy: RateLimitPolicy = POLICY, upstream: Upstream = Upstream.YOUTUBE) -> None:
        self.now = BEGIN
        self.controller = RateController.begin(upstream, policy, BEGIN)

    def later(self, seconds: float) -> None:
        """Let time pass, with every tick that is due on the way."""
        end = self.now + timedelta(seconds=seconds)
        while (tick := self.controller.next_tick()) and tick <= end:
            self.now = max(self.now, tick)
            self.controller.tick(self.now)
        self.now = end
        self.controller.tick(end)

    def answered(
        self, calls: int = 1, *, requests: int | None = None, epoch: int | None = None, step: str | None = "metadata"
    ) -> None:
        """Report answered calls, with two requests each; `step`: None for audio and transcription."""
        epoch = self.controller.epoch if epoch is None else epoch
        report = UpstreamReport(epoch=epoch, answered=True, calls=calls, requests=requests or 2 * calls)
        self._report(report.model_copy(update={"answered_steps": {step: calls} if step else {}}))

    def failed(self, *youtube_ids: str, **details: Any) -> None:
        """Report calls that cast doubt on the extractor."""
        for youtube_id in youtube_ids:
            self._report(failed(self.controller.epoch, youtube_id, **details))

    def sends(self, audio_seconds: float, *, epoch: int | None = None) -> None:
        """Report that a call has sent audio."""
        epoch = self.controller.epoch if epoch is None else epoch
        self._report(UpstreamReport(epoch=epoch, calls=0, requests=1, audio_seconds=audio_seconds))

    def transcribed(self, *, epoch: int | None = None) -> None:
        """Report that a call has transcribed its audio."""
        epoch = self.controller.epoch if epoch is None else epoch
        self._report(UpstreamReport(epoch=epoch, answered=True, calls=1, requests=0))

    def unanswered(self) -> None:
        """Report a call without an answer."""
        self._report(UpstreamReport(epoch=self.controller.epoch, calls=1, requests=2))

    def throttled(
        self,
        error_type: ErrorType = ErrorType.RATE_LIMITED,
        *,
        times: int = 1,
        retry_after: float | None = None,
        epoch: int | None = None,
        youtube_id: str = "abcdefghijk",
    ) -> None:
        """Report throttled calls, one by one."""
        for _ in range(times):
            began = self.controller.epoch if epoch is None else epoch
            self._report(throttled(error_type, began, retry_after, youtube_id))

    def configure(self, policy: RateLimitPolicy) -> None:
        """Apply settings, as a worker does that starts."""
        self.controller.configure(policy, self.now)

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
        """The status that is published."""
        return self.controller.status(self.now)

    @property
    def queue_rate(self) -> ApplyRateInput:
        """The rate of the task queue."""
        return self.controller.queue_rate(self.now)

    @property
    def pause_left(self) -> float:
        """How many seconds the pause still lasts."""
        resume_at = self.status.resume_at
        assert resume_at is not None
        return (resume_at - self.now).total_seconds()

    def _report(self, report: UpstreamReport) -> None:
        self.controller.tick(self.now)
        self.controller.report(report, self.now)
        self.controller.tick(self.now)
