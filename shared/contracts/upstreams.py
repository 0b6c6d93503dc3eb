"""The upstreams, and the messages of processes about them."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

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
    """Why no call goes; the first six have the values of the `ErrorType`s that cause them."""

    RATE_LIMITED = "rate_limited"
    BOT_CHECK = "bot_check"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    EXTRACTOR_OUTDATED = "extractor_outdated"
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


class RateLimitPolicy(BaseModel):
    """How a `RateGovernor` paces one upstream; every field is a setting (docs/configuration.md)."""

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


class ExtractorOrigin(StrEnum):
    """Where the version of the extractor (yt-dlp) comes from that is in use."""

    BUNDLED = "bundled"
    """Vidferry was built with it."""
    STABLE = "stable"
    """An update: a release."""
    NIGHTLY = "nightly"
    """An update: a build between two releases."""


class ExtractorState(StrEnum):
    """What recent answers say of the extractor, where they say anything."""

    SUSPECT = "suspect"
    """Several different videos have failed alike. Calls go on, without bursts."""
    BROKEN = "broken"
    """So many that YouTube must have changed: calls pause until one is answered."""


class ExtractorFinding(BaseModel):
    """That the extractor (yt-dlp) may be outdated, or is."""

    state: ExtractorState
    step: str
    """The kind of call that fails, such as metadata."""
    videos: int
    """How many different ones have failed alike."""
    detail: str
    """What the last one failed with."""
    since: datetime
    """When the first of them failed."""


class Suspicion(BaseModel):
    """What the failure of one call says of the extractor."""

    step: str
    fingerprint: str
    """The same for calls that fail alike."""
    detail: str
    """For the operator: without ids, numbers and addresses."""
    channel_id: str | None = None
    """None: unknown, as it is before the metadata."""
    is_conclusive: bool = False
    """Whether one such failure is enough."""


class ThrottledCall(BaseModel):
    """One call that was asked to slow down, that no call can get through, or that casts doubt on the extractor."""

    error_type: ErrorType
    youtube_id: str = ""
    """The video that was asked for, or the address of a list."""
    retry_after_seconds: float | None = None
    """As the upstream's `Retry-After` said."""
    suspicion: Suspicion | None = None
    """Where the error's `Throttle` is SUSPECTS."""


class UpstreamReport(BaseModel):
    """What a worker did since its last report. Sent now and then, and at once after a throttle."""

    epoch: int
    """The `UpstreamStatus.epoch` that the calls began in."""
    calls: int
    """Calls that have ended; 0: the report only adds the usage of a running call."""
    requests: int
    audio_seconds: float = 0
    answered: bool = False
    """One of the calls was answered, whatever the answer."""
    answered_steps: dict[str, int] = {}
    """How many calls of each step were answered."""
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
    """Answer of the `status` query, and the row that other processes read."""

    upstream: Upstream
    state: UpstreamState
    reason: PauseReason | None = None
    """Why calls are paused or being tried; None while they go."""
    since: datetime
    """When the state began."""
    resume_at: datetime | None = None
    """When calls resume or the next probe is sent; None: unknown, or they are not paused."""
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
    extractor: ExtractorFinding | None = None
    """None: nothing suspicious."""
    at: datetime
    """When this was so."""

    @property
    def is_paused(self) -> bool:
        """Whether imports wait for this upstream."""
        return self.state is not UpstreamState.CLOSED or self.calls_per_second == 0

    @property
    def is_retrying_bad_config(self) -> bool:
        """Whether the transcription server refused the settings, and a probe checks whether they are corrected."""
        return self.state is UpstreamState.HALF_OPEN and self.reason is PauseReason.TRANSCRIPTION_MISCONFIGURED

    @property
    def is_extractor_broken(self) -> bool:
        """Whether a call that fails as others did says nothing of its video."""
        return self.extractor is not None and self.extractor.state is ExtractorState.BROKEN


class ApplyRateInput(BaseModel):
    """The rate of an upstream's task queue."""

    upstream: Upstream
    calls_per_second: float
    """Over all workers together; 0: no call goes."""
    probe: int | None = None
    """Exactly one call goes, then none; every number is a call of its own."""


class GovernorEventKind(StrEnum):
    """What a `RateGovernor` was sent; the values are the names of its signals."""

    CONFIGURE = "configure"
    REPORT = "report"
    PAUSE = "pause"
    RESUME = "resume"
    REAPPLY = "reapply"


class GovernorEvent(BaseModel):
    """A signal to a `RateGovernor`, and when it arrived."""

    at: datetime
    kind: GovernorEventKind
    policy: RateLimitPolicy | None = None
    """Of CONFIGURE."""
    report: UpstreamReport | None = None
    """Of REPORT."""


class GovernorDecision(BaseModel):
    """What a `RateGovernor` decided, and what came of it."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    state: bytes
    """What the next decision is based on. Only the activity reads it: workflow code never depends on what is in it."""
    status: UpstreamStatus
    details: str
    """The status and the latest changes in Markdown, for the Web UI."""
    applied: ApplyRateInput | None
    """The rate that the task queue has; None: unknown."""
    next_at: datetime | None
    """When to decide again, whatever is heard until then; None: not before something is."""


class RateGovernorInput(BaseModel):
    """Which upstream to govern; and all that a `RateGovernor` hands from run to run."""

    upstream: Upstream
    policy: RateLimitPolicy
    """What a governor begins with; what CONFIGURE brought later is in the decision's state."""
    last: GovernorDecision | None = None
    """None: it continues from what is saved in PostgreSQL."""
    events: list[GovernorEvent] = []
    """What arrived after `last`, oldest first."""


class GovernInput(BaseModel):
    """Everything a decision depends on: asked again, the answer is the same."""

    governor: RateGovernorInput
    now: datetime
