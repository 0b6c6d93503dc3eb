"""What `vidferry status` says, from the state file, the lock and live probes."""

import os
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stack import probes, rate_limits
from services.stack.home import Home, HomeLock
from services.stack.state import ProcessEntry, StackState
from services.stack.status import status
from tests.stack.conftest import GONE_PID, entry, left_over, process_with
from tests.support.servers import free_port
from tests.support.upstreams import GOING, SPEECH_GOING, write_down


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/well" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Nothing to log."""


@pytest.fixture
def server() -> Iterator[int]:
    """The port of a server that answers 200 to /well only."""
    with HTTPServer(("127.0.0.1", 0), _Handler) as http_server:
        thread = Thread(target=http_server.serve_forever)
        thread.start()
        yield http_server.server_port
        http_server.shutdown()
        thread.join()


@pytest.fixture
def running(home: Home, launcher_lock: HomeLock) -> Home:
    """A home with a launcher: this process."""
    return home


async def table(home: Home, *entries: ProcessEntry) -> list[list[str]]:
    """The rows of the table without its head, as words."""
    StackState({}, list(entries)).write(home.state_file)
    code, text = await status(home)
    assert code == 0
    head, *rows = text.partition("\n\n")[0].splitlines()
    assert head.split() == ["PROCESS", "STATE", "PID", "UPTIME", "RESTARTS", "URL"]
    return [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in rows]


async def test_not_running(home: Home) -> None:
    assert await status(home) == (3, f"Vidferry is not running ({home.path}).")


async def test_left_over_processes_of_a_killed_launcher(home: Home) -> None:
    with left_over(home):
        assert await status(home) == (3, f"The launcher has died; its last processes are ending ({home.path}).")


async def test_before_anything_was_started(running: Home) -> None:
    assert await status(running) == (0, "Vidferry is starting.")


async def test_every_process_has_a_row(running: Home, server: int) -> None:
    well = f"http://127.0.0.1:{server}/well"
    rows = await table(
        running,
        entry("youtube", url=f"127.0.0.1:{server}", restarts=2),
        entry("api", url="http://api", health_url=well, started_at=time.time() - 3725),
    )
    assert rows[0][:3] == ["youtube", "running", str(os.getpid())]
    assert rows[0][4:] == ["2", f"127.0.0.1:{server}"]
    assert rows[1] == ["api", "running", str(os.getpid()), "1h 02m", "0", "http://api"]


async def test_what_does_not_answer_is_not_called_running(running: Home, server: int) -> None:
    rows = await table(
        running,
        entry("postgres", url=f"127.0.0.1:{free_port()}"),
        entry("api", health_url=f"http://127.0.0.1:{server}/ill"),
        entry("worker", health_url=f"http://127.0.0.1:{free_port()}/well"),
    )
    assert [row[1] for row in rows] == ["not answering"] * 3


async def test_what_is_gone_or_waits_for_its_restart(running: Home) -> None:
    rows = await table(running, entry("api", pid=GONE_PID), entry("worker", state="restarting", pid=None, restarts=3))
    assert rows[0][1:4] == ["gone", str(GONE_PID), "-"]
    assert rows[1][1:5] == ["restarting", "-", "-", "3"]


@pytest.mark.parametrize(("seconds", "shown"), [(5, "5s"), (65, "1m 05s"), (7260, "2h 01m"), (90000, "1d 01h")])
async def test_uptime_in_two_units(running: Home, seconds: int, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    ((*_, uptime, _restarts, _url),) = await table(running, entry("api", started_at=now - seconds))
    assert uptime == shown


async def test_the_status_of_the_upstreams_is_shown_below(
    running: Home, database_url: str, engine: AsyncEngine
) -> None:
    with process_with({"DATABASE_URL": database_url, "GROQ_API_KEY": "a-key"}) as pid:
        StackState({}, [entry("worker", pid=pid)]).write(running.state_file)
        _, before = await status(running)
        await write_down(engine, GOING, SPEECH_GOING)
        _, after = await status(running)
    assert before.endswith("\n\nYouTube: no calls yet.")
    assert "\n\nYouTube: 0.5 calls per second, 412 of 900 requests left in this hour" in after
    assert "\nTranscription: 0.25 calls per second, 1999 of 2000 requests left in these 24 hours, " in after


async def test_a_database_that_does_not_answer_hides_nothing(running: Home) -> None:
    with process_with({"DATABASE_URL": f"postgresql://me@127.0.0.1:{free_port()}/mine"}) as pid:
        assert (await table(running, entry("worker", pid=pid)))[0][0] == "worker"
        assert (await status(running))[1].endswith("\n\nYouTube: not known (connection refused).")


async def test_an_impossible_setting_hides_nothing(running: Home) -> None:
    with process_with({"YOUTUBE_PAUSE_SECONDS": "0"}) as pid:
        assert (await table(running, entry("worker", pid=pid)))[0][0] == "worker"
        assert "YouTube: not known (a variable is invalid" in (await status(running))[1]


async def test_before_postgres_runs_nothing_is_known_of_youtube(running: Home) -> None:
    await table(running, entry("temporal", state="starting"))
    assert (await status(running))[1].endswith("\n\nYouTube: not known (PostgreSQL is not running yet).")


async def test_a_database_that_hangs_is_not_called_running(running: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections, as the system does for it; nobody answers."""
    for module in (probes, rate_limits):
        monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        hanging = {"DATABASE_URL": f"postgresql://me@127.0.0.1:{port}/mine", "TEMPORAL_ADDRESS": f"127.0.0.1:{port}"}
        with process_with(hanging) as pid:
            servers = [entry(name, url=f"127.0.0.1:{port}") for name in ("postgres", "temporal")]
            rows = await table(running, *servers, entry("worker", pid=pid))
    assert [row[1] for row in rows[:2]] == ["not answering"] * 2
