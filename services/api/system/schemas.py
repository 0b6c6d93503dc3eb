"""Schemas of the system endpoints: health, features, upstreams, usage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.api.http.problem_codes import DegradedReasonCode
from services.api.http.schemas import NextCursor, Seconds, Usd, YoutubeIdOutput
from shared.contracts.upstreams import (
    BudgetStatus,
    BudgetUnit,
    ExtractorState,
    PauseReason,
    Upstream,
    UpstreamState,
    UpstreamStatus,
)
from shared.db.transcription import UsageTotals, VideoUsage
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.i18n.messages import pause_text
from shared.settings import Settings, TranscriptionOff


class SpeechToText(BaseModel):
    """Whether videos without captions are transcribed."""

    enabled: bool
    reason: TranscriptionOff | None = Field(
        description="Why transcription is off; null while it is on.", examples=[None]
    )
    message: str | None = Field(
        description="`reason` as a sentence in the language of the request.",
        examples=[None],
    )
    model: str = Field(examples=["whisper-large-v3"])
    max_minutes: int = Field(description="Longer videos are not transcribed.", examples=[240])

    @classmethod
    def of(cls, settings: Settings, language: Language) -> "SpeechToText":
        """The response for the settings."""
        reason = settings.transcription_off
        return cls(
            enabled=reason is None,
            reason=reason,
            message=text(f"transcription_off.{reason}", language) if reason else None,
            model=settings.transcription_model,
            max_minutes=settings.transcription_max_minutes,
        )


class UsageOutput(BaseModel):
    """How much audio was transcribed, and its cost."""

    model_config = ConfigDict(from_attributes=True)

    requests: int = Field(examples=[4])
    audio_seconds: Seconds = Field(examples=[2192.6])
    estimated_usd: Usd = Field(
        description="In US dollars, at the price when it was transcribed; at least ten seconds per request.",
        examples=[0.0676],
    )


class VideoUsageOutput(UsageOutput):
    """The usage of one video."""

    youtube_id: YoutubeIdOutput
    title: str | None = Field(description="Null if unknown.", examples=["How a Fresnel lens is ground"])
    last_at: datetime = Field(description="Time of the last request.")


class UsageLimit(BaseModel):
    """A limit from the settings, and what is left of it."""

    limit: int = Field(examples=[7200])
    left: Seconds = Field(description="Not below 0.", examples=[6436.0])

    @classmethod
    def of(cls, limit: int | None, used: float) -> "UsageLimit | None":
        """The response for a limit; None without one."""
        return None if limit is None else cls(limit=limit, left=max(limit - used, 0))


class UsageLimits(BaseModel):
    """The limits of transcription; null: no limit. A day is the last 24 hours."""

    hourly_audio_seconds: UsageLimit | None
    daily_audio_seconds: UsageLimit | None
    daily_requests: UsageLimit | None

    @classmethod
    def of(cls, settings: Settings, totals: UsageTotals) -> "UsageLimits":
        """The limits in the settings, less `totals`."""
        limits, hour, day = settings.transcription_rate_limits, totals.last_hour, totals.last_24_hours
        return cls(
            hourly_audio_seconds=UsageLimit.of(limits.hourly_audio_seconds, hour.audio_seconds),
            daily_audio_seconds=UsageLimit.of(limits.daily_audio_seconds, day.audio_seconds),
            daily_requests=UsageLimit.of(limits.daily_requests, day.requests),
        )


class UsagePage(BaseModel):
    """The installation's usage of transcription, and a page of the transcribed videos."""

    model: str = Field(description="The current model.", examples=["whisper-large-v3"])
    usd_per_hour: float = Field(description="Its price per hour of audio, in US dollars.", examples=[0.111])
    last_hour: UsageOutput
    last_24_hours: UsageOutput
    this_month: UsageOutput = Field(description="The current calendar month (UTC).")
    total: UsageOutput
    limits: UsageLimits
    items: Sequence[VideoUsageOutput] = Field(description="Videos, the last request first.")
    next_cursor: NextCursor

    @classmethod
    def of(
        cls, settings: Settings, totals: UsageTotals, videos: Sequence[VideoUsage], next_cursor: str | None
    ) -> "UsagePage":
        """The response for a page of usage."""
        return cls.model_validate(
            {
                "model": settings.transcription_model,
                "usd_per_hour": settings.transcription_usd_per_hour,
                "last_hour": totals.last_hour,
                "last_24_hours": totals.last_24_hours,
                "this_month": totals.this_month,
                "total": totals.total,
                "limits": UsageLimits.of(settings, totals),
                "items": videos,
                "next_cursor": next_cursor,
            }
        )


class Health(BaseModel):
    """The process responds."""

    status: Literal["ok"] = "ok"


class DegradedReason(BaseModel):
    """A problem that stops imports or transcription, while requests are served."""

    code: DegradedReasonCode = Field(description="The problem; stable.")
    message: str = Field(
        description="The problem as a sentence in the language of the request.",
        examples=[text("degraded.temporal_away")],
    )

    @classmethod
    def of(cls, code: DegradedReasonCode, language: Language) -> "DegradedReason":
        """The response for a problem."""
        return cls(code=code, message=text(f"degraded.{code}", language))


