"""What the API says of speech-to-text: whether there is any, and what it was used for."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from services.api import examples
from services.api.schemas import Seconds, Usd, with_examples
from shared.contracts.texts import Language
from shared.db.usage import UsageTotals, VideoUsage
from shared.settings import Settings, TranscriptionOff

SPEECH_OFF_TEXTS: dict[TranscriptionOff, dict[Language, str]] = {
    TranscriptionOff.SWITCHED_OFF: {
        Language.EN: "Captions are not made from speech: the operator has switched that off.",
        Language.DE: "Untertitel werden nicht aus Sprache erzeugt: Der Betreiber hat das abgeschaltet.",
    },
    TranscriptionOff.NO_KEY: {
        Language.EN: "Captions are not made from speech yet: "
        "the operator has to set a key for speech recognition (GROQ_API_KEY).",
        Language.DE: "Untertitel werden noch nicht aus Sprache erzeugt: "
        "Der Betreiber muss einen Schlüssel für die Spracherkennung setzen (GROQ_API_KEY).",
    },
}
"""The operator reads them too, so the setting is named."""


class SpeechToText(BaseModel):
    """Whether captions are made from speech where YouTube has none."""

    enabled: bool
    reason: TranscriptionOff | None = Field(description="Why they are not; null while they are.")
    message: str | None = Field(description="The reason in a plain sentence, in the language of the request.")
    model: str
    max_minutes: int = Field(description="Longer videos get no captions from speech.")

    @classmethod
    def of(cls, settings: Settings, language: Language) -> "SpeechToText":
        """What the settings say."""
        reason = settings.transcription_off
        return cls(
            enabled=reason is None,
            reason=reason,
            message=SPEECH_OFF_TEXTS[reason][language] if reason else None,
            model=settings.transcription_model,
            max_minutes=settings.transcription_max_minutes,
        )


class UsageOutput(BaseModel):
    """What was recognised, and what that cost."""

    model_config = with_examples(examples.USAGE)

    requests: int
    audio_seconds: Seconds
    estimated_usd: Usd = Field(
        description="At the price of the time, in US dollars; each request counts as ten seconds at least."
    )


class VideoUsageOutput(UsageOutput):
    """One video's part of it."""

    model_config = with_examples(examples.VIDEO_USAGE)

    youtube_id: str
    title: str | None = Field(description="Null where it is not known.")
    last_at: datetime = Field(description="When speech was last recognised.")


class UsageLimit(BaseModel):
    """A limit from the settings, and what is left of it."""

    limit: int
    left: Seconds = Field(description="0 where more was used than is allowed.")

    @classmethod
    def of(cls, limit: int | None, used: float) -> "UsageLimit | None":
        """What is left of a limit; None where there is none."""
        return None if limit is None else cls(limit=limit, left=max(limit - used, 0))


class UsageLimits(BaseModel):
    """The limits that apply, each null where there is none. A day is the last 24 hours."""

    hourly_audio_seconds: UsageLimit | None
    daily_audio_seconds: UsageLimit | None
    daily_requests: UsageLimit | None

    @classmethod
    def of(cls, settings: Settings, totals: UsageTotals) -> "UsageLimits":
        """What `totals` leave of the limits in the settings."""
        pace, hour, day = settings.transcription_pace, totals.last_hour, totals.last_24_hours
        return cls(
            hourly_audio_seconds=UsageLimit.of(pace.hourly_audio_seconds, hour.audio_seconds),
            daily_audio_seconds=UsageLimit.of(pace.daily_audio_seconds, day.audio_seconds),
            daily_requests=UsageLimit.of(pace.daily_requests, day.requests),
        )


class UsagePage(BaseModel):
    """The installation's usage of speech-to-text, and a page of the videos it was used for."""

    model_config = with_examples(examples.USAGE_PAGE)

    model: str = Field(description="The model in use now.")
    usd_per_hour: float = Field(description="Its price for an hour of audio, in US dollars.")
    last_hour: UsageOutput
    last_24_hours: UsageOutput
    this_month: UsageOutput = Field(description="Since the calendar month began (UTC).")
    total: UsageOutput
    limits: UsageLimits
    items: Sequence[VideoUsageOutput] = Field(description="Videos, the one with the newest request first.")
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")

    @classmethod
    def of(
        cls, settings: Settings, totals: UsageTotals, videos: Sequence[VideoUsage], next_cursor: str | None
    ) -> "UsagePage":
        """The API's form of what was used."""
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
