"""The checks of `vidferry doctor` on what the services depend on: Temporal, PostgreSQL, YouTube, transcription."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

from sqlalchemy.engine import make_url

from services.stack.causes import describe_error, without_secrets, without_user
from services.stack.errors import StackError
from services.stack.findings import Finding, FindingCode, Level, info, ok, problem
from services.stack.probes import (
    failing_workflows,
    has_worker,
    is_migrated,
    is_writable,
    postgres_error,
    temporal_error,
)
from services.stack.rate_limits import rate_limit_finding, transcription_off_finding, upstream_statuses
from services.stack.running import CheckTarget, Running
from services.stack.speech import server_finding
from services.stack.youtube import account_finding, connection_finding, js_runtime_finding, token_server_finding
from services.stack.youtube_requests import figures_finding, recent_figures
from shared.settings import Settings
from shared.temporal.failing import FAILING, FailingWorkflows

POSTGRES_PORT = 5432
"""The port of a `DATABASE_URL` without one."""
VARIABLES = {"postgres": "DATABASE_URL", "temporal": "TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE"}
"""The settings that say where each server is."""
CHECK_SECONDS = 10
"""More than any check needs; name resolution, for one, has no limit of its own."""

Report = Callable[[Sequence[Finding]], None]
Check = Coroutine[Any, Any, list[Finding]]
P = ParamSpec("P")
T = TypeVar("T")


class Checks:
    """The checks of one installation; `running` is None where none was started from this home."""

    def __init__(self, target: CheckTarget, running: Running | None) -> None:
        self._target = target
        self._settings = target.settings
        self._running = running

    async def run(self, report: Report) -> None:
        """All of them at once; `report` is called in a fixed order. None raises or lasts CHECK_SECONDS."""
        is_well: dict[str, bool] = {}
        checks = {
            "Temporal": self._temporal,
            "PostgreSQL": self._postgres,
            "YouTube": self._youtube_connection,
            "The JavaScript runtime": self._js_runtime,
            "The account": self._account,
            "The token server": self._token_server,
            "The transcription server": self._transcription_server,
        }
        tasks = {what: asyncio.create_task(self._in_time(what, check())) for what, check in checks.items()}
        for what, task in tasks.items():
            findings = await task
            is_well[what] = bool(findings) and all(finding.level is Level.OK for finding in findings)
            report(findings)
        if is_well["PostgreSQL"]:
            report(await self._in_time("YouTube", self._rate_limits(is_connected=is_well["YouTube"])))
            report(await self._in_time("YouTube", self._requests()))
        if self._target.youtube:
            report(transcription_off_finding(self._settings))

    async def _temporal(self) -> list[Finding]:
        if "temporal" not in self._target.servers:
            return []
        where = f"{self._settings.temporal_address}, namespace {self._settings.temporal_namespace}"
        try:
            error_text = await temporal_error(self._settings)
        except StackError as error:
            return [problem(FindingCode.TEMPORAL_MISCONFIGURED, f"{error} Correct TEMPORAL_ADDRESS.")]
        if error_text is not None:
            text = f"Temporal cannot be used at {where} ({error_text})"
            return [self._unavailable(FindingCode.TEMPORAL_UNAVAILABLE, "temporal", text)]
        findings = [
            ok(FindingCode.TEMPORAL_OK, f"Temporal answers at {where}."),
            *failing_finding(await failing_workflows(self._settings), self._settings),
        ]
        if self._running is not None:  # its worker reports itself whether Temporal answers
            return findings
        if await has_worker(self._settings):
            return [*findings, ok(FindingCode.WORKER_POLLS, "A worker polls Temporal.")]
        return [*findings, problem(FindingCode.WORKER_MISSING, "No worker polls Temporal: start Vidferry.")]

    async def _postgres(self) -> list[Finding]:
        if "postgres" not in self._target.servers:
            return []
        where = _address(self._settings)
        try:
            error_text = await postgres_error(self._settings)
        except StackError as error:
            return [problem(FindingCode.POSTGRES_MISCONFIGURED, f"{error} Correct DATABASE_URL.")]
        if error_text is not None:
            text = f"PostgreSQL does not answer at {where} ({error_text})"
            return [self._unavailable(FindingCode.POSTGRES_UNAVAILABLE, "postgres", text)]
        if not await is_writable(self._settings):
            text = f"PostgreSQL at {where} cannot write to its disk: free some space; its log says what is wrong."
            return [problem(FindingCode.POSTGRES_CANNOT_WRITE, text)]
        if await is_migrated(self._settings):
            text = f"PostgreSQL answers at {where}, can write to its disk and has a schema that fits."
            return [ok(FindingCode.POSTGRES_OK, text)]
        if self._running is not None and not self._running.has_services:
            text = f"PostgreSQL answers at {where}; its tables are still being migrated."
            return [info(FindingCode.POSTGRES_MIGRATING, text)]
        text = f"PostgreSQL at {where} has the tables of another version: restart Vidferry to migrate them."
        return [problem(FindingCode.POSTGRES_NOT_MIGRATED, text)]

    async def _youtube_connection(self) -> list[Finding]:
        if not self._target.youtube:
            return []
        proxies: Sequence[str | None] = self._settings.youtube_proxies or [None]
        return await asyncio.gather(*(_in_thread(connection_finding, self._settings, proxy) for proxy in proxies))

    async def _js_runtime(self) -> list[Finding]:
        if not self._target.youtube or self._settings.youtube_js_runtime == "off":
            return []
        return await _in_thread(js_runtime_finding, self._settings)

    async def _account(self) -> list[Finding]:
        if not self._target.youtube or self._settings.youtube_cookies_file is None:
            return []
        return await _in_thread(account_finding, self._settings)

    async def _token_server(self) -> list[Finding]:
        if not self._target.youtube or self._settings.youtube_pot_provider_url is None:
            return []
        return await _in_thread(token_server_finding, self._settings)

    async def _transcription_server(self) -> list[Finding]:
        if not self._target.youtube or self._settings.transcription_off:
            return []
        url = self._settings.transcription_base_url
        return [await _in_thread(server_finding, url, self._target.environment)]

    async def _rate_limits(self, *, is_connected: bool) -> list[Finding]:
        statuses = await upstream_statuses(self._settings)
        return [
            rate_limit_finding(upstream, status, is_connected=is_connected) for upstream, status in statuses.items()
        ]

    async def _requests(self) -> list[Finding]:
        return figures_finding(await recent_figures(self._settings))

    def _unavailable(self, code: FindingCode, server: str, what: str) -> Finding:
        if self._running is not None and self._running.is_starting(server):
            return info(code, f"{what}: it is starting.")
        if self._running is not None and server in {entry.name for entry in self._running.entries}:
            return problem(code, f"{what}: `vidferry logs {server}` says why.")
        return problem(code, f"{what}: start that server, or correct {VARIABLES[server]}.")

    async def _in_time(self, what: str, check: Check) -> list[Finding]:
        try:
            return await asyncio.wait_for(check, CHECK_SECONDS)
        except TimeoutError:
            text = f"{what} could not be checked within {CHECK_SECONDS} s: check network and firewall."
            return [problem(FindingCode.CHECK_TIMED_OUT, text, what)]
        except Exception as error:  # an unexpected error must not hide what the other checks have found
            text = f"{what} could not be checked ({without_secrets(describe_error(error), *self._urls)})."
            return [problem(FindingCode.CHECK_FAILED, text, what)]

    @property
    def _urls(self) -> list[str]:
        """Those that may hold a password."""
        return [self._settings.database_url.get_secret_value(), *self._settings.youtube_proxies]


def failing_finding(failing: FailingWorkflows, settings: Settings) -> list[Finding]:
    """Which workflows are stuck, and where to look; nothing where none is."""
    if not failing.count:
        return []
    some = ", ".join(failing.ids) + (", …" if failing.count > len(failing.ids) else "")
    number = "1 workflow is stuck" if failing.count == 1 else f"{failing.count} workflows are stuck"
    page = f"{settings.temporal_ui_url}/namespaces/{settings.temporal_namespace}/workflows?query={quote(FAILING)}"
    text = f"{number} because their tasks fail ({some}): {page} and `vidferry logs worker` say why."
    return [problem(FindingCode.WORKFLOWS_FAILING, text)]


async def _in_thread(check: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """In a thread of its own, which is not waited for at the end."""
    thread = ThreadPoolExecutor(max_workers=1)
    return await asyncio.get_running_loop().run_in_executor(thread, partial(check, *args, **options))


def _address(settings: Settings) -> str:
    url = make_url(settings.database_url.get_secret_value())
    if url.host is None:
        return "its default address (DATABASE_URL names no host)"
    return f"{without_user(url.host)}:{url.port or POSTGRES_PORT}"
