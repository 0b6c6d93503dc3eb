"""`vidferry doctor`: what is wrong with this installation, and what to do about it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy.engine import make_url

from services.stack.errors import StackError
from services.stack.home import Home, launcher_pid
from services.stack.pace import in_words, youtube_status
from services.stack.probes import has_worker, is_migrated, postgres_trouble, temporal_trouble
from services.stack.process import ProcessState
from services.stack.running import entries_of, service_environment
from services.stack.settings import StackSettings, problems_of, service_settings
from services.stack.state import ProcessEntry
from services.stack.status import state_now
from services.stack.youtube import way_of, way_trouble
from shared.settings import Settings

POSTGRES_PORT = 5432
"""Where a `DATABASE_URL` names none."""
VARIABLES = {"postgres": "DATABASE_URL", "temporal": "TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE"}
"""What says where each server is, by the name of the embedded one's process."""
CHECK_SECONDS = 10
"""More than any check needs; name resolution, for one, knows no limit of its own."""


@dataclass(frozen=True)
class Finding:
    """What one check has found."""

    is_well: bool
    text: str

    def __str__(self) -> str:
        return f"{'✓' if self.is_well else '✗'} {self.text}"


Check = Coroutine[Any, Any, list[Finding]]


async def doctor(home: Home, show: Callable[[str], None]) -> int:
    """Check everything and `show` a line for each finding. Returns the exit code: 0 when all is well, else 1."""
    entries = entries_of(home) if launcher_pid(home) is not None else None
    settings, findings = read_settings(entries)
    for finding in findings:
        show(str(finding))
    checks = [asyncio.create_task(check) for check in Doctor(settings, entries).checks()] if settings else []
    for check in checks:
        for finding in await check:
            findings.append(finding)
            show(str(finding))
    return 0 if all(finding.is_well for finding in findings) else 1


def read_settings(entries: Sequence[ProcessEntry] | None) -> tuple[Settings | None, list[Finding]]:
    """The settings that count, and what is to be said of them.

    Those of the running services; of this terminal where none runs (`entries` is None). None: nothing can be checked.
    """
    whose = "this terminal" if entries is None else "the running services"
    environment = None if entries is None else service_environment(entries)
    if entries is not None and environment is None:
        return None, [_ill("Vidferry is still starting: look again when it has said that it is ready.")]
    try:
        settings = Settings() if environment is None else service_settings(environment)
        problems = []
    except ValidationError as error:
        settings, problems = None, problems_of(error)
    if environment is None:
        problems += _problems_of_the_launcher()
    if problems:
        return None, [_ill(f"{problem} Correct it; README.md says what it is for.") for problem in problems]
    return settings, [_well(f"Settings: every variable of {whose} has a possible value.")]


class Doctor:
    """The checks of an installation; `entries` are its processes, None where none was started from this home."""

    def __init__(self, settings: Settings, entries: Sequence[ProcessEntry] | None) -> None:
        self._settings = settings
        self._entries = entries

    def checks(self) -> list[Check]:
        """All of them, in the order of the report. None of them raises or takes longer than CHECK_SECONDS."""
        checks = {"Temporal": self._temporal(), "PostgreSQL": self._postgres(), "YouTube": self._way_to_youtube()}
        if self._entries is not None:
            checks = {"The processes": self._processes(self._entries), **checks}
        return [_in_time(what, check) for what, check in checks.items()]

    async def _processes(self, entries: Sequence[ProcessEntry]) -> list[Finding]:
        states = await asyncio.gather(*(asyncio.to_thread(state_now, entry) for entry in entries))
        found = zip(entries, states, strict=True)
        ill = [(entry, state) for entry, state in found if state != ProcessState.RUNNING]
        if ill:
            return [_ill(f"{entry.title} is {state}: `vidferry logs {entry.name}` says why.") for entry, state in ill]
        return [_well(f"Every process is running: {', '.join(entry.name for entry in entries)}.")]

    async def _temporal(self) -> list[Finding]:
        where = f"{self._settings.temporal_address}, namespace {self._settings.temporal_namespace}"
        try:
            trouble = await temporal_trouble(self._settings)
        except StackError as error:
            return [_ill(f"{error} Correct TEMPORAL_ADDRESS.")]
        if trouble is not None:
            return [_ill(f"Temporal cannot be used at {where}: {self._advice('temporal')} ({trouble})")]
        answers = _well(f"Temporal answers at {where}.")
        if self._entries is not None:  # their worker says itself whether Temporal knows it
            return [answers]
        if await has_worker(self._settings):
            return [answers, _well("A worker takes work from Temporal.")]
        return [answers, _ill("No worker takes work from Temporal: start Vidferry (`make up`).")]

    async def _postgres(self) -> list[Finding]:
        url = make_url(self._settings.database_url.get_secret_value())
        where = f"{url.host}:{url.port or POSTGRES_PORT}"
        try:
            trouble = await postgres_trouble(self._settings)
        except StackError as error:
            return [_ill(f"{error} Correct DATABASE_URL.")]
        if trouble is not None:
            return [_ill(f"PostgreSQL does not answer at {where}: {self._advice('postgres')} ({trouble})")]
        if not await is_migrated(self._settings):
            return [_ill(f"PostgreSQL at {where} has the tables of another version: start Vidferry again (`make up`).")]
        return [_well(f"PostgreSQL answers at {where} and has every migration."), await self._pace()]

    async def _pace(self) -> Finding:
        status = await youtube_status(self._settings)
        if status is None:
            return _well("YouTube: nothing was asked yet.")
        return Finding(not status.is_paused, f"YouTube: {in_words(status)}")

    async def _way_to_youtube(self) -> list[Finding]:
        # A thread of its own: nobody waits for it at the end.
        thread = ThreadPoolExecutor(max_workers=1)
        trouble = await asyncio.get_running_loop().run_in_executor(thread, way_trouble, self._settings)
        return [_ill(trouble) if trouble else _well(f"YouTube answers {way_of(self._settings)}.")]

    def _advice(self, server: str) -> str:
        """What to do about a server that does not answer."""
        if self._entries is None:
            return f"start Vidferry (`make up`), or correct {VARIABLES[server]}."
        if server in {entry.name for entry in self._entries}:
            return f"`vidferry logs {server}` says why."
        return f"start that server, or correct {VARIABLES[server]}."


async def _in_time(what: str, check: Check) -> list[Finding]:
    try:
        return await asyncio.wait_for(check, CHECK_SECONDS)
    except TimeoutError:
        return [_ill(f"{what} could not be checked within {CHECK_SECONDS} s: look at network and firewall.")]
    except Exception as error:  # one that nobody foresaw must not hide what the other checks have found
        return [_ill(f"{what} could not be checked: {error!r}.")]


def _problems_of_the_launcher() -> list[str]:
    try:
        StackSettings()
    except ValidationError as error:
        return problems_of(error)
    return []


def _well(text: str) -> Finding:
    return Finding(True, text)


def _ill(text: str) -> Finding:
    return Finding(False, text)
