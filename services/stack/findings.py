"""What `vidferry doctor` reports: a level, a code and a sentence."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How serious a finding is; the value is what people see."""

    OK = "✓"
    INFO = "–"
    """Not at its best, but it continues automatically, or is configured so."""
    PROBLEM = "✗"
    """It needs your attention."""


class FindingCode(StrEnum):
    """What was found. Codes keep their meaning; sentences may change."""

    NOT_RUNNING = "not_running"
    STARTING = "starting"
    STOPPING = "stopping"
    LAUNCHER_DIED = "launcher_died"
    PROCESSES_RUNNING = "processes_running"
    PROCESSES_UNREADABLE = "processes_unreadable"
    PROCESS_STARTING = "process_starting"
    PROCESS_DOWN = "process_down"
    SETTINGS_VALID = "settings_valid"
    SETTING_INVALID = "setting_invalid"
    PORTS_FREE = "ports_free"
    PORT_UNUSABLE = "port_unusable"
    DISK_LOW = "disk_low"

    TEMPORAL_OK = "temporal_ok"
    TEMPORAL_UNAVAILABLE = "temporal_unavailable"
    TEMPORAL_MISCONFIGURED = "temporal_misconfigured"
    WORKER_POLLS = "worker_polls"
    WORKER_MISSING = "worker_missing"
    WORKFLOWS_FAILING = "workflows_failing"

    POSTGRES_OK = "postgres_ok"
    POSTGRES_UNAVAILABLE = "postgres_unavailable"
    POSTGRES_MISCONFIGURED = "postgres_misconfigured"
    POSTGRES_CANNOT_WRITE = "postgres_cannot_write"
    POSTGRES_MIGRATING = "postgres_migrating"
    POSTGRES_NOT_MIGRATED = "postgres_not_migrated"

    YOUTUBE_REACHABLE = "youtube_reachable"
    YOUTUBE_UNREACHABLE = "youtube_unreachable"
    YOUTUBE_TIMEOUT = "youtube_timeout"
    YOUTUBE_NAME_NOT_FOUND = "youtube_name_not_found"
    YOUTUBE_CERTIFICATE_UNTRUSTED = "youtube_certificate_untrusted"
    YOUTUBE_PROXY_REFUSED = "youtube_proxy_refused"
    YOUTUBE_PROXY_UNREACHABLE = "youtube_proxy_unreachable"
    YOUTUBE_REQUESTS = "youtube_requests"
    """Figures of the request log."""
    JS_RUNTIME_USABLE = "js_runtime_usable"
    JS_RUNTIME_UNUSABLE = "js_runtime_unusable"
    ACCOUNT_USABLE = "account_usable"
    ACCOUNT_UNUSABLE = "account_unusable"
    TOKEN_SERVER_USABLE = "token_server_usable"  # noqa: S105 - a name, not a secret
    TOKEN_SERVER_UNUSABLE = "token_server_unusable"  # noqa: S105

    TRANSCRIPTION_OFF = "transcription_off"
    TRANSCRIPTION_SERVER_REACHABLE = "transcription_server_reachable"
    TRANSCRIPTION_SERVER_UNREACHABLE = "transcription_server_unreachable"
    TRANSCRIPTION_SERVER_CERTIFICATE_UNTRUSTED = "transcription_server_certificate_untrusted"
    TRANSCRIPTION_SERVER_BEHIND_PROXY = "transcription_server_behind_proxy"

    UPSTREAM_UNUSED = "upstream_unused"
    """No calls yet."""
    UPSTREAM_OPEN = "upstream_open"
    UPSTREAM_PAUSED = "upstream_paused"

    EXTRACTOR = "extractor"
    """The version of yt-dlp that is in use."""
    EXTRACTOR_NOT_WRITABLE = "extractor_not_writable"
    CANARY = "canary"
    """What came of asking YouTube for one video or list."""
    YOUTUBE_READABLE = "youtube_readable"
    YOUTUBE_UNREADABLE = "youtube_unreadable"
    YOUTUBE_NOT_ASKED = "youtube_not_asked"

    CHECK_TIMED_OUT = "check_timed_out"
    CHECK_FAILED = "check_failed"


@dataclass(frozen=True)
class Finding:
    """What one check has found."""

    level: Level
    code: FindingCode
    text: str
    subject: str | None = None
    """The process, variable or server that the code is about, where it may be about several."""

    def __str__(self) -> str:
        return f"{self.level} {self.text}"


def ok(code: FindingCode, text: str, subject: str | None = None) -> Finding:
    """A finding that all is as it should be."""
    return Finding(Level.OK, code, text, subject)


def info(code: FindingCode, text: str, subject: str | None = None) -> Finding:
    """A finding that needs no attention."""
    return Finding(Level.INFO, code, text, subject)


def problem(code: FindingCode, text: str, subject: str | None = None) -> Finding:
    """A finding that needs what the text says."""
    return Finding(Level.PROBLEM, code, text, subject)
