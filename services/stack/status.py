"""`vidferry status`: what is running right now, checked with live probes."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil

from services.stack.causes import plain_words, without_secrets
from services.stack.home import Home, is_locked
from services.stack.probes import http_answers, port_answers
from services.stack.process import ProcessState
from services.stack.running import Running, running_in
from services.stack.state import ProcessEntry

if TYPE_CHECKING:
    from shared.settings import Settings

RUNNING = 0
NOT_RUNNING = 3
"""As systemctl and the LSB's init scripts answer."""
COLUMNS = ("PROCESS", "STATE", "PID", "UPTIME", "RESTARTS", "URL")


def status(home: Home) -> tuple[int, str]:
    """Exit code and text of `vidferry status`."""
    running = running_in(home)
    if running is None:
        if is_locked(home):
            return NOT_RUNNING, f"The launcher is gone; its last processes are ending ({home.path})."
        return NOT_RUNNING, f"Vidferry is not running ({home.path})."
    if not running.entries:
        return RUNNING, "Vidferry is starting."
    with ThreadPoolExecutor(max_workers=len(running.entries) + 1) as pool:
        upstreams = pool.submit(_upstreams, running)
        rows = list(pool.map(_row, running.entries))
    return RUNNING, f"{_table([COLUMNS, *rows])}\n\n{upstreams.result()}"


def state_now(entry: ProcessEntry) -> str:
    """The process's state in a word or two. Blocks for a few seconds when it does not answer."""
    if entry.state != ProcessState.RUNNING:
        return entry.state
    if not is_alive(entry):
        return "gone"
    return ProcessState.RUNNING if _answers(entry) else "not answering"


def is_alive(entry: ProcessEntry) -> bool:
    """Whether its process is there, whatever it does."""
    return entry.pid is not None and psutil.pid_exists(entry.pid)


def _row(entry: ProcessEntry) -> tuple[str, ...]:
    uptime = _duration(time.time() - entry.started_at) if is_alive(entry) else "-"
    return (entry.name, state_now(entry), str(entry.pid or "-"), uptime, str(entry.restarts), entry.url)


def _upstreams(running: Running) -> str:
    """How YouTube and speech-to-text stand; why that is not known where it cannot be had at once."""
    subject = None
    try:
        if (subject := running.subject()) is None:
            return "YouTube: not known (the processes of another user may not be read)."
        if "postgres" not in subject.servers:
            return "YouTube: not known (PostgreSQL does not run yet)."
        return _paces(subject.settings)
    except ValueError:  # pydantic's is one
        return "YouTube: not known (a variable has an impossible value: `vidferry doctor` names it)."
    except Exception as error:  # whatever it is, the table is shown all the same
        url = subject.settings.database_url.get_secret_value() if subject else ""
        return f"YouTube: not known ({without_secrets(plain_words(error), url)})."


def _paces(settings: "Settings") -> str:
    from services.stack.pace import told, upstream_statuses

    statuses = asyncio.run(upstream_statuses(settings))
    return "\n".join(told(upstream, status) for upstream, status in statuses.items())


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
