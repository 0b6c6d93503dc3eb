"""`vidferry status`: what is running right now, checked with live probes."""

import asyncio
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil

from services.stack.causes import describe_error, without_secrets
from services.stack.errors import StackError
from services.stack.home import Home, is_locked
from services.stack.probes import http_answers, is_http_alive, port_answers, postgres_error, temporal_error
from services.stack.process import ProcessState
from services.stack.running import CheckTarget, Running, running_in
from services.stack.state import ProcessEntry

if TYPE_CHECKING:
    from shared.settings import Settings

RUNNING = 0
NOT_RUNNING = 3
"""As systemctl and the LSB's init scripts answer."""
COLUMNS = ("PROCESS", "STATE", "PID", "UPTIME", "RESTARTS", "URL")


async def status(home: Home) -> tuple[int, str]:
    """Exit code and text of `vidferry status`."""
    running = running_in(home)
    if running is None:
        if is_locked(home):
            return NOT_RUNNING, f"The launcher has died; its last processes are ending ({home.path})."
        return NOT_RUNNING, f"Vidferry is not running ({home.path})."
    if not running.entries:
        return RUNNING, "Vidferry is starting."
    rows, upstreams = await _examine(running)
    return RUNNING, f"{_table([COLUMNS, *rows])}\n\n{upstreams}"


async def _examine(running: Running) -> tuple[list[tuple[str, ...]], str]:
    *rows, upstreams = await asyncio.gather(*(_row(entry, running) for entry in running.entries), _upstreams(running))
    return [row for row in rows if isinstance(row, tuple)], str(upstreams)


async def state_now(entry: ProcessEntry, running: Running) -> str:
    """The state of a process in a word or two, after a probe."""
    if entry.state != ProcessState.RUNNING:
        return entry.state
    if not is_alive(entry):
        return "gone"
    return ProcessState.RUNNING if await _answers(entry, running) else ProcessState.SILENT


def is_alive(entry: ProcessEntry) -> bool:
    """Whether its process exists, whatever it does."""
    return entry.pid is not None and psutil.pid_exists(entry.pid)


async def _row(entry: ProcessEntry, running: Running) -> tuple[str, ...]:
    uptime = _duration(time.time() - entry.started_at) if is_alive(entry) else "-"
    state = await state_now(entry, running)
    return (entry.name, state, str(entry.pid or "-"), uptime, str(entry.restarts), entry.url)


async def _upstreams(running: Running) -> str:
    """The status of YouTube and transcription; or why it is not known right now."""
    target = None
    try:
        if (target := running.target()) is None:
            return "YouTube: not known (the processes belong to another user)."
        if "postgres" not in target.servers:
            return "YouTube: not known (PostgreSQL is not running yet)."
        return await _rate_limits(target.settings)
    except ValueError:  # pydantic's is one
        return "YouTube: not known (a variable is invalid: `vidferry doctor` names it)."
    except Exception as error:  # the table is shown in any case
        url = target.settings.database_url.get_secret_value() if target else ""
        return f"YouTube: not known ({without_secrets(describe_error(error), url)})."


async def _rate_limits(settings: "Settings") -> str:
    from services.stack.rate_limits import describe_upstream, upstream_statuses

    statuses = await upstream_statuses(settings)
    return "\n".join(describe_upstream(upstream, status) for upstream, status in statuses.items())


async def _answers(entry: ProcessEntry, running: Running) -> bool:
    if entry.health_url is not None:
        return await http_answers(entry.health_url)
    ask = {"postgres": postgres_error, "temporal": temporal_error}.get(entry.name)
    if ask is None:  # a fake
        return await is_http_alive(f"http://{entry.url}/")
    if (target := _target(running)) is None:  # its address and password cannot be read
        address = urlsplit(f"//{entry.url}")
        return await asyncio.to_thread(port_answers, address.hostname or "", address.port or 0)
    try:
        return await ask(target.settings) is None
    except StackError:
        return False


def _target(running: Running) -> CheckTarget | None:
    try:
        return running.target()
    except ValueError:  # an impossible setting
        return None


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
