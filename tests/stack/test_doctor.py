"""What `vidferry doctor` finds, with real servers that are there or not."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from services.stack import doctor as module
from services.stack.doctor import doctor
from services.stack.home import Home, HomeLock
from services.stack.postgres import EmbeddedPostgres
from services.stack.settings import free_port
from services.stack.state import ProcessEntry, StackState
from shared.contracts.upstreams import PauseReason, UpstreamState
from shared.settings import Settings
from tests.stack.conftest import GONE_PID, entry, process_with
from tests.standin import Standin
from tests.support.upstreams import GOING, paused, write_down
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work

Environment = dict[str, str]


class Report(NamedTuple):
    code: int
    lines: list[str]

    def about(self, what: str) -> str:
        """The one line that names `what`."""
        (line,) = (line for line in self.lines if what in line)
        return line


async def examine(home: Home) -> Report:
    lines: list[str] = []
    code = await doctor(home, lines.append)
    assert code == (0 if all(line.startswith("✓ ") for line in lines) else 1)
    return Report(code, lines)


@pytest.fixture
def environment(settings: Settings, standin: Standin) -> Environment:
    """What a service of the test's own installation is given."""
    return {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "YOUTUBE_PROXY": standin.proxy_url,
        "YOUTUBE_CA_FILE": str(standin.ca_file),
    }


