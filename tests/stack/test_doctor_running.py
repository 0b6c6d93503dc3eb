"""What `vidferry doctor` finds while Vidferry runs, starts or stops."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import psutil
import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker
from websockets.asyncio.server import ServerConnection, serve

from services.stack.findings import FindingCode, Level
from services.stack.home import Home, HomeLock
from services.stack.postgres import EmbeddedPostgres
from services.stack.state import ProcessEntry
from tests.stack.conftest import GONE_PID, Launch, entry, process_with
from tests.stack.program import tell
from tests.stack.reports import Environment, examine, write_state
from tests.support import waiting
from tests.support.servers import free_port


async def never_reached(connection: ServerConnection) -> None:
    """Plain requests are answered before."""


@pytest.fixture
async def worker(home: Home, launcher_lock: HomeLock, environment: Environment) -> AsyncIterator[ProcessEntry]:
    """The one process of an installation that runs in `home`, on the test's own servers."""
    port = free_port()
    async with serve(never_reached, "127.0.0.1", port):
        with process_with(environment) as pid:
            worker = entry("worker", pid=pid, url=f"127.0.0.1:{port}")
            write_state(home, worker)
            yield worker


@pytest.fixture
def launcher_with(home: Home, launcher_lock: HomeLock) -> Iterator[Callable[[Environment], None]]:
    """Says what the launcher of `home` was started with."""
    with ExitStack() as stack:

        def start(environment: Environment) -> None:
            home.launcher_file.write_text(str(stack.enter_context(process_with(environment))))

        yield start