class Readiness(BaseModel):
    """Whether requests are served. `degraded`: they are, but imports wait or are incomplete."""

    status: Literal["ready", "degraded"] = Field(examples=["degraded"])
    database: Literal["ok"] = "ok"
    temporal: Literal["ok", "away"] = Field(examples=["away"])
    problems: Sequence[DegradedReason] = Field(description="Why the status is `degraded`; empty if `ready`.")


class Features(BaseModel):
    """Features of the user interface."""

    import_progress: bool


class ClientConfig(BaseModel):
    """The configuration of this installation for its clients."""

    websocket_url: str = Field(examples=["ws://127.0.0.1:8001/api/ws/progress"])
    temporal_ui_url: str = Field(examples=["http://127.0.0.1:8233"])
    temporal_namespace: str = Field(
        description="The namespace of the workflows in Temporal's Web UI.", examples=["default"]
    )
    features: Features
    speech_to_text: SpeechToText
    languages: Sequence[Language]
    version: str = Field(examples=["0.1.0"])


class BudgetOutput(BaseModel):
    """A budget of an upstream."""

    unit: BudgetUnit = Field(description="The unit that is counted.")
    per_seconds: int = Field(
        description="Length of the window in which `limit` applies: an hour or a day.", examples=[3600]
    )
    limit: int = Field(examples=[900])
    left: int = Field(description="What is left in the window that ends at the upstream's `at`.", examples=[412])

    @classmethod
    def of(cls, budget: BudgetStatus) -> "BudgetOutput":
        """The response for what the rate governor reports."""
        return cls(unit=budget.unit, per_seconds=budget.per_seconds, limit=budget.limit, left=int(budget.left))


class UpstreamOutput(BaseModel):
    """The status of an upstream, and its rate limit over all workers."""

    name: Upstream
    state: UpstreamState = Field(
        description="State of the circuit breaker. `closed`: calls are made, unless a limit is reached; `open`: no "
        "calls until `resume_at`; `half_open`: one call is made as a probe; `paused`: no calls until the operator "
        "resumes.",
        examples=["open"],
    )
    paused: bool = Field(
        description="Whether imports wait: in every state but `closed`, and in `closed` while a limit is reached. For "
        "`transcription`, only imports that need a transcription wait."
    )
    reason: PauseReason | None = Field(
        description="Why imports wait; null while calls are made. `hourly_requests` or `transcription_allowance` while "
        "`paused` is false: calls are slowed down, because a budget is nearly used up.",
        examples=["bot_check"],
    )
    message: str | None = Field(
        description="`reason` as a sentence in the language of the request.", examples=[text("pause.bot_check")]
    )
    since: datetime = Field(description="Start of the state.")
    resume_at: datetime | None = Field(
        description="When calls continue or the probe is made; null if unknown, and during the probe. With "
        "`hourly_requests` and `transcription_allowance`: when enough of the budget is free again.",
        examples=["2026-11-23T14:10:00Z"],
    )
    calls_per_second: float = Field(
        description="The current rate limit; 0: no calls, or one call in `half_open`.", examples=[0.0]
    )
    max_calls_per_second: float = Field(
        description="The highest sustained rate limit; a burst can exceed it.", examples=[0.5]
    )
    burst: bool = Field(description="Whether the first calls after a quiet time can be faster.", examples=[False])
    hourly_requests: int | None = Field(
        description="Budget of requests per hour; a call makes one or more. Null: no limit.", examples=[900]
    )
    requests_left: int | None = Field(
        description="What is left of `hourly_requests` in the hour before `at`.", examples=[412]
    )
    budgets: Sequence[BudgetOutput] = Field(description="All budgets, including `hourly_requests`.")
    extractor: ExtractorState | None = Field(
        description="Whether yt-dlp is outdated, because YouTube has changed. `suspect`: several videos have failed "
        "alike; `broken`: so many that calls are paused; null: nothing suspicious.",
        examples=[None],
    )
    at: datetime = Field(description="Time of this status.")

    @classmethod
    def of(cls, status: UpstreamStatus, language: Language) -> "UpstreamOutput":
        """The response for what the rate governor reports."""
        return cls(
            name=status.upstream,
            state=status.state,
            paused=status.is_paused,
            reason=status.reason,
            message=pause_text(status.upstream, status.reason, language) if status.reason else None,
            since=status.since,
            resume_at=status.resume_at,
            calls_per_second=status.calls_per_second,
            max_calls_per_second=status.max_calls_per_second,
            burst=status.is_burst,
            hourly_requests=status.hourly_requests,
            requests_left=status.requests_left,
            budgets=[BudgetOutput.of(budget) for budget in status.budgets],
            extractor=status.extractor.state if status.extractor else None,
            at=status.at,
        )


class UpstreamList(BaseModel):
    """Every upstream whose rate governor has reported, by name."""

    items: Sequence[UpstreamOutput]


class UpstreamChange(BaseModel):
    """A change that the operator requests of an upstream; it is made in the background."""

    name: Upstream
    requested: Literal["pause", "resume"]
