"""What another command can find out about a running installation: its processes, the settings of its services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil

from services.stack.home import Home, launcher_pid
from services.stack.state import ProcessEntry, StackState

if TYPE_CHECKING:
    from shared.settings import Settings

SERVICES = ("worker", "api", "notifier")
"""The first one is given every setting; the others, only those secrets that they need."""
SERVERS = frozenset({"postgres", "temporal"})
"""What the services depend on, by the process name of the embedded one."""


@dataclass(frozen=True)
class CheckTarget:
    """What is to be checked."""

    settings: "Settings"
    servers: frozenset[str]
    """Those of SERVERS that should answer by now."""
    youtube: bool
    """Whether the settings say how to reach YouTube and the transcription server."""
    environment: Mapping[str, str] = field(repr=False)
    """Where they were read from; it may hold passwords."""


@dataclass(frozen=True)
class Running:
    """An installation whose launcher runs."""

    home: Home
    pid: int
    """The launcher's."""
    entries: Sequence[ProcessEntry]
    """Its processes; none before it has started one."""
    is_stopping: bool

    @property
    def has_services(self) -> bool:
        """Whether the start has come as far as the services."""
        return any(entry.name in SERVICES for entry in self.entries)

    def uses(self, port: int) -> bool:
        """Whether one of its processes listens on this port."""
        urls = (entry.url if "//" in entry.url else f"//{entry.url}" for entry in self.entries)
        return any(urlsplit(url).port == port for url in urls)

    def is_starting(self, name: str) -> bool:
        """Whether the process starts for the first time."""
        return any(entry.name == name and entry.is_starting for entry in self.entries)

    def target(self) -> CheckTarget | None:
        """The environment of the worker; while none runs, what the launcher would give it. None: it cannot be read.

        Raises pydantic's ValidationError. Read from the processes themselves: their environment holds
        passwords, which are better not written to a file for this.
        """
        from services.stack.settings import service_settings

        for entry in self.entries:
            if entry.name == SERVICES[0] and (environment := _environment(entry.pid)):
                return CheckTarget(service_settings(environment), SERVERS, youtube=True, environment=environment)
        environment = _environment(self.pid)
        return None if environment is None else self._launcher_target(environment)

    def _launcher_target(self, environment: Mapping[str, str]) -> CheckTarget:
        from services.stack.plan import embedded_addresses
        from services.stack.settings import service_settings, stack_settings

        stack = stack_settings(environment)
        settings = service_settings(environment)
        settings = settings.model_copy(update=embedded_addresses(self.home, stack, settings))
        begun = {entry.name for entry in self.entries} | stack.outside_servers
        return CheckTarget(settings, SERVERS & begun, youtube=not self.home.is_demo, environment=environment)


def running_in(home: Home) -> Running | None:
    """The installation whose launcher runs in `home`; None where there is none."""
    pid = launcher_pid(home)
    if pid is None:
        return None
    try:
        state = StackState.read(home.state_file)
    except FileNotFoundError:
        state = StackState({}, [])
    return Running(home, pid, state.processes, state.is_stopping)


def _environment(pid: int | None) -> Mapping[str, str] | None:
    """What a process was started with; None where there is none, or it belongs to another user."""
    try:
        return (psutil.Process(pid).environ() or None) if pid is not None else None  # empty: it has just ended
    except psutil.Error:
        return None
