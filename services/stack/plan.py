"""What runs on one machine: the embedded servers and the services, as processes that are supervised."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from services.stack.demo import DEMO_VIDEOS, Fakes
from services.stack.home import PROJECT_ROOT, Home
from services.stack.liveness import LivenessPolicy
from services.stack.postgres import EmbeddedPostgres, stored_password
from services.stack.probes import (
    TemporalProbe,
    http_answers,
    is_http_alive,
    postgres_answers,
    postgres_error,
    postgres_is_alive,
    temporal_error,
)
from services.stack.process import ManagedProcess
from services.stack.settings import StackSettings, hidden_address, reserved_port
from services.stack.supervisor import DegradedReason
from services.stack.temporal import EmbeddedTemporal
from shared.settings import Settings, secret_variables

API_COMMAND = ("-m", "services.api")
WORKER_COMMAND = ("-m", "services.worker")
NOTIFIER_COMMAND = ("-m", "services.notifier")
TEMPORAL_UI_COMMAND = ("-m", "services.temporal_ui")
SETUP_COMMAND = ("-m", "services.worker.setup")
"""Arguments of Python, here and in docker-compose.yml. The set-up (migrations, search attributes, schedules) runs to
its end before the services start; it is safe to run twice."""

SECRETS_OF_SERVICES = {
    "api": frozenset({"DATABASE_URL", "TRANSCRIPTION_API_KEY", "GROQ_API_KEY"}),  # the keys: whether there is one
    "notifier": frozenset({"DATABASE_URL"}),
    "setup": frozenset({"DATABASE_URL"}),
}
"""Variables with passwords and keys, by the service that gets them; the worker gets all, every other process none."""
_SECRETS = secret_variables() | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}

KILL_MARGIN_SECONDS = 5
"""A process is killed this long after its drain time."""
SERVER_STOP_SECONDS = 20
POSTGRES_STOP_SECONDS = 120
"""Its last checkpoint writes what is in memory: a busy or slow disk takes a while. Killed, it would have to recover."""


@dataclass(frozen=True)
class Plan:
    """One installation. `settings` are those that the services will see."""

    home: Home
    stack: StackSettings
    settings: Settings
    demo: bool
    liveness: LivenessPolicy = field(default_factory=LivenessPolicy)
    web_ui: tuple[str, int] = field(default_factory=hidden_address)
    """Where the embedded Temporal's Web UI itself listens. It has no guard of its own."""

    @classmethod
    def make(cls, home: Home, *, demo: bool) -> Self:
        """Read the environment and fill in where the embedded servers will be.

        Creates the home. Raises StackError when that fails, pydantic's ValidationError for an impossible setting.
        """
        stack, settings = StackSettings(), Settings()
        home.create()
        filled_in = embedded_addresses(home, stack, settings) | {"health_port": settings.health_port or reserved_port()}
        return cls(home, stack, settings.model_copy(update=filled_in), demo)

    @property
    def urls(self) -> dict[str, str]:
        """The addresses people use, by their name."""
        return {
            "Web page": f"{self._api_url}/",
            "API": f"{self._api_url}/api",
            "API documentation": f"{self._api_url}/docs",
            "WebSocket": self.settings.websocket_url(),
            "Temporal Web UI": self.settings.temporal_ui_url,
        }

    @property
    def welcome(self) -> str:
        """The text that is shown when everything is ready."""
        lines = ["", "Vidferry is ready."]
        lines += [f"  {name:<18} {url}" for name, url in self.urls.items()]
        if self.demo:
            lines += ["", "Try these videos, or any other id:"]
            lines += [f"  {url:<44} {what}" for url, what in DEMO_VIDEOS.items()]
        return "\n".join([*lines, "", f"Ctrl-C stops it. Data and logs: {self.home.path}"])

    @property
    def grace_seconds(self) -> float:
        """How long processes may take to end after the launcher has died."""
        longest = POSTGRES_STOP_SECONDS if self.stack.database_url is None else 0
        return max(self.settings.drain_seconds, longest) + KILL_MARGIN_SECONDS

    def prepare_argv(self) -> list[str]:
        """The one-shot that creates what the embedded PostgreSQL needs; empty without it."""
        if self.stack.database_url is not None:
            return []
        return _postgres(self.home, self.stack).prepare_argv(_password_file(self.home))

    def outside_servers(self) -> dict[str, DegradedReason]:
        """Servers that this installation uses but does not run, by their name."""
        outside: dict[str, DegradedReason] = {}
        if self.stack.database_url is not None:
            outside["PostgreSQL (DATABASE_URL)"] = partial(postgres_error, self.settings)
        if self.stack.temporal_address is not None:
            where = f"Temporal (TEMPORAL_ADDRESS, namespace {self.settings.temporal_namespace})"
            outside[where] = partial(temporal_error, self.settings)
        return outside

    def servers(self) -> list[ManagedProcess]:
        """The embedded servers, to be stopped in the opposite order."""
        servers = []
        if self.stack.database_url is None:
            servers.append(self.postgres_process())
        if self.stack.temporal_address is None:
            servers += [self._temporal_process(), self._temporal_ui_process()]
        if self.demo:
            servers += self._fakes.processes()
        return servers

    def services(self) -> list[ManagedProcess]:
        """Our own processes, to be stopped in the opposite order. In the demo the fakes must be ready by now."""
        worker = f"http://127.0.0.1:{self.settings.health_port}"
        notifier = f"http://{_reachable(self.settings.notifier_host)}:{self.settings.notifier_port}"
        api = self._api_url
        return [
            self._service("worker", "Worker", WORKER_COMMAND, worker, f"{worker}/healthz"),
            self._service(
                "notifier", "Notifier", NOTIFIER_COMMAND, self.settings.websocket_url(), f"{notifier}/healthz"
            ),
            self._service("api", "API", API_COMMAND, f"{api}/api", f"{api}/api/ready", f"{api}/api/health"),
        ]

    def setup_argv(self) -> list[str]:
        """The one-shot that makes databases and Temporal ready for the services."""
        return [sys.executable, *SETUP_COMMAND]

    def service_environment(self, name: str = "worker") -> dict[str, str]:
        """What is added to the environment of all processes for this service: addresses, and the secrets it needs."""
        environment = {variable: value for variable, value in os.environ.items() if is_secret(variable)} | {
            "DATABASE_URL": self.settings.database_url.get_secret_value(),
            "TEMPORAL_ADDRESS": self.settings.temporal_address,
            "TEMPORAL_UI_URL": self.settings.temporal_ui_url,
            "VIDFERRY_WORKER_HEALTH_PORT": str(self.settings.health_port),
            "VIDFERRY_AUDIO_STORE": self.settings.audio_store.get_secret_value(),
            "YOUTUBE_EXTRACTOR_DIRECTORY": str(self.settings.extractor_directory),
            "YOUTUBE_ACCOUNT_DIRECTORY": str(self.settings.youtube_account_directory),
        }
        environment |= self._fakes.environment() if self.demo else {}
        return {
            variable: value
            for variable, value in environment.items()
            if not is_secret(variable) or name == "worker" or variable.upper() in SECRETS_OF_SERVICES.get(name, ())
        }

    @property
    def _api_url(self) -> str:
        return f"http://{_reachable(self.settings.api_host)}:{self.settings.api_port}"

    @property
    def _fakes(self) -> Fakes:
        return Fakes(self.home, self.stack)

    def postgres_process(self) -> ManagedProcess:
        """The embedded PostgreSQL."""
        postgres = _postgres(self.home, self.stack)

        async def is_alive() -> bool:
            return not postgres.is_stopped() and await postgres_is_alive(self.settings)

        return ManagedProcess(
            "postgres",
            "PostgreSQL",
            postgres.argv(),
            partial(postgres_answers, self.settings),
            url=f"127.0.0.1:{self.stack.postgres_port}",
            stop_signal=signal.SIGINT,  # fast shutdown: does not wait for clients to disconnect
            stop_timeout_seconds=POSTGRES_STOP_SECONDS,
            alive=is_alive,
            last_signal=signal.SIGQUIT,  # immediate shutdown: does not wait, and what was committed is recovered
            before_start=postgres.clear_up,
        )

    def _temporal_process(self) -> ManagedProcess:
        server = EmbeddedTemporal(
            port=self.stack.temporal_port,
            ui=self.web_ui,
            db_file=self.home.path / "temporal.db",
            namespace=self.settings.temporal_namespace,
        )
        probe = TemporalProbe(self.settings)
        return ManagedProcess(
            "temporal",
            "Temporal",
            server.argv(),
            probe.answers,
            url=self.settings.temporal_address,
            stop_timeout_seconds=SERVER_STOP_SECONDS,
            alive=probe.is_alive,
        )

    def _temporal_ui_process(self) -> ManagedProcess:
        host, port = self.web_ui
        health_url = f"{self.settings.temporal_ui_url}/healthz"
        return ManagedProcess(
            "temporal-ui",
            "Temporal Web UI",
            [sys.executable, *TEMPORAL_UI_COMMAND],
            partial(http_answers, health_url),
            url=self.settings.temporal_ui_url,
            health_url=health_url,
            env={
                "TEMPORAL_UI_URL": self.settings.temporal_ui_url,
                "VIDFERRY_TEMPORAL_UI_UPSTREAM": f"http://{host}:{port}",
            },
            alive=partial(is_http_alive, health_url),
        )

    def _service(
        self, name: str, title: str, command: tuple[str, ...], url: str, health_url: str, alive_url: str | None = None
    ) -> ManagedProcess:
        """One of our own. It is alive when `alive_url` (or `health_url`) is answered, however that turns out."""
        return ManagedProcess(
            name,
            title,
            [sys.executable, *command],
            partial(http_answers, health_url),
            url=url,
            health_url=health_url,
            env=self.service_environment(name),
            stop_timeout_seconds=self.settings.drain_seconds + KILL_MARGIN_SECONDS,
            alive=partial(is_http_alive, alive_url or health_url),
        )


