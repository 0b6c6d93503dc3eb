"""`vidferry status`: what is running right now, checked with live probes."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil

from services.stack.home import Home, is_locked, launcher_pid
from services.stack.probes import TIMEOUT_SECONDS, http_answers, port_answers
from services.stack.process import ProcessState
from services.stack.running import entries_of, service_environment
from services.stack.state import ProcessEntry

RUNNING = 0
NOT_RUNNING = 3
"""As systemctl and the LSB's init scripts answer."""
COLUMNS = ("PROCESS", "STATE", "PID", "UPTIME", "RESTARTS", "URL")


def status(home: Home) -> tuple[int, str]:
    """Exit code and text of `vidferry status`."""
    if launcher_pid(home) is None:
        if is_locked(home):
            return NOT_RUNNING, f"The launcher is gone; its last processes are ending ({home.path})."
        return NOT_RUNNING, f"Vidferry is not running ({home.path})."
    if not (entries := entries_of(home)):
        return RUNNING, "Vidferry is starting."
    with ThreadPoolExecutor(max_workers=len(entries) + 1) as pool:
        youtube = pool.submit(_youtube, entries)
        rows = list(pool.map(_row, entries))
    return RUNNING, _table([COLUMNS, *rows]) + youtube.result()


def state_now(entry: ProcessEntry) -> str:
    """The process's state in a word or two. Blocks for a few seconds when it does not answer."""
    if entry.state != ProcessState.RUNNING:
        return entry.state
    if not _is_alive(entry):
        return "gone"
    return ProcessState.RUNNING if _answers(entry) else "not answering"


def _row(entry: ProcessEntry) -> tuple[str, ...]:
    uptime = _duration(time.time() - entry.started_at) if _is_alive(entry) else "-"
    return (entry.name, state_now(entry), str(entry.pid or "-"), uptime, str(entry.restarts), entry.url)


def _is_alive(entry: ProcessEntry) -> bool:
    return entry.pid is not None and psutil.pid_exists(entry.pid)


def _youtube(entries: Sequence[ProcessEntry]) -> str:
    """How YouTube stands, as a paragraph; empty where that cannot be had at once, for whatever reason."""
    if (environment := service_environment(entries)) is None:
        return ""
    from services.stack.pace import in_words, youtube_status
    from services.stack.settings import service_settings

    with contextlib.suppress(Exception):
        settings = service_settings(environment)
        found = asyncio.run(asyncio.wait_for(youtube_status(settings), TIMEOUT_SECONDS))
        return f"\n\nYouTube: {in_words(found)}" if found else ""
    return ""


def _answers(entry: ProcessEntry) -> bool:
    if entry.health_url is not None:
        return http_answers(entry.health_url)
    address = urlsplit(f"//{entry.url}")
    return port_answers(address.hostname or "", address.port or 0)


def _duration(seconds: float) -> str:
    """`4s`, `3m 07s`, `2h 05m`, `3d 01h`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours:02}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {rest:02}s" if minutes else f"{rest}s"


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
