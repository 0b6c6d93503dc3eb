"""What another command can know of a running installation: its processes, and the environment of its services."""

import contextlib
from collections.abc import Mapping, Sequence

import psutil

from services.stack.home import Home
from services.stack.state import ProcessEntry, StackState

SERVICES = ("worker", "api", "notifier")
"""All of them are given the same environment."""


def entries_of(home: Home) -> list[ProcessEntry]:
    """The processes of the installation whose launcher runs in `home`; none before it has started one."""
    try:
        return StackState.read(home.state_file).processes
    except FileNotFoundError:
        return []


def service_environment(entries: Sequence[ProcessEntry]) -> Mapping[str, str] | None:
    """The environment that the services were started with; None while none of them runs.

    Asked of the process itself: it holds passwords, which are better not written down for this.
    """
    for entry in entries:
        if entry.name in SERVICES and entry.pid is not None:
            with contextlib.suppress(psutil.Error):
                if environment := psutil.Process(entry.pid).environ():  # empty: it has just ended
                    return environment
    return None
