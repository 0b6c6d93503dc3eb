"""The checks of `vidferry doctor` on what the services rest on: Temporal, PostgreSQL, YouTube, speech-to-text."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from sqlalchemy.engine import make_url

from services.stack.causes import plain_words, without_secrets, without_user
from services.stack.errors import StackError
from services.stack.findings import Finding, Mark, ill, normal, well
from services.stack.pace import pace_finding, speech_to_text_off, upstream_statuses
from services.stack.probes import has_worker, is_migrated, postgres_trouble, temporal_trouble
from services.stack.running import Running, Subject
from services.stack.speech import server_finding
from services.stack.youtube import way_of, way_trouble
from shared.settings import Settings

POSTGRES_PORT = 5432
"""Where a `DATABASE_URL` names none."""
VARIABLES = {"postgres": "DATABASE_URL", "temporal": "TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE"}
"""What says where each server is."""
CHECK_SECONDS = 10
"""More than any check needs; name resolution, for one, knows no limit of its own."""

Tell = Callable[[Sequence[Finding]], None]
Check = Coroutine[Any, Any, list[Finding]]
P = ParamSpec("P")
T = TypeVar("T")


class Checks:
    """The checks of one installation; `running` is None where none was started from this home."""

    def __init__(self, subject: Subject, running: Running | None) -> None:
        self._subject = subject
        self._settings = subject.settings
        self._running = running

    async def run(self, tell: Tell) -> None:
        """All of them at once; `tell` is called in the order of the report. None raises or lasts CHECK_SECONDS."""
        is_well: dict[str, bool] = {}
        checks = {
            "Temporal": self._temporal,
            "PostgreSQL": self._postgres,
            "YouTube": self._way_to_youtube,
            "The speech-to-text server": self._speech_server,
        }
        tasks = {what: asyncio.create_task(self._in_time(what, check())) for what, check in checks.items()}
        for what, task in tasks.items():
            findings = await task
            is_well[what] = bool(findings) and all(finding.mark is Mark.WELL for finding in findings)
            tell(findings)
        if is_well["PostgreSQL"]:
            tell(await self._in_time("YouTube", self._paces(is_way_open=is_well["YouTube"])))
        if self._subject.youtube:
            tell(speech_to_text_off(self._settings))

    async def _temporal(self) -> list[Finding]:
        if "temporal" not in self._subject.servers:
            return []
        where = f"{self._settings.temporal_address}, namespace {self._settings.temporal_namespace}"
        try:
            trouble = await temporal_trouble(self._settings)
        except StackError as error:
            return [ill(f"{error} Correct TEMPORAL_ADDRESS.")]
        if trouble is not None:
            return [self._does_not_answer("temporal", f"Temporal cannot be used at {where} ({trouble})")]
        answers = well(f"Temporal answers at {where}.")
        if self._running is not None:  # their worker says itself whether Temporal knows it
            return [answers]
        if await has_worker(self._settings):
            return [answers, well("A worker takes work from Temporal.")]
        return [answers, ill("No worker takes work from Temporal: start Vidferry.")]

    async def _postgres(self) -> list[Finding]:
        if "postgres" not in self._subject.servers:
            return []
        where = _place(self._settings)
        try:
            trouble = await postgres_trouble(self._settings)
        except StackError as error:
            return [ill(f"{error} Correct DATABASE_URL.")]
        if trouble is not None:
            return [self._does_not_answer("postgres", f"PostgreSQL does not answer at {where} ({trouble})")]
        if await is_migrated(self._settings):
            return [well(f"PostgreSQL answers at {where} and has every migration.")]
        if self._running is not None and not self._running.has_services:
            return [normal(f"PostgreSQL answers at {where}; its tables are still being prepared.")]
        return [ill(f"PostgreSQL at {where} has the tables of another version: starting Vidferry again mends that.")]

    async def _way_to_youtube(self) -> list[Finding]:
        if not self._subject.youtube:
            return []
        trouble = await _in_thread(way_trouble, self._settings)
        return [ill(trouble) if trouble else well(f"The way to YouTube is open, {way_of(self._settings)}.")]

    async def _speech_server(self) -> list[Finding]:
        if not self._subject.youtube or self._settings.transcription_off:
            return []
        url = self._settings.transcription_base_url
        return [await _in_thread(server_finding, url, self._subject.environment)]

    async def _paces(self, *, is_way_open: bool) -> list[Finding]:
        statuses = await upstream_statuses(self._settings)
        return [pace_finding(upstream, status, is_way_open=is_way_open) for upstream, status in statuses.items()]

    def _does_not_answer(self, server: str, what: str) -> Finding:
        if self._running is not None and self._running.is_starting(server):
            return normal(f"{what}: it is starting.")
        if self._running is not None and server in {entry.name for entry in self._running.entries}:
            return ill(f"{what}: `vidferry logs {server}` says why.")
        return ill(f"{what}: start that server, or correct {VARIABLES[server]}.")

    async def _in_time(self, what: str, check: Check) -> list[Finding]:
        try:
            return await asyncio.wait_for(check, CHECK_SECONDS)
        except TimeoutError:
            return [ill(f"{what} could not be checked within {CHECK_SECONDS} s: look at network and firewall.")]
        except Exception as error:  # one that nobody foresaw must not hide what the other checks have found
            return [ill(f"{what} could not be checked ({without_secrets(plain_words(error), *self._urls)}).")]

    @property
    def _urls(self) -> list[str]:
        """Those that may hold a password."""
        values = (self._settings.database_url, self._settings.youtube_proxy)
        return [value.get_secret_value() for value in values if value is not None]


async def _in_thread(check: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """In a thread of its own: nobody waits for it at the end."""
    thread = ThreadPoolExecutor(max_workers=1)
    return await asyncio.get_running_loop().run_in_executor(thread, partial(check, *args, **options))


def _place(settings: Settings) -> str:
    url = make_url(settings.database_url.get_secret_value())
    if url.host is None:
        return "its usual place (DATABASE_URL names no host)"
    return f"{without_user(url.host)}:{url.port or POSTGRES_PORT}"