async def test_a_running_installation_is_looked_at_with_its_own_settings(
    home: Home, worker: ProcessEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUTUBE_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@127.0.0.1:1/mine")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "elsewhere")
    report = await examine(home)
    assert report.exit_code == 0, report.findings
    assert report.codes[:2] == [FindingCode.PROCESSES_RUNNING, FindingCode.SETTINGS_VALID]
    assert "namespace default" in report.about(FindingCode.TEMPORAL_OK).text


async def test_a_process_that_is_not_well_is_named_with_its_log(home: Home, worker: ProcessEntry) -> None:
    write_state(home, worker, entry("api", state="restarting", restarts=2), entry("notifier", state="starting"))
    report = await examine(home)
    assert [(finding.code, finding.subject) for finding in report.findings[:3]] == [
        (FindingCode.PROCESSES_RUNNING, None),
        (FindingCode.PROCESS_DOWN, "api"),
        (FindingCode.PROCESS_STARTING, "notifier"),
    ]
    assert "`vidferry logs api`" in report.findings[1].text


async def test_an_embedded_server_that_does_not_answer_has_a_log(
    home: Home, launcher_lock: HomeLock, environment: Environment
) -> None:
    nowhere = {"DATABASE_URL": "postgresql://me@127.0.0.1:1/mine", "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}
    with process_with(environment | nowhere) as pid:
        write_state(home, entry("postgres", pid=GONE_PID), entry("worker", pid=pid))
        report = await examine(home)
    assert report.about(FindingCode.PROCESS_DOWN, "postgres").level is Level.PROBLEM
    assert "`vidferry logs postgres`" in report.about(FindingCode.POSTGRES_UNAVAILABLE).text
    assert "TEMPORAL_ADDRESS" in report.about(FindingCode.TEMPORAL_UNAVAILABLE).text


async def test_services_that_crash_again_and_again_do_not_hide_the_rest(
    home: Home, launcher_with: Callable[[Environment], None], environment: Environment
) -> None:
    launcher_with(environment)
    services = [entry(name, state="restarting", pid=None, restarts=4) for name in ("worker", "notifier", "api")]
    write_state(home, *services)
    report = await examine(home)
    assert [finding.subject for finding in report.findings[:3]] == ["worker", "notifier", "api"]
    assert report.codes == [
        *[FindingCode.PROCESS_DOWN] * 3,
        FindingCode.SETTINGS_VALID,
        FindingCode.TEMPORAL_OK,
        FindingCode.POSTGRES_OK,
        FindingCode.YOUTUBE_REACHABLE,
        FindingCode.UPSTREAM_UNUSED,
        FindingCode.TRANSCRIPTION_OFF,
        FindingCode.EXTRACTOR,
    ]


async def test_a_start_is_no_error(
    home: Home, launcher_with: Callable[[Environment], None], environment: Environment
) -> None:
    port = free_port()
    launcher_with(environment | {"DATABASE_URL": "", "VIDFERRY_POSTGRES_PORT": str(port)})
    before = await examine(home)
    assert before.codes[0] is FindingCode.STARTING
    assert FindingCode.POSTGRES_UNAVAILABLE not in before.codes
    write_state(home, entry("postgres", state="starting"))
    report = await examine(home)
    assert report.exit_code == 0
    assert f"127.0.0.1:{port}" in report.about(FindingCode.POSTGRES_UNAVAILABLE).text
    assert report.about(FindingCode.TEMPORAL_OK).level is Level.OK


async def test_before_the_migrations_a_database_is_not_called_old(
    home: Home,
    launcher_with: Callable[[Environment], None],
    environment: Environment,
    postgres: EmbeddedPostgres,
) -> None:
    launcher_with(environment | {"DATABASE_URL": postgres.url("postgres")})
    assert (await examine(home)).about(FindingCode.POSTGRES_MIGRATING).level is Level.INFO


async def test_a_start_that_waits_for_a_server_says_for_which(
    home: Home, launch: Launch, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (environment | {"DATABASE_URL": f"postgresql://me@127.0.0.1:{free_port()}/mine"}).items():
        monkeypatch.setenv(name, value)
    launcher = await launch("-m", "services.stack", "up")
    await launcher.says("Waiting for PostgreSQL (DATABASE_URL) …")
    report = await examine(home)
    assert "DATABASE_URL" in report.about(FindingCode.POSTGRES_UNAVAILABLE).text
    assert FindingCode.STARTING in report.codes
    launcher.signal(signal.SIGTERM)
    assert await launcher.exit_code() == 0


async def test_a_stop_is_no_error(home: Home, launch: Launch, tmp_path: Path) -> None:
    launcher = await launch("-m", "tests.stack.launch", str(tmp_path), "--drain-until-told")
    await launcher.says("Vidferry is ready.")
    launcher.signal(signal.SIGTERM)
    await launcher.says("Stopping Third …")
    report = await examine(home)
    assert (report.exit_code, report.codes) == (0, [FindingCode.STOPPING])
    assert "first, second, third" in report.findings[0].text
    tell(tmp_path, "third")
    assert await launcher.exit_code() == 0


async def test_processes_of_another_user_cannot_be_read(
    home: Home, worker: ProcessEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_process: psutil.Process) -> NoReturn:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "environ", refuse)
    report = await examine(home)
    assert report.codes == [FindingCode.PROCESSES_RUNNING, FindingCode.PROCESSES_UNREADABLE]
    assert f"pid {os.getpid()}" in report.findings[1].text


async def test_a_certificate_file_that_is_gone(home: Home, worker: ProcessEntry, environment: Environment) -> None:
    with process_with(environment | {"YOUTUBE_CA_FILE": "/nothing"}) as pid:
        write_state(home, entry("worker", pid=pid, url=worker.url))
        _, refused = (await examine(home)).findings
    assert (refused.code, refused.subject) == (FindingCode.SETTING_INVALID, "YOUTUBE_CA_FILE")


@workflow.defn(name="Broken", sandboxed=False)
class Broken:
    @workflow.run
    async def run(self) -> None:
        raise KeyError("nobody foresaw this")


async def test_workflows_whose_tasks_fail_are_named(home: Home, worker: ProcessEntry, client: Client) -> None:
    async with Worker(client, task_queue="broken", workflows=[Broken]):
        handle = await client.start_workflow(Broken.run, id="import-video:broken", task_queue="broken")

        async def is_named() -> bool:
            return "(import-video:broken)" in (await examine(home)).about(FindingCode.WORKFLOWS_FAILING).text

        await waiting.eventually(is_named)
        assert (await examine(home)).problems == [FindingCode.WORKFLOWS_FAILING]
        await handle.terminate()


async def test_a_disk_that_is_nearly_full_is_reported(
    home: Home, worker: ProcessEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.stack.doctor.LOW_DISK_BYTES", 2**60)
    assert (await examine(home)).problems == [FindingCode.DISK_LOW]