@pytest.fixture
def terminal(home: Home, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home from which nothing was started; this terminal names the test's own servers."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
def worker(
    home: Home, launcher_lock: HomeLock, environment: Environment, postgres: EmbeddedPostgres
) -> Iterator[ProcessEntry]:
    """The one process of an installation that runs in `home`, on the test's own servers."""
    with process_with(environment) as pid:
        worker = entry("worker", pid=pid, url=f"127.0.0.1:{postgres.port}")
        write_state(home, worker)
        yield worker


def write_state(home: Home, *entries: ProcessEntry) -> None:
    StackState({}, list(entries)).write(home.state_file)


@pytest.fixture
async def unused_namespace(client: Client) -> str:
    """One that no worker has ever polled."""
    request = RegisterNamespaceRequest(namespace=f"doctor-{os.urandom(4).hex()}")
    request.workflow_execution_retention_period.FromSeconds(86_400)
    await client.workflow_service.register_namespace(request)
    return request.namespace


async def test_all_is_well(
    terminal: Home, client: Client, settings: Settings, engine: AsyncEngine, standin: Standin
) -> None:
    async with worker_at_work(client, settings, engine, standin):

        async def is_well() -> Report:
            report = await examine(terminal)
            assert report.code == 0, report.lines
            return report

        report = await eventually(is_well)
    assert report.about("Settings") == "✓ Settings: every variable of this terminal has a possible value."
    assert report.about("Temporal answers") == f"✓ Temporal answers at {settings.temporal_address}, namespace default."
    assert report.about("worker") == "✓ A worker takes work from Temporal."
    assert report.about("PostgreSQL").endswith(" and has every migration.")
    assert report.about("YouTube: ")
    assert report.about("YouTube answers through the proxy")


async def test_nothing_runs(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = free_port()
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:hidden@127.0.0.1:{nowhere}/mine")
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{nowhere}")
    report = await examine(terminal)
    assert [line[0] for line in report.lines] == ["✓", "✗", "✗", "✓"]
    assert report.about("PostgreSQL").startswith(
        f"✗ PostgreSQL does not answer at 127.0.0.1:{nowhere}: start Vidferry (`make up`), or correct DATABASE_URL. ("
    )
    assert "or correct TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE. (" in report.about("Temporal cannot be used")
    assert "hidden" not in str(report)


async def test_every_impossible_variable_is_named(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    impossible = {"YOUTUBE_PAUSE_SECONDS": "0", "YOUTUBE_CA_FILE": "/nothing", "VIDFERRY_TEMPORAL_PORT": "many"}
    for name, value in impossible.items():
        monkeypatch.setenv(name, value)
    report = await examine(terminal)
    assert sorted(line.partition(":")[0] for line in report.lines) == sorted(f"✗ {name}" for name in impossible)


async def test_no_worker_has_polled(terminal: Home, unused_namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_NAMESPACE", unused_namespace)

    async def is_told() -> str:  # it takes the server a moment to know a new namespace everywhere
        return (await examine(terminal)).about("No worker")

    assert "start Vidferry (`make up`)" in await eventually(is_told)


async def test_servers_that_waiting_would_not_mend(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_URL"].replace(":test@", ":guess@"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "no such:7233")
    report = await examine(terminal)
    assert report.about("PostgreSQL") == (
        '✗ PostgreSQL cannot be used: password authentication failed for user "vidferry". Correct DATABASE_URL.'
    )
    assert report.about("Temporal").endswith("Correct TEMPORAL_ADDRESS.")


async def test_a_database_of_another_version(
    terminal: Home, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres.url("postgres"))
    assert "has the tables of another version: start Vidferry again" in (await examine(terminal)).about("PostgreSQL")


async def test_a_pause_is_not_well(terminal: Home, engine: AsyncEngine) -> None:
    assert (await examine(terminal)).about("nothing was asked yet").startswith("✓")
    await write_down(engine, GOING)
    assert (await examine(terminal)).about("412 of 900 requests").startswith("✓")
    pause = paused(PauseReason.OPERATOR, UpstreamState.PAUSED, at=datetime.now(UTC))
    await write_down(engine, pause)
    assert (await examine(terminal)).about("YouTube: paused. The operator has paused imports.").startswith("✗")


async def test_what_nobody_foresaw_is_told_as_well(terminal: Home, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE upstreams"))
    report = await examine(terminal)
    assert report.about("PostgreSQL").startswith("✗ PostgreSQL could not be checked: ")
    assert report.about("YouTube answers").startswith("✓")


async def test_nothing_is_waited_for_without_end(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_SECONDS", 0)
    report = await examine(terminal)
    late = "could not be checked within 0 s: look at network and firewall."
    assert report.lines[1:] == [f"✗ {what} {late}" for what in ("Temporal", "PostgreSQL", "YouTube")]


async def test_a_running_installation_is_looked_at_with_its_own_settings(
    home: Home, worker: ProcessEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUTUBE_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@127.0.0.1:1/mine")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "elsewhere")
    report = await examine(home)
    assert report.code == 0, report.lines
    assert report.about("Settings").endswith("every variable of the running services has a possible value.")
    assert report.about("process") == "✓ Every process is running: worker."
    assert report.about("Temporal").endswith("namespace default.")


async def test_a_process_that_is_not_well_is_named_with_its_log(home: Home, worker: ProcessEntry) -> None:
    write_state(home, worker, entry("api", state="restarting"))
    assert (await examine(home)).about("Api") == "✗ Api is restarting: `vidferry logs api` says why."


async def test_an_embedded_server_that_does_not_answer_has_a_log(
    home: Home, launcher_lock: HomeLock, environment: Environment
) -> None:
    nowhere = {"DATABASE_URL": "postgresql://me@127.0.0.1:1/mine", "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}
    with process_with(environment | nowhere) as pid:
        write_state(home, entry("postgres", pid=GONE_PID), entry("api", pid=pid))
        report = await examine(home)
    assert report.about("Postgres is") == "✗ Postgres is gone: `vidferry logs postgres` says why."
    assert "`vidferry logs postgres` says why. (" in report.about("PostgreSQL does not answer")
    assert "start that server, or correct TEMPORAL_ADDRESS" in report.about("Temporal cannot be used")


async def test_before_its_services_run_there_is_nothing_to_look_at(home: Home, launcher_lock: HomeLock) -> None:
    still_starting = (1, ["✗ Vidferry is still starting: look again when it has said that it is ready."])
    assert await examine(home) == still_starting
    write_state(home, entry("postgres"), entry("worker", pid=GONE_PID))
    assert await examine(home) == still_starting


async def test_a_certificate_file_that_is_gone(home: Home, launcher_lock: HomeLock, environment: Environment) -> None:
    with process_with(environment | {"YOUTUBE_CA_FILE": "/nothing"}) as pid:
        write_state(home, entry("worker", pid=pid))
        (line,) = (await examine(home)).lines
    assert line.startswith("✗ YOUTUBE_CA_FILE: Value error, no certificates could be read from /nothing.")
