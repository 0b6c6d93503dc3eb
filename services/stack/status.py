"""`vidferry status`: what is running right now, checked with live probes."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil

from services.stack.home import Home, is_locked, launcher_pid
from services.stack.probes import http_answers, port_answers
from services.stack.state import ProcessEntry, StackState

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
    try:
        entries = StackState.read(home.state_file).processes
    except FileNotFoundError:
        return RUNNING, "Vidferry is starting."
    with ThreadPoolExecutor(max_workers=len(entries) or 1) as pool:
        rows = list(pool.map(_row, entries))
    return RUNNING, _table([COLUMNS, *rows])


def _row(entry: ProcessEntry) -> tuple[str, ...]:
    alive = entry.pid is not None and psutil.pid_exists(entry.pid)
    uptime = _duration(time.time() - entry.started_at) if alive else "-"
    return (entry.name, _state(entry, alive), str(entry.pid or "-"), uptime, str(entry.restarts), entry.url)


def _state(entry: ProcessEntry, alive: bool) -> str:
    if entry.state != "running":
        return entry.state
    if not alive:
        return "gone"
    return "running" if _answers(entry) else "not answering"


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
