"""What `vidferry doctor` finds while Vidferry runs, starts or stops."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from services.stack.home import Home, HomeLock
from services.stack.postgres import EmbeddedPostgres
from services.stack.state import ProcessEntry
from tests.stack.conftest import GONE_PID, Launch, entry, process_with
from tests.stack.program import tell
from tests.stack.reports import Environment, examine, write_state
from tests.support.servers import free_port


@pytest.fixture
def worker(
    home: Home, launcher_lock: HomeLock, environment: Environment, postgres: EmbeddedPostgres
) -> Iterator[ProcessEntry]:
    """The one process of an installation that runs in `home`, on the test's own servers."""
    with process_with(environment) as pid:
        worker = entry("worker", pid=pid, url=f"127.0.0.1:{postgres.port}")
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
    assert report.code == 0, report.lines
    assert report.about("Settings").endswith("every variable of the running Vidferry has a possible value.")
    assert report.about("process") == "✓ Every process is running: worker."
    assert report.about("Temporal").endswith("namespace default.")


async def test_a_process_that_is_not_well_is_named_with_its_log(home: Home, worker: ProcessEntry) -> None:
    write_state(home, worker, entry("api", state="restarting", restarts=2), entry("notifier", state="starting"))
    report = await examine(home)
    assert report.lines[:3] == [
        "✓ These processes are running: worker.",
        "✗ Api is restarting (restarts: 2): `vidferry logs api` says why.",
        "– Notifier is starting: `vidferry logs notifier` shows how far it is.",
    ]


async def test_an_embedded_server_that_does_not_answer_has_a_log(
    home: Home, launcher_lock: HomeLock, environment: Environment
) -> None:
    nowhere = {"DATABASE_URL": "postgresql://me@127.0.0.1:1/mine", "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}
    with process_with(environment | nowhere) as pid:
        write_state(home, entry("postgres", pid=GONE_PID), entry("api", pid=pid))
        report = await examine(home)
    assert report.about("Postgres is") == "✗ Postgres is gone: `vidferry logs postgres` says why."
    assert report.about("PostgreSQL does not answer").endswith(": `vidferry logs postgres` says why.")
    assert "start that server, or correct TEMPORAL_ADDRESS" in report.about("Temporal cannot be used")


async def test_services_that_crash_again_and_again_do_not_hide_the_rest(
    home: Home, launcher_with: Callable[[Environment], None], environment: Environment
) -> None:
    launcher_with(environment)
    services = [entry(name, state="restarting", pid=None, restarts=4) for name in ("worker", "notifier", "api")]
    write_state(home, *services)
    report = await examine(home)
    assert report.lines[0] == "✗ Worker is restarting (restarts: 4): `vidferry logs worker` says why."
    assert [line[0] for line in report.lines] == ["✗", "✗", "✗", *"✓✓✓✓✓", "–"]


async def test_a_start_is_no_error(
    home: Home, launcher_with: Callable[[Environment], None], environment: Environment
) -> None:
    port = free_port()
    launcher_with(environment | {"DATABASE_URL": "", "VIDFERRY_POSTGRES_PORT": str(port)})
    before = await examine(home)
    assert before.lines[0] == "– Vidferry is starting: its services do not run yet."
    assert "PostgreSQL" not in str(before)
    write_state(home, entry("postgres", state="starting"))
    report = await examine(home)
    assert report.code == 0
    assert report.about("PostgreSQL") == (
        f"– PostgreSQL does not answer at 127.0.0.1:{port} (connection refused): it is starting."
    )
    assert report.about("Temporal").startswith("✓")


async def test_before_the_migrations_a_database_is_not_called_old(
    home: Home,
    launcher_with: Callable[[Environment], None],
    environment: Environment,
    postgres: EmbeddedPostgres,
) -> None:
    launcher_with(environment | {"DATABASE_URL": postgres.url("postgres")})
    assert (await examine(home)).about("PostgreSQL").endswith("; its tables are still being prepared.")


async def test_a_start_that_waits_for_a_server_says_for_which(
    home: Home, launch: Launch, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (environment | {"DATABASE_URL": f"postgresql://me@127.0.0.1:{free_port()}/mine"}).items():
        monkeypatch.setenv(name, value)
    launcher = await launch("-m", "services.stack", "up")
    await launcher.says("Waiting for PostgreSQL (DATABASE_URL) …")
    report = await examine(home)
    assert report.about("PostgreSQL").endswith("(connection refused): start that server, or correct DATABASE_URL.")
    assert report.about("starting") == "– Vidferry is starting: its services do not run yet."
    launcher.signal(signal.SIGTERM)
    assert await launcher.exit_code() == 0


async def test_a_stop_is_no_error(home: Home, launch: Launch, tmp_path: Path) -> None:
    launcher = await launch("-m", "tests.stack.launch", str(tmp_path), "--drain-until-told")
    await launcher.says("Vidferry is ready.")
    launcher.signal(signal.SIGTERM)
    await launcher.says("Stopping Third …")
    said = "– Vidferry is stopping: what is running is finished first. Not ended yet: first, second, third."
    assert await examine(home) == (0, [said])
    tell(tmp_path, "third")
    assert await launcher.exit_code() == 0


async def test_what_belongs_to_somebody_else_may_not_be_read(
    home: Home, worker: ProcessEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_process: psutil.Process) -> NoReturn:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "environ", refuse)
    process, unread = (await examine(home)).lines
    assert process == "✓ Every process is running: worker."
    assert unread == (f"✗ Vidferry (pid {os.getpid()}) may not be read: ask again as the user who has started it.")


async def test_a_certificate_file_that_is_gone(home: Home, worker: ProcessEntry, environment: Environment) -> None:
    with process_with(environment | {"YOUTUBE_CA_FILE": "/nothing"}) as pid:
        write_state(home, entry("worker", pid=pid, url=worker.url))
        _, line = (await examine(home)).lines
    assert line.startswith("✗ YOUTUBE_CA_FILE: no certificates could be read from /nothing. Correct it")
