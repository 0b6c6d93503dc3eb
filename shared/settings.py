"""All settings, read from the environment once per process. README.md's table lists them."""

import ssl
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.contracts.upstreams import PacePolicy
from shared.languages import WHISPER_LANGUAGES

GROQ_URL = "https://api.groq.com/openai/v1"
LOCAL_STORES = frozenset({"file", "local"})
REMOTE_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "sftp", "ssh", "ftp", "smb", "hdfs"})
"""Schemes of fsspec under which every worker finds the same files. S3's package is ours; others may be installed."""


class SettingRefused(ValueError):
    """A setting that only its user can judge: which one, and why not, in one sentence without its value."""


class TranscriptionOff(StrEnum):
    """Why there is no speech-to-text."""

    SWITCHED_OFF = "switched_off"
    NO_KEY = "no_key"


class Settings(BaseSettings):
    """Vidferry's settings with the defaults of an installation on one machine."""

    model_config = SettingsConfigDict(
        populate_by_name=True, extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: SecretStr = Field(
        default=SecretStr("postgresql://vidferry@127.0.0.1:5433/vidferry"), validation_alias="DATABASE_URL"
    )
    temporal_address: str = Field(default="127.0.0.1:7233", validation_alias="TEMPORAL_ADDRESS")
    temporal_namespace: str = Field(default="default", validation_alias="TEMPORAL_NAMESPACE")
    temporal_ui_url: str = Field(default="http://127.0.0.1:8233", validation_alias="TEMPORAL_UI_URL")

    api_host: str = Field(default="127.0.0.1", validation_alias="VIDFERRY_API_HOST")
    api_port: int = Field(default=8000, ge=1, le=65535, validation_alias="VIDFERRY_API_PORT")
    notifier_host: str = Field(default="127.0.0.1", validation_alias="VIDFERRY_NOTIFIER_HOST")
    notifier_port: int = Field(default=8001, ge=1, le=65535, validation_alias="VIDFERRY_NOTIFIER_PORT")
    notifier_url: str | None = Field(default=None, validation_alias="VIDFERRY_NOTIFIER_URL")
    """Where browsers reach the notifier; None: `ws://127.0.0.1:<notifier_port>`."""
    allowed_hosts: str = Field(default="127.0.0.1,localhost", validation_alias="VIDFERRY_ALLOWED_HOSTS")
    """Host names this installation answers to, comma separated (protects against DNS rebinding)."""
    health_port: int = Field(default=0, ge=0, le=65535, validation_alias="VIDFERRY_WORKER_HEALTH_PORT")
    """Port of the worker's /healthz; 0: none."""

    feed_shards: int = Field(default=1, ge=1, validation_alias="VIDFERRY_FEED_SHARDS")
    reconcile_interval_seconds: int = Field(default=15, ge=1, validation_alias="VIDFERRY_RECONCILE_INTERVAL_SECONDS")
    batch_window: int = Field(default=20, ge=1, validation_alias="VIDFERRY_BATCH_WINDOW")
    """How many videos of one batch are imported at a time: enough to keep YouTube's pace, however slow each is."""
    import_progress_enabled: bool = Field(default=True, validation_alias="VITE_ENABLE_IMPORT_PROGRESS")
    """Whether user interfaces show the progress of imports."""
    setup_seconds: float = Field(default=60, gt=0, validation_alias="VIDFERRY_SETUP_SECONDS")
    """How long the one-shot set-up waits for PostgreSQL and Temporal to answer."""
    drain_seconds: int = Field(default=30, ge=0, validation_alias="VIDFERRY_DRAIN_SECONDS")
    """How long a process that was asked to stop finishes what it has begun."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", validation_alias="VIDFERRY_LOG_LEVEL"
    )

    youtube_proxy: SecretStr | None = Field(default=None, validation_alias="YOUTUBE_PROXY")
    """May carry a user and a password."""
    youtube_ca_file: Path | None = Field(default=None, validation_alias="YOUTUBE_CA_FILE")
    youtube_calls_per_second: float = Field(default=0.5, gt=0, validation_alias="YOUTUBE_CALLS_PER_SECOND")
    """Of the whole installation. The seed waited 2 s between two calls."""
    youtube_max_concurrent: int = Field(default=3, ge=1, validation_alias="YOUTUBE_MAX_CONCURRENT")
    """Per worker process; the seed's number."""
    youtube_hourly_requests: int = Field(default=900, ge=1, validation_alias="YOUTUBE_HOURLY_REQUESTS")
    """Guests are blocked after about 1,000 requests an hour."""
    youtube_burst_calls: int = Field(default=20, ge=0, validation_alias="YOUTUBE_BURST_CALLS")
    youtube_burst_calls_per_second: float = Field(default=3, gt=0, validation_alias="YOUTUBE_BURST_CALLS_PER_SECOND")
    youtube_throttles_to_pause: int = Field(default=3, ge=1, validation_alias="YOUTUBE_THROTTLES_TO_PAUSE")
    """The seed's circuit breaker: three failures, 30 s."""
    youtube_pause_seconds: float = Field(default=30, gt=0, validation_alias="YOUTUBE_PAUSE_SECONDS")
    youtube_bot_check_pause_seconds: float = Field(
        default=900, gt=0, validation_alias="YOUTUBE_BOT_CHECK_PAUSE_SECONDS"
    )
    youtube_max_pause_seconds: float = Field(default=21_600, gt=0, validation_alias="YOUTUBE_MAX_PAUSE_SECONDS")
    youtube_rate_step_seconds: float = Field(default=30, gt=0, validation_alias="YOUTUBE_RATE_STEP_SECONDS")

    audio_store: SecretStr = Field(
        default=SecretStr(str(Path(tempfile.gettempdir()) / "vidferry-audio")), validation_alias="VIDFERRY_AUDIO_STORE"
    )
    """A folder, or a URL that fsspec knows, which may carry a password."""
    transcription_enabled: bool = Field(default=True, validation_alias="TRANSCRIPTION_ENABLED")
    transcription_base_url: str = Field(default=GROQ_URL, validation_alias="TRANSCRIPTION_BASE_URL")
    """Of an OpenAI-compatible API: `/audio/transcriptions` comes after it."""
    groq_api_key: SecretStr | None = Field(default=None, validation_alias="GROQ_API_KEY")
    """Nobody else's server is to see it."""
    transcription_api_key: SecretStr | None = Field(
        default=None, validate_default=True, validation_alias="TRANSCRIPTION_API_KEY"
    )
    """What the server is sent; unset: Groq's key, where the server is Groq's."""
    transcription_model: str = Field(default="whisper-large-v3", validation_alias="TRANSCRIPTION_MODEL")
    transcription_language: str | None = Field(default=None, validation_alias="TRANSCRIPTION_LANGUAGE")
    """What is spoken, as a hint; None: what YouTube says, else the server finds out."""
    transcription_max_minutes: int = Field(default=240, ge=1, validation_alias="TRANSCRIPTION_MAX_MINUTES")
    transcription_max_concurrent: int = Field(default=3, ge=1, validation_alias="TRANSCRIPTION_MAX_CONCURRENT")
    """Per worker process."""
    transcription_requests_per_minute: float = Field(
        default=20, gt=0, validation_alias="TRANSCRIPTION_REQUESTS_PER_MINUTE"
    )
    """This and the next three: Groq's free tier, per organisation. 0 in the next three: any number."""
    transcription_daily_requests: int = Field(default=2000, ge=0, validation_alias="TRANSCRIPTION_DAILY_REQUESTS")
    transcription_hourly_audio_seconds: int = Field(
        default=7200, ge=0, validation_alias="TRANSCRIPTION_HOURLY_AUDIO_SECONDS"
    )
    transcription_daily_audio_seconds: int = Field(
        default=28_800, ge=0, validation_alias="TRANSCRIPTION_DAILY_AUDIO_SECONDS"
    )
    transcription_chunk_seconds: int = Field(
        default=600, ge=30, le=1800, validation_alias="TRANSCRIPTION_CHUNK_SECONDS"
    )
    """Groq's cookbook; half an hour of what we send has 5.4 MB, and 25 MB may be sent."""
    transcription_timeout_seconds: float = Field(
        default=300, gt=0, le=1500, validation_alias="TRANSCRIPTION_TIMEOUT_SECONDS"
    )
    """For one chunk; a model on a processor takes its time."""
    transcription_usd_per_hour: float = Field(default=0.111, ge=0, validation_alias="TRANSCRIPTION_USD_PER_HOUR")
    """Groq's price of whisper-large-v3."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @field_validator("youtube_proxy")
    @classmethod
    def _is_a_proxy(cls, proxy: SecretStr | None) -> SecretStr | None:
        """Refuse what no library could use; the value, which may hold a password, stays out of the message."""
        if proxy is not None:
            url = _http_parts(proxy.get_secret_value())
            if url is None or url.path.strip("/"):
                raise PydanticCustomError("proxy_url", "not the address of a proxy, such as http://proxy.example:3128")
        return proxy

    @field_validator("audio_store")
    @classmethod
    def _may_keep_files(cls, store: SecretStr) -> SecretStr:
        """What it looks like; the worker finds out whether files can be kept there."""
        scheme, separator, place = store.get_secret_value().partition("://")
        is_remote = scheme in REMOTE_STORES and bool(place.partition("/")[0].rpartition("@")[2])
        if separator and not (is_remote or (scheme in LOCAL_STORES and place)):
            raise PydanticCustomError("store_url", "not a folder, nor a URL such as s3://bucket/prefix")
        return store

    @field_validator("transcription_base_url")
    @classmethod
    def _is_a_server(cls, url: str) -> str:
        """Without the slash at its end: one is added with the path."""
        parts = _http_parts(url)
        if parts is None or parts.query or "@" in parts.netloc:
            raise PydanticCustomError("server_url", "not the address of a server, such as https://api.example/v1")
        return url.rstrip("/")

    @field_validator("groq_api_key", "transcription_api_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr | None) -> SecretStr | None:
        """Blanks around a key come from copying it, and nothing but blanks is none."""
        stripped = key.get_secret_value().strip() if key else ""
        return SecretStr(stripped) if stripped else None

    @field_validator("transcription_api_key")
    @classmethod
    def _may_be_groqs(cls, key: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        """`others` are the settings above it, without those that were refused."""
        is_groqs = _is_groqs(others.data.get("transcription_base_url", ""))
        return key or (others.data.get("groq_api_key") if is_groqs else None)

    @field_validator("transcription_language")
    @classmethod
    def _is_a_language(cls, code: str | None) -> str | None:
        if code is not None and code not in WHISPER_LANGUAGES:
            raise PydanticCustomError("language", "not one of the two-letter codes that Whisper knows, such as de")
        return code

    @field_validator("youtube_ca_file")
    @classmethod
    def _holds_certificates(cls, path: Path | None) -> Path | None:
        try:
            if path is not None:
                ssl.create_default_context(cafile=path)
        except OSError as error:  # ssl.SSLError is one
            raise ValueError(f"no certificates could be read from {path}") from error
        return path

    @property
    def youtube_pace(self) -> PacePolicy:
        """How the `RateGovernor` paces YouTube."""
        return PacePolicy(
            calls_per_second=self.youtube_calls_per_second,
            hourly_requests=self.youtube_hourly_requests,
            burst_calls=self.youtube_burst_calls,
            burst_calls_per_second=self.youtube_burst_calls_per_second,
            throttles_to_pause=self.youtube_throttles_to_pause,
            pause_seconds=self.youtube_pause_seconds,
            bot_check_pause_seconds=self.youtube_bot_check_pause_seconds,
            max_pause_seconds=self.youtube_max_pause_seconds,
            rate_step_seconds=self.youtube_rate_step_seconds,
        )

    @property
    def transcription_off(self) -> TranscriptionOff | None:
        """Why there is no speech-to-text; None where there is. Groq wants a key, a server of one's own may not."""
        if not self.transcription_enabled:
            return TranscriptionOff.SWITCHED_OFF
        needs_key = _is_groqs(self.transcription_base_url)
        return TranscriptionOff.NO_KEY if needs_key and self.transcription_api_key is None else None

    @property
    def transcription_pace(self) -> PacePolicy:
        """How the `RateGovernor` paces speech-to-text: no bursts, what is short are seconds of audio."""
        return PacePolicy(
            calls_per_second=self.transcription_requests_per_minute / 60,
            hourly_requests=None,
            daily_requests=self.transcription_daily_requests or None,
            hourly_audio_seconds=self.transcription_hourly_audio_seconds or None,
            daily_audio_seconds=self.transcription_daily_audio_seconds or None,
            burst_calls=0,
            burst_calls_per_second=self.transcription_requests_per_minute / 60,
            throttles_to_pause=self.youtube_throttles_to_pause,
            pause_seconds=self.youtube_pause_seconds,
            bot_check_pause_seconds=self.youtube_bot_check_pause_seconds,
            max_pause_seconds=self.youtube_max_pause_seconds,
            rate_step_seconds=self.youtube_rate_step_seconds,
        )

    def websocket_url(self, host: str = "127.0.0.1") -> str:
        """The WebSocket that browsers connect to; `host` is the name by which they know this machine."""
        address = f"[{host}]" if ":" in host else host
        base = self.notifier_url or f"ws://{address}:{self.notifier_port}"
        return f"{base}/api/ws/progress"

    @property
    def allowed_host_names(self) -> list[str]:
        """`allowed_hosts` as a list, in lower case."""
        return [host.strip().lower() for host in self.allowed_hosts.split(",") if host.strip()]


def _http_parts(url: str) -> SplitResult | None:
    """The parts of a URL of HTTP or HTTPS; None for what no library could use as one."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:
        return None
    return parts if is_usable else None


def _is_groqs(url: str) -> bool:
    """Whether a key that is sent there reaches Groq, and nobody else."""
    url_parts, groqs = urlsplit(url), urlsplit(GROQ_URL)
    return (url_parts.scheme, url_parts.hostname) == (groqs.scheme, groqs.hostname)
