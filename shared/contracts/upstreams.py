"""The servers outside that set our pace, and what is told of them between processes."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

from shared.contracts.errors import ErrorType


class Upstream(StrEnum):
    """A server that is not ours and must not be hammered."""

    YOUTUBE = "youtube"
    TRANSCRIPTION = "transcription"
    """The speech-to-text server."""


class UpstreamState(StrEnum):
    """Where an upstream's circuit breaker is."""

    CLOSED = "closed"
    """Calls go, at the present rate."""
    OPEN = "open"
    """No call goes until `resume_at`."""
    HALF_OPEN = "half_open"
    """One call goes, and decides what follows."""
    PAUSED = "paused"
    """No call goes until the operator resumes."""


class PauseReason(StrEnum):
    """Why no call goes; the first five have the values of the `ErrorType`s that cause them."""

    RATE_LIMITED = "rate_limited"
    BOT_CHECK = "bot_check"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    TRANSCRIPTION_LIMITED = "transcription_limited"
    TRANSCRIPTION_MISCONFIGURED = "transcription_misconfigured"
    HOURLY_REQUESTS = "hourly_requests"
    TRANSCRIPTION_ALLOWANCE = "transcription_allowance"
    """As much speech as an hour or a day may have has been sent."""
    OPERATOR = "operator"


class BudgetUnit(StrEnum):
    """What is counted against a limit."""

    REQUESTS = "requests"
    AUDIO_SECONDS = "audio_seconds"


class PacePolicy(BaseModel):
    """How a `RateGovernor` paces one upstream; every field is a setting (README.md)."""

    calls_per_second: float
    hourly_requests: int | None
    """None: any number; so are the other limits."""
    daily_requests: int | None = None
    hourly_audio_seconds: int | None = None
    daily_audio_seconds: int | None = None
    burst_calls: int
    burst_calls_per_second: float
    throttles_to_pause: int
    """Throttles in a row that open the breaker."""
    pause_seconds: float
    bot_check_pause_seconds: float
    max_pause_seconds: float
    rate_step_seconds: float
    """After a throttle, the rate rises by a tenth of `calls_per_second` this often."""

    @property
    def quiet_seconds(self) -> float:
        """Without a call for so long it is quiet: as long as a burst's calls take otherwise, which refills it.

        At least five seconds: workers report within one.
        """
        return max(self.burst_calls / self.calls_per_second, 5) if self.burst_calls else 60


class ThrottledCall(BaseModel):
    """One call that was asked to slow down, or that no call can get through."""

    error_type: ErrorType
    youtube_id: str = ""
    """The video that was asked for, or the address of a list."""
    retry_after_seconds: float | None = None
    """As the upstream's `Retry-After` said."""


class UpstreamReport(BaseModel):
    """What a worker did since its last report. Sent now and then, and at once after a throttle."""

    epoch: int
    """The `UpstreamStatus.epoch` that the calls began in."""
    calls: int
    """That have ended; 0: this only tells what one that is under way spends."""
    requests: int
    audio_seconds: float = 0
    answered: bool = False
    """One of the calls was answered, whatever the answer."""
    throttle: ThrottledCall | None = None
    """Of the last call."""


class BudgetStatus(BaseModel):
    """What is left of one limit."""

    unit: BudgetUnit
    per_seconds: int
    """The limit is one of the so many seconds that end now."""
    limit: int
    left: float


class UpstreamStatus(BaseModel):
    """Answer of the `status` query, and the row that everybody else reads."""

    upstream: Upstream
    state: UpstreamState
    reason: PauseReason | None = None
    """Why calls are paused or being tried; None while they go."""
    since: datetime
    """When the state began."""
    resume_at: datetime | None = None
    """When calls go again or the next one is tried; None: nobody knows, or they go."""
    calls_per_second: float
    """What is allowed right now over all workers together; 0: none."""
    max_calls_per_second: float
    is_burst: bool = False
    """The first calls after a quiet time, which may go faster."""
    hourly_requests: int | None
    """None: any number."""
    requests_left: int | None
    """Of `hourly_requests`, in the hour that ends now."""
    budgets: list[BudgetStatus] = []
    """Every limit, the hourly requests too."""
    epoch: int = 0
    """Grows whenever what earlier calls experienced no longer counts."""
    report_after_seconds: float = 1
    """How soon a worker is to report a call; 0: at once."""
    at: datetime
    """When this was so."""

    @property
    def is_paused(self) -> bool:
        """Whether imports wait for this upstream."""
        return self.state is not UpstreamState.CLOSED or self.calls_per_second == 0

    @property
    def may_be_mended(self) -> bool:
        """Whether speech-to-text's settings were refused and others may do: the next piece of sound shows it."""
        return self.state is UpstreamState.HALF_OPEN and self.reason is PauseReason.TRANSCRIPTION_MISCONFIGURED


class ApplyRateInput(BaseModel):
    """The rate of an upstream's task queue."""

    upstream: Upstream
    calls_per_second: float
    """Over all workers together; 0: no call goes."""
    probe: int | None = None
    """Exactly one call goes, then none; every number is a call of its own."""