def embedded_addresses(home: Home, stack: StackSettings, settings: Settings) -> dict[str, object]:
    """The addresses of the embedded servers; directories in the home unless `settings` name others."""
    addresses: dict[str, object] = {}
    if settings.extractor_directory is None:
        addresses["extractor_directory"] = home.extractor
    if settings.youtube_account_directory is None:
        addresses["youtube_account_directory"] = home.account
    if "audio_store" not in settings.model_fields_set:
        addresses["audio_store"] = SecretStr(str(home.audio))
    if stack.database_url is None:
        addresses["database_url"] = SecretStr(_postgres(home, stack).url())
    if stack.temporal_address is None:
        addresses["temporal_address"] = f"127.0.0.1:{stack.temporal_port}"
        addresses["temporal_ui_url"] = f"http://{_reachable(settings.temporal_ui_host)}:{settings.temporal_ui_port}"
    return addresses


def python_environment() -> Mapping[str, str]:
    """The environment of every process, without secrets; our modules are found whatever the current directory has."""
    paths = [str(PROJECT_ROOT), os.environ.get("PYTHONPATH", "")]
    ours = {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
    return {name: value for name, value in os.environ.items() if not is_secret(name)} | ours


def is_secret(variable: str) -> bool:
    """Whether an environment variable may hold a password or a key."""
    return variable.upper() in _SECRETS or variable.upper().startswith("AWS_")


def _reachable(host: str) -> str:
    """Where a server that listens on `host` is reached from this machine, as a URL spells it."""
    if host in {"", "0.0.0.0"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def _postgres(home: Home, stack: StackSettings) -> EmbeddedPostgres:
    return EmbeddedPostgres(home.path / "postgres", stack.postgres_port, stored_password(_password_file(home)))


def _password_file(home: Home) -> Path:
    return home.path / "postgres-password"
