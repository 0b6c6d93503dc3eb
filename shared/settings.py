"""All settings, read from the environment once per process. docs/configuration.md lists them, generated from here."""

import os
import ssl
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict

from shared.access_settings import AccessSettings
from shared.contracts.transcription import WHISPER_LANGUAGES
from shared.contracts.upstreams import RateLimitPolicy
from shared.extractor_settings import ExtractorSettings
from shared.urls import GROQ_URL, http_parts, is_groqs, split_urls

LOCAL_STORES = frozenset({"file", "local"})
REMOTE_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "sftp", "ssh", "ftp", "smb", "hdfs"})
"""Schemes of fsspec under which every worker finds the same files. S3's package is ours; others may be installed."""


class InvalidSettingError(ValueError):
    """A setting that only its user can judge: which one, and why not, in one sentence without its value."""


class TranscriptionOff(StrEnum):
    """Why there is no speech-to-text."""

    SWITCHED_OFF = "switched_off"
    NO_KEY = "no_key"


class Settings(ExtractorSettings, AccessSettings):
    """Vidferry's settings with the defaults of an installation on one machine."""

    model_config = SettingsConfigDict(
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,  # they are the descriptions in docs/configuration.md
    )

    database_url: SecretStr = Field(
        default=SecretStr("postgresql://vidferry@127.0.0.1:5433/vidferry"), validation_alias="DATABASE_URL"
    )
    """The PostgreSQL to use."""
    temporal_address: str = Field(default="127.0.0.1:7233", validation_alias="TEMPORAL_ADDRESS")
    """The Temporal to use, as `host:port`."""
    temporal_namespace: str = Field(default="default", validation_alias="TEMPORAL_NAMESPACE")
    """Its namespace. In a Temporal of your own it has to exist."""
    temporal_ui_url: str = Field(default="http://127.0.0.1:8233", validation_alias="TEMPORAL_UI_URL")
    """Where people find its Web UI; `/api/config` returns it."""
    temporal_ui_host: str = Field(default="127.0.0.1", validation_alias="VIDFERRY_TEMPORAL_UI_HOST")
    """Address that the guard of Temporal's Web UI listens on."""
    temporal_ui_port: int = Field(default=8233, ge=1, le=65535, validation_alias="VIDFERRY_TEMPORAL_UI_PORT")
    """Port of Temporal's Web UI, which is the port of its guard."""
    temporal_ui_upstream: str = Field(default="http://127.0.0.1:8080", validation_alias="VIDFERRY_TEMPORAL_UI_UPSTREAM")
    """Where the guard reaches the Web UI itself. The launcher sets it."""

    api_host: str = Field(default="127.0.0.1", validation_alias="VIDFERRY_API_HOST")
    """Address that the API listens on."""
    api_port: int = Field(default=8000, ge=1, le=65535, validation_alias="VIDFERRY_API_PORT")
    """Port of the API and the web page."""
    notifier_host: str = Field(default="127.0.0.1", validation_alias="VIDFERRY_NOTIFIER_HOST")
    """Address that the notifier listens on."""
    notifier_port: int = Field(default=8001, ge=1, le=65535, validation_alias="VIDFERRY_NOTIFIER_PORT")
    """Port of the notifier."""
    notifier_url: str | None = Field(default=None, validation_alias="VIDFERRY_NOTIFIER_URL")
    """Where browsers reach the notifier, without a path. Unset: the host of the API, at the port above."""
    allowed_hosts: str = Field(default="127.0.0.1,localhost", validation_alias="VIDFERRY_ALLOWED_HOSTS")
    """Comma-separated host names of API, notifier and guard. Protects against DNS rebinding and other websites."""
    health_port: int = Field(default=0, ge=0, le=65535, validation_alias="VIDFERRY_WORKER_HEALTH_PORT")
    """Port of the worker's `/healthz`. 0: none (the launcher picks a free port)."""

    feed_shards: int = Field(default=1, ge=1, validation_alias="VIDFERRY_FEED_SHARDS")
    """Number of `ProgressFeed` workflows. It has to be the same in every process."""
    reconcile_interval_seconds: int = Field(default=15, ge=1, validation_alias="VIDFERRY_RECONCILE_INTERVAL_SECONDS")
    """How often imports without a workflow are reconciled, and each worker checks rate governors and yt-dlp."""
    batch_window: int = Field(default=20, ge=1, validation_alias="VIDFERRY_BATCH_WINDOW")
    """Slots per batch: how many of its videos are imported at a time."""
    import_progress_enabled: bool = Field(default=True, validation_alias="VITE_ENABLE_IMPORT_PROGRESS")
    """Whether `/api/config` tells user interfaces to show progress."""
    setup_seconds: float = Field(default=60, gt=0, validation_alias="VIDFERRY_SETUP_SECONDS")
    """How long set-up (migrations, schedules) waits for PostgreSQL and Temporal."""
    drain_seconds: int = Field(default=30, ge=0, validation_alias="VIDFERRY_DRAIN_SECONDS")
    """How long a process that is asked to stop may finish what it has started."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", validation_alias="VIDFERRY_LOG_LEVEL"
    )
    """The lowest level that is logged."""

    youtube_proxy: SecretStr | None = Field(default=None, validation_alias="YOUTUBE_PROXY")
    """HTTP proxy for all requests to YouTube, or several with commas between. A URL may contain user and password."""
    youtube_ca_file: Path | None = Field(default=None, validation_alias="YOUTUBE_CA_FILE")
    """PEM file of certificates to trust for YouTube besides the public ones."""
    youtube_calls_per_second: float = Field(default=0.5, gt=0, validation_alias="YOUTUBE_CALLS_PER_SECOND")
    """Calls to YouTube per second, over all workers together."""
    youtube_max_concurrent: int = Field(default=3, ge=1, validation_alias="YOUTUBE_MAX_CONCURRENT")
    """Concurrent calls to YouTube per worker."""
    youtube_max_downloads: int = Field(default=2, ge=1, validation_alias="YOUTUBE_MAX_DOWNLOADS")
    """Concurrent audio downloads per worker."""
    youtube_hourly_requests: int = Field(default=900, ge=1, validation_alias="YOUTUBE_HOURLY_REQUESTS")
    """Requests to YouTube in any hour, over all workers together. YouTube blocks guests after about 1,000."""
    youtube_feed_hourly_requests: int = Field(default=200, ge=1, validation_alias="YOUTUBE_FEED_HOURLY_REQUESTS")
    """Requests for feeds of subscriptions in an hour, over all workers together. No other limit counts them."""
    youtube_burst_calls: int = Field(default=20, ge=0, validation_alias="YOUTUBE_BURST_CALLS")
    """How many calls may go faster after a quiet time. 0: none."""
    youtube_burst_calls_per_second: float = Field(default=3, gt=0, validation_alias="YOUTUBE_BURST_CALLS_PER_SECOND")
    """The rate of these calls, where it is higher than `YOUTUBE_CALLS_PER_SECOND`."""
    youtube_throttles_to_pause: int = Field(default=3, ge=1, validation_alias="YOUTUBE_THROTTLES_TO_PAUSE")
    """Consecutive throttled calls that pause all calls."""
    youtube_pause_seconds: float = Field(default=30, gt=0, validation_alias="YOUTUBE_PAUSE_SECONDS")
    """The first such pause. While a probe is throttled, the next pause is twice as long."""
    youtube_bot_check_pause_seconds: float = Field(
        default=900, gt=0, validation_alias="YOUTUBE_BOT_CHECK_PAUSE_SECONDS"
    )
    """The first long pause after YouTube asks "are you a bot", or has changed so that yt-dlp is outdated.

    At the first bot check in this time, a call as a new guest is tried after 45 s.
    """
    youtube_max_pause_seconds: float = Field(default=21_600, gt=0, validation_alias="YOUTUBE_MAX_PAUSE_SECONDS")
    """The longest pause, unless YouTube names a longer one."""
    youtube_rate_step_seconds: float = Field(default=30, gt=0, validation_alias="YOUTUBE_RATE_STEP_SECONDS")
    """After a slowdown, how often the rate rises by a tenth of `YOUTUBE_CALLS_PER_SECOND`."""

    audio_store: SecretStr = Field(
        default=SecretStr(str(Path(tempfile.gettempdir()) / "vidferry-audio")), validation_alias="VIDFERRY_AUDIO_STORE"
    )
    """Where audio is stored during transcription: a folder, or a URL such as `s3://bucket/prefix`.

    Every worker needs the same. The launcher's default is `audio` in `VIDFERRY_HOME`.
    """
    transcription_enabled: bool = Field(default=True, validation_alias="TRANSCRIPTION_ENABLED")
    """Whether videos without captions are transcribed."""
    transcription_base_url: str = Field(default=GROQ_URL, validation_alias="TRANSCRIPTION_BASE_URL")
    """A server with an OpenAI-compatible API; `/audio/transcriptions` is appended."""
    groq_api_key: SecretStr | None = Field(default=None, validation_alias="GROQ_API_KEY")
    """Groq's key. It is sent to Groq only; `TRANSCRIPTION_API_KEY` takes precedence."""
    transcription_api_key: SecretStr | None = Field(
        default=None, validate_default=True, validation_alias="TRANSCRIPTION_API_KEY"
    )
    """The server's key. Groq needs one, your own server may not."""
    transcription_model: str = Field(default="whisper-large-v3", validation_alias="TRANSCRIPTION_MODEL")
    """The model, as the server names it."""
    transcription_language: str | None = Field(default=None, validation_alias="TRANSCRIPTION_LANGUAGE")
    """The spoken language as a two-letter code. Unset: what YouTube says, otherwise the server detects it."""
    transcription_max_minutes: int = Field(default=240, ge=1, validation_alias="TRANSCRIPTION_MAX_MINUTES")
    """Longer videos are not transcribed."""
    transcription_max_concurrent: int = Field(default=3, ge=1, validation_alias="TRANSCRIPTION_MAX_CONCURRENT")
    """Concurrent requests to the server per worker. Each sends one chunk."""
    transcription_requests_per_minute: float = Field(
        default=20, gt=0, validation_alias="TRANSCRIPTION_REQUESTS_PER_MINUTE"
    )
    """Over all workers together. This and the next three defaults are those of Groq's free tier."""
    transcription_daily_requests: int = Field(default=2000, ge=0, validation_alias="TRANSCRIPTION_DAILY_REQUESTS")
    """Requests to the server in any 24 hours; then imports wait. 0: unlimited."""
    transcription_hourly_audio_seconds: int = Field(
        default=7200, ge=0, validation_alias="TRANSCRIPTION_HOURLY_AUDIO_SECONDS"
    )
    """Seconds of audio in any hour; then imports wait. 0: unlimited."""
    transcription_daily_audio_seconds: int = Field(
        default=28_800, ge=0, validation_alias="TRANSCRIPTION_DAILY_AUDIO_SECONDS"
    )
    """Seconds of audio in any 24 hours; then imports wait. 0: unlimited."""
    transcription_chunk_seconds: int = Field(
        default=600, ge=30, le=1800, validation_alias="TRANSCRIPTION_CHUNK_SECONDS"
    )
    """The longest chunk of audio. Half an hour of it is 5.4 MB; Groq accepts 25 MB."""
    transcription_timeout_seconds: float = Field(
        default=300, gt=0, le=1500, validation_alias="TRANSCRIPTION_TIMEOUT_SECONDS"
    )
    """How long the server may take for one chunk."""
    transcription_usd_per_hour: float = Field(default=0.111, ge=0, validation_alias="TRANSCRIPTION_USD_PER_HOUR")
    """Price of an hour of audio, for estimates only. The default is Groq's for `whisper-large-v3`, and 0 for
    any other server."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @field_validator("youtube_proxy")
    @classmethod
    def _is_a_proxy(cls, proxy: SecretStr | None) -> SecretStr | None:
        """Refuse what no library could use; the value, which may hold a password, stays out of the message."""
        for url in map(http_parts, split_urls(proxy)):
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

    @field_validator("extractor_index", "transcription_base_url")
    @classmethod
    def _is_a_server(cls, url: str) -> str:
        """Without the slash at its end: one is added with the path."""
        parts = http_parts(url)
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
        may_be_sent = is_groqs(others.data.get("transcription_base_url", ""))
        return key or (others.data.get("groq_api_key") if may_be_sent else None)

    @model_validator(mode="after")
    def _has_groqs_price_at_groq_only(self) -> Self:
        if "transcription_usd_per_hour" not in self.model_fields_set and not is_groqs(self.transcription_base_url):
            object.__setattr__(self, "transcription_usd_per_hour", 0.0)  # settings are frozen
        return self

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
            reason = getattr(error, "reason", None) or error.strerror  # ssl's, such as NO_CERTIFICATE_OR_CRL_FOUND
            raise ValueError(f"no certificates could be read from {path} ({reason})") from error
        return path

    @property
    def youtube_proxies(self) -> list[str]:
        """`youtube_proxy` as a list."""
        return split_urls(self.youtube_proxy)

    @property
    def youtube_rate_limits(self) -> RateLimitPolicy:
        """How the `RateGovernor` paces YouTube."""
        return RateLimitPolicy(
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
        needs_key = is_groqs(self.transcription_base_url)
        return TranscriptionOff.NO_KEY if needs_key and self.transcription_api_key is None else None

    @property
    def transcription_rate_limits(self) -> RateLimitPolicy:
        """How the `RateGovernor` paces speech-to-text: no bursts, what is short are seconds of audio."""
        return RateLimitPolicy(
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


def read_settings() -> Settings:
    """The settings of this process. Raises InvalidSettingError, which names every invalid variable."""
    try:
        return Settings()
    except ValidationError as error:
        raise InvalidSettingError(" ".join(problems_of(error))) from None


def problems_of(error: ValidationError) -> list[str]:
    """One sentence for each invalid variable."""
    return [
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}."
        for problem in error.errors()
    ]


def secret_variables() -> frozenset[str]:
    """The environment variables of settings that are, or contain, passwords and keys."""
    secret = (field for field in Settings.model_fields.values() if "SecretStr" in str(field.annotation))
    return frozenset(str(field.validation_alias) for field in secret)


def forget_secrets() -> None:
    """Remove them from the environment: programs that a library starts inherit it."""
    secrets = secret_variables()
    for variable in [name for name in os.environ if name.upper() in secrets]:
        del os.environ[variable]
