"""A process with all its descendants, and how to end them."""

import asyncio
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

import psutil

POLL_SECONDS = 0.1
TERMINATE_SECONDS = 8
"""PostgreSQL's immediate shutdown waits 5 s for its children (SIGKILL_CHILDREN_AFTER_SECS)."""
GONE_SECONDS = 10
"""For the system to take away what SIGKILL has ended; longer only while a disk does not answer."""


def family_of(pid: int) -> list[psutil.Process]:
    """The process and all of its descendants, whatever process group or session they are in."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def living(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended; a zombie has."""
    return [process for process in processes if _status(process) not in (None, psutil.STATUS_ZOMBIE)]


def stopped(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that a signal such as SIGSTOP keeps from doing anything."""
    return [process for process in processes if _status(process) == psutil.STATUS_STOPPED]


def send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to all that are still there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


async def end_family(pid: int, first_signal: signal.Signals | None) -> None:
    """End a process that does not answer, and everything that it has started. Returns when they are gone.

    `first_signal` is sent first, with a few seconds to obey; None: SIGKILL at once. A stopped process is continued for
    that, since until then it handles no other signal. Gives up after GONE_SECONDS: a disk that does not answer keeps
    even a killed process.
    """
    members = family_of(pid)  # now: those that lose their parent are not found by it any more
    if first_signal is not None:
        send(members[:1], first_signal)
        send(members, signal.SIGCONT)
        await _until_gone(members, TERMINATE_SECONDS)
    members += family_of(pid)
    send(members, signal.SIGKILL)
    await _until_gone(members, GONE_SECONDS)


async def _until_gone(processes: Sequence[psutil.Process], within_seconds: float) -> None:
    deadline = time.monotonic() + within_seconds
    while living(processes) and time.monotonic() < deadline:  # noqa: ASYNC110 - nothing signals their end
        await asyncio.sleep(POLL_SECONDS)


def _status(process: psutil.Process) -> str | None:
    """None: it has ended."""
    try:
        return str(process.status()) if process.is_running() else None
    except psutil.NoSuchProcess:
        return None
